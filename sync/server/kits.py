"""What a kit of the office hears of the others: who they are, when they last called, what is out.

No name of anybody who applies stands in it: numbers of kits, moments, ids of reservations.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync.server import scope
from sync.server import store as t
from sync.server.shelf import Device
from sync.server.sqlshelf import SqlShelf

OFFICE = "office"


def told(shelf: SqlShelf, device: Device) -> dict[str, Any]:
    """The part of the news that only a kit of the office gets; nothing for any other."""
    if device.profile != OFFICE or device.status != "active":
        return {}
    out: dict[str, list[str]] = {}
    for record, holders in sorted(scope.out_by(shelf).items()):
        for holder in holders:
            out.setdefault(holder, []).append(record)
    d = t.device.c
    rows = shelf.conn.execute(
        sa.select(d.id, d.name, d.profile, d.status, d.last_seen).order_by(d.id)
    )
    kits = [
        {
            "id": row.id,
            "name": row.name,
            "profile": row.profile,
            "status": row.status,
            "seen": row.last_seen or "",
            "out": out.get(row.id, []),
        }
        for row in rows
    ]
    return {"kits": kits}
