"""A photo that J-LIS returned, as a task of the desk: whom to visit once more, and why.

A desk has no application, and its slip is often erased by then (sync/server/scope.py). So the task
is a record of its own, a `retake`: what the next booking needs, and nothing that was answered at
the visit. The city alone changes it, and takes it away when the new visit's application is
confirmed or the photo is to be handed over after all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from sync.clash import Doc
from sync.ids import child_id
from sync.server import citysave, scope
from sync.server import store as t
from sync.server.sqlshelf import SqlShelf
from sync.states import CONFIRMED

KIND = "retake"
LINK = "retake_of"
"""The field of an applicant that names the application whose photo is taken anew."""
OPEN, BOOKED, VISITED, DONE = "open", "booked", "visited", "done"
RETURNED, RETAKEN = "returned", "retaken"
"""States of `jlis`, the field of an application."""
SLIP = (
    "caller_name", "caller_relation", "phone", "reason_cannot_go", "place", "postal", "district",
    "address", "katagaki", "parking", "notes",
)  # fmt: skip
PERSON = (
    "name", "kana", "birth", "sex", "kind", "loss_report_date", "id_papers", "photo_ok",
    "can_write", "helper", "uses_as_insurance", "has_shikaku",
)  # fmt: skip


def came_back(application: Doc | None) -> str:
    """`returned` where the photo of an application is the one that came back, `retaken` where
    another application has a new one for it, else ""."""
    if application is None or application.state != "live":
        return ""
    jlis = application.body.get("jlis") or {}
    here = jlis.get("photo") == application.body.get("photo_id")
    return str(jlis["state"]) if here and jlis.get("state") in (RETURNED, RETAKEN) else ""


def settle(shelf: SqlShelf, application: str, batch: str, who: str) -> None:
    """Make or end the task after `jlis` was set, in the caller's transaction. It is told to the
    desk that took the reservation."""
    doc = shelf.docs([application])[application]
    if came_back(doc) != RETURNED:
        for task in _below(shelf, [application], KIND):
            citysave.remove(shelf, task.id, who)
        return
    person = shelf.docs([doc.parent]).get(doc.parent)
    home = shelf.docs([person.parent]).get(person.parent) if person else None
    jlis = doc.body["jlis"]
    task_id = child_id(f"{jlis['photo']}|{batch}", KIND)
    if person is None or home is None or shelf.docs([task_id]):
        return
    owner, device = _desks(shelf, home.id)
    number = home.body.get("reception_no", "")
    said = {
        "state": OPEN,
        "reception_no": number if owner == device else f"{owner}-{number}",
        "reason": jlis["reason"],
        "on": jlis["on"],
        "slip": {name: home.body[name] for name in SLIP if name in home.body},
        "person": {name: person.body[name] for name in PERSON if name in person.body},
        "visits": list[str](),
    }
    citysave.make(shelf, task_id, KIND, application, said, who)
    change = t.record.update().where(t.record.c.id == task_id)
    shelf.conn.execute(change.values(owner=device))


def _desks(shelf: SqlShelf, reservation: str) -> tuple[str, str]:
    """(the device that took a reservation, the one whose desk is told): the same one, or the
    newest desk where that one was revoked."""
    r, d = t.record.c, t.device.c
    owner = str(shelf.conn.execute(sa.select(r.owner).where(r.id == reservation)).scalar() or "")
    status = shelf.conn.execute(sa.select(d.status).where(d.id == owner)).scalar()
    if status == "active":
        return owner, owner
    newest = (
        sa.select(t.trip.c.device)
        .join(t.device, d.id == t.trip.c.device)
        .where(t.trip.c.kind == "desk", t.trip.c.state == "out", d.status == "active")
        .order_by(t.trip.c.made_at.desc(), t.trip.c.id)
    )
    return owner, str(shelf.conn.execute(newest.limit(1)).scalar() or owner)


def catch_up(shelf: SqlShelf, done: int, upto: int) -> None:
    """Look at every task after reservations or applicants changed: booked, visited, done."""
    tasks = _waiting(shelf)
    if not tasks:
        return
    applications = shelf.docs({task.parent for task in tasks})
    linked = _linked(shelf, done, upto)
    asked = [*(task.id for task in tasks), *(x for some in linked.values() for x in some)]
    made_by = scope.owners(shelf, asked)
    if shelf.city().epoch > 1:  # who brought what first is not known any more (belongs.py)
        made_by = dict.fromkeys(asked, "")
    for task in tasks:
        doc = applications.get(task.parent)
        here = {x for x in linked.get(task.parent, ()) if made_by[x] == made_by[task.id]}
        visits = sorted({*task.body.get("visits", ()), *here})
        state = _state(shelf, visits)
        if doc is None or came_back(doc) != RETURNED:
            citysave.remove(shelf, task.id, citysave.DEVICE)
        elif state == DONE:
            jlis = {**doc.body["jlis"], "state": RETAKEN}
            citysave.save(shelf, doc.id, {"jlis": jlis}, citysave.DEVICE)
            citysave.remove(shelf, task.id, citysave.DEVICE)
        elif (state, visits) != (task.body.get("state"), task.body.get("visits")):
            said = {"state": state, "visits": visits}
            citysave.save(shelf, task.id, said, citysave.DEVICE)


def _waiting(shelf: SqlShelf) -> list[Doc]:
    """The tasks that are there. Few photos are returned, so this costs nothing otherwise."""
    h = t.handover.c
    query = sa.select(h.application).where(h.state == RETURNED)
    return _below(shelf, [row.application for row in shelf.conn.execute(query)], KIND)


def _below(shelf: SqlShelf, parents: Iterable[str], kind: str) -> list[Doc]:
    """The live records of a kind below these."""
    r = t.record.c
    query = sa.select(t.record).where(
        r.parent.in_(list(parents)), r.kind == kind, r.state == "live"
    )
    return [shelf.doc(row) for row in shelf.conn.execute(query.order_by(r.id))]


def _linked(shelf: SqlShelf, done: int, upto: int) -> dict[str, set[str]]:
    """{application: the applicants of new visits for its photo} among what changed."""
    r, found = t.record.c, dict[str, set[str]]()
    query = sa.select(t.record).where(r.rev > done, r.rev <= upto, r.kind == "applicant")
    for row in shelf.conn.execute(query):
        doc = shelf.doc(row)
        if doc.body.get(LINK):
            found.setdefault(str(doc.body[LINK]), set()).add(doc.id)
    return found


def _state(shelf: SqlShelf, visits: list[str]) -> str:
    """How far the new visits are: the furthest counts, and one that was cancelled does not."""
    if not visits:
        return OPEN
    if any(one.body.get("state") == CONFIRMED for one in _below(shelf, visits, "application")):
        return DONE
    people: list[Any] = [one for one in shelf.docs(visits).values() if one.state == "live"]
    homes = shelf.docs({one.parent for one in people}).values()
    states = {str(home.body.get("state")) for home in homes if home.state == "live"}
    if states & {"booked", "shared"}:
        return BOOKED
    return VISITED if "visited" in states else OPEN
