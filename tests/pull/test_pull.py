"""Changes come down field by field: what waits here is not overwritten, no old page undoes it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fieldkit import anchor, checkout, outbox, pull, renew, reserve, slips, visit
from fieldkit.city import connect
from fieldkit.errors import KitError
from fieldkit.store import heard, numbering, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail, wire
from sync.server import store as t
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import (
    CLERK,
    DAY,
    Line,
    again,
    book,
    cursor,
    fields,
    mine,
    news_of,
    person,
    sync,
)
from tests.pull.conftest import Kits

PHONE = "0134-11-1111"


def out(kits: Kits, people: int = 1) -> tuple[Vault, Vault, OpenTrip, str, list[str]]:
    """A desk's reservation that a field laptop has out: (desk, field, its trip, ids)."""
    desk, field = kits("desk", CLERK), kits("field")
    rid, ids = book(desk, people)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    sync(field, desk)
    return desk, field, trip, rid, ids


def at_desk(desk: Vault, rid: str, **said: Any) -> None:
    records.save(desk, reserve.open_desk(desk), "reservation", said, rid)


def clashes(city: CityServer) -> list[tuple[str, str]]:
    with city.engine.connect() as conn:
        return [(row.names, row.state) for row in conn.execute(sa.select(t.clash))]


def test_a_change_at_the_desk_comes_to_the_field(kits: Kits, city: CityServer) -> None:
    desk, field, trip, rid, _ = out(kits)
    at_desk(desk, rid, phone=PHONE)
    sync(desk, field)
    record = records.get(trip, rid)
    assert record.get("phone") == PHONE and record.updated_by == "sato" and record.device == "K01"
    at_desk(desk, rid, notes="呼び鈴")
    records.save(field, trip, "reservation", {"notes": "犬は外"}, rid)
    records.save(field, trip, "reservation", {"phone": "0134-22-2222"}, rid)
    assert records.get(trip, rid).device == ""
    sync(desk, field)
    # the phone was changed by somebody who had seen the new one; the note clashed: the desk's stays
    assert records.get(trip, rid).get("notes") == "呼び鈴"
    assert city_rows.bodies(city.store)[rid]["phone"] == "0134-22-2222"
    assert clashes(city) == [('["notes"]', "ruled")]
    assert mine(trip, rid) == {}
    assert trip.db.one("SELECT state FROM clash")["state"] == "ruled"


def test_what_waits_here_stays_on_the_screen(kits: Kits, city: CityServer, line: Line) -> None:
    """The city's news come while an own save of the same field has not been sent."""
    desk, field, trip, rid, _ = out(kits)
    at_desk(desk, rid, phone=PHONE, notes="呼び鈴")
    sync(desk)
    asked = pull_only(field, trip, line)
    records.save(field, trip, "reservation", {"phone": "0134-33-3333"}, rid)
    pull.place(field, trip.id, *asked)
    record = records.get(trip, rid)
    assert record.get("phone") == "0134-33-3333" and record.get("notes") == "呼び鈴"
    # a further change of that field is still by somebody who has not seen the desk's value
    records.save(field, trip, "reservation", {"phone": "0134-44-4444"}, rid)
    assert city_rows.bodies(city.store)[rid]["phone"] == PHONE
    sync(field)
    assert city_rows.bodies(city.store)[rid]["phone"] == PHONE
    assert records.get(trip, rid).get("phone") == PHONE
    assert {names for names, _ in clashes(city)} == {'["phone"]'}


def pull_only(vault: Vault, trip: OpenTrip, line: Line) -> tuple[int, dict[str, Any]]:
    """What the city would tell, without taking it in."""
    client = connect(vault)
    client.road.send(
        *client.batch(ledger=anchor.to_send(vault), pull={trip.id: cursor(vault, trip)})
    )
    assert line.last is not None
    told = wire.parse(line.last["news"]["body"].encode())["trips"][trip.id]
    return int(told["cursor"]), news_of(line, vault)[trip.id]


def test_a_save_of_which_it_is_not_known_comes_again(kits: Kits, line: Line) -> None:
    """The city has taken a save and its answer was lost: the record is told once more."""
    desk, field, trip, rid, _ = out(kits)
    at_desk(desk, rid, notes="呼び鈴")
    sync(desk)
    records.save(field, trip, "reservation", {"notes": "犬は外"}, rid)
    line.lose = True
    with pytest.raises(KitError):
        outbox.sync(field)
    line.lose = False
    before = cursor(field, trip)
    pull.place(field, trip.id, *pull_only(field, trip, line))
    assert records.get(trip, rid).get("notes") == "犬は外"
    assert cursor(field, trip) <= max(before, records.get(trip, rid).base)
    sync(field)
    assert records.get(trip, rid).get("notes") == "呼び鈴"


# -- pages of before ------------------------------------------------------------------------------
def test_an_old_page_does_not_write_old_values_back(kits: Kits, city: CityServer) -> None:
    desk, field, trip, rid, (aid,) = out(kits)
    container = reserve.open_desk(desk)
    seen = heard.newest(container)
    posted = {k: v for k, v in records.get(container, rid).body.items() if k != "state"}
    records.save(field, trip, "reservation", {"katagaki": "101号室", "notes": "犬は外"}, rid)
    records.save(field, trip, "applicant", {"helper": "yes"}, aid)
    sync(field, desk)
    assert records.get(container, rid).get("katagaki") == "101号室"
    page = {**posted, "katagaki": "", "notes": "呼び鈴"}  # only the note was typed
    body = records.get(container, aid).body
    old_person = {k: v for k, v in body.items() if k != "helper"} | {"helper": ""}
    reserve.reserve(desk, container, rid, page, [(aid, old_person)], seen)
    now = records.get(container, rid)
    assert now.get("katagaki") == "101号室" and now.get("notes") == "呼び鈴"
    sync(desk)
    at_city = city_rows.bodies(city.store)
    assert at_city[rid]["katagaki"] == "101号室"
    # the typed note was a change by somebody who had not seen the other one
    assert any("notes" in names for names, _ in clashes(city))


def test_a_draft_of_before_is_an_old_page_too(kits: Kits) -> None:
    desk, field, trip, rid, _ = out(kits)
    container = reserve.open_desk(desk)
    seen = heard.newest(container)
    records.save_draft(desk, container, rid, "desk", {"katagaki": ""}, seen)
    records.save(field, trip, "reservation", {"katagaki": "101号室"}, rid)
    sync(field, desk)
    newer = heard.newest(container)
    assert newer > seen
    records.save_draft(desk, container, rid, "desk", {"katagaki": "", "notes": "x"}, newer)
    assert records.draft_seen(container, rid, "desk") == seen
    typed = {"katagaki": "", "notes": "x"}
    assert heard.untouched(container, rid, "", typed, seen, {}) == {"katagaki"}
    assert heard.untouched(container, rid, "", typed, seen, {"katagaki": "1号室"}) == set()
    assert heard.untouched(container, rid, "", typed, newer, {}) == set()


# -- taken away -----------------------------------------------------------------------------------
def test_a_person_who_was_taken_off_goes_everywhere(kits: Kits, city: CityServer) -> None:
    desk, field = kits("desk", CLERK), kits("field")
    rid, (one, two) = book(desk, 2)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    sync(field)
    applicant = next(a for a in reserve.slip(trip, rid).applicants if a.id == two)
    records.save_draft(field, trip, two, "form", {"name": "施設"})
    visit.save_application(field, trip, applicant, {"answers": {"tel": "1"}})
    container = reserve.open_desk(desk)  # it has not heard that the slip is out
    reserve.take_off(desk, container, rid, two)
    assert [a.id for a in reserve.slip(container, rid).applicants] == [one]
    sync(desk, field)
    assert [a.id for a in reserve.slip(trip, rid).applicants] == [one]
    assert records.draft(trip, two, "form") is None and heard.is_removed(trip, two)
    assert reserve.reception_list(field)[0]["planned"] == 1
    assert city_rows.docs(city.store)[two].state == "removed"
    assert city_rows.docs(city.store)[two].body == {}
    # a page that still shows them brings nobody back
    reserve.reserve(desk, container, rid, fields(), [(one, person())], heard.newest(container))
    assert [a.id for a in reserve.slip(container, rid).applicants] == [one]
    notes = field.book.all("SELECT body FROM ledger")
    assert sum('"removed_elsewhere"' in row["body"] for row in notes) == 1


def test_a_late_change_of_what_was_taken_off_waits(kits: Kits, city: CityServer) -> None:
    desk, field = kits("desk", CLERK), kits("field")
    rid, (_, two) = book(desk, 2)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    sync(field)
    reserve.take_off(desk, reserve.open_desk(desk), rid, two)
    sync(desk)
    records.save(field, trip, "applicant", {"helper": "yes"}, two)
    sync(field)
    assert outbox.waiting(field) == {"waiting": 0, "parked": 0}
    assert clashes(city) == [('["helper"]', "waiting")]
    assert trip.db.one("SELECT body FROM clash") is not None


def test_the_last_person_and_a_slip_that_is_out_stay(kits: Kits) -> None:
    desk, _, _, rid, ids = out(kits, 2)
    container = reserve.open_desk(desk)
    with pytest.raises(KitError, match="持ち出し済み"):
        reserve.take_off(desk, container, rid, ids[0])
    single, (aid,) = book(desk, order=2)
    with pytest.raises(KitError, match="最後"):
        reserve.take_off(desk, container, single, aid)


# -- containers -----------------------------------------------------------------------------------
def test_the_cursor_survives_a_new_container(kits: Kits) -> None:
    desk, field, trip, rid, _ = out(kits)
    records.save(field, trip, "reservation", {"katagaki": "101号室"}, rid)
    sync(field, desk)
    old = reserve.open_desk(desk)
    before, number = cursor(desk, old), heard.newest(old)
    renew.ask(desk)
    renew.run(desk)
    new = reserve.open_desk(desk)
    assert new.id != old.id and cursor(desk, new) == before > 0 and heard.newest(new) == number
    records.save(field, trip, "reservation", {"katagaki": "102号室"}, rid)
    sync(field, desk)
    assert records.get(new, rid).get("katagaki") == "102号室" and heard.newest(new) > number


def test_an_erased_slip_does_not_come_back(kits: Kits) -> None:
    desk, field, trip, rid, _ = out(kits)
    slips._drop(reserve.open_desk(desk), rid)
    records.save(field, trip, "reservation", {"katagaki": "101号室"}, rid)
    sync(field, desk)
    assert reserve.open_desk(desk).db.all("SELECT 1 FROM record") == []


def test_an_older_city_that_was_set_back_tells_all_again(kits: Kits) -> None:
    desk, field, trip, rid, _ = out(kits)
    at_desk(desk, rid, phone=PHONE)
    sync(desk, field)
    with field.book.write() as conn:  # what fieldkit/restored.py does
        conn.execute("UPDATE trip SET cursor = 0")
    sync(field)
    assert cursor(field, trip) > 0 and records.get(trip, rid).base > 0


# -- kills ----------------------------------------------------------------------------------------
POINTS = ["pull.placed", "pull.listed", "pull.kept"]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_while_changes_are_placed(
    kits: Kits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The disk as it is at that moment, opened anew: the same changes come again, once."""
    desk, field, trip, rid, (_, two) = out(kits, 2)
    at_desk(desk, rid, phone=PHONE)
    records.remove(desk, reserve.open_desk(desk), two)
    sync(desk)
    there = tmp_path / "after"

    def die(name: str) -> None:
        if name == point:
            shutil.copytree(field.settings.data_dir, there)
            raise Killed

    with monkeypatch.context() as now:
        now.setattr(fail, "point", die)
        with pytest.raises(Killed):
            outbox.sync(field)
    opened = again(field, there)
    numbering.adopt_orphans(opened)
    sync(opened)
    trip = opened.trip(trip.id)
    assert records.get(trip, rid).get("phone") == PHONE
    assert len(reserve.slip(trip, rid).applicants) == 1
    assert reserve.reception_list(opened)[0]["planned"] == 1
    rows = opened.book.all("SELECT body FROM ledger")
    assert sum('"removed_elsewhere"' in row["body"] for row in rows) == 1
    moved = trip.db.all("SELECT 1 FROM moved WHERE record_id = ? AND name = 'phone'", rid)
    assert len(moved) == 1
    opened.close()


def test_every_fail_point_is_killed_at() -> None:
    root = Path(__file__).resolve().parents[2]
    source = (root / "fieldkit" / "pull.py").read_text(encoding="utf-8")
    assert re.findall(r'fail\.point\("([a-z_.]+)"\)', source) == POINTS
