"""What became of the photos that were handed over to J-LIS: by folder, or by 申請書ID.

The word goes into the city's rows, into `jlis` of the application, and to the desk as a task where
a photo was returned (sync/server/retakes.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sync.server import audit, citysave, retakes
from sync.server import store as t
from sync.server.handover import form_ids
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore

RESULTS = ("submitted", "accepted", "returned", "again")
MAY = {
    "exported": {"submitted", "accepted", "returned", "again"},
    "submitted": {"accepted", "returned", "again"},
    "returned": {"again"},
    "accepted": set[str](),
}


@dataclass(frozen=True)
class Batch:
    """One folder that was handed over, and how many of its photos are in which state."""

    id: str
    at: str
    count: dict[str, int]


def batches(shelf: SqlShelf) -> list[Batch]:
    """Every folder, newest first."""
    h, found = t.handover, dict[str, list[Any]]()
    for row in shelf.conn.execute(sa.select(h).order_by(h.c.batch.desc())):
        found.setdefault(row.batch, []).append(row)
    return [
        Batch(name, min(row.at for row in rows), dict(Counter(row.state for row in rows)))
        for name, rows in found.items()
    ]


@dataclass(frozen=True)
class Recorded:
    """How many photos took the new state, and which ids (of this hand-over) did not."""

    done: int
    strange: tuple[str, ...]
    wrong_state: int


def record(
    store: SqlStore, result: str, who: str, batch: str = "", ids: Iterable[str] = (),
    reason: str = "",
) -> Recorded:  # fmt: skip
    """Write down what became of a whole folder (`batch`) or of single 申請書ID; twice is harmless.

    `returned` sets `jlis` of the application and makes a task for the desk (retakes.py).
    `again` lets a photo be handed over once more. ValueError("reason") where a return has none."""
    wanted = [one.strip() for one in ids if one.strip()]
    if result not in RESULTS or not (wanted or batch):
        raise ValueError("result")
    if result == "returned" and not reason.strip():
        raise ValueError("reason")
    with store.write() as shelf:
        h = t.handover
        query = sa.select(h) if wanted else sa.select(h).where(h.c.batch == batch)
        rows = {row.photo: row for row in shelf.conn.execute(query)}
        strange: list[str] = []
        if wanted:
            known = _by_form_id(shelf, rows)
            strange = [one for one in wanted if one not in known]
            rows = {known[one]: rows[known[one]] for one in wanted if one in known}
        may = [row for row in rows.values() if result in MAY.get(row.state, set())]
        for row in may:
            _move(shelf, row, result, reason.strip()[:200], who)
        same = sum(row.state == result for row in rows.values())
        if may:
            audit.note(shelf, who, f"jlis_{result}", batch or "photos", str(len(may)))
    return Recorded(len(may), tuple(strange), len(rows) - len(may) - same)


def _by_form_id(shelf: SqlShelf, rows: dict[str, Any]) -> dict[str, str]:
    """{form id: its photo} of what was handed over: the newest where it was twice."""
    docs = shelf.docs({row.application for row in rows.values()})
    found: dict[str, str] = {}
    for row in sorted(rows.values(), key=lambda r: (r.batch, r.at)):
        doc = docs.get(row.application)
        for one in form_ids(doc.body) if doc else ():
            found[one] = row.photo
    return found


def _move(shelf: SqlShelf, row: Any, result: str, reason: str, who: str) -> None:
    h, p = t.handover, t.photo
    here = h.c.photo == row.photo
    if result == "again":
        shelf.conn.execute(h.delete().where(here))
        shelf.conn.execute(p.update().where(p.c.id == row.photo).values(state="stored"))
    else:
        shelf.conn.execute(h.update().where(here).values(state=result, at=now()))
    doc = shelf.docs([row.application]).get(row.application)
    if doc is None or doc.state != "live" or (result != "returned" and "jlis" not in doc.body):
        return
    today = datetime.now(UTC).astimezone().date().isoformat()
    said = {"state": result, "on": today, "photo": row.photo}
    if result == "returned":
        said["reason"] = reason
    citysave.save(shelf, row.application, {"jlis": said}, who)
    retakes.settle(shelf, row.application, row.batch, who)
