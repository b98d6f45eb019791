"""Facts: what happened, without anybody in it. Every report is computed from these alone.

An id makes a fact happen once, however often the act is repeated after a kill.
"""

from __future__ import annotations

import json
from typing import Any

from fieldkit.store.db import Database


def note(
    book: Database, fact_id: str, kind: str, on: str, dims: dict[str, str], yen: int = 0
) -> None:
    """Record one fact of a day (`on`, ISO) in the caller's transaction."""
    with book.write() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO fact VALUES (?, ?, ?, ?, 1, ?)",
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
