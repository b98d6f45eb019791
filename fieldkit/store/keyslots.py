"""Key slots: each person's passphrase opens the same store key (design §4).

`slots.json` holds one slot a user: Argon2id(passphrase) → AES-256-GCM(store key), with the whole
slot header as associated data, so that a name or a role cannot be changed in the file. Adding or
removing somebody rewrites the file atomically and no data. Removing a slot does not undo a copy of
the disk that was taken before (fieldkit/THREATS.md).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fieldkit.errors import KitError
from fieldkit.settings import Argon2
from fieldkit.store.files import write_atomic
from sync.wire import b64, canonical, unb64

ROLES = {
    "operator": "予約受付",
    "field": "訪問担当",
    "booth": "会場担当",
    "supervisor": "監督者",
    "auditor": "監査",
}
MIN_PASSPHRASE = 12
RECOVERY_ID = "recovery"


@dataclass(frozen=True)
class User:
    """A named person of the staff. `name` is shown on screens and receipts."""

    id: str
    name: str
    role: str

    @property
    def role_ja(self) -> str:
        return ROLES[self.role]


def _kek(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Argon2id(
        salt=salt,
        length=32,
        iterations=cost["iterations"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    ).derive(passphrase.encode())


def _header(slot: dict[str, Any]) -> bytes:
    return b"fieldkit/slot/v1\0" + canonical({k: v for k, v in slot.items() if k != "key"})


def read_slots(path: Path) -> list[dict[str, Any]]:
    """The slots of a store; KitError where the file is not one of ours."""
    try:
        slots = json.loads(path.read_text(encoding="utf-8"))["slots"]
        return [slot for slot in slots if slot["user"] and slot["salt"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise KitError(
            "slots_damaged",
            "利用者の鍵ファイル（slots.json）を読めません。監督者へ連絡してください。",
            "stop",
        ) from None


def users(path: Path) -> list[User]:
    return [User(s["user"], s["name"], s["role"]) for s in read_slots(path)]


def check_passphrase(passphrase: str) -> None:
    """Length only, no composition rules (a longer sentence is better than odd characters)."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise KitError(
            "short_passphrase",
            f"合言葉は{MIN_PASSPHRASE}文字以上にしてください。短い文のほうが覚えやすく安全です。",
            "retry",
        )


def add_slot(path: Path, store_key: bytes, user: User, passphrase: str, cost: Argon2) -> None:
    """Give `user` a slot, replacing one that they had."""
    check_passphrase(passphrase)
    slot: dict[str, Any] = {
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
    kek = _kek(passphrase, unb64(slot["salt"]), slot["argon2"])
    slot["key"] = b64(AESGCM(kek).encrypt(unb64(slot["nonce"]), store_key, _header(slot)))
    slots = [s for s in read_slots(path) if s["user"] != user.id] if path.exists() else []
    data = json.dumps({"v": 1, "slots": [*slots, slot]}, ensure_ascii=False, indent=1)
    write_atomic(path, data.encode())


def open_slot(path: Path, user_id: str, passphrase: str) -> tuple[User, bytes] | None:
    """The user and the store key, or None: the same work and answer for an unknown user."""
    slots = read_slots(path)
    slot = next((s for s in slots if s["user"] == user_id), None)
    shape = slot or slots[0]
    kek = _kek(passphrase, unb64(shape["salt"]), shape["argon2"])
    if slot is None:
        return None
    try:
        key = AESGCM(kek).decrypt(unb64(slot["nonce"]), unb64(slot["key"]), _header(slot))
    except InvalidTag:
        return None
    return User(slot["user"], slot["name"], slot["role"]), key
