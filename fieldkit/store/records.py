"""Records: documents with personal data, in a trip's store and sealed to the city at each save.

A save is an *operation*: which fields changed, by whom, from which revision of the city. The row
and the sealed line are one transaction in the trip's store; the line then goes into `saves.rec`,
from where it can be sent without the day secret. The outbox numbers new lines when something is
sent, shown or closed, and at every login (`adopt_orphans`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import saves
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id
from sync.packet import seal_record

KINDS = ("reservation", "applicant", "application", "custody", "support")


@dataclass(frozen=True)
class Record:
    """One document as it is now. `base` is the city's revision that it was last seen at."""

    id: str
    kind: str
    parent: str
    body: dict[str, Any]
    base: int
    updated_at: str
    updated_by: str

    def get(self, name: str, default: Any = "") -> Any:
        value = self.body.get(name)
        return default if value is None else value


def _record(row: Any) -> Record:
    return Record(
        row["id"],
        row["kind"],
        row["parent"],
        json.loads(row["body"]),
        row["base"],
        row["updated_at"],
        row["updated_by"],
    )


def find(trip: OpenTrip, kind: str, parent: str | None = None) -> list[Record]:
    """All records of a kind (below a parent), oldest first."""
    if parent is None:
        rows = trip.db.all("SELECT * FROM record WHERE kind = ? ORDER BY id", kind)
    else:
        rows = trip.db.all(
            "SELECT * FROM record WHERE kind = ? AND parent = ? ORDER BY id", kind, parent
        )
    return [_record(row) for row in rows]


def get(trip: OpenTrip, record_id: str) -> Record:
    row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id)
    if row is None:
        raise KitError("unknown_record", "この記録はこの端末にありません。", "retry")
    return _record(row)


def save(
    vault: Vault,
    trip: OpenTrip,
    kind: str,
    fields: dict[str, Any],
    record_id: str | None = None,
    parent: str = "",
) -> Record:
    """Make a record, or change the named fields of one. Fields that did not change are not sent.

    Returns the record as it now stands. KitError("disk_full") leaves the last state.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind}")
    with trip.db.read():  # one save of a trip at a time
        row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id) if record_id else None
        old = _record(row) if row is not None else None
        changed = (
            fields if old is None else {k: v for k, v in fields.items() if old.body.get(k) != v}
        )
        if old is not None and not changed:
            return old
        record = Record(
            record_id or new_id(),
            kind,
            old.parent if old else parent,
            {**(old.body if old else {}), **changed},
            old.base if old else 0,
            vault.now(),
            vault.user.id,
        )
        _store(trip, record, changed)
    vault.unnumbered += 1
    return record


def _store(trip: OpenTrip, record: Record, changed: dict[str, Any]) -> None:
    """The row and the sealed line in one transaction; then the line into `saves.rec`."""
    op_id = new_id()
    sealed = _seal(trip, record, op_id, changed)
    line = saves.line_of(op_id, record.kind, record.id, sealed)
    with trip.db.write() as conn:
        _write_row(conn, record)
        conn.execute("DELETE FROM sealed WHERE n <= ?", (trip.flushed,))
        conn.execute("INSERT INTO sealed VALUES (?, ?)", (trip.saved + 1, line))
        fail.point("save.begun")
    trip.saved += 1
    fail.point("save.stored")
    if not trip.behind:  # after a failed line all wait for flush(), which keeps their order
        try:
            saves.append(trip.folder, line)
        except KitError:
            trip.behind = True
    fail.point("save.line")


def _write_row(conn: Any, record: Record) -> None:
    """Make or change the row (a change leaves its indexes alone: half the pages to write)."""
    body = json.dumps(record.body, ensure_ascii=False)
    done = conn.execute(
        "UPDATE record SET body = ?, updated_at = ?, updated_by = ? WHERE id = ?",
        (body, record.updated_at, record.updated_by, record.id),
    )
    if not done.rowcount:
        conn.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                record.id,
                record.kind,
                record.parent,
                body,
                record.base,
                record.updated_at,
                record.updated_by,
            ),
        )


def _seal(trip: OpenTrip, record: Record, op_id: str, changed: dict[str, Any]) -> bytes:
    return seal_record(
        trip.public,
        trip.id,
        op_id,
        {
            "op_id": op_id,
            "entity": record.kind,
            "id": record.id,
            "parent": record.parent,
            "base": record.base,
            "set": changed,
            "actor": record.updated_by,
            "at": record.updated_at,
        },
    )


def place(trip: OpenTrip, record: dict[str, Any]) -> None:
    """Put a record that came from the city (check-out) into the trip, without an operation."""
    with trip.db.write() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                record["id"],
                record["kind"],
                record["parent"],
                json.dumps(record["body"], ensure_ascii=False),
                record["rev"],
                record["at"],
                record["actor"],
            ),
        )


def save_draft(vault: Vault, trip: OpenTrip, record_id: str, form: str, body: Any) -> str:
    """Keep what is being typed; returns the time for 「保存しました」."""
    now = vault.now()
    with trip.db.write() as conn:
        conn.execute(
            "INSERT OR REPLACE INTO draft VALUES (?, ?, ?, ?)",
            (record_id, form, json.dumps(body, ensure_ascii=False), now),
        )
    return now


def draft(trip: OpenTrip, record_id: str, form: str) -> dict[str, Any] | None:
    row = trip.db.one("SELECT body FROM draft WHERE record_id = ? AND form = ?", record_id, form)
    return json.loads(row["body"]) if row else None


def drop_draft(trip: OpenTrip, record_id: str, form: str) -> None:
    with trip.db.write() as conn:
        conn.execute("DELETE FROM draft WHERE record_id = ? AND form = ?", (record_id, form))
