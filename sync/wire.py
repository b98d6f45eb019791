"""What every message is made of: canonical JSON, SHA-256 names, Ed25519 signatures with a purpose.

A signature always covers `b"ksp1-<purpose>\\0" + the exact bytes`, so that one kind of message can
never be passed off as another (sync/PROTOCOL.md §2).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

PROTOCOL = 2
SPOKEN = (1, 2)
"""Versions of a batch that the server understands. Receipts, grants and trips are of version 1."""
FORMAT = 1
BATCH_LIMIT = 2 * 1024 * 1024
PART_LIMIT = 4 * 1024 * 1024
HEAD_LIMIT = 64 * 1024
BLOB_LIMIT = 16 * 1024 * 1024
NAME_LIMIT = 200
LEDGER_ROWS = 1000
LEDGER_BYTES = 512 * 1024

_RAW = serialization.Encoding.Raw
_PUB = serialization.PublicFormat.Raw
_PRIV = serialization.PrivateFormat.Raw
_NONE = serialization.NoEncryption()


class WireError(Exception):
    """A message that cannot be trusted or read. `code` is one of PROTOCOL.md §7; no data in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8: the same value gives the same bytes everywhere."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def parse(data: bytes) -> Any:
    """JSON bytes to a value; WireError("malformed") where they are none.

    What cannot be written again (NaN, half a surrogate pair, bottomless nesting) is none either,
    nor is a text with a NUL, which not every store can hold.
    """
    try:
        value = json.loads(data)
        if b"\\u0000" in canonical(value) and "\0" in _texts(value):
            raise ValueError("NUL")
    except (ValueError, RecursionError):
        raise WireError("malformed") from None
    return value


def _texts(value: Any) -> str:
    """Every text of a value, put together."""
    if isinstance(value, dict):
        return "".join(f"{_texts(key)}{_texts(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "".join(map(_texts, value))
    return value if isinstance(value, str) else ""


def name(value: Any) -> str:
    """A text that may be an id or a word: short enough to be looked for in every store."""
    if not isinstance(value, str) or len(value) > NAME_LIMIT:
        raise ValueError("not a name")
    return value


def whole(value: Any) -> int:
    """A whole number that every store can hold; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("not a whole number")
    return value


def sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Base64 to bytes; one text only for the same bytes, so that a changed letter shows."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise WireError("malformed") from None
    if b64(data) != text:
        raise WireError("malformed")
    return data


def _signed_bytes(purpose: str, body: bytes) -> bytes:
    return f"ksp1-{purpose}\0".encode() + body


def sign(key: Ed25519PrivateKey, purpose: str, body: bytes) -> str:
    """Base64 of the Ed25519 signature over purpose and body."""
    return b64(key.sign(_signed_bytes(purpose, body)))


def verify(public: bytes, purpose: str, body: bytes, signature: str) -> None:
    """Raises WireError("bad_signature") unless `public` (32 bytes) signed this body for this."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            unb64(signature), _signed_bytes(purpose, body)
        )
    except (InvalidSignature, ValueError):
        raise WireError("bad_signature") from None


def fingerprint(public: bytes) -> str:
    """The first 80 bits of a key's SHA-256 in groups of four, as it is printed on a visit sheet."""
    text = hashlib.sha256(public).hexdigest()[:20].upper()
    return "-".join(text[i : i + 4] for i in range(0, 20, 4))


def signing_private(raw: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(raw)


def new_signing_key() -> tuple[bytes, bytes]:
    """A fresh Ed25519 pair: (private 32 bytes, public 32 bytes)."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(_RAW, _PRIV, _NONE), key.public_key().public_bytes(_RAW, _PUB)


def new_sealing_key() -> tuple[bytes, bytes]:
    """A fresh X25519 pair: (private 32 bytes, public 32 bytes)."""
    key = X25519PrivateKey.generate()
    return key.private_bytes(_RAW, _PRIV, _NONE), key.public_key().public_bytes(_RAW, _PUB)


def sealing_private(raw: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(raw)


def sealing_public(raw: bytes) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(raw)
