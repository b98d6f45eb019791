"""The desk's slips of visits that another kit made go when the city says that those are over."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from fieldkit import carry, checkout, deletion, office, reserve, slips, tripend
from fieldkit.carry_reply import take_replies
from fieldkit.store import opening, records
from sync import fail
from sync.ids import new_id
from sync.server import closing, folder
from sync.server import store as t
from sync.server.handle import Handler
from tests import city_rows
from tests.conftest import PASSPHRASE, CityServer
from tests.pull.cast import BOSS, CLERK, DAY, FIELD, Line, book, sync
from tests.pull.conftest import Kits
from tests.pull.slip_cast import (
    LATER,
    NAME,
    TODAY,
    WITNESSES,
    erased,
    hear,
    here,
    over,
    row,
    visited,
)
from tests.pull.test_kills import Killed


def test_the_desk_hears_that_the_visit_is_over(kits: Kits, city: CityServer) -> None:
    desk, _, rid, stays = over(kits)
    old = reserve.open_desk(desk)
    records.save_draft(desk, old, rid, "desk", {"caller_name": NAME})
    assert deletion.record_of_reservation(desk, rid).state == "open"
    hear(desk)
    erased(desk, city, rid, stays)
    assert not old.folder.exists()
    facts = desk.book.all("SELECT id FROM fact WHERE kind = 'deletion'")
    assert [one["id"] for one in facts] == [f"{rid}:deletion"]
    hear(desk)  # nothing comes back, and nothing is renewed a second time
    erased(desk, city, rid, stays)


def test_the_day_of_the_visit_is_not_that_of_the_trips_end(
    kits: Kits, city: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, _ = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    visited(field, trip)
    monkeypatch.setattr("sync.server.citysave.now", lambda: "2026-08-09T10:00:00+09:00")
    tripend.end_trip(field, trip.id, WITNESSES)
    hear(desk)
    assert row(desk, rid)["visited_on"] == TODAY


POINTS = [
    "pull.placed", "pull.listed", "pull.kept", "slip.noted", "slip.dropped", "slip.done",
    "renew.request", "renew.made", "renew.copied", "renew.swapped", "erase.folder",
    "end.city_answered", "end.city_told",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_anywhere_is_gone_on_with(
    kits: Kits, city: CityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The disk as it is at that point is opened anew, with the desk closed until it is used."""
    desk, _, rid, stays = over(kits)
    there = tmp_path / "after"

    def die(name: str) -> None:
        if name == point:
            shutil.copytree(desk.settings.data_dir, there)
            raise Killed

    with monkeypatch.context() as now:
        now.setattr(fail, "point", die)
        with pytest.raises(Killed):
            hear(desk)
    desk.close()
    settings = replace(desk.settings, data_dir=there)
    opened = opening.unlock(settings, BOSS.id, PASSPHRASE)
    try:
        tripend.run_owed(opened)
        here(opened)
        tripend.run_owed(opened)
        hear(opened)
        hear(opened)
        erased(opened, city, rid, stays)
    finally:
        opened.close()


def test_every_fail_point_of_a_slip_is_killed_at() -> None:
    source = Path(slips.__file__).read_text(encoding="utf-8")
    said = re.findall(r'fail\.point\("(slip\.[a-z_.]+)"\)', source)
    assert said == [point for point in POINTS if point.startswith("slip.")]


def test_a_kill_of_the_city_closes_all_or_nothing(
    kits: Kits, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, field = kits("desk", BOSS), kits("field", FIELD)
    rid, _ = book(desk)
    stays, _ = book(desk, order=2, visit_date=LATER)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    visited(field, trip)
    tries = []

    def die(name: str) -> None:
        if name == "server.end_before" and not tries:
            tries.append("closed" in str(city_rows.bodies(city.store)[rid]))
            raise Killed

    with monkeypatch.context() as now:
        now.setattr(fail, "point", die)
        with pytest.raises(Killed):
            tripend.end_trip(field, trip.id, WITNESSES)
    assert tries and "closed" not in city_rows.bodies(city.store)[rid]
    hear(desk)
    assert here(desk) == {rid, stays}
    tripend.tell_city(field)
    tripend.tell_city(field)
    saves = sa.select(sa.func.count()).where(t.op.c.device == "city")
    with city.engine.connect() as conn:
        assert conn.execute(saves).scalar() == 1
    hear(desk)
    assert here(desk) == {stays} and row(desk, rid)["erased_on"] == TODAY


def test_a_desk_without_a_line_hears_it_by_usb(
    kits: Kits, city: CityServer, line: Line, tmp_path: Path
) -> None:
    """The reply carries the word, the next ones the new container and the city's word on the old
    one."""
    desk, _, rid, stays = over(kits)
    old = reserve.open_desk(desk)
    line.up = False
    for _ in range(3):
        stick = tmp_path / new_id()
        stick.mkdir()
        carry.export(desk, stick, "USB-01")
        taken = list(folder.import_folder(city.store, Handler(city.store), stick, city.folder))
        assert taken
        assert [one.code for one in take_replies(desk, stick)] == [""]
        assert here(desk) == {stays}
    assert not old.folder.exists()
    erased(desk, city, rid, stays)


# -- who is told ----------------------------------------------------------------------------------
def test_the_own_visits_of_a_kit_need_no_word(kits: Kits, city: CityServer) -> None:
    both = kits("field", BOSS)
    rid, _ = book(both)
    trip = checkout.check_out(both, reserve.open_desk(both), DAY)
    visited(both, trip)
    tripend.end_trip(both, trip.id, WITNESSES)
    assert row(both, rid)["erased_on"] == TODAY
    assert "closed" not in city_rows.bodies(city.store)[rid]


def test_a_kit_with_a_desk_whose_visit_another_made(kits: Kits, city: CityServer) -> None:
    """It goes out itself as well: the trip of the other one counts, and its own is untouched."""
    both, other = kits("field", BOSS), kits("field", FIELD)
    rid, _ = book(both)
    stays, _ = book(both, order=2, visit_date=LATER)
    sync(both)
    trip = checkout.check_out(other, None, DAY, [rid])
    visited(other, trip)
    tripend.end_trip(other, trip.id, WITNESSES)
    mine = checkout.check_out(both, reserve.open_desk(both), LATER)
    hear(both)
    assert here(both) == {stays} and row(both, rid)["erased_on"] == TODAY
    assert [s.reservation.id for s in reserve.slips(mine)] == [stays]


def test_two_desks_each_erase_their_own(kits: Kits) -> None:
    one, two, field = kits("desk", BOSS), kits("desk", BOSS), kits("field", FIELD)
    first, _ = book(one)
    second, _ = book(two, order=2)
    sync(one, two)
    trip = checkout.check_out(field, None, DAY, [first, second])
    visited(field, trip)
    tripend.end_trip(field, trip.id, WITNESSES)
    for desk, rid in ((one, first), (two, second)):
        hear(desk)
        assert here(desk) == set() and row(desk, rid)["erased_on"] == TODAY
        assert len(reserve.reception_list(desk)) == 1


def test_an_office_keeps_what_the_city_has(kits: Kits) -> None:
    desk, field, boss = kits("desk", BOSS), kits("field", FIELD), kits("office", BOSS)
    rid, _ = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    visited(field, trip)
    tripend.end_trip(field, trip.id, WITNESSES)
    told = office.open_office(boss)
    hear(boss)
    assert records.get(told, rid).get("closed") == TODAY


def test_trips_that_an_older_server_ended_are_closed_once(
    kits: Kits, city: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(closing, "trip_ended", lambda *_: None)
        old.setattr(closing, "catch_up", lambda *_: None)
        desk, _, rid, stays = over(kits)
        hear(desk)
    assert here(desk) == {rid, stays}
    book(desk, order=3, visit_date=LATER)
    hear(desk)
    hear(desk)
    assert rid not in here(desk) and row(desk, rid)["erased_on"] == TODAY
