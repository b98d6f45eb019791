"""The file that goes by USB memory: signed requests (`.kspb`) or their answers (`.kspr`), and an
enrolment (sync/enrol_file.py).

It is a ZIP without compression, so that any program can take it apart. Every entry is sealed alone:
`b"FKBU1" + HPKE(public key of the reader, plain part, info = context(kind, file id, part name))`.
The manifest is signed and names every part with size and SHA-256 of its plain bytes. A damaged
place costs the part that it hits and no other; the manifest and the parts that must not be lost
(`twice`) are there two times, far from each other. Who finds the stick reads a city's code, a
device's number and a counter (sync/PROTOCOL.md §11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import packet, wire
from sync.road import Request
from sync.wire import WireError, canonical

MAGIC = b"FKBU1"
SEALED = len(MAGIC) + 32 + 16
"""How much longer a sealed part is."""
ENDINGS = {"bundle": ".kspb", "reply": ".kspr", "enrol": ".kspe", "enrolled": ".kspg"}
MOST_PARTS = 30_000
ID = "KSP-([0-9A-Za-z]{1,16})-([0-9A-Za-z]{1,16})-([0-9]{1,9})"
"""An `Address.id`: city, device, counter."""


@dataclass(frozen=True)
class Address:
    """Whose file it is: the city's code, the device, the device's own counter."""

    city: str
    device: str
    n: int

    @property
    def id(self) -> str:
        return f"KSP-{plain(self.city)}-{plain(self.device)}-{self.n}"

    def file_name(self, kind: str) -> str:
        return self.id + ENDINGS[kind]

    @staticmethod
    def in_name(name: str) -> Address | None:
        """What the name of a file says, also of a copy under a longer one; None for no such."""
        found = re.match(ID, name)
        return Address(found[1], found[2], int(found[3])) if found else None


def plain(text: str) -> str:
    """A code as it may stand in a file name."""
    return re.sub("[^0-9A-Za-z]", "", text)[:16] or "0"


@dataclass(frozen=True)
class Part:
    """One part: `make` gives its plain bytes when they are sealed, so that few lie in memory."""

    name: str
    size: int
    sha256: str
    make: Callable[[], bytes]
    twice: bool = False

    @staticmethod
    def of(name: str, make: Callable[[], bytes], twice: bool = False) -> Part:
        data = make()
        return Part(name, len(data), wire.sha256(data), make, twice)

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "size": self.size, "twice": self.twice}


@dataclass(frozen=True)
class Manifest:
    """The signed list of the parts: exact bytes and signature. Trust it only after `verify`."""

    kind: str
    body: bytes
    signature: str

    @staticmethod
    def sign(
        key: Ed25519PrivateKey,
        kind: str,
        to: Address,
        at: str,
        parts: Sequence[Part],
        more: dict[str, Any] | None = None,
    ) -> Manifest:
        body = canonical(
            {"v": 1, "kind": kind, "city": to.city, "device": to.device, "n": to.n, "at": at,
             "parts": [part.told() for part in parts], **(more or {})}
        )  # fmt: skip
        return Manifest(kind, body, wire.sign(key, kind, body))

    @property
    def digest(self) -> str:
        """What a reply names; through it every byte of every part is named."""
        return wire.sha256(self.body)

    @property
    def value(self) -> dict[str, Any]:
        value = wire.parse(self.body)
        if not isinstance(value, dict):
            raise WireError("malformed")
        return value

    @property
    def address(self) -> Address:
        try:
            told = self.value
            return Address(str(told["city"]), str(told["device"]), wire.whole(told["n"]))
        except (KeyError, ValueError):
            raise WireError("malformed") from None

    def parts(self) -> list[Part]:
        """What it names, in order; WireError("malformed") for anything of another shape."""
        try:
            rows = self.value["parts"]
            found = [
                Part(
                    str(r["name"]),
                    wire.whole(r["size"]),
                    str(r["sha256"]),
                    bytes,
                    r["twice"] is True,
                )
                for r in rows
            ]
        except (KeyError, TypeError, ValueError):
            raise WireError("malformed") from None
        names = {part.name for part in found}
        if len(names) < len(found) or not all(re.fullmatch("[0-9]{4,5}", n) for n in names):
            raise WireError("malformed")
        return found

    def verify(self, public: bytes) -> None:
        """WireError("bad_signature") unless the holder of `public` signed it for this kind."""
        wire.verify(public, self.kind, self.body, self.signature)

    def to_bytes(self) -> bytes:
        return canonical({"body": self.body.decode(), "signature": self.signature})

    @staticmethod
    def unseal(private: bytes, kind: str, file_id: str, name: str, sealed: bytes) -> Manifest:
        """The manifest that stands under this name; WireError for any other."""
        told = wire.parse(unseal(private, kind, file_id, name, sealed))
        try:
            found = Manifest(kind, str(told["body"]).encode(), str(told["signature"]))
        except (KeyError, TypeError):
            raise WireError("malformed") from None
        if found.value.get("v") != 1 or found.value.get("kind") != kind:
            raise WireError("other_version")
        if found.address.id != file_id:
            raise WireError("malformed")
        return found


def seal(public: bytes, kind: str, file_id: str, name: str, data: bytes) -> bytes:
    """One part, for nobody but the holder of the private key, and for no other place."""
    return MAGIC + packet.hpke_seal(public, data, packet.context(kind, file_id, name))


def unseal(private: bytes, kind: str, file_id: str, name: str, sealed: bytes) -> bytes:
    """Its plain bytes; WireError for damaged ones, another place or another reader."""
    if not sealed.startswith(MAGIC):
        raise WireError("wrong_format")
    return packet.hpke_open(private, sealed[len(MAGIC) :], packet.context(kind, file_id, name))


def request_bytes(asked: Request) -> bytes:
    """A signed request as a part: its first line in canonical JSON, then its body."""
    told = {"method": asked.method, "path": asked.path, "headers": asked.headers}
    return canonical(told) + b"\n" + asked.body


def request_of(data: bytes) -> Request:
    """The request in a part; WireError("malformed") for anything else."""
    head, _, body = data.partition(b"\n")
    told = wire.parse(head)
    try:
        headers = {str(name): str(value) for name, value in told["headers"].items()}
        return Request(str(told["method"]), str(told["path"]), body, headers)
    except (KeyError, TypeError, AttributeError):
        raise WireError("malformed") from None


@dataclass(frozen=True)
class Answered:
    """What the city answered to the request of part `name`."""

    name: str
    status: int
    value: dict[str, Any]

    def to_bytes(self) -> bytes:
        return canonical({"name": self.name, "status": self.status, "body": self.value})

    @staticmethod
    def from_bytes(data: bytes) -> Answered:
        told = wire.parse(data)
        try:
            value = told["body"]
            if not isinstance(value, dict):
                raise WireError("malformed")
            return Answered(str(told["name"]), wire.whole(told["status"]), value)
        except (KeyError, TypeError, ValueError):
            raise WireError("malformed") from None
