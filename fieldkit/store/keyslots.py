"""Key slots: each person's passphrase opens the same store key (design §4).

`slots.json` holds one slot a user: Argon2id(passphrase) → AES-256-GCM(store key), with the whole
slot header as associated data, so that a name or a role cannot be changed in the file. Adding or
removing somebody rewrites the file atomically and no data. Removing a slot does not undo a copy of
the disk that was taken before (fieldkit/THREATS.md).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fieldkit.errors import BadInput, NotFound, NotReady
from fieldkit.rules.romaji import one_spelling
from fieldkit.settings import Argon2
from fieldkit.store import slotfile, wipe
from sync import fail
from sync.ids import code_of, secret_of
from sync.wire import b64, canonical, unb64

ROLES = {
    "operator": "予約受付",
    "field": "訪問担当",
    "booth": "会場担当",
    "supervisor": "監督者",
    "auditor": "監査",
}
RECOVERY_ID = "recovery"
Slots = list[dict[str, Any]]


@dataclass(frozen=True)
class User:
    """A named person of the staff. `name` is shown on screens and receipts."""

    id: str
    name: str
    role: str

    @property
    def role_ja(self) -> str:
        return ROLES[self.role]


def same(one: str, other: str) -> bool:
    """Whether both would open the same new slot."""
    return one_spelling(one) == one_spelling(other)


def _typed(slot: dict[str, Any], passphrase: str) -> str:
    """What the key is derived from. Version 1: as typed. Version 2: in one spelling, so that full
    width, kana and either romanisation open the same slot. The recovery code: as it was printed."""
    if slot["user"] == RECOVERY_ID:
        try:
            return code_of(secret_of(passphrase))
        except ValueError:
            return passphrase
    return one_spelling(passphrase) if slot.get("v", 1) == 2 else passphrase


def _kek(slot: dict[str, Any], passphrase: str) -> bytearray:
    cost, kek = slot["argon2"], bytearray(32)
    Argon2id(
        salt=unb64(slot["salt"]),
        length=32,
        iterations=cost["iterations"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    ).derive_into(_typed(slot, passphrase).encode(), kek)
    return kek


def _header(slot: dict[str, Any]) -> bytes:
    """Everything of the slot but the key itself; its version stands in it and before it."""
    prefix = f"fieldkit/slot/v{slot.get('v', 1)}\0".encode()
    return prefix + canonical({k: v for k, v in slot.items() if k != "key"})


def read_slots(path: Path) -> Slots:
    """The slots of a store that are whole; KitError where the file is not one of ours."""
    return slotfile.read(path).slots


def damaged(path: Path) -> bool:
    """Whether a part of the file was changed by accident; the rest still opens."""
    return slotfile.read(path).damaged


def users(path: Path) -> list[User]:
    return [User(s["user"], s["name"], s["role"]) for s in read_slots(path)]


def check_id(user_id: str) -> None:
    """A person's number: short and plain, because it stands in the ledger for ever."""
    if user_id == RECOVERY_ID:
        raise BadInput("id", "recovery は復旧用の番号です。別の番号にしてください。")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", user_id):
        raise BadInput(
            "id", "利用者の番号は、半角の英小文字と数字で32文字までにしてください（例：tanaka）。"
        )


def make_slot(store_key: wipe.Buffer, user: User, passphrase: str, cost: Argon2) -> dict[str, Any]:
    """A slot of version 2 for `user`; the caller has checked the passphrase."""
    slot: dict[str, Any] = {
        "v": 2,
        "user": user.id,
        "name": user.name,
        "role": user.role,
        "salt": b64(secrets.token_bytes(16)),
        "nonce": b64(secrets.token_bytes(12)),
        "argon2": {
            "memory_kib": cost.memory_kib,
            "iterations": cost.iterations,
            "lanes": cost.lanes,
        },
    }
    kek = _kek(slot, passphrase)
    slot["key"] = b64(AESGCM(kek).encrypt(unb64(slot["nonce"]), store_key, _header(slot)))
    wipe.wipe(kek)
    return slot


def with_slot(slots: Slots, slot: dict[str, Any]) -> Slots:
    """`slots` with this one in the place of the one that the person had.

    NotReady where the store would be left without a supervisor.
    """
    same = [s["user"] == slot["user"] for s in slots]
    if slot["role"] != "supervisor":
        _keep_a_supervisor(slots, slot["user"], "別の役割に変えられません")
    if any(same):
        return [slot if mine else s for s, mine in zip(slots, same, strict=True)]
    return [*slots, slot]


def without_slot(slots: Slots, user_id: str, by: str) -> Slots:
    """`slots` without this person; NotReady or NotFound says what works instead."""
    if user_id == RECOVERY_ID:
        raise NotReady("復旧用の番号は外せません。新しい26文字に替えることはできます。")
    if user_id == by:
        raise NotReady("自分自身は外せません。別の監督者がログインして外してください。")
    if all(s["user"] != user_id for s in slots):
        raise NotFound("この番号の利用者はいません。一覧を開き直してください。")
    _keep_a_supervisor(slots, user_id, "外せません")
    return [s for s in slots if s["user"] != user_id]


def _keep_a_supervisor(slots: Slots, user_id: str, what: str) -> None:
    bosses = {s["user"] for s in slots if s["role"] == "supervisor"} - {RECOVERY_ID}
    if bosses == {user_id}:
        raise NotReady(f"ただ一人の監督者なので、{what}。先に別の監督者を加えてください。")


def write_slots(path: Path, slots: Slots) -> None:
    """Replace the file as a whole: after a kill it is the old one or the new one."""
    fail.point("slots.made")
    slotfile.write(path, slots)
    fail.point("slots.kept")


def open_slot(path: Path, user_id: str, passphrase: str) -> tuple[User, bytearray] | None:
    """The user and the store key, or None: the same work and answer for an unknown user.

    For one who is not there, the last slot's key is derived and thrown away.
    """
    file = slotfile.read(path)
    slot = next((s for s in file.slots if s["user"] == user_id), None)
    if slot is None and file.damaged:
        raise slotfile.broken()
    kek, key = _kek(slot or file.slots[-1], passphrase), bytearray(32)
    try:
        if slot is None:
            return None
        sealed = unb64(slot["key"])
        AESGCM(kek).decrypt_into(unb64(slot["nonce"]), sealed, _header(slot), key)
    except (InvalidTag, ValueError):  # ValueError: what is sealed there is no key of 32 bytes
        return None
    finally:
        wipe.wipe(kek)
    return User(slot["user"], slot["name"], slot["role"]), key
