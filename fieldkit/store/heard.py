"""What the city changed in a record that is open here: a page of before must not undo it.

A page posts every field that it shows. Where a change of another kit was placed since the page was
drawn (`moved`), a posted value that is still the one that stood there then is nobody's change; one
that was really typed is a change by somebody who had seen the revision of then, and the city judges
it by that (sync/merge.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fieldkit.store.opentrip import OpenTrip
from sync.field_kinds import leaves, path_of, same, value_at, with_value, without

REMOVED = ""
"""The name in `moved` that stands for a record that was removed."""


def newest(trip: OpenTrip) -> int:
    """The number that a page carries: so much has been placed when it is drawn."""
    row = trip.db.one("SELECT seq FROM sqlite_sequence WHERE name = 'moved'")
    return int(row["seq"]) if row else 0


def leaves_of(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by name, maps taken apart into their keys."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        found |= leaves(kind, name, value)
    return found


def note(
    conn: Any, record_id: str, base: int, kind: str, before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write down which fields are placed anew, and what stood there."""
    was, now = leaves_of(kind, before), leaves_of(kind, after)
    for name in sorted({*was, *now}):
        if not same(was.get(name), now.get(name)):
            _note(conn, record_id, name, was.get(name), base)


def note_removed(conn: Any, record_id: str, base: int) -> None:
    _note(conn, record_id, REMOVED, None, base)


def _note(conn: Any, record_id: str, name: str, was: Any, base: int) -> None:
    conn.execute(
        "INSERT INTO moved (record_id, name, was, base) VALUES (?, ?, ?, ?)",
        (record_id, name, json.dumps(was, ensure_ascii=False), base),
    )


def is_removed(trip: OpenTrip, record_id: str) -> bool:
    """Whether another kit has removed this record."""
    query = "SELECT 1 FROM moved WHERE record_id = ? AND name = ?"
    return trip.db.one(query, record_id, REMOVED) is not None


def really_said(
    trip: OpenTrip, kind: str, record_id: str, body: Mapping[str, Any], base: int,
    fields: Mapping[str, Any], seen: int | None,
) -> tuple[dict[str, Any], int]:  # fmt: skip
    """What a page that was drawn at `seen` changes, and the revision that its author had seen."""
    said = dict(fields)
    rows = trip.db.all(
        "SELECT name, was, base FROM moved WHERE record_id = ? AND seq > ? ORDER BY seq DESC",
        record_id,
        seen,
    ) if seen is not None else []  # fmt: skip
    first = {row["name"]: row for row in rows}  # the oldest of each name stays
    for name, row in first.items():
        path = path_of(kind, name)
        if path[0] in said and _still(value_at(said, path), json.loads(row["was"])):
            now = value_at(body, path)
            said = without(said, path) if now is None else with_value(said, path, now)
    return said, min([base, *(row["base"] for row in rows)])


def _still(posted: Any, was: Any) -> bool:
    """Whether a page posts what stood there: an empty box where there was nothing."""
    return same(posted, was) or (was is None and posted in ("", []))


def untouched(
    trip: OpenTrip, record_id: str, prefix: str, typed: Mapping[str, Any], seen: int | None,
    shown: Mapping[str, Any],
) -> set[str]:  # fmt: skip
    """Which values of a page are only what stood there before another kit changed it. `shown` is
    what a page shows where nothing was saved."""
    rows = trip.db.all(
        "SELECT name, was FROM moved WHERE record_id = ? AND seq > ? ORDER BY seq DESC",
        record_id,
        seen,
    ) if seen is not None else []  # fmt: skip
    was = {row["name"].removeprefix(prefix): json.loads(row["was"]) for row in rows}
    return {
        name
        for name, value in typed.items()
        if name in was and value == (shown.get(name, "") if was[name] is None else was[name])
    }


def as_drawn(trip: OpenTrip, record_id: str, body: Mapping[str, Any], seen: int) -> dict[str, Any]:
    """A record as a page showed it that was drawn at `seen`: its plain fields, no maps."""
    rows = trip.db.all(
        "SELECT name, was FROM moved WHERE record_id = ? AND seq > ? ORDER BY seq DESC",
        record_id,
        seen,
    )
    return {**body, **{row["name"]: json.loads(row["was"]) for row in rows}}


def base_of(base: int, behind: Mapping[str, int], names: Iterable[str]) -> int:
    """The revision that stands on the screen for these fields together."""
    return min([base, *(behind[name] for name in names if name in behind)])


def copy(old: OpenTrip, new: OpenTrip) -> None:
    """The numbers go on in a container that takes another one's place."""
    with new.db.write() as conn:
        conn.execute("DELETE FROM sqlite_sequence WHERE name = 'moved'")
        conn.execute("INSERT INTO sqlite_sequence VALUES ('moved', ?)", (newest(old),))
