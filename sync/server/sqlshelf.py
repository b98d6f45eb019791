"""One transaction of the city's store in SQL: what sync/server/shelf.py asks for, as statements.

Rows become things, and things rows, in sync/server/sqlrows.py; the store that opens transactions is
sync/server/sqlstore.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from sync.merge import Clash, Doc
from sync.receipt import GENESIS, Receipt
from sync.server import asked, sqlrows
from sync.server import store as t
from sync.server.box import Box
from sync.server.shelf import City, Device, Op, Photo, Place, Trip, after
from sync.server.sidebook import SideBook

MANY = 500  # ids in one question: SQLite takes 32,766 values, PostgreSQL 65,535


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    known = sorted(set(ids))
    for start in range(0, len(known), MANY):
        yield known[start : start + MANY]


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
        return sqlrows.city(self.box, row, self.conn.execute(asked.STATEMENTS))

    def device(self, device_id: str) -> Device | None:
        row = self.conn.execute(asked.DEVICE, {"id": device_id}).first()
        return sqlrows.device(row) if row is not None else None

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
                found[row.id] = sqlrows.trip(self.box, row)
        return found

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
        return sqlrows.doc(self.box, row)

    def put_docs(self, docs: Iterable[Doc]) -> None:
        rows = [sqlrows.of_doc(self.box, doc) for doc in docs]
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

    def add_clashes(self, clashes: Sequence[Clash], at: str) -> None:
        if rows := sqlrows.of_clashes(self.box, clashes, at):
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
        return sqlrows.photo(self.box, row)

    def put_photo(self, photo: Photo, at: str = "") -> None:
        self.put_photos([photo], at)

    def put_photos(self, photos: Sequence[Photo], at: str = "") -> None:
        rows = []
        for one in photos:
            values = sqlrows.of_photo(self.box, one)
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
