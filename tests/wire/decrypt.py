"""Open `.ph`, `.seal`, `.rec` and answers without the kit: RFC 9180 base mode, written out.

HPKE suite 0x0020 / 0x0001 / 0x0002 = X25519, HKDF-SHA256, AES-256-GCM (sync/PROTOCOL.md §3).
"""

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"


def extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")


def expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, text + b"\x01", "sha256")[:length]


def hpke_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    mine, enc = X25519PrivateKey.from_private_bytes(private), sealed[:32]
    both = enc + mine.public_key().public_bytes_raw()
    prk = extract(KEM, b"", b"eae_prk", mine.exchange(X25519PublicKey.from_public_bytes(enc)))
    shared = expand(KEM, prk, b"shared_secret", both, 32)
    where = extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    secret = extract(SUITE, shared, b"secret", b"")
    key = expand(SUITE, secret, b"key", b"\x00" + where, 32)
    nonce = expand(SUITE, secret, b"base_nonce", b"\x00" + where, 12)
    return AESGCM(key).decrypt(nonce, sealed[32:], b"")


def open_ph(key: bytes, data: bytes, info: bytes) -> bytes:
    return AESGCM(key).decrypt(data[5:17], data[17:], info)
