"""Which records belong to a trip, and which device may ask for them.

A device sees what its trips hold and nothing else: a field laptop the reservations that it checked
out, a desk the slips that it took (not what was answered at the visit) and the returned photos of
those (retakes.py), an office all.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from sync.merge import Doc
from sync.server import store as t
from sync.server.shelf import Device, Trip
from sync.server.sqlshelf import SqlShelf
from sync.wire import WireError

OUT = ("field", "booth")
"""Kinds of trip that take reservations out."""
MAY = {
    "field": ("field", "desk", "booth"),
    "desk": ("desk",),
    "booth": ("booth", "field", "desk"),
    "office": ("office", "field", "desk", "booth"),
}
"""What kinds of trip a device of each profile may have. One laptop that is desk and field at once
has the profile `field`."""
OVER = ("visited", "cancelled")


def may_make(
    shelf: SqlShelf, device: Device, kind: str, day: str, wanted: list[str], share: bool
) -> None:
    """WireError where this device may not have this trip: `out_of_scope`, or `already_out` where
    another laptop has one of its reservations (two laptops at one session say `share`)."""
    if kind not in MAY["office"]:
        raise WireError("malformed")
    if kind not in MAY.get(device.profile, ()):
        raise WireError("out_of_scope")
    if kind not in OUT:
        if wanted:  # a desk and an office hold what they hold; nobody names it
            raise WireError("out_of_scope")
        return
    held = out_by(shelf)
    made_by = owners(shelf, wanted)
    docs = shelf.docs(wanted)
    for one in wanted:
        doc = docs.get(one)
        if doc is None or doc.kind != "reservation" or doc.state != "live":
            raise WireError("out_of_scope")
        of_the_day = doc.get("visit_date") == day and doc.get("state") not in OVER
        if made_by[one] != device.id and not (of_the_day and _goes_out(device)):
            raise WireError("out_of_scope")
        if not share and held.get(one, set()) - {device.id}:
            raise WireError("already_out")


def _goes_out(device: Device) -> bool:
    return any(kind in OUT for kind in MAY.get(device.profile, ()))


def owners(shelf: SqlShelf, ids: list[str]) -> dict[str, str]:
    """Which device brought each of these records first."""
    r = t.record.c
    rows = shelf.conn.execute(sa.select(r.id, r.owner).where(r.id.in_(ids)))
    return {row.id: row.owner for row in rows}


def out_by(shelf: SqlShelf) -> dict[str, set[str]]:
    """Which devices have a reservation out now; a revoked one has nothing."""
    trips = sa.select(t.trip.c.device, t.trip.c.records).join(
        t.device, t.device.c.id == t.trip.c.device
    )
    trips = trips.where(
        t.trip.c.kind.in_(OUT), t.trip.c.state == "out", t.device.c.status == "active"
    )
    found: dict[str, set[str]] = {}
    for row in shelf.conn.execute(trips):
        for one in json.loads(row.records):
            found.setdefault(one, set()).add(row.device)
    return found


def of_day(shelf: SqlShelf, device: Device, day: str) -> list[tuple[Doc, str]]:
    """The reservations of a day that this device may take out, each with its owner.

    The day stands inside the boxed bodies, so all that are live are opened: 3,000 take 0.1 s.
    """
    r = t.record.c
    query = sa.select(t.record).where(r.kind == "reservation", r.state == "live").order_by(r.id)
    if not _goes_out(device):
        query = query.where(r.owner == device.id)
    found = [(shelf.doc(row), row.owner) for row in shelf.conn.execute(query)]
    return [(doc, owner) for doc, owner in found if doc.get("visit_date") == day]


def people(shelf: SqlShelf, reservations: list[str]) -> dict[str, int]:
    """How many people each reservation is for."""
    r = t.record.c
    query = (
        sa.select(r.parent, sa.func.count().label("n"))
        .where(r.parent.in_(reservations), r.kind == "applicant", r.state == "live")
        .group_by(r.parent)
    )
    return {row.parent: row.n for row in shelf.conn.execute(query)}


def within(trip: Trip) -> sa.ColumnElement[bool]:
    """Whether a row of the table `record` belongs to a trip."""
    r = t.record.c
    if trip.kind == "office":
        return sa.true()
    above = t.record.alias("above")
    if trip.kind in OUT:
        roots = list(trip.records)
        children = sa.select(above.c.id).where(above.c.parent.in_(roots))
        return sa.or_(r.id.in_(roots), r.parent.in_(roots), r.parent.in_(children))
    own = sa.select(above.c.id).where(above.c.kind == "reservation", above.c.owner == trip.device)
    return sa.or_(
        sa.and_(r.kind == "reservation", r.owner == trip.device),
        sa.and_(r.kind == "applicant", r.parent.in_(own)),
        sa.and_(r.kind == "retake", r.owner == trip.device),
    )


def holds(shelf: SqlShelf, trip: Trip, record: str) -> bool:
    """Whether one record belongs to a trip."""
    query = sa.select(t.record.c.id).where(t.record.c.id == record, within(trip))
    return shelf.conn.execute(query).first() is not None


def records_of(shelf: SqlShelf, trip: Trip) -> list[dict[str, Any]]:
    """What goes along when a trip is handed out: its reservations, their applicants, and what is
    below those. A desk begins empty; an office is told everything by and by (news.py)."""
    if trip.kind not in OUT:
        return []
    r = t.record
    rows = shelf.conn.execute(
        sa.select(r).where(within(trip)).where(r.c.state == "live").order_by(r.c.id)
    )
    return [told(shelf.doc(row), row.owner) for row in rows]


def told(doc: Doc, owner: str) -> dict[str, Any]:
    """A record as it travels to a device. `owner` is the device that made it, `device` the one that
    changed it last."""
    last = max(doc.revs.values(), key=lambda rev: rev.seq).device if doc.revs else ""
    return {
        "id": doc.id,
        "kind": doc.kind,
        "parent": doc.parent,
        "body": doc.body,
        "rev": doc.rev,
        "at": doc.at,
        "actor": doc.actor,
        "owner": owner,
        "device": last,
        "removed": doc.state == "removed",
    }
