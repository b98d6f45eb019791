"""What holds a slip back, whose word counts, and what comes after it is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldkit import (
    checkout,
    deletion,
    outbox,
    pull,
    renew,
    reserve,
    restored,
    returned,
    safe,
    slips,
    tripend,
    visit,
)
from fieldkit.city import connect
from fieldkit.errors import KitError
from fieldkit.store import records
from sync.ids import new_id
from sync.server import citysave, closing, devices
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import BOSS, DAY, FIELD, Line, book, sync
from tests.pull.conftest import Kits
from tests.pull.slip_cast import LATER, TODAY, WITNESSES, erased, hear, here, over, row, visited
from tests.pull.test_returned import again, give_back, hand_over, serve


# -- what holds a slip back -----------------------------------------------------------------------
def test_what_the_desk_has_not_sent_is_not_dropped(
    kits: Kits, city: CityServer, line: Line
) -> None:
    desk, _, rid, stays = over(kits)
    outbox.sync(desk)  # heard; the erase comes after this save
    line.up = False
    records.save(desk, reserve.open_desk(desk), "reservation", {"notes": "呼び鈴なし"}, rid)
    with pytest.raises(KitError):
        hear(desk)
    tripend.tell_city(desk)
    tripend.run_owed(desk)
    assert here(desk) == {rid, stays} and "slip" in {r["what"] for r in tripend.owed(desk)}
    assert row(desk, rid)["erased_on"] is None
    with desk.book.write() as conn:  # the city does not take it: a supervisor has to see it
        conn.execute("UPDATE outbox SET state = 'parked' WHERE state = 'queued'")
    line.up = True
    hear(desk)
    assert here(desk) == {rid, stays}
    outbox.requeue(desk)
    hear(desk)
    assert city_rows.bodies(city.store)[rid]["notes"] == "呼び鈴なし"
    erased(desk, city, rid, stays)


def test_a_sheet_in_the_safe_holds_the_date_up(kits: Kits) -> None:
    desk, _, rid, _ = over(kits)
    old = reserve.open_desk(desk).id
    safe.printed(desk, old)
    desk.note("printed", safe.sheet_object(old))
    hear(desk)
    assert rid not in here(desk) and row(desk, rid)["erased_on"] is None
    assert deletion.record_of_reservation(desk, rid).waits
    safe.shredded(desk, old, WITNESSES)
    assert row(desk, rid)["erased_on"] == TODAY


def test_a_closed_desk_learns_it_later(kits: Kits, city: CityServer) -> None:
    desk, _, rid, stays = over(kits)
    desk.forget_trip(reserve.open_desk(desk).id)
    hear(desk)
    assert tripend.owed(desk) == []  # nothing can be told to a closed desk
    assert here(desk) == {rid, stays}
    hear(desk)
    erased(desk, city, rid, stays)


def test_two_laptops_at_one_session_both_have_to_end(kits: Kits, city: CityServer) -> None:
    desk, one, two = kits("desk", BOSS), kits("field", FIELD), kits("field", FIELD)
    rid, _ = book(desk)
    stays, _ = book(desk, order=2, visit_date=LATER)
    sync(desk)
    first = checkout.check_out(one, None, DAY, [rid])
    second = checkout.check_out(two, None, DAY, [rid], share=True)
    visited(one, first)
    sync(two)
    tripend.end_trip(one, first.id, WITNESSES)
    hear(desk)
    assert here(desk) == {rid, stays} and "closed" not in city_rows.bodies(city.store)[rid]
    sync(two)
    visit.close_visit(two, second, rid)
    sync(two)
    tripend.end_trip(two, second.id, WITNESSES)
    hear(desk)
    erased(desk, city, rid, stays)


def test_a_lost_second_laptop_holds_nothing_back(kits: Kits, city: CityServer) -> None:
    desk, one, two = kits("desk", BOSS), kits("field", FIELD), kits("field", FIELD)
    rid, _ = book(desk)
    alone, _ = book(desk, order=2)
    sync(desk)
    first = checkout.check_out(one, None, DAY, [rid])
    second = checkout.check_out(two, None, DAY, [rid, alone], share=True)
    visited(one, first)
    tripend.end_trip(one, first.id, WITNESSES)
    visited(two, second)
    devices.revoke(city.store, two.device_id)
    bodies = city_rows.bodies(city.store)
    assert bodies[rid]["closed"] == TODAY
    # what the lost laptop alone visited: its photos may be missing, somebody has to call
    assert bodies[alone]["state"] == "visited" and "closed" not in bodies[alone]
    hear(desk)
    assert here(desk) == {alone}


def test_a_check_out_that_was_cut_off_holds_nothing_back(kits: Kits, city: CityServer) -> None:
    """The city made a trip whose answer never came; the laptop asked anew and visited."""
    desk, field = kits("desk", BOSS), kits("field", FIELD)
    rid, _ = book(desk)
    sync(desk)
    connect(field).make_trip(new_id(), "field", DAY, [rid])
    trip = checkout.check_out(field, None, DAY, [rid])
    visited(field, trip)
    tripend.end_trip(field, trip.id, WITNESSES)
    hear(desk)
    assert here(desk) == set()


def test_what_was_not_visited_stays(kits: Kits, city: CityServer) -> None:
    """A check-out that was replaced ends without a visit; a cancelled one goes with its trip."""
    desk, field = kits("desk", BOSS), kits("field", FIELD)
    rid, _ = book(desk)
    off, _ = book(desk, order=2)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid, off])
    sync(desk)
    records.save(desk, reserve.open_desk(desk), "reservation", {"state": "cancelled"}, off)
    sync(desk, field)
    with city.store.write() as shelf:
        closing.trip_ended(shelf, shelf.trips([trip.id])[trip.id])
    bodies = city_rows.bodies(city.store)
    assert "closed" not in bodies[rid] and bodies[off]["closed"] == TODAY
    hear(desk)
    assert here(desk) == {rid}
    assert (row(desk, off)["state"], row(desk, off)["erased_on"]) == ("cancelled", TODAY)


# -- what comes later -----------------------------------------------------------------------------
def test_nothing_brings_the_name_back(kits: Kits, city: CityServer) -> None:
    """A late change of another kit, and everything told once more from the beginning."""
    desk, _, rid, stays = over(kits)
    hear(desk)
    with city.store.write() as shelf:
        citysave.save(shelf, rid, {"notes": "あとから"}, "city")
    with desk.book.write() as conn:
        conn.execute("UPDATE trip SET cursor = 0")
    hear(desk)
    erased(desk, city, rid, stays)


def test_a_city_that_was_set_back_takes_its_word_back(kits: Kits, city: CityServer) -> None:
    """The desk has heard it and not yet acted; the city's backup is older than the visit."""
    desk, field, rid, stays = over(kits)
    outbox.sync(desk)
    assert "slip" in {r["what"] for r in tripend.owed(desk)}
    with desk.book.write() as conn:  # fieldkit/restored.py
        conn.execute("UPDATE trip SET cursor = 0")
    tripend.tell_city(desk)
    assert here(desk) == {rid, stays}
    container = reserve.open_desk(desk)
    told = {"records": [], "clashes": [], "twins": [], "n": 0}
    pull.place(desk, container.id, 1, told)
    tripend.tell_city(desk)
    assert here(desk) == {rid, stays} and tripend.owed(desk) == []
    body = container.db.one("SELECT body FROM record WHERE id = ?", rid)
    assert body and "closed" not in json.loads(body["body"])
    with desk.book.write() as conn:
        conn.execute("UPDATE trip SET cursor = 0")
    hear(desk)  # and says it again
    erased(desk, city, rid, stays)


def test_the_date_goes_when_the_city_knows_the_secret_again(kits: Kits) -> None:
    """Set back to before it forgot the desk's old container: the date is given anew."""
    desk, _, rid, _ = over(kits)
    old = reserve.open_desk(desk).id
    hear(desk)
    with desk.book.write() as conn:
        conn.execute("UPDATE receipt SET void = 1")
        restored._facts_and_ends(conn)
    wiped = desk.book.one("SELECT city_forgot FROM trip WHERE id = ?", old)
    assert wiped and wiped["city_forgot"] is None and row(desk, rid)["erased_on"] is None


def test_the_container_is_never_renewed_with_the_slip_in_it(kits: Kits) -> None:
    """The weekly renewal comes between the word and the erase: nothing of it is copied."""
    desk, _, rid, stays = over(kits)
    outbox.sync(desk)
    old = reserve.open_desk(desk)
    renew.ask(desk)
    renew.run(desk)
    new = reserve.open_desk(desk)
    assert new.id != old.id and here(desk) == {stays}
    held = desk.book.all("SELECT desk_id FROM desk_copy WHERE trip_id = ?", rid)
    assert [one["desk_id"] for one in held] == [old.id]
    assert slips._closed(new) == set()


def test_a_returned_photo_brings_a_task_and_its_own_end(
    kits: Kits, city: CityServer, tmp_path: Path
) -> None:
    """The task outlives the slip; both end with the new visit, and each number has its date."""
    desk, field = kits("desk", BOSS), kits("field", FIELD)
    rid, _ = book(desk, caller_name="𠮷田 一郎", caller_relation="household")
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    serve(field, trip, rid)
    assert hand_over(city, tmp_path / "one") == 1 and give_back(city) == 1
    tripend.end_trip(field, trip.id, WITNESSES)
    hear(desk)
    assert here(desk) == set() and row(desk, rid)["erased_on"] == TODAY
    assert [task.waits for task in returned.tasks(desk)] == [True]
    new = again(desk)
    sync(desk)
    second = checkout.check_out(field, None, DAY, [new])
    hear(desk)
    assert here(desk) == {new}
    serve(field, second, new)
    sync(field)
    tripend.end_trip(field, second.id, WITNESSES)
    hear(desk)
    container = reserve.open_desk(desk)
    assert here(desk) == set() and returned.tasks(desk) == []
    assert container.db.all("SELECT 1 FROM record") == []
    assert (row(desk, rid)["erased_on"], row(desk, new)["erased_on"]) == (TODAY, TODAY)
