"""Records: documents with personal data, in a trip's store and sealed to the city at each save.

A save is an *operation*: which fields changed, by whom, from which revision of the city. The row
and the sealed line are one transaction in the trip's store; the line then goes into `saves.rec`,
from where it can be sent without the day secret. The outbox numbers new lines when something is
sent, shown or closed, and at every login (`adopt_orphans`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import heard, saves
from fieldkit.store.drafts import draft, draft_seen, drop_draft, save_draft
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.field_kinds import path_of, to_send, without
from sync.ids import new_id
from sync.packet import seal_record

__all__ = [
    "DECISIONS",
    "KINDS",
    "Record",
    "draft",
    "draft_seen",
    "drop",
    "drop_draft",
    "find",
    "get",
    "insert",
    "place",
    "remove",
    "save",
    "save_draft",
]
KINDS = ("reservation", "applicant", "application", "custody", "support")
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


def _record(row: Any) -> Record:
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
    seen: int | None = None,
) -> Record:
    """Make a record, or change the named fields of one. Fields that did not change are not sent.

    `seen` (fieldkit/store/heard.py) is what the page that posts these fields was drawn with: what
    another kit changed since, and the page did not, stays. Returns the record as it now stands.
    KitError("disk_full") leaves the last state.
    """
    if kind not in (*KINDS, *DECISIONS):
        raise ValueError(f"unknown kind {kind}")
    with trip.db.read():  # one save of a trip at a time
        row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id) if record_id else None
        old = _record(row) if row is not None else None
        base = old.base if old else 0
        if old is not None:
            fields, base = heard.really_said(trip, kind, old.id, old.body, base, fields, seen)
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
        said = to_send(kind, old.body if old else {}, record.body, changed)
        mine, behind = _known(row)
        names = heard.leaves_of(kind, said)
        base = heard.base_of(base, behind, names)
        op = {**_op(record, base), "set": said}
        _store(trip, record, op, {**mine, **dict.fromkeys(names, op["op_id"])})
    vault.unnumbered += 1
    return record


def _known(row: Any) -> tuple[dict[str, str], dict[str, int]]:
    """`mine` and `behind` of a row (fieldkit/store/schema.py)."""
    return (json.loads(row["mine"]), json.loads(row["behind"])) if row is not None else ({}, {})


def _op(record: Record, base: int) -> dict[str, Any]:
    """A save without what it sets (sync/PROTOCOL.md §3)."""
    return {
        "op_id": new_id(),
        "entity": record.kind,
        "id": record.id,
        "parent": record.parent,
        "base": base,
        "actor": record.updated_by,
        "at": record.updated_at,
    }


def say_again(vault: Vault, trip: OpenTrip, record_id: str, ops: Collection[str]) -> str:
    """Seal once more, as one new save, what these saves said, as it stands now; returns its id.

    All fields of the record where it is not known which they were.
    """
    with trip.db.read():
        row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id)
        if row is None:
            raise KitError("unknown_record", "この記録はこの端末にありません。", "retry")
        mine, behind = _known(row)
        record = replace(_record(row), updated_at=vault.now(), updated_by=vault.user.id)
        every = heard.leaves_of(record.kind, record.body)
        names = [name for name in every if mine.get(name) in ops] or list(every)
        before: dict[str, Any] = record.body
        for name in names:
            before = without(before, path_of(record.kind, name))
        said = to_send(record.kind, before, record.body, record.body)
        names = list(heard.leaves_of(record.kind, said))
        op = {**_op(record, heard.base_of(record.base, behind, names)), "set": said}
        _store(trip, record, op, {**mine, **dict.fromkeys(names, str(op["op_id"]))})
    vault.unnumbered += 1
    return str(op["op_id"])


def remove(vault: Vault, trip: OpenTrip, record_id: str) -> None:
    """Take a record away, here and at the city (a tombstone). Not for the end of a trip."""
    with trip.db.read():
        row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id)
        if row is None:
            return
        old = _record(row)
        gone = replace(old, body={}, updated_at=vault.now(), updated_by=vault.user.id)
        op = {**_op(gone, old.base), "set": {}, "remove": True}
        _store(trip, gone, op, None)
    vault.unnumbered += 1


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


def _store(trip: OpenTrip, record: Record, op: dict[str, Any], mine: dict[str, str] | None) -> None:
    """The row and the sealed line in one transaction; then the line into `saves.rec`. Without
    `mine` the row goes."""
    op_id = str(op["op_id"])
    sealed = seal_record(trip.public, trip.id, op_id, op)
    line = saves.line_of(op_id, record.kind, record.id, sealed)
    with trip.db.write() as conn:
        if mine is None:
            drop(conn, [record.id])
        else:
            _write_row(conn, record, json.dumps(mine))
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


def _write_row(conn: Any, record: Record, mine: str) -> None:
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
