"""The city's store over SQLAlchemy Core: one code for SQLCipher and PostgreSQL.

How it is opened, which connections read and which write, and what lies beside the database. One
transaction is sync/server/sqlshelf.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from sync.server import asked
from sync.server import store as t
from sync.server.blobs import FileBlobs, RowBlobs
from sync.server.box import Box
from sync.server.engine import open_engine
from sync.server.keyfile import SIDE
from sync.server.shelf import Blobs
from sync.server.sidebook import SideBook
from sync.server.sqlshelf import SqlShelf
from sync.server.together import Together
from sync.server.trouble import Trouble

R = TypeVar("R")
CHANGED = "市の鍵か版が変わりました。市サーバを止めて、もう一度始めてください。"


class SqlStore:
    """The store of one server folder. Keeps nothing but its connections and its key."""

    def __init__(self, engine: sa.Engine, box: Box, blobs: Blobs, side: SideBook) -> None:
        self.engine = engine
        self.box = box
        self.blobs = blobs
        self.side = side
        self._is_mine = {"schema": str(t.SCHEMA), "key_id": box.name}
        self._reading = engine
        if engine.dialect.name == "postgresql":  # SQLite's reads see one moment anyway
            self._reading = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._writing = engine.execution_options(write=True)
        self._together = Together(self.write)

    @contextmanager
    def read(self) -> Iterator[SqlShelf]:
        with self._reading.connect() as conn:
            yield SqlShelf(conn, self.box, self.side)

    @contextmanager
    def write(self) -> Iterator[SqlShelf]:
        """Trouble where the store was sealed with another key, or upgraded, since it was opened."""
        with self._writing.begin() as conn:
            if {row.name: row.value for row in conn.execute(asked.IS_MINE)} != self._is_mine:
                raise Trouble(CHANGED)
            shelf = SqlShelf(conn, self.box, self.side)
            yield shelf
        for trip_id in shelf.ended:
            self.side.end(trip_id)

    def together(self, act: Callable[[Any], R]) -> R:
        """Run `act(shelf)` in a write transaction that it may share with other threads' acts."""
        return self._together.run(act)

    def sweep(self) -> None:
        """Remove what a process that died left beside the store. When a server starts."""
        if isinstance(self.blobs, FileBlobs):
            self.blobs.sweep()

    def close(self) -> None:
        self.engine.dispose()


def open_store(folder: Path) -> SqlStore:
    """The store of a server folder; FileNotFoundError where `init` was not run."""
    engine = open_engine(folder)
    store = store_over(engine, folder, t.read_key_file(folder / "server.key"))
    with store.read() as shelf:
        store.side.tidy(shelf.ended_of)
    return store


def store_over(engine: sa.Engine, folder: Path, key: bytes) -> SqlStore:
    """The store over an open engine, with the photos and the side book of a folder."""
    box = Box(key)
    embedded = engine.dialect.name == "sqlite"
    blobs = FileBlobs(folder / "photos") if embedded else RowBlobs(engine)
    return SqlStore(engine, box, blobs, SideBook(folder / SIDE, box))
