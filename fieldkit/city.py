"""This laptop's link to its city: enrolment, and a client over the road that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from fieldkit import anchor
from fieldkit.errors import KitError
from fieldkit.settings import bad_settings
from fieldkit.store.vault import Vault
from sync import wire
from sync.asking import Identity
from sync.client import Client, Refused
from sync.enrol import enrol
from sync.road import BadCertificate, HttpRoad, NoAnswer, Road
from sync.wire import WireError

NO_SERVER = KitError(
    "no_server",
    "市サーバにつながりません。保存した内容はこの端末に残っています。"
    "庁内の回線につないでから、もう一度どうぞ。",
    "retry",
)

CERTIFICATE_CLOCK = KitError(
    "certificate_clock",
    "市サーバの証明書の期間と、この端末の時計が合いません。時計の日付と時刻を確かめてください。"
    "時計が正しければ、証明書の期限が切れています。保存した内容はこの端末に残っています。",
    "ask_supervisor",
)
CERTIFICATE = KitError(
    "certificate",
    "つながった先が市サーバであることを、証明書で確かめられません。何も送っていません。"
    "監督者へ連絡してください。",
    "ask_supervisor",
)

ENROLLED = KitError("enrolled", "この端末は登録済みです。", "stop")

REFUSALS = {
    "bad_code": "登録の符号が違うか、期限が切れています。"
    "監督者に新しい符号を出してもらってください。",
    "other_city": "つながった先が、登録票に書かれた市サーバではありません。"
    "監督者へ連絡してください。",
    "revoked": "この端末は停止されています。監督者へ連絡してください。",
    "unknown_device": "この端末は市サーバに登録されていません。監督者へ連絡してください。",
    "out_of_scope": "この端末では、選んだ予約を持ち出せません。"
    "訪問する日と端末の種類を確かめてください。",
    "already_out": "選んだ予約は、ほかの端末が持ち出しています。2台で受け付けるときは"
    "「2台で使う」に印を付けて、もう一度どうぞ。",
    "trip_ended": "この訪問データは市サーバで終了しています。",
    "unknown_trip": "市サーバにこの訪問データの記録がありません。監督者へ連絡してください。",
    "ledger_behind": "この端末の取扱記録簿が、市サーバの控えより古くなっています。"
    "古い保管庫を戻した可能性があります。何も送らず、何も消去していません。"
    "この端末を使うのをやめて、監督者へ連絡してください。",
    "ledger_fork": "この端末の取扱記録簿が、市サーバの控えと食い違っています。"
    "何も送らず、何も消去していません。この端末を使うのをやめて、監督者へ連絡してください。",
    "show_receipt": "市サーバが、この端末に渡した受領証を知りません（古い状態に戻っています）。"
    "何も送らず、何も消去していません。監督者へ連絡してください。",
    "ledger_gap": "市サーバが古い状態に戻っています。何も消去していません。"
    "送信済みの写真や内容を送り直すことがあります。監督者へ連絡してください。",
}

UNTRUSTED = {
    "city_restored": "市サーバが前と違う状態です（古い控えから戻した可能性があります）。"
    "何も消去していません。送信済みの写真や内容を送り直すことがあります。"
    "監督者へ連絡してください。",
    "void_receipt": "市サーバの受領証が、市サーバを復元する前のものです。何も消去していません。"
    "監督者へ連絡してください。",
    "ledger_not_ours": "市サーバの受領証が、この端末の取扱記録簿と合いません。"
    "何も消去していません。監督者へ連絡してください。",
}


def refusal(code: str) -> KitError:
    """The sentence for what the city refused."""
    sentence = REFUSALS.get(
        code, f"市サーバが受け付けませんでした（{code}）。監督者へ連絡してください。"
    )
    return KitError(f"city_{code}", sentence, "ask_supervisor")


def said_no(error: NoAnswer | Refused) -> KitError:
    """The sentence for a line that does not carry, or for a city that refuses."""
    if isinstance(error, Refused):
        return refusal(error.code)
    if isinstance(error, BadCertificate):
        return CERTIFICATE_CLOCK if error.clock else CERTIFICATE
    return NO_SERVER


def untrusted(code: str) -> KitError:
    """The sentence for an answer that the city's key signed, or did not, and that does not fit."""
    if code in UNTRUSTED:
        return KitError(code, UNTRUSTED[code], "ask_supervisor")
    return KitError(
        "bad_receipt",
        f"市サーバの受領証を確かめられません（{code}）。何も消去していません。"
        "監督者へ連絡してください。",
        "ask_supervisor",
    )


@contextmanager
def asking() -> Iterator[None]:
    """What the city does not answer, or refuses, in the words of the kit."""
    try:
        yield
    except (NoAnswer, Refused) as error:
        raise said_no(error) from None
    except WireError:
        raise refusal("other_city") from None


def enrol_device(vault: Vault, server_url: str, code: str, fingerprint: str, name: str) -> str:
    """Make this laptop's keys inside the vault and enrol it; returns the device id.

    The city's key is pinned only if it has the fingerprint that the supervisor printed.
    """
    if vault.device is not None:
        raise ENROLLED
    sign_private, sign_public = wire.new_signing_key()
    seal_private, seal_public = wire.new_sealing_key()
    try:
        line = road(server_url, vault)
        grant = enrol(line, code, name, sign_public, seal_public, fingerprint)
    except (NoAnswer, Refused) as error:
        raise said_no(error) from None
    except (WireError, KeyError):
        raise refusal("other_city") from None
    keys = (sign_private, sign_public, seal_private, seal_public)
    return register(vault, grant, name, server_url, keys)


def register(
    vault: Vault, grant: dict[str, Any], name: str, server_url: str, keys: tuple[bytes, ...]
) -> str:
    """Keep a verified grant, with the keys of this laptop that it names; returns the device id."""
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO device (id, name, sign_private, sign_public, seal_private, seal_public,"
            " city, city_name, city_public, server_url, enrolled_at, city_seal, profile)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                grant["device"],
                name,
                *keys,
                grant["city"],
                grant["city_name"],
                grant["public"],
                server_url,
                vault.now(),
                grant["seal_public"],
                str(grant["profile"]),
            ),
        )
        vault.note("enrolled", grant["device"])
    return str(grant["device"])


def identity(vault: Vault) -> Identity:
    """Who this laptop is, and the city that it trusts; KitError before it is enrolled."""
    device = vault.device
    if device is None:
        raise KitError(
            "not_enrolled",
            "この端末はまだ市サーバに登録されていません。監督者が登録してください。",
            "ask_supervisor",
        )
    return Identity(
        device["id"],
        device["sign_private"],
        device["seal_private"],
        device["city"],
        device["city_public"],
    )


def connect(vault: Vault) -> Client:
    """A client of this laptop's city. Opens no connection yet."""
    me = identity(vault)
    try:
        return Client(link(vault)(), me, partial(anchor.watch, vault))
    except NoAnswer:
        raise NO_SERVER from None


def has_line(vault: Vault) -> bool:
    """Whether an address of the city is known here at all."""
    device = vault.device
    return bool(vault.settings.server_url or (device and device["server_url"]))


def link(vault: Vault) -> Callable[[], Road]:
    """Makes roads to this laptop's city; each has a connection of its own."""
    device = vault.device
    url = vault.settings.server_url or (device["server_url"] if device else "")
    return lambda: road(url, vault)


def road(url: str, vault: Vault) -> HttpRoad:
    """The road to an address; NoAnswer where it is none. KitError where the settings name a
    certificate that cannot be read."""
    ca = vault.settings.server_ca
    if ca is not None and not ca.is_file():
        raise bad_settings("「server_ca」のファイルがありません")
    return HttpRoad(url, ca)


def city_fingerprint(vault: Vault) -> str:
    """The pinned city key as it is printed on the visit sheet, or an empty text."""
    device = vault.device
    return wire.fingerprint(device["city_public"]) if device else ""
