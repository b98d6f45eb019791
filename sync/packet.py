"""The sealed formats `.ph`, `.seal` and `.rec` (sync/PROTOCOL.md §3).

- `.ph`   = `b"FKPH1" + nonce(12) + AES-256-GCM(photo key, JPEG, aad = context)`
- `.seal` = `b"FKSE1" + HPKE(trip public key, photo key, info = context)`
- `.rec`  = `b"FKRE1" + HPKE(trip public key, JSON of one save, info = context)`

HPKE is RFC 9180 base mode, X25519 / HKDF-SHA256 / AES-256-GCM. The context binds every object to
its purpose, trip and id, so that a sealed thing moved to another place does not open. Only the city
holds the trip's private key: the laptop cannot open what it sealed (design §4).
"""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.wire import WireError, canonical, parse, sealing_private, sealing_public

PHOTO_MAGIC = b"FKPH1"
SEAL_MAGIC = b"FKSE1"
SEAL_SIZE = 5 + 32 + 32 + 16
RECORD_MAGIC = b"FKRE1"
ANSWER_MAGIC = b"FKAN1"
Buffer = bytes | memoryview
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def context(purpose: str, trip_id: str, object_id: str) -> bytes:
    """The bytes that tie a sealed object to its place, e.g. `fieldkit/photo/v1|<trip>|<photo>`."""
    return f"fieldkit/{purpose}/v1|{trip_id}|{object_id}".encode()


def hpke_seal(public: bytes, plain: bytes, info: bytes) -> bytes:
    return _SUITE.encrypt(plain, sealing_public(public), info)


def can_seal_to(public: bytes) -> bool:
    """Whether something can be sealed to these bytes (a few of the right length are no key)."""
    try:
        return bool(hpke_seal(public, b"", b""))
    except ValueError:
        return False


def hpke_open(private: bytes, sealed: Buffer, info: bytes) -> bytes:
    """Raises WireError("cannot_open") for a wrong key, a wrong place or damaged bytes."""
    try:
        return _SUITE.decrypt(sealed, sealing_private(private), info)
    except (InvalidTag, ValueError):
        raise WireError("cannot_open") from None


def _strip(magic: bytes, data: Buffer) -> Buffer:
    if data[: len(magic)] != magic:
        raise WireError("wrong_format")
    return data[len(magic) :]


def _object(plain: bytes) -> dict[str, Any]:
    """The JSON object that was sealed; WireError("wrong_format") where it is none."""
    try:
        value = parse(plain)
    except WireError:
        value = None
    if not isinstance(value, dict):
        raise WireError("wrong_format")
    return value


def seal_photo(
    trip_public: bytes, trip_id: str, photo_id: str, jpeg: bytes
) -> tuple[bytes, bytes, bytes]:
    """Seal one photo: returns (`.ph` bytes, `.seal` bytes, the photo key for memory only)."""
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    where = context("photo", trip_id, photo_id)
    ph = PHOTO_MAGIC + nonce + AESGCM(key).encrypt(nonce, jpeg, where)
    return ph, SEAL_MAGIC + hpke_seal(trip_public, key, where), key


def join_photo(seal: bytes, ph: bytes) -> bytes:
    """One file for both: the `.seal` stands before the `.ph`, so that one write makes them last."""
    return seal + ph


def split_photo(data: bytes) -> tuple[bytes, bytes]:
    """(`.seal`, `.ph`) of such a file; an empty `.seal` where it holds a `.ph` alone."""
    if data.startswith(SEAL_MAGIC):
        return data[:SEAL_SIZE], data[SEAL_SIZE:]
    return b"", data


def open_photo(key: bytes | bytearray, trip_id: str, photo_id: str, ph: Buffer) -> bytes:
    """The JPEG inside a `.ph`, given its key."""
    body = _strip(PHOTO_MAGIC, ph)
    try:
        where = context("photo", trip_id, photo_id)
        return AESGCM(key).decrypt(body[:12], body[12:], where)
    except (InvalidTag, ValueError):
        raise WireError("cannot_open") from None


def open_photo_key(trip_private: bytes, trip_id: str, photo_id: str, seal: bytes) -> bytes:
    """The photo key inside a `.seal`: only the holder of the trip's private key can do this."""
    return hpke_open(trip_private, _strip(SEAL_MAGIC, seal), context("photo", trip_id, photo_id))


def seal_record(trip_public: bytes, trip_id: str, op_id: str, save: dict[str, Any]) -> bytes:
    """One save, sealed to the city: what makes losing the laptop's secret harmless."""
    where = context("record", trip_id, op_id)
    return RECORD_MAGIC + hpke_seal(trip_public, canonical(save), where)


def open_record(trip_private: bytes, trip_id: str, op_id: str, rec: bytes) -> dict[str, Any]:
    """The save inside a `.rec`."""
    where = context("record", trip_id, op_id)
    return _object(hpke_open(trip_private, _strip(RECORD_MAGIC, rec), where))


def seal_answer(device_public: bytes, device: str, about: str, answer: dict[str, Any]) -> bytes:
    """Something secret for one device (a day secret, the records of a trip)."""
    where = context("answer", device, about)
    return ANSWER_MAGIC + hpke_seal(device_public, canonical(answer), where)


def open_answer(device_private: bytes, device: str, about: str, sealed: bytes) -> dict[str, Any]:
    """The answer that the city sealed to this device."""
    where = context("answer", device, about)
    return _object(hpke_open(device_private, _strip(ANSWER_MAGIC, sealed), where))
