"""The city's store over SQLAlchemy Core: one code for SQLCipher and PostgreSQL."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from sync.merge import Clash, Doc
from sync.receipt import GENESIS, Receipt
from sync.server import asked, revs
from sync.server import store as t
from sync.server.blobs import FileBlobs, RowBlobs
from sync.server.box import Box
from sync.server.engine import open_engine
from sync.server.keyfile import SIDE
from sync.server.shelf import Blobs, City, Device, Op, Photo, Place, Trip, after
from sync.server.sidebook import SideBook
from sync.server.together import Together
from sync.server.trouble import Trouble

R = TypeVar("R")
CHANGED = "市の鍵か版が変わりました。市サーバを止めて、もう一度始めてください。"
MANY = 500  # ids in one question: SQLite takes 32,766 values, PostgreSQL 65,535


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    known = sorted(set(ids))
    for start in range(0, len(known), MANY):
        yield known[start : start + MANY]


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


class SqlShelf:
    """One transaction (sync/server/shelf.py says what each method means)."""

    def __init__(self, conn: sa.Connection, box: Box, side: SideBook) -> None:
        self.conn = conn
        self.box = box
        self.side = side
        self.ended: list[str] = []

    # -- who --------------------------------------------------------------------------------
    def city(self) -> City:
        row = self.conn.execute(asked.CITY).one()
        said = self.conn.execute(asked.STATEMENTS).all()
        told = {
            kind: tuple({"body": s.body, "signature": s.signature} for s in said if s.kind == kind)
            for kind in ("epoch", "key")
        }
        return City(
            row.code,
            row.name,
            row.epoch,
            self.box.open("city-sign", row.code, row.sign_private),
            bytes(row.sign_public),
            self.box.open("city-seal", row.code, row.seal_private),
            bytes(row.seal_public),
            told["epoch"],
            told["key"],
        )

    def device(self, device_id: str) -> Device | None:
        row = self.conn.execute(asked.DEVICE, {"id": device_id}).first()
        if row is None:
            return None
        return Device(
            row.id,
            row.name,
            row.profile,
            bytes(row.sign_public),
            bytes(row.seal_public),
            row.status,
            row.ledger_seq,
            row.ledger_hash,
        )

    def seen(self, device_id: str, at: str) -> None:
        self.conn.execute(asked.SEEN, {"b_id": device_id, "at": at})

    def head(self, device_id: str, seq: int, digest: str) -> None:
        self.conn.execute(asked.HEAD, {"b_id": device_id, "seq": seq, "hash": digest})

    # -- receipts ---------------------------------------------------------------------------
    def last_receipt(self) -> tuple[int, str]:
        row = self.conn.execute(asked.LAST_RECEIPT).first()
        return (row.seq, row.digest) if row else (0, GENESIS)

    def receipt(self, *, batch: str = "", digest: str = "") -> Receipt | None:
        query = asked.RECEIPT_BY_BATCH if batch else asked.RECEIPT_BY_DIGEST
        row = self.conn.execute(query, {"name": batch or digest}).first()
        return Receipt(row.body.encode(), row.signature) if row else None

    def add_receipt(self, made: Receipt, batch: str = "") -> None:
        value = made.value
        self.conn.execute(
            asked.ADD_RECEIPT,
            {
                "seq": value["seq"],
                "digest": made.digest,
                "device": value["device"],
                "kind": value["kind"],
                "body": made.body.decode(),
                "signature": made.signature,
                "batch": batch or None,
            },
        )

    # -- saves ------------------------------------------------------------------------------
    def trips(self, ids: Iterable[str]) -> dict[str, Trip]:
        found = {}
        for some in _some(ids):
            for row in self.conn.execute(asked.TRIPS, {"ids": some}):
                found[row.id] = self._trip(row)
        return found

    def _trip(self, row: Any) -> Trip:
        private = self.box.open("trip-key", row.id, row.seal_private) if row.seal_private else b""
        secret = self.box.open("trip-secret", row.id, row.secret) if row.secret else None
        return Trip(
            row.id,
            row.request_id,
            row.device,
            row.kind,
            row.day,
            private,
            bytes(row.seal_public),
            secret,
            row.state,
            tuple(json.loads(row.records)),
        )

    def end_trip(self, trip_id: str, at: str) -> None:
        values = {"secret": None, "seal_private": b"", "state": "ended", "ended_at": at}
        self.conn.execute(t.trip.update().where(t.trip.c.id == trip_id).values(**values))
        self.conn.execute(t.photo.update().where(t.photo.c.trip == trip_id).values(seal=b""))
        self.ended.append(trip_id)

    def ended_of(self, ids: set[str]) -> set[str]:
        """Which of these trips have ended."""
        c, found = t.trip.c, set()
        for some in _some(ids):
            query = sa.select(c.id).where(c.id.in_(some), c.state == "ended")
            found |= set(self.conn.execute(query).scalars())
        return found

    def ops(self, op_ids: Sequence[str]) -> dict[str, str]:
        found = {}
        for some in _some(op_ids):
            for row in self.conn.execute(asked.OPS, {"ids": some}):
                found[row.op_id] = row.sha256
        return found

    def numbered(self, device_id: str, numbers: Sequence[int]) -> set[int]:
        if not numbers:
            return set()
        told = {"device": device_id, "low": min(numbers), "high": max(numbers)}
        return {row.n for row in self.conn.execute(asked.NUMBERED, told)} & set(numbers)

    def next_seq(self) -> int:
        last, epoch = self.conn.execute(asked.NEXT).one()
        return after(int(last or 0), int(epoch))

    def add_ops(self, rows: Sequence[Op], at: str) -> None:
        if rows:
            self.conn.execute(asked.ADD_OPS, [{**vars(row), "at": at} for row in rows])

    def op_bodies(self, op_ids: Sequence[str]) -> dict[str, bytes]:
        found = {}
        for some in _some(op_ids):
            for row in self.conn.execute(asked.BODIES, {"ids": some}):
                found[row.op_id] = bytes(row.body)
        return found

    def docs(self, ids: Iterable[str]) -> dict[str, Doc]:
        found = {}
        for some in _some(ids):
            for row in self.conn.execute(asked.DOCS, {"ids": some}):
                found[row.id] = self.doc(row)
        return found

    def places(self, ids: Iterable[str]) -> dict[str, Place]:
        found = {}
        for some in _some(ids):
            for row in self.conn.execute(asked.PLACES, {"ids": some}):
                found[row.id] = Place(row.parent, row.owner)
        return found

    def doc(self, row: Any) -> Doc:
        """A row of the table `record`, opened."""
        body = self.box.open_json("record", row.id, row.body)
        return Doc(
            row.id, row.kind, row.parent, body, revs.of_text(row.revs), row.rev, row.state,
            row.actor, row.at,
        )  # fmt: skip

    def put_docs(self, docs: Iterable[Doc]) -> None:
        rows = [self._row_of(doc) for doc in docs]
        if not rows:
            return
        have = set()
        for some in _some(row["id"] for row in rows):
            have |= {row.id for row in self.conn.execute(asked.DOCS_THERE, {"ids": some})}
        fresh = [row for row in rows if row["id"] not in have]
        if fresh:
            self.conn.execute(asked.ADD_DOCS, fresh)
        old = [
            {f"b_{name}": row[name] for name in ("id", *asked.DOC_COLUMNS)}
            for row in rows
            if row["id"] in have
        ]
        if old:
            self.conn.execute(asked.CHANGE_DOCS, old)

    def _row_of(self, doc: Doc) -> dict[str, Any]:
        owner = min(doc.revs.values(), key=lambda r: r.seq).device if doc.revs else ""
        return {
            "id": doc.id,
            "kind": doc.kind,
            "parent": doc.parent,
            "owner": owner,
            "body": self.box.seal_json("record", doc.id, doc.body),
            "revs": revs.to_text(doc.revs),
            "rev": doc.rev,
            "state": doc.state,
            "actor": doc.actor,
            "at": doc.at,
        }

    def add_clashes(self, clashes: Sequence[Clash], at: str) -> None:
        rows: list[dict[str, Any]] = []
        count: Counter[str] = Counter()
        for one in clashes:  # by the save's own count, so that it is the same in any batch
            clash_id = f"{one.op_id}.{count[one.op_id]}"
            count[one.op_id] += 1
            body = {
                "kept": one.kept,
                "other": one.other,
                "kept_by": asdict(one.kept_by),
                "other_by": asdict(one.other_by),
            }
            rows.append(
                {
                    "id": clash_id,
                    "record": one.record,
                    "op_id": one.op_id,
                    "names": json.dumps(list(one.names), ensure_ascii=False),
                    "body": self.box.seal_json("clash", clash_id, body),
                    "rule": one.rule,
                    "state": one.state,
                    "rev": max(one.kept_by.seq, one.other_by.seq),
                    "at": at,
                }
            )
        if rows:
            self.conn.execute(t.clash.insert(), rows)

    # -- facts ------------------------------------------------------------------------------
    def add_facts(self, device_id: str, rows: Sequence[tuple[str, str]]) -> None:
        if rows:
            values = [{"id": i, "device": device_id, "body": body} for i, body in rows]
            self.conn.execute(t.fact.insert(), values)

    def facts(self, ids: Sequence[str]) -> dict[str, str]:
        f, found = t.fact.c, {}
        for some in _some(ids):
            for row in self.conn.execute(sa.select(f.id, f.body).where(f.id.in_(some))):
                found[row.id] = row.body
        return found

    # -- photos -----------------------------------------------------------------------------
    def photos(self, ids: Sequence[str]) -> dict[str, Photo]:
        found = {}
        for some in _some(ids):
            for row in self.conn.execute(asked.PHOTOS, {"ids": some}):
                found[row.id] = self.photo(row)
        return found

    def photo(self, row: Any) -> Photo:
        """A row of the table `photo`, its key opened."""
        key = self.box.open("photo-key", row.id, row.key) if row.key else b""
        return Photo(
            row.id, row.trip, row.device, row.sha256, row.size, bytes(row.seal), row.state, key,
            row.receipt,
        )  # fmt: skip

    def put_photo(self, photo: Photo, at: str = "") -> None:
        self.put_photos([photo], at)

    def put_photos(self, photos: Sequence[Photo], at: str = "") -> None:
        rows = []
        for one in photos:
            values: dict[str, Any] = {name: getattr(one, name) for name in asked.PHOTO_COLUMNS}
            values["key"] = self.box.seal("photo-key", one.id, one.key) if one.key else b""
            if at:
                rows.append({**values, "id": one.id, "at": at})
            else:
                changed = {f"b_{name}": value for name, value in values.items()}
                rows.append({**changed, "b_id": one.id})
        if rows:
            self.conn.execute(asked.ADD_PHOTO if at else asked.CHANGE_PHOTO, rows)

    # -- ledgers ----------------------------------------------------------------------------
    def ledger_last(self, device_id: str) -> tuple[int, str, str]:
        row = self.conn.execute(asked.LAST_ROW, {"device": device_id}).first()
        return (row.seq, row.body, row.hash) if row else (0, "", GENESIS)

    def ledger_hashes(self, device_id: str, start: int) -> dict[int, str]:
        r = t.ledger_row.c
        query = sa.select(r.seq, r.hash).where(r.device == device_id, r.seq >= start)
        return {row.seq: row.hash for row in self.conn.execute(query)}

    def add_ledger(self, device_id: str, rows: Sequence[tuple[int, str, str]]) -> None:
        if rows:
            values = [
                {"device": device_id, "seq": seq, "body": body, "hash": digest}
                for seq, body, digest in rows
            ]
            self.conn.execute(t.ledger_row.insert(), values)
