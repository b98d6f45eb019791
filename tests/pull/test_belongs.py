"""What a save may be about: what its trip holds, what its own device began, and nothing else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fieldkit import checkout, office, outbox, outbox_list, outbox_says, renew, reserve, visit
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import child_id, new_id
from sync.server import belongs
from sync.server import store as t
from sync.server.shelf import Place
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import CLERK, DAY, FIELD, book, sync
from tests.pull.conftest import Kits


def forged(vault: Vault, trip: OpenTrip, kind: str, one: str, parent: str = "") -> None:
    """A save that the kit would not make: of a record that is not in its container."""
    records.save(vault, trip, kind, {"notes": "他人の記録"}, one, parent)


def parked(vault: Vault) -> list[tuple[str, str]]:
    query = "SELECT entity, reason FROM outbox WHERE state = 'parked' ORDER BY n"
    return [(row["entity"], row["reason"]) for row in vault.book.all(query)]


def test_somebody_elses_records_are_not_changed(kits: Kits, city: CityServer) -> None:
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, (aid,) = book(desk)
    other, (stranger,) = book(desk, visit_date="2026-07-16")
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    sync(field)
    before = city_rows.bodies(city.store)
    forged(field, trip, "reservation", other)
    forged(field, trip, "applicant", stranger, other)
    forged(field, trip, "applicant", new_id(), other)  # one more person on a foreign slip
    joined = new_id()
    forged(field, trip, "applicant", joined, other)
    forged(field, trip, "application", child_id(joined, "application"), joined)  # and below it
    outbox.sync(field)
    words = ["reservation", "applicant", "applicant", "applicant", "application"]
    assert parked(field) == [(entity, "out_of_scope") for entity in words]
    assert city_rows.bodies(city.store) == before
    item = next(one for one in outbox_list.waiting(field) if one.entity == "reservation")
    assert "持ち出した受付でも" in outbox_says.why(item) and "監督者" in outbox_says.todo(item)
    # sending again changes nothing; the own work goes on
    visit.set_aside(field, trip, reserve.slip(trip, rid).applicants[0], "declined", "")
    outbox.requeue(field)
    outbox.sync(field)
    assert len(parked(field)) == 5
    assert city_rows.bodies(city.store)[child_id(aid, "application")]["state"] == "declined"


def test_what_is_held_or_own_is_taken(kits: Kits, city: CityServer) -> None:
    desk, field, boss = kits("desk", CLERK), kits("field", FIELD), kits("office")
    rid, (aid,) = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    joined, walk_in, person = new_id(), new_id(), new_id()
    records.save(field, trip, "applicant", {"name": "増 えた"}, joined, rid)
    records.save(field, trip, "application", {"state": "doing"}, new_id(), joined)
    records.save(field, trip, "reservation", {"state": "booked", "notes": "飛び込み"}, walk_in)
    records.save(field, trip, "applicant", {"name": "飛 込"}, person, walk_in)
    sync(field, desk)
    container = reserve.open_desk(desk)
    records.save(desk, container, "applicant", {"kana": "フエタ"}, joined)  # the field's person
    renew.ask(desk)
    renew.run(desk)
    container = reserve.open_desk(desk)
    records.save(desk, container, "reservation", {"notes": "呼び鈴"}, rid)
    # below what the city has not heard of, and below what was removed
    records.save(field, trip, "application", {"state": "doing"}, new_id(), new_id())
    records.remove(desk, container, joined)
    sync(desk)
    records.save(field, trip, "application", {"state": "doing"}, new_id(), joined)
    everything = office.open_office(boss)
    sync(boss)
    records.save(boss, everything, "applicant", {"helper": "姉"}, aid)
    sync(field, desk, boss)
    assert parked(field) == parked(desk) == parked(boss) == []
    said = city_rows.bodies(city.store)
    assert said[rid]["notes"] == "呼び鈴" and said[walk_in]["notes"] == "飛び込み"
    assert said[aid]["helper"] == "姉" and said[person]["name"] == "飛 込"


def test_after_a_restore_nobody_is_asked(kits: Kits, city: CityServer) -> None:
    """What was lost comes again in any order: the field's word on a slip before the desk's."""
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, _ = book(desk)
    sync(desk)
    checkout.check_out(field, None, DAY, [rid])
    sync(field)
    with city.store.write() as shelf:
        shelf.conn.execute(t.record.update().values(owner="K02"))  # as if it had come first
        shelf.conn.execute(t.city.update().values(epoch=2))
    records.save(desk, reserve.open_desk(desk), "reservation", {"notes": "呼び鈴"}, rid)
    with city.store.write() as shelf:
        device = shelf.device("K01")
        assert device is not None
        save: dict[str, Any] = {"id": rid, "parent": "", "trip_kind": "desk", "trip_records": ()}
        assert belongs.of_batch(shelf, device, [save]).refusal(save) == ""
        shelf.conn.execute(t.city.update().values(epoch=1))
        assert belongs.of_batch(shelf, device, [save]).refusal(save) == "out_of_scope"


def test_the_questions_do_not_grow_with_the_batch(kits: Kits, city: CityServer) -> None:
    desk = kits("desk", CLERK)
    ids = [book(desk, order=n, people=2) for n in range(1, 9)]
    sync(desk)
    asked: list[int] = []
    with city.store.read() as shelf:
        device = shelf.device("K01")
        assert device is not None
        real = shelf.places

        def places(ids: Any) -> dict[str, Place]:
            asked.append(len(ids))
            return real(ids)

        shelf.places = places  # type: ignore[method-assign]
        saves = [{"id": one, "parent": rid} for rid, people in ids for one in people]
        belongs.of_batch(shelf, device, saves)
        stranger = shelf.device("K01")
        assert stranger is not None
        count = shelf.conn.execute(sa.select(sa.func.count()).select_from(t.record)).scalar()
    assert asked == [24] and count == 24
