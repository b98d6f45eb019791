"""Facts: what happened, without anybody in it. Every report is computed from these alone.

An id makes a fact happen once, however often the act is repeated after a kill.
"""

from __future__ import annotations

import json
from typing import Any

from fieldkit.store.db import Database
from sync.held import facts_digest
from sync.wire import canonical

A_GROUP = 500


def note(
    book: Database, fact_id: str, kind: str, on: str, dims: dict[str, str], yen: int = 0
) -> None:
    """Record one fact of a day (`on`, ISO) in the caller's transaction."""
    with book.write() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO fact (id, kind, on_day, dims, count, yen)"
            " VALUES (?, ?, ?, ?, 1, ?)",
            (fact_id, kind, on, json.dumps(dims, ensure_ascii=False, sort_keys=True), yen),
        )


def between(book: Database, first: str, last: str) -> list[dict[str, Any]]:
    """Facts of the days first..last: `{"kind", "on", "dims", "count", "yen"}`."""
    rows = book.all("SELECT * FROM fact WHERE on_day BETWEEN ? AND ? ORDER BY id", first, last)
    return [
        {
            "kind": r["kind"],
            "on": r["on_day"],
            "dims": json.loads(r["dims"]),
            "count": r["count"],
            "yen": r["yen"],
        }
        for r in rows
    ]


def group(book: Database) -> list[dict[str, str]]:
    """Facts `{"id", "body"}` for the city that no receipt proves yet, oldest first.

    A group keeps its members once it was sent, so that its receipt fits it whenever it comes.
    """
    row = book.one(
        "SELECT batch FROM fact WHERE receipt IS NULL ORDER BY batch = '', rowid LIMIT 1"
    )
    if row is None:
        return []
    return _of_batch(book, row["batch"]) if row["batch"] else _new_group(book)


def groups(book: Database) -> list[list[dict[str, str]]]:
    """Every group that no receipt proves yet: all of them fit on a medium."""
    while _new_group(book):
        pass
    rows = book.all(
        "SELECT batch FROM fact WHERE receipt IS NULL GROUP BY batch ORDER BY min(rowid)"
    )
    return [_of_batch(book, row["batch"]) for row in rows]


def _of_batch(book: Database, batch: str) -> list[dict[str, str]]:
    return _told(book.all("SELECT * FROM fact WHERE batch = ? ORDER BY rowid", batch))


def _new_group(book: Database) -> list[dict[str, str]]:
    """The oldest facts that belong to no group, as one; empty where there are none."""
    rows = book.all(
        "SELECT * FROM fact WHERE receipt IS NULL AND batch = '' ORDER BY rowid LIMIT ?", A_GROUP
    )
    found = _told(rows)
    with book.write() as conn:
        digest = facts_digest(found)
        conn.executemany(
            "UPDATE fact SET batch = ? WHERE id = ?", [(digest, one["id"]) for one in found]
        )
    return found


def proved(book: Database, digest: str, receipt: str) -> None:
    """The city holds the group of that digest, on the word of this kept receipt."""
    with book.write() as conn:
        conn.execute(
            "UPDATE fact SET receipt = ? WHERE batch = ? AND receipt IS NULL", (receipt, digest)
        )


def _told(rows: list[Any]) -> list[dict[str, str]]:
    return [
        {
            "id": r["id"],
            "body": canonical(
                {"kind": r["kind"], "on": r["on_day"], "dims": json.loads(r["dims"]),
                 "count": r["count"], "yen": r["yen"]}
            ).decode(),
        }
        for r in rows
    ]  # fmt: skip
