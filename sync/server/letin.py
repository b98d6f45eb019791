"""Let in what a revoked device sent: replay it in its order, as if the device were active.

Each request is the one that was signed, and its receipts are issued to that device for ever (the
laptop gets them when it sends the same once more). Replaying is harmless, so a kill in the middle
only means that the same command is given again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from sync import fail
from sync.server import audit
from sync.server import store as t
from sync.server.handle import Handler
from sync.server.quarantine import OPEN
from sync.server.receipts import now
from sync.server.shelf import Device
from sync.server.sqlstore import SqlStore
from sync.wire import parse


@dataclass
class LetIn:
    """How many requests; what the receipts say of each item; codes of those that did not pass."""

    packets: int = 0
    words: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


class _Pardon(Handler):
    """The same handler, for which a revoked device is one like any other."""

    def _stopped(
        self, device: Device, purpose: str, method: str, path: str, headers: dict[str, str],
        body: bytes,
    ) -> None:  # fmt: skip
        return None


def accept(store: SqlStore, device_id: str, who: str) -> LetIn:
    """Replay what waits of this device, oldest first; each packet keeps what became of it."""
    handler, p, told = _Pardon(store), t.packet, LetIn()
    with store.write() as shelf:
        query = sa.select(p.c.digest).where(p.c.device == device_id, p.c.state.in_(OPEN))
        digests = [row.digest for row in shelf.conn.execute(query.order_by(p.c.no))]
        if digests:
            audit.note(shelf, who, "parked_accept", device_id, "begun")
    for digest in digests:
        with store.read() as shelf:
            row = shelf.conn.execute(sa.select(p).where(p.c.digest == digest)).one()
        if row.state not in OPEN:  # somebody else decided meanwhile
            continue
        status, value = handler(
            row.method, row.path, json.loads(row.headers), bytes(row.body), late=True
        )
        fail.point("parked.replayed")
        state, why = ("accepted", "") if status == 200 else ("failed", str(value["error"]))
        decided = {"state": state, "decided_by": who, "decided_at": now(), "why": why}
        with store.write() as shelf:
            here = p.update().where(p.c.digest == digest, p.c.state.in_(OPEN))
            shelf.conn.execute(here.values(**decided))
        fail.point("parked.marked")
        told.packets += 1
        if why:
            told.failed[why] += 1
        elif "receipt" in value:
            told.words.update(one["answer"] for one in parse(value["receipt"]["body"])["items"])
    if digests:
        with store.write() as shelf:
            audit.note(shelf, who, "parked_accept", device_id, "failed" if told.failed else "ok")
    return told
