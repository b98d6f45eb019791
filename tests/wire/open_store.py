"""Open a laptop's `slots.json` and derive its keys without the kit (fieldkit/store/FORMATS.md)."""

import base64
import hmac
import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id


def open_slot(slot: dict, text: str) -> bytes:
    """The store key K. `text` is the passphrase as typed (v1) or in its one spelling (v2)."""
    raw = {name: base64.b64decode(slot[name]) for name in ("salt", "nonce", "key")}
    cost = slot["argon2"]
    kek = Argon2id(
        salt=raw["salt"],
        length=32,
        iterations=cost["iterations"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    ).derive(text.encode())
    rest = {name: value for name, value in slot.items() if name != "key"}
    header = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    aad = f"fieldkit/slot/v{slot.get('v', 1)}\0{header}".encode()
    return AESGCM(kek).decrypt(raw["nonce"], raw["key"], aad)


def hkdf(key: bytes, purpose: str, salt: bytes = bytes(32)) -> bytes:
    """HKDF-SHA256 (RFC 5869) to 32 bytes: one block of expand is all that is needed."""
    prk = hmac.digest(salt, key, "sha256")
    return hmac.digest(prk, f"fieldkit/{purpose}/v1".encode() + b"\x01", "sha256")


def ledger_key(store_key: bytes) -> bytes:
    return hkdf(store_key, "ledger")


def trip_key(store_key: bytes, trip: str, secret: bytes) -> bytes:
    return hkdf(store_key, f"trip|{trip}", secret)
