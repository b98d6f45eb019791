"""Enrolment without a line: a sealed request (`.kspe`), answered by a sealed grant (`.kspg`).

Both are files like a bundle (sync/bundle.py). The request holds what would be posted to `/enrol`
and is signed with the new laptop's own key, so that nobody is enrolled with a key that they do not
hold; the grant holds the city's answer. Their number is drawn, as the laptop has no id yet.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync import bundle_file, medium, wire
from sync.bundle import Address, Answered, Manifest, Part
from sync.packet import can_seal_to
from sync.statements import read_keys
from sync.wire import WireError, b64, canonical, unb64

REQUEST, GRANT = "enrol", "enrolled"
NOBODY = "enrol"
"""Stands in such a file where a device's id stands in a bundle."""
KEY_BYTES = 32


@dataclass(frozen=True)
class Applicant:
    """A laptop that is to be enrolled: its keys, its one-time code, and the number of its file."""

    city: str
    n: int
    code: str
    name: str
    sign_private: bytes
    sign_public: bytes
    seal_private: bytes
    seal_public: bytes

    @staticmethod
    def new(city: str, code: str, name: str) -> Applicant:
        number = 100_000_000 + secrets.randbelow(900_000_000)
        return Applicant(
            city, number, code, name, *wire.new_signing_key(), *wire.new_sealing_key()
        )

    @property
    def address(self) -> Address:
        return Address(self.city, NOBODY, self.n)

    def body(self) -> bytes:
        """What `/enrol` takes."""
        told = {"code": self.code, "name": self.name}
        keys = {"sign_public": b64(self.sign_public), "seal_public": b64(self.seal_public)}
        return canonical(told | keys)


@dataclass(frozen=True)
class Request:
    """A request as the city opened it: signed by the key that it names."""

    manifest: Manifest
    body: bytes
    seal_public: bytes


def write_request(folder: Path, who: Applicant, city_seal: bytes, at: str) -> str:
    """Write the request durably; returns its name. Raises what `medium.put` raises."""
    part = Part.of("0001", who.body, twice=True)
    key = wire.signing_private(who.sign_private)
    return _put(folder, Manifest.sign(key, REQUEST, who.address, at, [part]), [part], city_seal)


def read_request(path: Path, city: str, seal_private: bytes) -> Request:
    """WireError: `cannot_open`, `wrong_format`, `other_city`, `bad_signature`, `malformed`."""
    with path.open("rb") as file:
        opened = bundle_file.read(REQUEST, file, seal_private)
        found = [opened.part(part) for part in opened.parts]
    if len(found) != 1 or found[0] is None:
        raise WireError("cannot_open")
    if opened.manifest.address.city != city:
        raise WireError("other_city")
    asked = wire.parse(found[0])
    try:
        keys = [unb64(asked[name]) for name in ("sign_public", "seal_public")]
    except (KeyError, TypeError):
        raise WireError("malformed") from None
    if len(keys[0]) != KEY_BYTES or not can_seal_to(keys[1]):
        raise WireError("malformed")
    opened.manifest.verify(keys[0])
    return Request(opened.manifest, found[0], keys[1])


def write_grant(
    folder: Path, asked: Request, sign_private: bytes, keys: list[Any], at: str, answer: Answered
) -> str:
    """The city's answer, sealed to whoever asked; `keys` are its words on its newer keys."""
    part = Part.of(answer.name, answer.to_bytes, twice=True)
    more = {"bundle": asked.manifest.digest, "keys": keys}
    key = wire.signing_private(sign_private)
    made = Manifest.sign(key, GRANT, asked.manifest.address, at, [part], more)
    return _put(folder, made, [part], asked.seal_public)


def _put(folder: Path, made: Manifest, parts: list[Part], public: bytes) -> str:
    name = made.address.file_name(made.kind)
    pieces = bundle_file.pack(made, parts, public)
    medium.put(folder, name, pieces, bundle_file.size_of(made, parts))
    return name


def read_grant(path: Path, who: Applicant, city_public: bytes) -> tuple[Answered, bytes]:
    """The city's answer to this very laptop, and the key that signed it: the one that its people
    were told of, or a later one that leads back to it. WireError for anything else."""
    with path.open("rb") as file:
        opened = bundle_file.read(GRANT, file, who.seal_private)
        found = [opened.part(part) for part in opened.parts]
    if len(found) != 1 or found[0] is None:
        raise WireError("cannot_open")
    if opened.manifest.address != who.address:
        raise WireError("not_for_us")
    try:
        keys = read_keys(city_public, who.city, opened.manifest.value.get("keys"))
    except (KeyError, TypeError):
        raise WireError("malformed") from None
    newest = keys[-1].new if keys else city_public
    opened.manifest.verify(newest)
    return Answered.from_bytes(found[0]), newest
