"""A laptop: the kit's own store, numbering, photos and erasing over a simulated disk.

`ledger.db` is a plain SQLite database in memory with the kit's schema: a transaction is all or
nothing, and durable when it ends. Photos and sealed saves are files on a `Disk`, written by the
kit's own code. Only what a person does (save, take a photo, send) is told by the schedule.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any

from fieldkit import erase, outbox
from fieldkit.store import facts, numbering, photos
from fieldkit.store.db import Database
from fieldkit.store.files import no_room, write_new
from fieldkit.store.keyslots import User
from fieldkit.store.schema import BOOK_STEPS
from fieldkit.store.vault import Vault
from sync import ids, packet
from sync.server.shelf import Trip
from tests.sim.city import CODE, SEAL, SIGN, key_of
from tests.sim.disk import Disk, quiet
from tests.sim.kernel import Kernel, Process
from tests.sim.lanes import SimLanes
from tests.sim.paths import Path
from tests.sim.road import Network

WHO = User("sato", "佐藤 花", "field")
_tables: list[str] = []
_free: list[sqlite3.Connection] = []
_empty: list[bytes] = []


def _connection() -> sqlite3.Connection:
    """An empty book; connections are used again, which is cheaper than making one."""
    if not _empty:
        first = sqlite3.connect(":memory:", isolation_level=None)
        for step in BOOK_STEPS:
            first.executescript(step)
        _empty.append(first.serialize())
        names = first.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        _tables.extend(name for (name,) in names if not name.startswith("sqlite_"))
    if _free:
        conn = _free.pop()
        for name in _tables:
            conn.execute(f"DELETE FROM {name}")
        return conn
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.deserialize(_empty[0])
    conn.row_factory = sqlite3.Row
    return conn


class Book(Database):
    """The kit's `Database` over such a connection; each transaction is a turn and a danger."""

    def __init__(self, conn: sqlite3.Connection, machine: Laptop) -> None:
        self._lock = _NoLock()  # type: ignore[assignment]
        self._depth = 0
        self._retired = self._closed = False
        self._conn = conn
        self.wal = "whole"
        self.machine = machine

    @contextmanager
    def read(self) -> Iterator[Any]:
        with quiet(self.machine.process):
            yield self._conn

    def all(self, sql: str, *args: Any) -> list[Any]:
        return self._conn.execute(sql, args).fetchall()

    def one(self, sql: str, *args: Any) -> Any | None:
        return self._conn.execute(sql, args).fetchone()

    def write(self) -> Any:
        return _Write(self)


class _Write:
    """One transaction, or a part of the one that is open: all of it or nothing."""

    __slots__ = ("book", "outer")

    def __init__(self, book: Book) -> None:
        self.book, self.outer = book, book._depth == 0

    def __enter__(self) -> Any:
        book = self.book
        if self.outer:
            machine = book.machine
            machine.kernel.point("book.begin")
            machine.kernel.pause()
            if machine.storm_full():
                raise no_room()
            machine.process.held += 1
            book._conn.execute("BEGIN IMMEDIATE")
        book._depth += 1
        return book._conn

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        book, machine = self.book, self.book.machine
        book._depth -= 1
        if not self.outer:
            return
        try:
            if error is None:
                machine.kernel.point("book.commit")
                book._conn.execute("COMMIT")
        finally:
            if book._conn.in_transaction:
                book._conn.execute("ROLLBACK")
            machine.process.held = max(0, machine.process.held - 1)
        if error is None:
            machine.committed()
            machine.kernel.point("book.committed")


class Line:
    """What takes the place of `ThreadLanes` and of the road, for whoever begins to send."""

    net: Network

    @staticmethod
    def lanes(_make_road: Any) -> SimLanes:
        process = Line.net.kernel.process()
        assert process is not None
        return SimLanes(Line.net, process.name, process)

    @staticmethod
    def link(_vault: Vault) -> Any:
        return lambda: None


class _NoLock:
    """One turn at a time needs no lock."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_why: object) -> None:
        pass


class Laptop:
    """The machine. `vault` lives as long as its process; disk and book outlive both."""

    def __init__(self, kernel: Kernel, name: str, trip: Trip, clock: Any) -> None:
        self.kernel, self.name, self.trip = kernel, name, trip
        self.disk = Disk(kernel, name)
        self.conn = _connection()
        self.forces_book = True
        self._forced = b""
        self.storm_full = lambda: False
        self.clock = clock
        self.seen: dict[str, int] = {}  # the city's revision of each record, as it was shown
        self.saw: frozenset[str] = frozenset()  # the saves that were in what was shown
        self.cases: list[str] = []  # the clashes that were shown as waiting
        self.process = Process(name)
        self.vault: Vault = self._vault()
        self._set_up()

    def give_back(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute("ROLLBACK")
        _free.append(self.conn)

    def _vault(self) -> Vault:
        vault = object.__new__(Vault)
        vault.settings = SimpleNamespace(data_dir=Path(self.disk, self.name), clock=self.clock)  # type: ignore[assignment]
        vault.user = WHO
        vault.photo_keys, vault.trips, vault.unnumbered, vault.damage = {}, {}, 0, []
        vault.book = Book(self.conn, self)
        return vault

    def _set_up(self) -> None:
        t = self.trip
        self.conn.execute(
            "INSERT INTO trip (id, kind, day, public, secret_sha256, state, made_at)"
            " VALUES (?, ?, ?, ?, '', 'out', '')",
            (t.id, t.kind, t.day, t.seal_public),
        )
        key = key_of(self.name)
        self.conn.execute(
            "INSERT INTO device (id, name, sign_private, sign_public, seal_private, seal_public,"
            " city, city_name, city_public, server_url, enrolled_at, city_seal, profile)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, '', '', ?, 'field')",
            (self.name, self.name, key, key, key, key, CODE, SIGN, SEAL),
        )

    def start(self) -> None:
        """A new process over what is on the disk, up to the end of the login."""
        self.process = Process(self.name)
        self.vault = self._vault()

    def login(self) -> None:
        """What every login finishes: sweep, number, owed erases."""
        erase.sweep_incomplete(self.vault)
        numbering.adopt_orphans(self.vault)
        rows = self.vault.book.all("SELECT id FROM photo WHERE state = 'receipted'")
        erase.erase_photos(self.vault, [row["id"] for row in rows], "receipt")

    def power_cut(self, dice: Random) -> None:
        self.disk.power_cut(dice)
        if not self.forces_book and self._forced and dice.random() < 0.7:
            self.conn.deserialize(self._forced)

    def committed(self) -> None:
        """A transaction ended. Without forcing, only some of them reach the plate."""
        if not self.forces_book and (not self._forced or self.kernel.dice.random() < 0.2):
            self._forced = self.conn.serialize()

    # -- what a person does ---------------------------------------------------------------------
    def new_op(self) -> str:
        return ids.new_id()

    def save(self, op_id: str, save: dict[str, Any]) -> None:
        """Seal one save to the city; it is promised to the person when this returns."""
        sealed = packet.seal_record(
            self.trip.seal_public, self.trip.id, op_id, {**save, "op_id": op_id}
        )
        folder = self.vault.trip_folder(self.trip.id)
        write_new(folder / f"{op_id}.rec", sealed)

    def fact(self, fact_id: str) -> None:
        """One fact of the day; it goes to the city beside the saves."""
        facts.note(self.vault.book, fact_id, "visit", "2026-07-01", {"kind": "field"})

    def send(self, net: Network) -> None:
        """`outbox.sync`, whose lanes are those of the simulated network."""
        Line.net = net
        outbox.sync(self.vault)

    def waiting(self) -> int:
        """How much is not yet proved to be at the city."""
        found = outbox.waiting(self.vault)
        return found["waiting"]

    def shoot(self, jpeg: bytes) -> str:
        """Take and keep one photo; it is promised to the person when this returns."""
        where = SimpleNamespace(
            id=self.trip.id,
            public=self.trip.seal_public,
            folder=self.vault.trip_folder(self.trip.id),
        )
        photo_id = photos.seal(self.vault, where, "record", jpeg)  # type: ignore[arg-type]
        photos.keep(self.vault, photo_id)
        return photo_id
