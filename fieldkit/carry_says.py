"""What is said when a USB memory is full, gone, locked or bad, and when a reply does not fit."""

from __future__ import annotations

import errno

from fieldkit.city import untrusted
from fieldkit.errors import KitError
from sync.medium import Full, Unsound

KEPT = "送るものは、この端末に残っています。"
WRITING = "USBメモリに書き込んでいます。終わるまで抜かないでください。"
NO_SEAL = KitError(
    "no_city_seal",
    "市サーバの封印用の鍵を、まだ受け取っていません。庁内の回線で一度「市のサーバへ送る」を"
    "押すと届きます。回線が使えないときは、監督者へ連絡してください。",
    "ask_supervisor",
)
CHANGED = KitError(
    "carry_changed",
    "書き込みの途中で、送るものが変わりました。もう一度「書き込む」を押してください。",
    "retry",
)
TOO_LARGE = KitError(
    "carry_too_large",
    "一度に運べる大きさ（2 GB）を超えています。庁内の回線で送るか、監督者へ連絡してください。"
    + KEPT,
    "ask_supervisor",
)
OTHER_CITY = KitError(
    "other_city_medium",
    "ほかの市のファイルが入っているUSBメモリです。何も書いていません。"
    "この市のUSBメモリに取り替えてください。" + KEPT,
    "retry",
)
NO_FOLDER = KitError(
    "no_medium",
    "USBメモリを読み書きできません。抜けていないか確かめ、差し直してから、もう一度押してください。"
    + KEPT,
    "retry",
)
LOCKED = KitError(
    "medium_locked",
    "USBメモリに書き込めません。書き込み禁止のつまみを確かめるか、別のUSBメモリを使ってください。"
    + KEPT,
    "retry",
)
BAD = KitError(
    "medium_bad",
    "書き込んだ内容を読み直すと、違っていました。このUSBメモリは壊れているおそれがあります。"
    "別のUSBメモリで、もう一度書き込んでください。" + KEPT,
    "retry",
)

REPLIES = {
    "cannot_open": "この端末あての返事ではないか、壊れています。"
    "市で、もう一度受け付けてもらってください。",
    "wrong_format": "返事のファイルが途中で切れています。"
    "市で、もう一度受け付けてもらってください。",
    "bad_signature": "市の署名がない返事です。何も変えていません。監督者へ連絡してください。",
    "not_for_us": "この端末あての返事ではありません。",
    "other_city": "ほかの市のファイルです。何も変えていません。渡した人に返してください。",
    "old_key": "市の鍵が替わる前に作られた返事です。何も変えていません。"
    "市で、もう一度受け付けてもらってください。",
    "other_bundle": "この端末が書き出した包みへの返事ではありません。何も変えていません。"
    "監督者へ連絡してください。",
}


def full(error: Full) -> KitError:
    """How much room is needed; nothing was left on the medium."""
    need = -(-error.needed // 1_000_000)
    return KitError(
        "medium_full",
        f"USBメモリの空きが足りません（{need} MB 必要です）。書きかけのものは残していません。"
        "不要なファイルを消すか、別のUSBメモリで、もう一度書き込んでください。" + KEPT,
        "retry",
    )


def stopped(error: Exception) -> KitError:
    """Something that nobody foresaw; its text may hold what was typed, so only its kind is told."""
    return KitError(
        "carry_stopped",
        f"書き込みが途中で止まりました（{type(error).__name__}）。もう一度「書き込む」を"
        "押してください。" + KEPT,
        "retry",
    )


def trouble(error: OSError | Full | Unsound) -> KitError:
    """What a failed write or read means to the person who holds the stick."""
    if isinstance(error, Full):
        return full(error)
    if isinstance(error, Unsound):
        return BAD
    return LOCKED if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else NO_FOLDER


def proved(count: int) -> str:
    """What a reply proved that no receipt had proved before."""
    if not count:
        return "新しく確かめたものはありません。"
    return f"新しく{count}件が、市にあることを確かめました。受領証を保管しました。"


def reply_says(code: str) -> str:
    """Why a file is no reply to this laptop, or why what it says does not fit."""
    return REPLIES.get(code) or untrusted(code).sentence
