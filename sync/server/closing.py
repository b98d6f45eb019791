"""The end of a visit, told to the desk that took the call: `closed`, the day on which it ended.

A desk keeps names and addresses until then; on this word it erases its slip (fieldkit/slips.py).
The city alone says it: in the transaction that ends a trip, for what was visited or cancelled and
no other laptop still has out. A kit whose own trip ended needs no word: it erased both together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from sync.merge import Doc
from sync.server import citysave, scope
from sync.server import store as t
from sync.server.shelf import Trip
from sync.server.sqlshelf import SqlShelf

FIELD = "closed"
LOOKED = "closing"
"""In `meta` once the trips that an older version of the server ended were looked at."""


def trip_ended(shelf: SqlShelf, trip: Trip) -> None:
    """Close the reservations of a trip that ends, in the caller's transaction."""
    if trip.kind in scope.OUT:
        _close(shelf, trip.records, trip.device)


def device_stopped(shelf: SqlShelf, device: str) -> None:
    """A revoked laptop has nothing out any more: what another one has ended is closed.

    What only the lost one visited stays with the desk: its photos may be missing at the city, and
    somebody has to call these people.
    """
    held = {one for trip in _trips(shelf, "out", device) for one in trip}
    _close(shelf, held & {one for trip in _trips(shelf, "ended") for one in trip})


def catch_up(shelf: SqlShelf) -> None:
    """Once in a store's life: the trips that ended before the city closed anything."""
    m = t.meta
    if shelf.conn.execute(sa.select(m.c.value).where(m.c.name == LOOKED)).first() is None:
        shelf.conn.execute(m.insert().values(name=LOOKED, value="1"))
        _close(shelf, {one for trip in _trips(shelf, "ended") for one in trip})


def _trips(shelf: SqlShelf, state: str, device: str = "") -> list[list[str]]:
    """The records of each trip of this state."""
    c = t.trip.c
    query = sa.select(c.records).where(c.kind.in_(scope.OUT), c.state == state)
    if device:
        query = query.where(c.device == device)
    return [json.loads(row.records) for row in shelf.conn.execute(query)]


def _close(shelf: SqlShelf, reservations: Iterable[str], ended_by: str = "") -> None:
    """`ended_by`: the laptop whose trip ends; a check-out of its own that was cut off holds none of
    these back."""
    asked = list(reservations)
    held, owners = scope.out_by(shelf), scope.owners(shelf, asked)
    for doc in shelf.docs(asked).values():
        over = doc.kind == "reservation" and doc.get("state") in scope.OVER
        told = doc.state != "live" or FIELD in doc.body or owners.get(doc.id) == ended_by
        if over and not told and not held.get(doc.id, set()) - {ended_by}:
            citysave.save(shelf, doc.id, {FIELD: _day(doc)}, citysave.DEVICE)


def _day(doc: Doc) -> str:
    """The day on which the state was set: that of the visit, not that of the trip's end."""
    said = doc.revs.get("state")
    return (said.at if said else doc.at)[:10]
