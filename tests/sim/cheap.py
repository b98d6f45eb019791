"""The mathematics, made cheap: signatures and seals that cost a microsecond.

A signature is still bound to key, purpose and bytes, and a seal to its place and key: what does not
fit is refused by the same words. Only that nobody can forge them is not true here, and the
simulation's forger (tests/sim/road.py) plays by that rule.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sync import ids, packet, wire
from sync.receipt import Receipt
from sync.wire import WireError, b64


def sign(key: bytes, purpose: str, body: bytes) -> str:
    text = purpose.encode() + b"\0" + body
    return b64(hashlib.blake2b(text, key=key, digest_size=24).digest())


def verify(public: bytes, purpose: str, body: bytes, signature: str) -> None:
    if sign(public, purpose, body) != signature:
        raise WireError("bad_signature")


def same(raw: bytes) -> bytes:
    """Private and public halves are the same bytes here."""
    return raw


def _where(purpose: str, about: str, object_id: str) -> bytes:
    return packet.context(purpose, about, object_id) + b"\n"


def hpke_seal(public: bytes, plain: bytes, info: bytes) -> bytes:
    return public[:4] + hashlib.sha256(public + info + plain).digest()[:8] + plain


def hpke_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    plain = sealed[12:]
    if sealed != hpke_seal(private, plain, info):
        raise WireError("cannot_open")
    return plain


def seal_photo(
    trip_public: bytes, trip_id: str, photo_id: str, jpeg: bytes
) -> tuple[bytes, bytes, bytes]:
    key = hashlib.sha256(photo_id.encode()).digest()
    where = packet.context("photo", trip_id, photo_id)
    seal = packet.SEAL_MAGIC + hpke_seal(trip_public, key, where)
    ph = packet.PHOTO_MAGIC + hpke_seal(key, jpeg, where)
    return ph, seal.ljust(packet.SEAL_SIZE, b"="), key


def open_photo(key: bytes, trip_id: str, photo_id: str, ph: bytes | memoryview) -> bytes:
    ph = bytes(ph)
    if not ph.startswith(packet.PHOTO_MAGIC):
        raise WireError("wrong_format")
    return hpke_open(key, ph[5:], packet.context("photo", trip_id, photo_id))


def open_photo_key(trip_private: bytes, trip_id: str, photo_id: str, seal: bytes) -> bytes:
    if not seal.startswith(packet.SEAL_MAGIC):
        raise WireError("wrong_format")
    where = packet.context("photo", trip_id, photo_id)
    return hpke_open(trip_private, seal[5 : 5 + 12 + 32], where)


_chunks = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    {}, None, json.encoder.encode_basestring, None, ":", ",", True, False, False
)
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def fast_canonical(value: Any) -> bytes:
    """The bytes of `wire.canonical`, by an encoder that is made once."""
    return "".join(_chunks(value, 0)).encode()


def fast_parse(data: bytes) -> Any:
    """`wire.parse` without the second look at what it read."""
    try:
        text = data.decode()
        value, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration):
        raise WireError("malformed") from None
    if end != len(text):
        raise WireError("malformed")
    return value


_values: dict[bytes, dict[str, Any]] = {}


def value_of(self: Receipt) -> dict[str, Any]:
    """`Receipt.value`, read once: nobody changes it."""
    found = _values.get(self.body)
    if found is None:
        found = fast_parse(self.body)
        if not isinstance(found, dict):
            raise WireError("malformed")
        if len(_values) > 500:
            _values.clear()
        _values[self.body] = found
    return found


def is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


SWAPS: tuple[tuple[Any, Any], ...] = (
    (wire.sign, sign),
    (wire.verify, verify),
    (wire.signing_private, same),
    (packet.hpke_seal, hpke_seal),
    (packet.hpke_open, hpke_open),
    (packet.seal_photo, seal_photo),
    (packet.open_photo, open_photo),
    (packet.open_photo_key, open_photo_key),
    (wire.canonical, fast_canonical),
    (wire.parse, fast_parse),
    (ids.is_id, is_id),
)


@contextmanager
def swapped(*pairs: tuple[Any, Any]) -> Iterator[None]:
    """Replace functions by others wherever `sync` or the kit have them by name."""
    undo = []
    try:
        for old, new in pairs:
            found = 0
            for name, module in list(sys.modules.items()):
                if not name.startswith(("sync.", "fieldkit.")):
                    continue
                for attribute, value in list(vars(module).items()):
                    if value is old:
                        setattr(module, attribute, new)
                        undo.append((module, attribute, old))
                        found += 1
            assert found, f"nobody uses {old}"
        yield
    finally:
        for module, attribute, old in reversed(undo):
            setattr(module, attribute, old)
