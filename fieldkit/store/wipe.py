"""Take secrets out of memory when they are done with (research row 16, design §4).

Three means, because none reaches everything. What this program makes as a secret lies in a
`bytearray` and is overwritten (`wipe`). What nothing uses any more is given up at once (`sweep`).
And what Python, a library or a request copied is overwritten when it is freed, where the system
offers that (fieldkit/allocator.py). tests/web/test_rows_memory.py looks for what is left.
"""

from __future__ import annotations

import ctypes
import gc
import secrets
import struct
import sys
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Buffer = bytes | bytearray
HEX = b"0123456789abcdef"


def wipe(*buffers: Buffer) -> None:
    """Overwrite with zeros. (`bytes` cannot be: what must end is made as a bytearray.)"""
    for buffer in buffers:
        if isinstance(buffer, bytearray):
            buffer[:] = bytes(len(buffer))


def derive(key: Buffer, info: bytes, salt: Buffer | None = None) -> bytearray:
    """HKDF-SHA256 to 32 bytes that can be overwritten."""
    made = bytearray(32)
    salted = None if salt is None else bytes(salt)
    HKDF(algorithm=hashes.SHA256(), length=32, salt=salted, info=info).derive_into(key, made)
    return made


def seal(key: Buffer, plain: Buffer, about: bytes) -> bytes:
    """Nonce and AES-256-GCM of `plain`."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def unseal(key: Buffer, sealed: bytes, about: bytes) -> bytearray:
    """What `seal` took, in a buffer that can be overwritten; InvalidTag otherwise."""
    plain = bytearray(len(sealed) - 28)
    AESGCM(key).decrypt_into(sealed[:12], sealed[12:], about, plain)
    return plain


def raw_key(key: Buffer) -> bytearray:
    """A key as SQLCipher wants it, `x'…'` in hexadecimal, without a text in between."""
    text = bytearray(b"x'" + bytes(2 * len(key)) + b"'")
    for i, byte in enumerate(key):
        text[2 + 2 * i], text[3 + 2 * i] = HEX[byte >> 4], HEX[byte & 15]
    return text


def pack(*parts: Mapping[str, Buffer]) -> bytearray:
    """Names with their secrets, several maps of them, in one buffer."""
    made = bytearray()
    for part in parts:
        made += struct.pack(">I", len(part))
        for name, secret in part.items():
            coded = name.encode()
            made += struct.pack(">HH", len(coded), len(secret)) + coded + secret
    return made


def unpack(packed: bytearray) -> Iterator[dict[str, bytearray]]:
    """The maps of `pack`, one after the other."""
    at = 0
    while at < len(packed):
        (count,) = struct.unpack_from(">I", packed, at)
        at, part = at + 4, dict[str, bytearray]()
        for _ in range(count):
            named, length = struct.unpack_from(">HH", packed, at)
            at += 4
            name = packed[at : at + named].decode()
            part[name] = packed[at + named : at + named + length]
            at += named + length
        yield part


def sweep() -> None:
    """Give up what only circles hold, and give freed pages back to the system."""
    gc.collect()
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc; musl has none
        if trim is not None:
            trim(0)
