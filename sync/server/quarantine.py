"""What a revoked device still sends: kept for a person, applied by nobody.

The laptop is answered `revoked` and keeps what it has. A supervisor of the city looks at the
packets of that device and lets them in (sync/server/letin.py: a late stick of an honest colleague)
or drops them with a reason. Nothing is deleted. What the city has already given its receipt for, a
revoked device may hear again: a proof is never withheld, and it tells nothing of anybody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sync import wire
from sync.server import audit, batches, news, receipts
from sync.server import store as t
from sync.server.receipts import now
from sync.server.shelf import Device
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, sha256

KEPT = ("ksp-device", "ksp-signature", "upload-offset")
LIMIT, BYTES = 2000, 512 * 1024 * 1024
"""Packets and bytes of one device at most: a stolen laptop must not fill the city's disk."""
OPEN = ("waiting", "failed")


@dataclass(frozen=True)
class Parked:
    """What is kept of one device."""

    device: str
    waiting: int
    accepted: int
    dropped: int
    size: int
    first: str
    last: str

    @property
    def full(self) -> bool:
        """Whether nothing more of this device is kept."""
        count = self.waiting + self.accepted + self.dropped
        return count >= LIMIT or self.size > BYTES - wire.PART_LIMIT


def park(
    store: SqlStore, device_id: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    """Keep one request whose signature held. The same one twice is one."""
    digest = sha256(f"{method} {path}\0{headers.get('ksp-signature', '')}\0".encode() + body)
    p = t.packet
    told = {"device": device_id, "method": method, "path": path[:200], "state": "waiting"}
    kept = json.dumps({name: headers.get(name, "")[:200] for name in KEPT})
    with store.write() as shelf:
        if shelf.conn.execute(sa.select(p.c.no).where(p.c.digest == digest)).first():
            return
        size = sa.func.coalesce(sa.func.sum(sa.func.length(p.c.body)), 0)
        query = sa.select(sa.func.count(), size).where(p.c.device == device_id)
        count, taken = shelf.conn.execute(query).one()
        if count >= LIMIT or taken + len(body) > BYTES:
            return
        last = shelf.conn.execute(sa.select(sa.func.max(p.c.no))).scalar() or 0
        told |= {"digest": digest, "headers": kept, "at": now()}
        shelf.conn.execute(p.insert().values(no=last + 1, body=body, **told))


def every(shelf: SqlShelf) -> list[Parked]:
    """One line a device, those with something waiting first."""
    p = t.packet.c

    def count(*states: str) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((p.state.in_(states), 1), else_=0))

    query = sa.select(
        p.device, count(*OPEN), count("accepted"), count("dropped"),
        sa.func.sum(sa.func.length(p.body)), sa.func.min(p.at), sa.func.max(p.at),
    ).group_by(p.device)  # fmt: skip
    found = [Parked(*row) for row in shelf.conn.execute(query)]
    return sorted(found, key=lambda one: (not one.waiting, one.device))


def drop(store: SqlStore, device_id: str, why: str, who: str) -> int:
    """Decide that what waits of this device is never applied; how many packets that were.

    ValueError without a reason. The reason is kept beside the packets, not in the ledger.
    """
    if not why.strip():
        raise ValueError("why")
    p = t.packet
    told = {"state": "dropped", "decided_by": who, "decided_at": now(), "why": why.strip()[:400]}
    with store.write() as shelf:
        done = shelf.conn.execute(
            p.update().where(p.c.device == device_id, p.c.state.in_(OPEN)).values(**told)
        )
        if done.rowcount:
            audit.note(shelf, who, "parked_drop", device_id, f"{done.rowcount}")
    return int(done.rowcount)


def proof(
    store: SqlStore, device: Device, purpose: str, path: str, body: bytes
) -> dict[str, Any] | None:
    """The answer to a revoked device's request that has its receipt already, else None."""
    try:
        if purpose == "batch":
            return _batch_proof(store, device, body)
        names = [path.rpartition("/")[2]] if purpose == "part" else whole_names(body)
    except WireError:
        return None
    with store.read() as shelf:
        found = [_state(shelf, device, name) for name in names]
    if not found or not all("receipt" in one for one in found):
        return None
    return {"receipt": found[0]["receipt"]} if purpose == "part" else {"photos": found}


def whole_names(body: bytes) -> list[str]:
    """Which photos a request of several whole ones names in its first line."""
    told = wire.parse(body[: wire.HEAD_LIMIT].partition(b"\n")[0])
    try:
        return [str(one["id"]) for one in told["photos"]]
    except (KeyError, TypeError):
        raise WireError("malformed") from None


def _batch_proof(store: SqlStore, device: Device, body: bytes) -> dict[str, Any] | None:
    batch = batches.read(device.id, body)
    with store.read() as shelf:
        made = receipts.kept(shelf, batch=batch.digest)
        if made is None:
            return None
        named = [one for one in batch.photos if isinstance(one, dict) and "id" in one]
        states = [_state(shelf, device, str(one["id"])) for one in named]
    told: dict[str, Any] = {"receipt": made.to_json(), "photos": states, "now": now()}
    if batch.v >= 2:
        told["news"] = news.tell(store, device, {**batch.value, "pull": {}})
    return told


def _state(shelf: SqlShelf, device: Device, name: str) -> dict[str, Any]:
    """A photo: its receipt, or that it would have to come from its first byte."""
    row = shelf.photos([name]).get(name)
    if row is not None and row.device == device.id and row.receipt:
        made = receipts.kept(shelf, digest=row.receipt)
        if made is not None:
            return {"id": name, "receipt": made.to_json()}
    return {"id": name, "offset": 0}
