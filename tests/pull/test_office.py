"""A kit of the office: all that the kits sent, its container, its screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fieldkit import (
    checkout,
    conflicts,
    container,
    kits_told,
    office,
    outbox,
    renew,
    reserve,
    tripend,
    visit,
)
from fieldkit.errors import KitError
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import code_of
from sync.server import devices
from tests import city_rows
from tests.conftest import NOW, CityServer
from tests.pull.cast import CLERK, DAY, FIELD, Line, again, book, mine, news_of, sync
from tests.pull.conftest import Kits
from tests.web.conftest import Browser, Office, new_office, says

WHY = "電話で確かめた"


def changed_twice(kits: Kits) -> tuple[Vault, Vault, str]:
    """A clash that only the office can see: the desk and an office kit typed the same field."""
    desk, boss = kits("desk", CLERK), kits("office")
    rid, _ = book(desk)
    sync(desk)
    trip = office.open_office(boss)
    sync(boss)
    records.save(boss, trip, "reservation", {"notes": "呼び鈴"}, rid)
    records.save(desk, reserve.open_desk(desk), "reservation", {"notes": "犬は外"}, rid)
    sync(boss, desk, boss)
    return desk, boss, rid


def test_it_adds_up_what_all_kits_sent(kits: Kits, line: Line, city: CityServer) -> None:
    desk, field, boss = kits("desk", CLERK), kits("field", FIELD), kits("office")
    rid, _ = book(desk, people=2)
    other, _ = book(desk, visit_date="2026-07-16")
    gone, _ = book(desk, order=2)
    records.save(desk, reserve.open_desk(desk), "reservation", {"state": "cancelled"}, gone)
    sync(desk)
    taken = checkout.check_out(field, None, DAY, [rid])
    for person in reserve.slip(taken, rid).applicants[:1]:
        visit.set_aside(field, taken, person, "declined", "")
    sync(field)
    trip = office.open_office(boss)
    sync(boss)
    found = office.overview(boss, trip)
    assert [(d.day, d.states, d.people, d.undone) for d in found.days] == [
        ("2026-07-16", {"booked": 1}, 1, 1),
        (DAY, {"shared": 1, "cancelled": 1}, 2, 1),
    ]
    assert found.days[1].applications == {"declined": 1}
    assert [(o.kit, o.day, o.numbers) for o in found.out] == [("K02", DAY, ("K01-1",))]
    assert found.unknown_out == 0 and found.told_at
    assert [(k.id, k.profile, k.active, bool(k.seen)) for k in found.kits] == [
        ("K01", "desk", True, True), ("K02", "field", True, True), ("K03", "office", True, True),
    ]  # fmt: skip
    # nothing of the numbers goes to another kit, and what was lost is no longer out
    sync(desk)
    assert line.last is not None and "kits" not in line.last["news"]["body"]
    assert kits_told.last(desk).kits == ()
    devices.revoke(city.store, "K02")
    sync(boss)
    found = office.overview(boss, trip)
    assert found.out == () and [k.active for k in found.kits] == [True, False, True]


def test_only_a_kit_of_the_office_has_it(kits: Kits) -> None:
    field = kits("field")
    assert not office.is_office(field)
    with pytest.raises(KitError, match="庁内用"):
        office.open_office(field)
    assert container.row(field, "office") is None


def test_without_the_city_it_waits_and_26_characters_open_it(kits: Kits, line: Line) -> None:
    boss = kits("office")
    line.up = False
    with pytest.raises(KitError) as caught:
        office.open_office(boss)
    assert caught.value.code == "office_locked" and "用意" in caught.value.sentence
    line.up = True
    trip = office.open_office(boss)
    code = code_of(trip.secret)
    boss.forget_trip(trip.id)
    line.up = False
    with pytest.raises(KitError) as caught:
        office.open_office(boss)
    assert caught.value.code == "office_locked" and "26文字" in caught.value.sentence
    assert office.open_office(boss, code).id == trip.id
    line.up = True
    boss.forget_trip(trip.id)
    assert office.open_office(boss).id == trip.id  # the city's word


def test_a_decision_of_the_office_reaches_the_desk(kits: Kits, city: CityServer) -> None:
    desk, boss, rid = changed_twice(kits)
    (case,) = conflicts.clashes(boss)
    assert case.waits and office.overview(boss, case.trip).clashes == 1
    conflicts.decide(boss, case.id, "other", WHY)
    sync(boss, desk)
    said = records.get(reserve.open_desk(desk), rid).get("notes")
    assert said == city_rows.bodies(city.store)[rid]["notes"] == case.told["other"]["notes"]
    assert office.overview(boss, case.trip).clashes == 0


def test_it_is_renewed_after_a_week_with_all_that_it_holds(kits: Kits) -> None:
    _, boss, rid = changed_twice(kits)
    reserve.open_desk(boss)
    old = office.open_office(boss)
    boss.settings = replace(boss.settings, clock=lambda: NOW + timedelta(days=6, hours=23))
    tripend.tell_city(boss)
    assert office.open_office(boss).id == old.id
    boss.settings = replace(boss.settings, clock=lambda: NOW + timedelta(days=7))
    line_of_desk = reserve.open_desk(boss).id
    tripend.tell_city(boss)
    new = office.open_office(boss)
    assert new.id != old.id and not old.folder.exists()
    assert reserve.open_desk(boss).id != line_of_desk
    assert records.get(new, rid).get("notes") and len(conflicts.clashes(boss)) == 1
    row = boss.book.one("SELECT state, city_forgot FROM trip WHERE id = ?", old.id)
    assert row is not None and row["state"] == "wiped" and row["city_forgot"]
    assert tripend.owed(boss) == []
    acts = [r["body"] for r in boss.book.all("SELECT body FROM ledger")]
    assert any("office_renewed" in body for body in acts)


def test_a_desk_that_waits_does_not_hold_the_office_up(kits: Kits, line: Line) -> None:
    boss = kits("office")
    book(boss)
    sync(boss)
    with boss.book.write() as conn:
        conn.execute("UPDATE outbox SET state = 'parked', reason = 'other_content'")
    old, desk = office.open_office(boss).id, reserve.open_desk(boss).id
    boss.settings = replace(boss.settings, clock=lambda: NOW + timedelta(days=7))
    tripend.tell_city(boss)
    assert reserve.open_desk(boss).id == desk and office.open_office(boss).id != old


class Cut(Exception):
    """A kill."""


def stop(name: str) -> None:
    if name == "office.ended":
        raise Cut


def test_the_end_of_the_season(kits: Kits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, boss, rid = changed_twice(kits)
    old: OpenTrip = office.open_office(boss)
    (case,) = conflicts.clashes(boss)
    conflicts.decide(boss, case.id, "kept", WHY)
    with monkeypatch.context() as cut:
        cut.setattr(fail, "point", stop)
        with pytest.raises(Cut):
            renew.end_office(boss)
    assert mine(old, rid) == {} and not outbox.waiting(boss)["waiting"]  # the decision went first
    folder = boss.settings.data_dir
    boss.close()
    boss = again(boss, folder)
    assert container.row(boss, "office") is None and old.folder.exists()
    tripend.run_owed(boss)
    assert not old.folder.exists() and kits_told.last(boss).kits == ()
    tripend.tell_city(boss)
    assert tripend.owed(boss) == []
    new = office.open_office(boss)
    assert new.id != old.id and records.find(new, "reservation") == []
    sync(boss)
    assert [r.id for r in records.find(new, "reservation")] == [rid]
    boss.close()


# -- the screen -----------------------------------------------------------------------------------
@pytest.fixture
def screens(tmp_path: Path, city: CityServer) -> Iterator[Office]:
    made = new_office(tmp_path, city)
    made.browser.log_in("suzuki")
    yield made
    made.kit.put_away()


def as_office(vault: Vault, city: CityServer) -> None:
    """What an enrolment with the profile `office` writes, on both sides."""
    with vault.book.write() as conn:
        conn.execute("UPDATE device SET profile = 'office'")
    with city.store.write() as shelf:
        shelf.conn.exec_driver_sql("UPDATE device SET profile = 'office' WHERE id = 'K01'")


def test_the_screen(screens: Office, kits: Kits, city: CityServer, line: Line) -> None:
    browser, vault = screens.browser, screens.kit.open_vault()
    assert "全体の状況" not in Browser.text(browser.get("/"))
    assert browser.get("/office").status_code == 404
    as_office(vault, city)
    assert 'href="/office"' in Browser.text(browser.get("/"))
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, _ = book(desk)
    sync(desk)
    checkout.check_out(field, None, DAY, [rid])
    sync(field)
    page = Browser.text(browser.get("/office"))
    assert "まだ予約は届いていません。" in page and "知らせは、まだありません" in page
    sync(vault)
    page = Browser.text(browser.get("/office"))
    assert "令和8年7月15日" in page and "K03" in page and "受付番号 K02-1" in page
    assert "髙子" not in page and "花園" not in page  # numbers, not people
    # who is closed out is led to the 26 characters
    row = container.row(vault, "office")
    assert row is not None
    code = code_of(vault.trips[row["id"]].secret)
    vault.forget_trip(row["id"])
    line.up = False
    answer = browser.get("/office")
    assert answer.status_code == 302 and answer.location.endswith(f"/trip/{row['id']}/unlock")
    unlock = Browser.text(browser.get(f"/trip/{row['id']}/unlock"))
    assert "全体の状況の鍵を開ける" in unlock and "訪問予定表" not in unlock
    wrong = browser.post(f"/trip/{row['id']}/unlock", {"code": code_of(b"0" * 16)})
    assert wrong.status_code == 422 and "全体の状況" in says(wrong)
    assert browser.post(f"/trip/{row['id']}/unlock", {"code": code}).status_code == 302
    assert browser.get("/office").status_code == 200
    line.up = True
    assert browser.post("/office/erase").status_code == 422
    assert browser.post("/office/erase", {"confirm": "yes"}).status_code == 302
    assert container.row(vault, "office") is None
    sync(vault)
    assert news_of(line, vault) == {}
    # a supervisor's alone
    browser.post("/lock")
    browser.log_in("sato")
    assert browser.get("/office").status_code == 403
    assert "全体の状況" not in Browser.text(browser.get("/"))
