"""Keys as a thief makes them: from slots found on the disk, from passphrases and day secrets.

Written from the format alone (fieldkit/store/keyslots.py, vault.py); all it shares with them is the
one spelling of a passphrase.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from fieldkit.rules.romaji import one_spelling

SLOT = re.compile(rb'\{[^{}]{0,600}"argon2":\s*\{[^{}]{0,200}\}[^{}]{0,600}\}')
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass
class Given:
    """What the searcher was told. Everything else it must find on the disk.

    `words`: user id → every passphrase that this person ever had. `secrets`: day secrets.
    `privates`: trip id → the city's private key. `device`: (device id, its private sealing key).
    `store_keys`, `photo_keys`: keys themselves.
    """

    words: dict[str, list[str]] = field(default_factory=dict)
    secrets: list[bytes] = field(default_factory=list)
    privates: dict[str, bytes] = field(default_factory=dict)
    device: tuple[str, bytes] | None = None
    store_keys: list[bytes] = field(default_factory=list)
    photo_keys: list[bytes] = field(default_factory=list)


def hkdf(key: bytes, info: bytes, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 to 32 bytes (RFC 5869)."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(prk, info + b"\x01", "sha256")


def ledger_key(store_key: bytes) -> bytes:
    return hkdf(store_key, b"fieldkit/ledger/v1")


def trip_key(store_key: bytes, trip_id: str, secret: bytes) -> bytes:
    return hkdf(store_key, f"fieldkit/trip|{trip_id}/v1".encode(), secret)


def mac_key(key: bytes, salt: bytes) -> bytes:
    """The key of the page HMACs of an SQLCipher 4 file with this salt."""
    turned = bytes(byte ^ 0x3A for byte in salt)
    return hashlib.pbkdf2_hmac("sha512", key, turned, 2, 32)


def slots_in(data: bytes) -> dict[str, dict[str, Any]]:
    """Every copy of a key slot in raw bytes, also where the rest of its file is gone."""
    found = {}
    for match in SLOT.finditer(data):
        try:
            slot = json.loads(match.group())
            found[slot["salt"] + slot["key"]] = slot
        except (ValueError, KeyError, TypeError):
            continue
    return found


def open_slots(slots: Iterable[dict[str, Any]], words: dict[str, list[str]]) -> set[bytes]:
    """The store keys that these passphrases get out of these slots."""
    found = set()
    for slot in slots:
        nonce, sealed = base64.b64decode(slot["nonce"]), base64.b64decode(slot["key"])
        head = {name: value for name, value in slot.items() if name != "key"}
        text = json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        about = f"fieldkit/slot/v{slot.get('v', 1)}\0{text}".encode()
        for phrase in _spellings(slot, words.get(slot["user"], [])):
            with suppress(InvalidTag):
                found.add(AESGCM(stretched(slot, phrase)).decrypt(nonce, sealed, about))
                break
    return found


def _spellings(slot: dict[str, Any], phrases: list[str]) -> Iterator[str]:
    """Passphrases as typed, since version 2 in one spelling; a code also without its hyphens."""
    for phrase in phrases:
        if slot["user"] == "recovery":
            yield from dict.fromkeys((phrase, phrase.replace("-", "")))
        else:
            yield one_spelling(phrase) if slot.get("v", 1) == 2 else phrase


def stretched(slot: dict[str, Any], phrase: str) -> bytes:
    """The key-encryption key: what one guess costs (Argon2id)."""
    cost = slot["argon2"]
    return Argon2id(
        salt=base64.b64decode(slot["salt"]),
        length=32,
        iterations=cost["iterations"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    ).derive(phrase.encode())
