"""The ports of the city's store: what the logic of the server asks of a database and of a disk.

`Store.write()` is one transaction under the city's lock: what it changed is durable when it ends,
all of it or nothing. `Store.read()` sees one moment. The logic (inbox, photos, receipts, trips, …)
knows no SQL; the SQL (sync/server/sqlshelf.py) knows no rule. The simulation of the tests runs the
same logic over a store of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from sync.merge import Clash, Doc
from sync.receipt import Receipt

R = TypeVar("R")


@dataclass(frozen=True)
class City:
    """Who the city is. `sign_private` signs receipts; `seal_public` is what bundles are sealed to.

    `statements` are the signed words on epochs and keys that every answer repeats, as they travel.
    """

    code: str
    name: str
    epoch: int
    sign_private: bytes
    sign_public: bytes
    seal_private: bytes
    seal_public: bytes
    epochs: tuple[Mapping[str, str], ...] = ()
    keys: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Device:
    """An enrolled kit. `ledger_seq`, `ledger_hash`: the newest head that it named."""

    id: str
    name: str
    profile: str
    sign_public: bytes
    seal_public: bytes
    status: str
    ledger_seq: int
    ledger_hash: str


@dataclass(frozen=True)
class Trip:
    """What was handed out to a device. `secret` is None and `seal_private` empty once it ended."""

    id: str
    request_id: str
    device: str
    kind: str
    day: str
    seal_private: bytes
    seal_public: bytes
    secret: bytes | None
    state: str
    records: tuple[str, ...]


@dataclass(frozen=True)
class Op:
    """A stored save: its place in the city's order, and the sealed bytes exactly as they came."""

    seq: int
    op_id: str
    device: str
    n: int
    trip: str
    sha256: str
    body: bytes


@dataclass(frozen=True)
class Place:
    """Where a record stands: what it is below ("" for nothing), and who brought it first ("" where
    that is not known)."""

    parent: str
    owner: str


@dataclass(frozen=True)
class Photo:
    """A photo: `coming` (declared), `stored` (its bytes are durable), `handed` or `erased` later.

    `key` is its 32-byte key, empty before it was opened; `receipt` the digest of its receipt.
    """

    id: str
    trip: str
    device: str
    sha256: str
    size: int
    seal: bytes
    state: str
    key: bytes = b""
    receipt: str = ""

    def but(self, **changes: Any) -> Photo:
        return replace(self, **changes)


def after(last: int, epoch: int) -> int:
    """The number that follows `last` in the city's order. In a new life of the store it is above
    all that an older one may have given away: laptops still name those as what they have seen."""
    return max(last, (epoch - 1) << 32) + 1


class Blobs(Protocol):
    """Where sealed photos lie. Every method is durable when it returns."""

    def put_all(self, blobs: Sequence[tuple[str, bytes | memoryview]]) -> None:
        """Keep these `(name, bytes)`."""
        ...

    def get(self, name: str) -> bytes | None: ...
    def delete(self, name: str) -> None: ...
    def put_part(self, name: str, start: int, data: bytes) -> None: ...
    def have(self, name: str) -> int:
        """How many bytes of an upload that began are here without a gap."""
        ...

    def parts(self, name: str) -> bytes: ...
    def drop_parts(self, name: str) -> None: ...


class Shelf(Protocol):
    """One transaction."""

    def city(self) -> City: ...
    def device(self, device_id: str) -> Device | None: ...
    def seen(self, device_id: str, at: str) -> None: ...
    def head(self, device_id: str, seq: int, digest: str) -> None:
        """Remember the newest ledger head that a device named."""
        ...

    # receipts: one chain
    def last_receipt(self) -> tuple[int, str]:
        """(number, digest) of the newest; (0, GENESIS) before the first."""
        ...

    def receipt(self, *, batch: str = "", digest: str = "") -> Receipt | None: ...
    def add_receipt(self, made: Receipt, batch: str = "") -> None: ...

    # saves
    def trips(self, ids: Iterable[str]) -> dict[str, Trip]: ...
    def end_trip(self, trip_id: str, at: str) -> None:
        """Delete a trip's secret, its private key and its photos' seals."""
        ...

    def ops(self, op_ids: Sequence[str]) -> dict[str, str]:
        """{op id: SHA-256 as it was stored} of those that are here."""
        ...

    def numbered(self, device_id: str, numbers: Sequence[int]) -> set[int]:
        """Which of these numbers this device has used already."""
        ...

    def next_seq(self) -> int:
        """The next number of the city's order (see `after`)."""
        ...

    def add_ops(self, rows: Sequence[Op], at: str) -> None: ...
    def op_bodies(self, op_ids: Sequence[str]) -> dict[str, bytes]:
        """The bytes as they lie in the store now, for reading back."""
        ...

    def docs(self, ids: Iterable[str]) -> dict[str, Doc]: ...
    def places(self, ids: Iterable[str]) -> dict[str, Place]:
        """Where these records stand; nothing of their texts is opened."""
        ...

    def put_docs(self, docs: Iterable[Doc]) -> None: ...
    def add_clashes(self, clashes: Sequence[Clash], at: str) -> None: ...

    # facts (no personal data): {"id", "body"} of a device
    def add_facts(self, device_id: str, rows: Sequence[tuple[str, str]]) -> None: ...
    def facts(self, ids: Sequence[str]) -> dict[str, str]: ...

    # photos
    def photos(self, ids: Sequence[str]) -> dict[str, Photo]: ...
    def put_photos(self, photos: Sequence[Photo], at: str = "") -> None:
        """As `put_photo`, several at once."""
        ...

    def put_photo(self, photo: Photo, at: str = "") -> None:
        """Change a photo that is here; with a time, add a new one."""
        ...

    # a laptop's ledger
    def ledger_last(self, device_id: str) -> tuple[int, str, str]:
        """(number, text, hash) of the last row that is here; (0, "", GENESIS) for none."""
        ...

    def ledger_hashes(self, device_id: str, start: int) -> dict[int, str]: ...
    def add_ledger(self, device_id: str, rows: Sequence[tuple[int, str, str]]) -> None: ...


class Store(Protocol):
    """The city's store: a lock, a database, a place for photos. App processes keep nothing else."""

    blobs: Blobs

    def read(self) -> AbstractContextManager[Shelf]: ...
    def write(self) -> AbstractContextManager[Shelf]: ...
    def together(self, act: Callable[[Shelf], R]) -> R:
        """`act` in a write transaction that it may share with others that wait (one commit)."""
        ...
