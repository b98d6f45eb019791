"""Which columns are boxed (sync/server/box.py), so that a row can be sealed anew or looked at.

tests/server/test_boxes.py holds this list against the words `# boxed` in sync/server/store.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from sync.server import store as t
from sync.server.box import Box
from sync.wire import sha256

BOXED = {
    t.city: {"sign_private": "city-sign", "seal_private": "city-seal"},
    t.trip: {"seal_private": "trip-key", "secret": "trip-secret"},
    t.record: {"body": "record"},
    t.clash: {"body": "clash", "word": "clash-word"},
    t.twin: {"word": "twin-word"},
    t.photo: {"key": "photo-key"},
    t.supervisor: {"name": "supervisor", "totp": "totp"},
}
"""{table: {column: purpose}}; each box is bound to the row's key."""
CITY = "city"
"""The device of saves that the city made itself: their bodies are boxed, not sealed to a trip."""
BATCH = 500


def of(table: sa.Table, row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(column, purpose, row's key) of every box that this row holds."""
    if table is t.op and row["device"] == CITY:
        yield "body", "city-save", row["op_id"]
    key = next(iter(table.primary_key)).name
    for column, purpose in BOXED.get(table, {}).items():
        if row[column]:
            yield column, purpose, row[key]


def change(old: Box, new: Box) -> Callable[[sa.Table, dict[str, Any]], dict[str, Any]]:
    """A function that seals a row's boxes anew; WireError("not_stored") where one does not open."""

    def row_of(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
        for column, purpose, key in list(of(table, row)):
            row[column] = new.seal(purpose, key, old.open(purpose, key, bytes(row[column])))
            if table is t.op:
                row["sha256"] = sha256(row[column])
        return row

    return row_of


def copy(
    source: sa.Connection,
    target: sa.Connection,
    row_of: Callable[[sa.Table, dict[str, Any]], dict[str, Any]] | None = None,
) -> None:
    """Every row of every table but those of photos, into empty tables."""
    for table in t.metadata.sorted_tables:
        if table in (t.blob, t.part):
            continue
        found = source.execute(sa.select(table), execution_options={"yield_per": BATCH})
        for some in found.mappings().partitions():
            rows = [dict(row) for row in some]
            target.execute(table.insert(), [row_of(table, row) if row_of else row for row in rows])
