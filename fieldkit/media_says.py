"""What is said when a medium is gone, locked, foreign or the kit's own: one sentence each."""

from __future__ import annotations

import errno

from fieldkit.errors import KitError


def card_gone() -> KitError:
    return KitError(
        "card_gone",
        "カードを読めなくなりました。抜けていないか確かめ、差し直してから、もう一度押してください。"
        "取り込んだ写真は残っています。",
        "retry",
    )


def card_locked() -> KitError:
    return KitError(
        "card_locked",
        "カードに書き込めません。カードの横の小さなつまみ（LOCK）を上に動かし、"
        "差し直してから、もう一度押してください。",
        "retry",
    )


def odd_card() -> KitError:
    return KitError(
        "odd_card",
        "カードに、カメラが作らないもの（リンクなど）が入っています。何も変えていません。"
        "このカードは使わず、監督者へ渡してください。",
        "ask_supervisor",
    )


def own_medium() -> KitError:
    return KitError(
        "own_medium",
        "そこには、このキットのデータが入っています。カードやUSBメモリとしては使えません。"
        "別のカードかUSBメモリを選んでください。",
        "retry",
    )


def refused(error: OSError) -> KitError:
    """What a failed access means to the person who holds the card."""
    locked = error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    return card_locked() if locked else card_gone()
