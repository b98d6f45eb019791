"""Records: documents with personal data, in a trip's store and sealed to the city at each save.

A save is an *operation*: which fields changed, by whom, from which revision of the city. The order
is fixed so that a kill at any point loses nothing: the sealed `.rec` file first, then the row in
the trip's store, then the entry in the outbox. A `.rec` file without an outbox entry is adopted at
the next login (`adopt_orphans`), even if nobody ever types the day secret again.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store.files import remove, write_atomic
from fieldkit.store.vault import OpenTrip, Vault
from sync import fail
from sync.ids import is_id, new_id
from sync.packet import seal_record
from sync.wire import sha256

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
    row = trip.db.one("SELECT * FROM record WHERE id = ?", record_id) if record_id else None
    old = _record(row) if row is not None else None
    changed = fields if old is None else {k: v for k, v in fields.items() if old.body.get(k) != v}
    if old is not None and not changed:
        return old
    body = {**(old.body if old else {}), **changed}
    now, op_id = vault.now(), new_id()
    record = Record(
        record_id or new_id(),
        kind,
        old.parent if old else parent,
        body,
        old.base if old else 0,
        now,
        vault.user.id,
    )
    file = _seal_save(vault, trip, record, op_id, changed)
    fail.point("save.sealed")
    try:
        with trip.db.write() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    record.id,
                    kind,
                    record.parent,
                    json.dumps(body, ensure_ascii=False),
                    record.base,
                    now,
                    vault.user.id,
                ),
            )
            conn.execute(
                "INSERT INTO op VALUES (?, ?, ?, ?, ?, ?)",
                (
                    op_id,
                    record.id,
                    json.dumps(changed, ensure_ascii=False),
                    record.base,
                    now,
                    vault.user.id,
                ),
            )
    except BaseException:
        remove(file)
        raise
    fail.point("save.stored")
    vault.unnumbered.append((trip.id, file, kind, record.id))
    _number_saves(vault)
    fail.point("save.queued")
    return record


def _seal_save(
    vault: Vault, trip: OpenTrip, record: Record, op_id: str, changed: dict[str, Any]
) -> Path:
    """Write the sealed copy of a save and return its file."""
    sealed = seal_record(
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
            "actor": vault.user.id,
            "at": record.updated_at,
        },
    )
    file = trip.folder / f"{op_id}.rec"
    write_atomic(file, sealed)
    return file


def _number_saves(vault: Vault) -> None:
    """Queue what was saved, oldest first, so that an older value never arrives after a newer one.

    A disk that is full just here takes nothing back: the save stands, and the next save, sync or
    login numbers it.
    """
    with contextlib.suppress(KitError), vault.book.read():  # one thread at a time
        while vault.unnumbered:
            queue_file(vault, *vault.unnumbered[0])
            del vault.unnumbered[0]


def queue_file(vault: Vault, trip_id: str, file: Path, entity: str, record_id: str) -> None:
    """Put a sealed save into the outbox, once; its number is gapless on this device."""
    data = file.read_bytes()
    with vault.book.write() as conn:
        last = conn.execute("SELECT coalesce(max(n), 0) AS n FROM outbox").fetchone()["n"]
        conn.execute(
            "INSERT OR IGNORE INTO outbox (op_id, n, trip_id, entity, record_id, sha256, size,"
            " state, queued_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?)",
            (
                file.stem,
                last + 1,
                trip_id,
                entity,
                record_id,
                sha256(data),
                len(data),
                vault.now(),
            ),
        )


def adopt_orphans(vault: Vault) -> int:
    """Queue sealed saves that a kill left without an outbox entry; returns how many."""
    _number_saves(vault)
    known = {row["op_id"] for row in vault.book.all("SELECT op_id FROM outbox")}
    adopted = 0
    for row in vault.book.all("SELECT id FROM trip WHERE state <> 'wiped'"):
        folder = vault.trip_folder(row["id"])
        for file in sorted(folder.glob("*.rec")) if folder.is_dir() else []:
            if is_id(file.stem) and file.stem not in known:
                queue_file(vault, row["id"], file, "", "")
                adopted += 1
    return adopted


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
