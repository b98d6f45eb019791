"""The city's store was set back: a new life of it begins, and what the side book knows comes back.

A receipt of the old life with a higher number than the last one here is void; the laptops learn it
from the signed statement and send again what it proved (sync/PROTOCOL.md §4, §5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sync import wire
from sync.server import devices, trips
from sync.server import store as t
from sync.server.receipts import issue, item, now
from sync.server.shelf import Device
from sync.server.sidebook import DEVICE, ENDED, EPOCH, KEY, STOPPED, TRIP, Line
from sync.server.sqlshelf import SqlShelf
from sync.wire import b64, canonical, unb64

GAP = 10
"""Numbers left free for devices that were enrolled after a backup and that nobody remembers."""


@dataclass
class TakenOver:
    """What came back from the side book: numbers only."""

    trips: int = 0
    ended: int = 0
    devices: int = 0
    stopped: int = 0
    keys: int = 0
    damaged: int = 0


def begin(
    shelf: SqlShelf, lines: Iterable[Line], used: int = 0, all_known: bool = True
) -> tuple[int, TakenOver]:
    """Begin the next life in the caller's write transaction: (its number, what came back).

    `used` is the highest number that some other trace of the city's lives tells. `all_known`: the
    lines are those of the server of before, up to its end.
    """
    known = list(lines)
    keys = take_keys(shelf, known)  # the word on the new life is signed with the newest key
    city = shelf.city()
    lives = [int(line.id) for line in known if line.kind == EPOCH and line.id.isdigit()]
    number = max(city.epoch, used, *lives, 0) + 1
    seq, digest = shelf.last_receipt()
    body = canonical(
        {
            "v": wire.PROTOCOL,
            "city": city.code,
            "epoch": number,
            "from_seq": seq,
            "from_digest": digest,
            "at": now(),
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "epoch", body)
    state(shelf, "epoch", number, body, signature)
    shelf.conn.execute(t.city.update().values(epoch=number))
    found = take_over(shelf, known)
    found.keys = len(keys)
    if not (all_known and known):
        _leave_gap(shelf)
    e = t.enrolment  # a code that was used after the backup would be good a second time
    shelf.conn.execute(e.delete().where(e.c.device.is_(None)))
    shelf.side.add(EPOCH, str(number), {"at": now()})
    issue(shelf, "", "epoch", [item(name, "", 0) for name in (str(number), *keys)])
    return number, found


def _leave_gap(shelf: SqlShelf) -> None:
    """Devices of after the backup are unknown: their numbers must not be given to others."""
    gap = t.meta.c.name == "device_gap"
    before = shelf.conn.execute(sa.select(t.meta.c.value).where(gap)).scalar()
    shelf.conn.execute(t.meta.delete().where(gap))
    told = {"name": "device_gap", "value": str(int(before or 0) + GAP)}
    shelf.conn.execute(t.meta.insert().values(**told))


def state(shelf: SqlShelf, kind: str, no: int, body: bytes, signature: str) -> None:
    """Keep a signed word that every answer repeats."""
    shelf.conn.execute(
        t.statement.insert().values(kind=kind, no=no, body=body.decode(), signature=signature)
    )


def take_keys(shelf: SqlShelf, lines: Iterable[Line]) -> list[str]:
    """Sign with the keys that followed this store's; their public halves."""
    next_of = {one.value["old"]: one.value for one in lines if one.kind == KEY and one.value}
    found = []
    while (value := next_of.get(b64(shelf.city().sign_public))) is not None:
        put_key(shelf, value)
        found.append(value["new"])
    return found


def take_over(shelf: SqlShelf, lines: Iterable[Line]) -> TakenOver:
    """Bring back what happened after this store was copied, in the order in which it happened."""
    found, known, latest = TakenOver(), list(lines), {}
    for line in known:
        if line.value is None:
            found.damaged += 1
        elif line.kind == TRIP:  # a request that a kill cut off was answered by a later trip
            latest[line.value["device"], line.value["request_id"]] = line.id
    for line in known:
        if line.value is None:
            continue
        if line.kind == TRIP and latest[line.value["device"], line.value["request_id"]] == line.id:
            found.trips += _trip(shelf, line.id, line.value)
        elif line.kind == ENDED:
            found.ended += _ended(shelf, line.id)
        elif line.kind == DEVICE:
            found.devices += _device(shelf, line.id, line.value)
        elif line.kind == STOPPED:
            found.stopped += _stopped(shelf, line.id, line.value)
    return found


def _trip(shelf: SqlShelf, name: str, value: dict[str, Any]) -> bool:
    trip = trips.of_told(name, value)
    c = t.trip.c
    same = sa.and_(c.device == trip.device, c.request_id == trip.request_id)
    if shelf.conn.execute(sa.select(c.id).where(sa.or_(c.id == trip.id, same))).first():
        return False
    trips.put(shelf, trip, value["at"])
    return True


def _ended(shelf: SqlShelf, name: str) -> bool:
    trip = shelf.trips([name]).get(name)
    if trip is None or trip.state == "ended":
        return False
    shelf.end_trip(name, now())
    return True


def _device(shelf: SqlShelf, name: str, value: dict[str, Any]) -> bool:
    if shelf.device(name) is not None:
        return False
    sign, seal = unb64(value["sign"]), unb64(value["seal"])
    made = Device(name, value["name"], value["profile"], sign, seal, "active", 0, "")
    devices.put(shelf, made, value["at"])
    return True


def _stopped(shelf: SqlShelf, name: str, value: dict[str, Any]) -> bool:
    d = t.device
    values = {"status": "revoked", "revoked_at": value["at"]}
    query = d.update().where(d.c.id == name, d.c.status == "active").values(**values)
    return bool(shelf.conn.execute(query).rowcount)


def put_key(shelf: SqlShelf, value: dict[str, Any]) -> None:
    """Sign with another key from now on, as its statement says."""
    city = shelf.city()
    sealed = shelf.box.seal("city-sign", city.code, unb64(value["private"]))
    changed = {"sign_private": sealed, "sign_public": unb64(value["new"])}
    state(shelf, "key", len(city.keys) + 1, value["body"].encode(), value["signature"])
    shelf.conn.execute(t.city.update().values(**changed))
