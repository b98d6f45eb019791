"""Records: documents with personal data, in a trip's store and sealed to the city at each save.

A save is an *operation*: which fields changed, by whom, from which revision of the city. The row
and the sealed line are one transaction in the trip's store; the line then goes into `saves.rec`,
from where it can be sent without the day secret. The outbox numbers new lines when something is
sent, shown or closed, and at every login (`adopt_orphans`).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import heard, record_rows, saves
from fieldkit.store.drafts import draft, draft_seen, drop_draft, save_draft
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import DECISIONS, Record, of_row
from fieldkit.store.vault import Vault
from sync import fail
from sync.field_kinds import path_of, to_send, without
from sync.ids import new_id
from sync.packet import seal_record

__all__ = [
    "KINDS",
    "draft",
    "draft_seen",
    "drop_draft",
    "find",
    "get",
    "remove",
    "save",
    "save_draft",
]
KINDS = ("reservation", "applicant", "application", "custody", "support")


def find(trip: OpenTrip, kind: str, parent: str | None = None) -> list[Record]:
    """All records of a kind (below a parent), oldest first."""
    if parent is None:
        rows = trip.db.all("SELECT * FROM record WHERE kind = ? ORDER BY id", kind)
    else:
        rows = trip.db.all(
            "SELECT * FROM record WHERE kind = ? AND parent = ? ORDER BY id", kind, parent
        )
    return [of_row(row) for row in rows]


def get(trip: OpenTrip, record_id: str) -> Record:
    row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id)
    if row is None:
        raise KitError("unknown_record", "この記録はこの端末にありません。", "retry")
    return of_row(row)


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
        old = of_row(row) if row is not None else None
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
        record = replace(of_row(row), updated_at=vault.now(), updated_by=vault.user.id)
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
        old = of_row(row)
        gone = replace(old, body={}, updated_at=vault.now(), updated_by=vault.user.id)
        op = {**_op(gone, old.base), "set": {}, "remove": True}
        _store(trip, gone, op, None)
    vault.unnumbered += 1


def _store(trip: OpenTrip, record: Record, op: dict[str, Any], mine: dict[str, str] | None) -> None:
    """The row and the sealed line in one transaction; then the line into `saves.rec`. Without
    `mine` the row goes."""
    op_id = str(op["op_id"])
    sealed = seal_record(trip.public, trip.id, op_id, op)
    line = saves.line_of(op_id, record.kind, record.id, sealed)
    with trip.db.write() as conn:
        if mine is None:
            record_rows.drop(conn, [record.id])
        else:
            record_rows.write(conn, record, json.dumps(mine))
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
