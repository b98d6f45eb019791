"""What the city holds, opened for a test: records, photos, trips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync import packet
from sync.merge import Doc
from sync.receipt import Receipt
from sync.server import receipts
from sync.server import store as t
from sync.server.shelf import Trip
from sync.server.sqlstore import SqlStore, open_store


@contextmanager
def opened(folder: Path) -> Iterator[SqlStore]:
    city = open_store(folder)
    try:
        yield city
    finally:
        city.close()


def docs(city: SqlStore) -> dict[str, Doc]:
    with city.read() as shelf:
        return {row.id: shelf.doc(row) for row in shelf.conn.execute(sa.select(t.record))}


def bodies(city: SqlStore) -> dict[str, dict[str, Any]]:
    return {key: doc.body for key, doc in docs(city).items()}


def trips(city: SqlStore) -> dict[str, Trip]:
    with city.read() as shelf:
        return shelf.trips(shelf.conn.execute(sa.select(t.trip.c.id)).scalars())


def jpeg(city: SqlStore, photo_id: str) -> bytes:
    """The photo as the city can open it: its own key over the bytes that were sealed."""
    with city.read() as shelf:
        row = shelf.photos([photo_id])[photo_id]
    sealed = city.blobs.get(photo_id)
    assert sealed is not None and row.state == "stored" and row.receipt
    return packet.open_photo(row.key, row.trip, row.id, sealed)


def rows(city: SqlStore, table: sa.Table) -> list[Any]:
    with city.engine.connect() as conn:
        return list(conn.execute(sa.select(table)))


def chain_problem(city: SqlStore) -> int | None:
    found = sorted(rows(city, t.receipt), key=lambda r: r.seq)
    return receipts.chain_problem(
        (r.seq, r.digest, Receipt(r.body.encode(), r.signature)) for r in found
    )


def refusals(city: SqlStore, device: str) -> int:
    """How often this device showed a ledger that does not continue the city's copy."""
    return len([r for r in rows(city, t.receipt) if (r.device, r.kind) == (device, "ledger")])
