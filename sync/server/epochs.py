"""The city's store was set back: a new life of it begins, and what the side book knows comes back.

A receipt of an older life that is not in the chain here is void; the laptops learn it from the
signed statement and from the list of their receipts that are here, and send again what the others
had proved (sync/PROTOCOL.md §5.2). Where nobody says that the store was set back, the first laptop
that shows a word of the city which is not here proves it, and the next life begins by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sync import receipt as receipts
from sync import statements, wire
from sync.server import audit, devices, shown, trips
from sync.server import store as t
from sync.server.receipts import issue, item, now
from sync.server.shelf import City, Device
from sync.server.sidebook import DEVICE, ENDED, EPOCH, KEY, STOPPED, TRIP, Line
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, b64, canonical, unb64

FOUND = "set_back"
"""In `meta`: which life began because of what a laptop showed, when, and which laptop."""
BY_DEVICE = "CREATE INDEX IF NOT EXISTS receipt_device ON receipt (device, seq, digest)"
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
    shelf.conn.exec_driver_sql(BY_DEVICE)  # each laptop is told which of its receipts are here
    return number, found


def held(shelf: SqlShelf, device: str) -> list[str]:
    """The digests of this device's receipts that are in the chain."""
    r = t.receipt.c
    query = sa.select(r.digest).where(r.device == device).order_by(r.seq)
    return list(shelf.conn.execute(query).scalars())


def found_out(store: SqlStore, device: Device, batch: dict[str, Any]) -> None:
    """Begin the next life because a laptop showed a word that this store does not know.

    WireError("show_receipt") until the laptop shows the signed word itself: a digest is only what
    a laptop says. Of two laptops at once the second finds that it is done.
    """
    with store.write() as shelf:
        try:
            return shown.look(shelf, batch)
        except shown.SetBack:
            pass
        lines = store.side.lines()
        used = _proved(shelf, device, shown.read(batch), lines)
        if not used:
            raise WireError("show_receipt")
        number, _ = begin(shelf, lines, used, all_known=False)
        told = {"epoch": number, "device": device.id, "at": now()}
        shelf.conn.execute(t.meta.delete().where(t.meta.c.name == FOUND))
        shelf.conn.execute(t.meta.insert().values(name=FOUND, value=canonical(told).decode()))
        audit.note(shelf, device.id, "set-back", str(number))


def found_by(shelf: SqlShelf) -> dict[str, Any] | None:
    """`{"epoch", "device", "at"}` where this life began because of what a laptop showed."""
    query = sa.select(t.meta.c.value).where(t.meta.c.name == FOUND)
    value = shelf.conn.execute(query).scalar()
    told = wire.parse(value.encode()) if value else {}
    return told if told.get("epoch") == shelf.city().epoch else None


def _proved(
    shelf: SqlShelf, device: Device, said: shown.Shown | None, lines: Iterable[Line]
) -> int:
    """The newest life of which a word that the city signed, and that is not here, tells; 0: none
    does."""
    if said is None:
        return 0
    city, lives = shelf.city(), [0]
    publics = _publics(city, lines)
    if said.life and said.life.signed and said.life.is_of(city.epoch):
        told = statements.read_epochs(publics, city.code, [said.life.signed.to_json()])
        known = {one["body"] for one in city.epochs}
        lives += [one.number for one in told if one.body not in known]
    made = said.receipt.signed if said.receipt and said.receipt.is_of(city.epoch) else None
    if made is not None and shelf.receipt(digest=made.digest) is None:
        for public in publics:
            with contextlib.suppress(WireError):
                lives.append(int(receipts.verify(made, public, city.code, device.id)["epoch"]))
    return max(lives)


def _publics(city: City, lines: Iterable[Line]) -> list[bytes]:
    """Every key that this city signed with, also those that only the side book knows."""
    old = [unb64(wire.parse(one["body"].encode())["old"]) for one in city.keys]
    new = [unb64(one.value["new"]) for one in lines if one.kind == KEY and one.value]
    return [*old, city.sign_public, *new]


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
