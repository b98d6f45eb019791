"""A record and its row in a trip's store: read, written, put in place, dropped.

Nothing here is a save: no line is sealed and nothing is sent. Saves are fieldkit/store/records.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fieldkit.store.opentrip import OpenTrip

DECISIONS = ("decision", "twin_decision")
"""A supervisor's word, saved and sent like a record (fieldkit/conflicts.py)."""


@dataclass(frozen=True)
class Record:
    """One document as it is now. `base` is the city's revision that it was last seen at, `device`
    the other kit that changed it last ("" for this one)."""

    id: str
    kind: str
    parent: str
    body: dict[str, Any]
    base: int
    updated_at: str
    updated_by: str
    device: str = ""

    def get(self, name: str, default: Any = "") -> Any:
        value = self.body.get(name)
        return default if value is None else value


def of_row(row: Any) -> Record:
    """The record in a row of the table `record`."""
    return Record(
        row["id"],
        row["kind"],
        row["parent"],
        json.loads(row["body"]),
        row["base"],
        row["updated_at"],
        row["updated_by"],
        row["device"],
    )


def drop(conn: Any, record_ids: Iterable[str]) -> None:
    """Delete records with all that belongs to them, in the caller's transaction."""
    for record_id in record_ids:
        conn.execute("DELETE FROM record WHERE id = ?", (record_id,))
        for table in ("draft", "moved", "clash"):
            conn.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))
        conn.execute("DELETE FROM twin WHERE ? IN (a, b)", (record_id,))
        conn.execute(
            "DELETE FROM record WHERE parent = ? AND kind IN (?, ?)", (record_id, *DECISIONS)
        )


def write(conn: Any, record: Record, mine: str) -> None:
    """Make or change the row (a change leaves its indexes alone: half the pages to write)."""
    body = json.dumps(record.body, ensure_ascii=False)
    done = conn.execute(
        "UPDATE record SET body = ?, updated_at = ?, updated_by = ?, mine = ?, device = ''"
        " WHERE id = ?",
        (body, record.updated_at, record.updated_by, mine, record.id),
    )
    if not done.rowcount:
        _insert(conn, record, body, mine)


def _insert(conn: Any, record: Record, body: str, mine: str) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO record"
        " (id, kind, parent, body, base, updated_at, updated_by, mine, device)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.id,
            record.kind,
            record.parent,
            body,
            record.base,
            record.updated_at,
            record.updated_by,
            mine,
            record.device,
        ),
    )


def place(trip: OpenTrip, record: dict[str, Any], device: str = "") -> None:
    """Put a record that came from the city (check-out) into the trip, without an operation.

    `device` is the other kit that changed it last.
    """
    with trip.db.write() as conn:
        insert(conn, record, device)


def insert(conn: Any, told: dict[str, Any], device: str) -> None:
    """`place`, in the caller's transaction. Nothing is changed where the record is already."""
    made = Record(
        told["id"],
        told["kind"],
        told["parent"],
        told["body"],
        told["rev"],
        told["at"],
        told["actor"],
        device,
    )
    _insert(conn, made, json.dumps(made.body, ensure_ascii=False), "{}")
