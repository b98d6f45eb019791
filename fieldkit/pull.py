"""What comes down from the city: records that another kit changed, clashes, likely twins.

Nothing that was said here and is not yet proved to be at the city is overwritten: field by field
the own value stays on the screen, and the city is told later which revision its author had seen.
The trip's store first, then the book, the cursor last: a kill anywhere lets the same come again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fieldkit import reception_list, slips, visit
from fieldkit.store import heard, record_rows, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.field_kinds import path_of, same, value_at, with_value, without

Told = dict[str, Any]
MANY = 500


def place(vault: Vault, trip_id: str, cursor: int, told: Told) -> None:
    """Put the city's changes of one open trip in place (`sync/PROTOCOL.md` §4: news)."""
    trip = vault.trips.get(trip_id)
    if trip is None:
        return
    words = [_labelled(one, vault.device_id) for one in told["records"]]
    with vault.book.write() as book:
        first = _cursor(vault, trip_id) == 0
        sent, unsure = _sent(vault, trip, words, int(told["n"]))
        with trip.db.write() as conn:
            if first:  # the numbers of the city may have begun anew (fieldkit/restored.py)
                conn.execute("UPDATE record SET base = 0")
                slips.unsay(conn)
            _place_records(vault, trip, conn, words, sent)
            _place_clashes(conn, told)
        fail.point("pull.placed")
        reception_list.update(vault, trip, book, words)
        if trip.kind == "desk":
            slips.intend_closed(vault, trip)
    fail.point("pull.listed")
    _close_visits(vault, trip)
    late = [one["rev"] - 1 for one in words if one["id"] in unsure]
    with vault.book.write() as book:
        book.execute(
            "UPDATE trip SET cursor = ? WHERE id = ? AND cursor < ?",
            (min([cursor, *late]), trip_id, min([cursor, *late])),
        )
    fail.point("pull.kept")


def _cursor(vault: Vault, trip_id: str) -> int:
    row = vault.book.one("SELECT cursor FROM trip WHERE id = ?", trip_id)
    return int(row["cursor"]) if row else 0


def _labelled(told: Told, device_id: str) -> Told:
    """A reservation of another kit's desk carries that kit in its number: 「K02-12」."""
    body = told["body"]
    number = body.get("reception_no")
    if told["kind"] != "reservation" or told.get("owner", device_id) == device_id or not number:
        return told
    return {**told, "body": {**body, "reception_no": f"{told['owner']}-{number}"}}


def labelled(words: Iterable[Told], device_id: str) -> list[Told]:
    """Records of the city as they are kept here (for a check-out)."""
    return [_labelled(one, device_id) for one in words]


# -- what is on its way ---------------------------------------------------------------------------
def _sent(vault: Vault, trip: OpenTrip, words: list[Told], n: int) -> tuple[set[str], set[str]]:
    """(saves whose effect the city's answer shows, records with one of which that is not known).

    `n` is the highest number of this laptop's saves that the city had taken when it answered.
    """
    said: dict[str, set[str]] = {}
    for one in words:
        row = trip.db.one("SELECT mine FROM record WHERE id = ?", one["id"])
        said[one["id"]] = set(json.loads(row["mine"]).values()) if row else set()
    ops = sorted({op for found in said.values() for op in found})
    states: dict[str, str] = {}
    for start in range(0, len(ops), MANY):
        some = ops[start : start + MANY]
        marks = ", ".join("?" for _ in some)
        query = f"SELECT op_id, state FROM outbox WHERE n <= ? AND op_id IN ({marks})"
        states |= {row["op_id"]: row["state"] for row in vault.book.all(query, n, *some)}
    shown = {op for op, state in states.items() if state in ("receipted", "given_up")}
    open_ = {op for op, state in states.items() if state == "queued"}
    return shown, {record for record, found in said.items() if found & open_}


# -- records --------------------------------------------------------------------------------------
def _place_records(
    vault: Vault, trip: OpenTrip, conn: Any, words: list[Told], sent: set[str]
) -> None:
    for told in words:
        row = conn.execute("SELECT * FROM record WHERE id = ?", (told["id"],)).fetchone()
        if told["removed"]:
            if row is not None:
                _remove(conn, row)
        elif row is not None:
            _change(vault, conn, row, told, sent)
        elif trip.kind != "desk" or _belongs(conn, told):
            record_rows.insert(conn, told, _other(vault, told))
            heard.note(conn, told["id"], 0, told["kind"], {}, told["body"])


def _belongs(conn: Any, told: Told) -> bool:
    """A desk's slip that is not here was erased here: only a person joins a slip that is. A photo
    that J-LIS returned is a new task."""
    if told["kind"] == "retake":
        return True
    if told["kind"] == "reservation":
        return False
    query = "SELECT 1 FROM record WHERE id = ?"
    return conn.execute(query, (told["parent"],)).fetchone() is not None


def _other(vault: Vault, told: Told) -> str:
    return str(told["device"]) if told["device"] != vault.device_id else ""


def _remove(conn: Any, row: Any) -> None:
    """A tombstone: the record and what is below it, with their drafts."""
    below = conn.execute("SELECT id, base FROM record WHERE parent = ?", (row["id"],)).fetchall()
    for child in below:
        _remove(conn, child)
    record_rows.drop(conn, [row["id"]])
    heard.note_removed(conn, row["id"], row["base"])


def _change(vault: Vault, conn: Any, row: Any, told: Told, sent: set[str]) -> None:
    """The city's values, except for the fields whose own change is still on its way."""
    kind, before, after = row["kind"], json.loads(row["body"]), told["body"]
    behind = json.loads(row["behind"])
    mine = {name: op for name, op in json.loads(row["mine"]).items() if op not in sent}
    waits = {}
    for name in mine:
        path = path_of(kind, name)
        own, theirs = value_at(before, path), value_at(after, path)
        if not same(own, theirs):
            waits[name] = behind.get(name, row["base"])
            after = without(after, path) if own is None else with_value(after, path, own)
    heard.note(conn, row["id"], row["base"], kind, before, after)
    own_newer = bool(mine) and not row["device"]
    conn.execute(
        "UPDATE record SET body = ?, base = ?, updated_at = ?, updated_by = ?, device = ?,"
        " mine = ?, behind = ? WHERE id = ?",
        (
            json.dumps(after, ensure_ascii=False),
            told["rev"],
            row["updated_at"] if own_newer else told["at"],
            row["updated_by"] if own_newer else told["actor"],
            "" if own_newer else _other(vault, told),
            json.dumps(mine),
            json.dumps(waits),
            row["id"],
        ),
    )


def _place_clashes(conn: Any, told: Told) -> None:
    """Clashes and likely twins of what is here; a newer word takes the place of an older one."""

    def here(record_id: str) -> bool:
        query = "SELECT 1 FROM record WHERE id = ?"
        return conn.execute(query, (record_id,)).fetchone() is not None

    for one in told["clashes"]:
        if here(one["record"]) or one["rule"] == "removed":
            conn.execute(
                "INSERT OR REPLACE INTO clash VALUES (?, ?, ?, ?, ?)",
                (one["id"], one["record"], one["state"], one["rev"], _text(one)),
            )
    for one in told["twins"]:
        a, b = one["a"]["id"], one["b"]["id"]
        conn.execute("DELETE FROM twin WHERE id = ?", (one["id"],))
        if one["state"] != "lapsed" and here(a) and here(b):
            conn.execute(
                "INSERT INTO twin VALUES (?, ?, ?, ?, ?, ?)",
                (one["id"], a, b, one["state"], one["rev"], _text(one)),
            )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _close_visits(vault: Vault, trip: OpenTrip) -> None:
    """A visit that the other laptop has ended is ended here too: keys go, photos are settled."""
    if trip.kind == "field":
        for home in records.find(trip, "reservation"):
            if home.get("state") == "visited":
                visit.closed_elsewhere(vault, trip, home.id)
