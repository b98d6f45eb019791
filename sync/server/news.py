"""What the city tells a device with every answer: its epochs and keys, and what changed.

Signed by the city; what concerns people is sealed to the device, trip by trip, and only what
belongs to that trip (sync/PROTOCOL.md §4). A cursor is a number of the city's order: a device that
has it has heard of everything up to there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync import fail, wire
from sync.merge import Doc
from sync.packet import seal_answer
from sync.server import closing, conflicts, epochs, kits, publish, retakes, scope, twins
from sync.server import store as t
from sync.server.receipts import now
from sync.server.shelf import Device, Trip
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import b64

ROWS = 200
BYTES = 1024 * 1024
TRIPS, LOOKED = 30, 300
"""Trips of which one answer tells, and trips that are looked at for it."""
OWN = 100
"""So many changes of the device's own are passed over before its cursor is moved."""
LAGS = 1000
SETTLED = "settled"


def tell(store: SqlStore, device: Device, batch: dict[str, Any]) -> dict[str, str]:
    """The news for a batch of version 2: `{"body", "signature"}`."""
    pull = batch.get("pull")
    upto = horizon(store) if isinstance(pull, dict) and pull else 0
    with store.read() as shelf:
        city, settings = shelf.city(), publish.newest(shelf)
        trips = _trips(shelf, device, pull, upto) if isinstance(pull, dict) and pull else {}
        more = kits.told(shelf, device)
        known = batch.get("epoch", 0)
        if isinstance(known, int) and known < city.epoch and city.epochs:
            more["held"] = epochs.held(shelf, device.id)
    body = wire.canonical(
        {
            "v": wire.PROTOCOL,
            "device": device.id,
            "now": now(),
            "epoch": city.epoch,
            "seal_public": b64(city.seal_public),
            "epochs": [dict(one) for one in city.epochs],
            "keys": [dict(one) for one in city.keys],
            "settings": settings,
            "trips": trips,
            **more,
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "news", body)
    return {"body": body.decode(), "signature": signature}


# -- up to where everything is looked at ----------------------------------------------------------
def horizon(store: SqlStore) -> int:
    """The revision up to which clashes and likely twins have been looked at: nobody is told more.

    Usually that is the newest one and nothing is written; people and clashes that are new are
    looked at first, in one transaction. What that changes gets no older revision than theirs.
    """
    with store.read() as shelf:
        done, newest = _settled(shelf), shelf.next_seq() - 1
        if newest - done < LAGS and not _waits(shelf, done):
            return newest
    upto = store.together(_catch_up)
    fail.point("server.settled")
    return upto


def _settled(shelf: SqlShelf) -> int:
    row = shelf.conn.execute(sa.select(t.meta.c.value).where(t.meta.c.name == SETTLED)).first()
    return int(row.value) if row else 0


def _waits(shelf: SqlShelf, done: int) -> bool:
    r, c = t.record.c, t.clash.c
    kinds = r.kind.in_(("applicant", "reservation"))
    people = sa.select(r.id).where(r.rev > done, kinds).limit(1)
    clashes = sa.select(c.id).where(c.rev > done).limit(1)
    return any(shelf.conn.execute(query).first() for query in (people, clashes))


def _catch_up(shelf: SqlShelf) -> int:
    done, newest = _settled(shelf), shelf.next_seq() - 1
    if newest > done:
        conflicts.catch_up(shelf, done, newest)
        twins.catch_up(shelf, done, newest)
        retakes.catch_up(shelf, done, newest)
        closing.catch_up(shelf)
        shelf.conn.execute(t.meta.delete().where(t.meta.c.name == SETTLED))
        shelf.conn.execute(t.meta.insert().values(name=SETTLED, value=str(newest)))
    return newest


# -- what is new of a trip ------------------------------------------------------------------------
def _trips(
    shelf: SqlShelf, device: Device, pull: dict[str, Any], upto: int
) -> dict[str, dict[str, Any]]:
    known = shelf.trips(list(pull)[:LOOKED])
    top = sa.select(sa.func.max(t.op.c.n)).where(t.op.c.device == device.id)
    n = int(shelf.conn.execute(top).scalar() or 0)
    found: dict[str, dict[str, Any]] = {}
    for trip in known.values():
        cursor = pull[trip.id]
        if trip.device != device.id or trip.state != "out" or type(cursor) is not int:
            continue
        told = changes(shelf, device.id, trip, cursor if 0 <= cursor <= upto else 0, upto)
        if told is None:
            continue
        moved, inside = told
        if len(found) == TRIPS:  # the next answer has room for it
            break
        about = f"{trip.id}|{moved}"
        sealed = seal_answer(device.seal_public, device.id, about, {**inside, "n": n})
        found[trip.id] = {"cursor": moved, "sealed": b64(sealed)}
    return found


def changes(
    shelf: SqlShelf, device: str, trip: Trip, cursor: int, upto: int
) -> tuple[int, dict[str, Any]] | None:
    """The next changes of a trip after `cursor`, and how far they go; None where nothing is new.

    What the device said itself does not come back, except a record with a clash.
    """
    asked = upto
    ends = (_end(shelf, query) for query in _queries(trip, cursor, upto))
    upto = min([upto, *(end for end in ends if end is not None)])
    records, clashes, pairs = (
        list(shelf.conn.execute(query)) for query in _queries(trip, cursor, upto)
    )
    docs = {row.id: (shelf.doc(row), row.owner) for row in records}
    upto = _cut(docs, upto)
    clashes, pairs = ([x for x in rows if x.rev <= upto] for rows in (clashes, pairs))
    disputed = {row.record for row in clashes}
    rest = [one for one in disputed if one not in docs]
    for row in (
        shelf.conn.execute(sa.select(t.record).where(t.record.c.id.in_(rest))) if rest else ()
    ):
        docs[row.id] = (shelf.doc(row), row.owner)
    told = [
        scope.told(doc, owner)
        for doc, owner in sorted(docs.values(), key=lambda one: one[0].rev)
        if doc.id in disputed or (doc.rev <= upto and _by_others(doc, device, cursor))
    ]
    if not (told or clashes or pairs or upto < asked) and len(records) < OWN:
        return None
    people = twins.people_of(shelf, pairs)
    return upto, {
        "records": told,
        "clashes": [conflicts.told(shelf, row) for row in clashes],
        "twins": [twins.told(shelf, row, people) for row in pairs],
        "more": upto < asked,
    }


def _queries(trip: Trip, cursor: int, upto: int) -> tuple[sa.Select[Any], ...]:
    """The records, clashes and pairs of a trip that changed after `cursor`, by revision."""
    within, r = scope.within(trip), t.record.c
    records = sa.select(t.record).where(r.rev > cursor, r.rev <= upto, within).order_by(r.rev)
    return records, conflicts.changed(within, cursor, upto), twins.changed(within, cursor, upto)


def _end(shelf: SqlShelf, query: sa.Select[Any]) -> int | None:
    """The revision of the last row that one answer holds; None where all of them fit. Rows of the
    same revision stay together."""
    row = shelf.conn.execute(query.offset(ROWS - 1).limit(1)).first()
    return int(row.rev) if row else None


def _cut(docs: dict[str, tuple[Doc, str]], upto: int) -> int:
    """How far one answer goes, so that it stays small; at least one record is in it."""
    size = 0
    for number, (doc, _) in enumerate(docs.values()):
        size += len(wire.canonical(doc.body)) + 400
        if number and size > BYTES:
            return doc.rev - 1
    return upto


def _by_others(doc: Doc, device: str, cursor: int) -> bool:
    """Whether somebody else changed a record after `cursor`."""
    if doc.state == "removed":
        return True
    return any(rev.seq > cursor and not rev.by(device) for rev in doc.revs.values())
