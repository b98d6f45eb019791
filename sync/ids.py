"""Ids and the 26-character codes that people read aloud.

Ids are UUIDv7: they sort by time and carry nothing about a person. Codes are 128 random bits in
Crockford's base 32 (no I, L, O, U), so that a day secret can be typed from the visit sheet or read
over the telephone without confusion.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 26
_ID = re.compile("[0-9a-f-]{36}")


_lock = threading.Lock()
_last = [0, 0]


def _tick() -> tuple[int, int]:
    """Milliseconds and a 12-bit counter, together higher than ever before in this process
    (RFC 9562 §6.2, method 1)."""
    with _lock:
        ms = int(time.time() * 1000)
        if ms > _last[0]:
            _last[:] = [ms, secrets.randbits(11)]
        elif _last[1] < 0xFFF:
            _last[1] += 1
        else:
            _last[:] = [_last[0] + 1, secrets.randbits(11)]
        return _last[0], _last[1]


def new_id(now_ms: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7) as 36 lower-case characters.

    The ids of one process rise, also within a millisecond: records are listed by id, and the
    people of one slip stay in the order in which they were typed.
    """
    ms, count = _tick() if now_ms is None else (now_ms, secrets.randbits(12))
    value = (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | count << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def child_id(parent: str, kind: str) -> str:
    """The id of the only `kind` below `parent` (UUIDv8): after a kill it is the same one again."""
    digest = hashlib.sha256(f"fieldkit/child/v1|{kind}|{parent}".encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether `text` has the shape of an id; everything that becomes a file name is tested here."""
    return _ID.fullmatch(text) is not None and text.count("-") == 4


def code_of(secret: bytes) -> str:
    """The 26 characters of a 16-byte secret."""
    if len(secret) != 16:
        raise ValueError("a code stands for exactly 16 bytes")
    value = int.from_bytes(secret, "big") << 2
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def groups(code: str) -> str:
    """A code in groups of four, as it is printed: `ABCD-EFGH-…`."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def secret_of(code: str) -> bytes:
    """The 16 bytes of a typed code. Spaces, hyphens, case and full width do not matter.

    Raises ValueError where it is not 26 known characters (I and L read as 1, O as 0).
    """
    plain = unicodedata.normalize("NFKC", code).upper()
    plain = "".join(c for c in plain if c.isalnum())
    plain = plain.replace("I", "1").replace("L", "1").replace("O", "0")
    if len(plain) != CODE_LENGTH or any(c not in ALPHABET for c in plain):
        raise ValueError("not a 26-character code")
    value = 0
    for c in plain:
        value = value << 5 | ALPHABET.index(c)
    if value & 3:
        raise ValueError("not a code of this kit")
    return (value >> 2).to_bytes(16, "big")
