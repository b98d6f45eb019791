"""Sealed photos and saves in raw bytes, tried with private keys; also where their end is lost.

AES-GCM is counter mode: with the key, any beginning gives its text without the tag. HPKE is written
out from RFC 9180 (suite of sync/PROTOCOL.md §3), independent of sync/packet.py.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
PHOTO, SEAL, TEXT = 1 << 22, 80, 1 << 16  # how much is read behind the first bytes of each
BASE64 = re.compile(rb"Rkt[A-Za-z0-9+/]{90,}={0,2}")  # "FK" and what follows, in base64


def _extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, text + b"\x01", "sha256")[:length]


class Opener:
    """One private key against one sealed thing: the slow part once, then any context."""

    def __init__(self, private: bytes, sealed: bytes) -> None:
        mine, enc = X25519PrivateKey.from_private_bytes(private), sealed[:32]
        try:
            both = mine.exchange(X25519PublicKey.from_public_bytes(enc))
        except ValueError:
            both = bytes(32)
        prk = _extract(KEM, b"", b"eae_prk", both)
        public = enc + mine.public_key().public_bytes_raw()
        shared = _expand(KEM, prk, b"shared_secret", public, 32)
        self.secret = _extract(SUITE, shared, b"secret", b"")
        self.none = _extract(SUITE, b"", b"psk_id_hash", b"")
        self.body = sealed[32:]

    def keys(self, info: bytes) -> tuple[bytes, bytes]:
        where = b"\x00" + self.none + _extract(SUITE, b"", b"info_hash", info)
        key = _expand(SUITE, self.secret, b"key", where, 32)
        return key, _expand(SUITE, self.secret, b"base_nonce", where, 12)

    def begins(self, info: bytes, start: bytes) -> bytes:
        """All text, where it begins with `start`; else b"". No tag is needed."""
        key, nonce = self.keys(info)
        if not counter(key, nonce, self.body[:16]).startswith(start):
            return b""
        return counter(key, nonce, self.body)

    def whole(self, info: bytes, length: int) -> bytes:
        """The text of exactly `length` bytes, authenticated; else b""."""
        key, nonce = self.keys(info)
        try:
            return AESGCM(key).decrypt(nonce, self.body[: length + 16], b"")
        except (InvalidTag, ValueError):
            return b""


def counter(key: bytes, nonce: bytes, data: bytes) -> bytes:
    """The text of AES-GCM ciphertext (or of a beginning of it), without its tag."""
    return Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).decryptor().update(data)


def candidates(data: bytes, magic: bytes, length: int) -> Iterator[bytes]:
    """What follows each `magic` in the bytes, and in their base64; at most `length` of it."""
    at = data.find(magic)
    while at >= 0:
        yield data[at + len(magic) : at + len(magic) + length]
        at = data.find(magic, at + 1)
    if base64.b64encode(magic)[:6] in data:
        for match in BASE64.finditer(data):
            text = match.group().rstrip(b"=")
            opened = base64.b64decode(text[: len(text) // 4 * 4] + _rest(text))
            if opened.startswith(magic):
                yield opened[len(magic) : len(magic) + length]


def _rest(text: bytes) -> bytes:
    """The last two or three characters with their padding."""
    left = len(text) % 4
    return text[-left:] + b"=" * (4 - left) if left > 1 else b""


def photo_keys(
    data: bytes, trip_id: str, private: bytes, ids: Iterable[str]
) -> Iterator[tuple[str, bytes]]:
    """Photo keys out of the `.seal` remnants of a trip: (photo id, key)."""
    for body in set(candidates(data, b"FKSE1", SEAL)):
        opener = Opener(private, body)
        for photo_id in ids:
            key = opener.whole(f"fieldkit/photo/v1|{trip_id}|{photo_id}".encode(), 32)
            if key:
                yield photo_id, key
                break


def photos(data: bytes, keys: Iterable[bytes]) -> Iterator[bytes]:
    """JPEGs (with some bytes behind them) out of `.ph` remnants, for any of the photo keys."""
    for body in candidates(data, b"FKPH1", PHOTO):
        for key in keys:
            if counter(key, body[:12], body[12:28]).startswith(b"\xff\xd8\xff"):
                yield counter(key, body[:12], body[12:])


def texts(
    data: bytes, magic: bytes, purpose: str, place: str, private: bytes, ids: Iterable[str]
) -> Iterator[bytes]:
    """The JSON in `.rec` remnants (purpose `record`) or answers (purpose `answer`)."""
    for body in candidates(data, magic, TEXT):
        if len(body) < 64:
            continue
        opener = Opener(private, body)
        for object_id in ids:
            text = opener.begins(f"fieldkit/{purpose}/v1|{place}|{object_id}".encode(), b'{"')
            if text:
                yield text
                break
