"""Who may have what: a trip holds what was checked out, and nothing else comes down."""

from __future__ import annotations

import pytest

from fieldkit import checkout, reserve, tripend, visit
from fieldkit.city import connect
from fieldkit.errors import KitError
from fieldkit.store import records
from sync.client import Refused
from sync.ids import new_id
from sync.server import devices, news
from tests.conftest import CityServer
from tests.pull.cast import CLERK, DAY, FIELD, Line, book, cursor, news_of, sync
from tests.pull.conftest import Kits


def test_a_field_laptop_without_a_desk_takes_out_what_a_desk_took(kits: Kits) -> None:
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, (aid,) = book(desk)
    other, _ = book(desk, visit_date="2026-07-16")
    sync(desk)
    told = checkout.of_day(field, DAY)
    assert [(one["id"], one["label"], one["people"], one["out_by"]) for one in told] == [
        (rid, "K01-1", 1, [])
    ]
    assert "吉田" not in str(told) and "花園1丁目" not in str(told)
    trip = checkout.check_out(field, None, DAY, [rid])
    assert reserve.desk_row(field) is None
    slip = reserve.slip(trip, rid)
    assert slip.reservation.get("reception_no") == "K01-1"
    assert [one.id for one in slip.applicants] == [aid]
    row = reserve.reception_list(field)[0]
    assert (row["number"], row["state"], row["planned"]) == ("K01-1", "shared", 1)
    sync(field, desk)
    container = reserve.open_desk(desk)
    assert records.get(container, rid).get("state") == "shared"
    assert records.get(container, rid).device == "K02"
    assert reserve.reception_list(desk)[0]["state"] == "shared"
    assert checkout.of_day(field, DAY) == []
    # the own numbers of the field laptop begin at 1 all the same
    own, _ = book(field, order=2)
    assert [r["number"] for r in reserve.reception_list(field)] == [1, "K01-1"]
    assert records.get(reserve.open_desk(field), own).get("reception_no") == 1
    assert other not in {one["id"] for one in checkout.of_day(field, DAY)}


def test_the_end_of_a_trip_with_foreign_slips_gives_their_dates(kits: Kits) -> None:
    desk, field = kits("desk", CLERK), kits("field", FIELD)
    rid, (aid,) = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    applicant = reserve.slip(trip, rid).applicants[0]
    visit.set_aside(field, trip, applicant, "declined", "")
    visit.close_visit(field, trip, rid)
    sync(field)
    tripend.end_trip(field, trip.id, ("佐藤", "鈴木"))
    row = reserve.reception_list(field)[0]
    assert row["erased_on"] == "2026-07-01" and row["number"] == "K01-1"
    sync(desk)
    assert records.get(reserve.open_desk(desk), rid).get("state") == "visited"
    assert reserve.reception_list(desk)[0]["state"] == "visited"


def refusal(act: object) -> str:
    with pytest.raises(Refused) as caught:
        act()  # type: ignore[operator]
    return caught.value.code


def test_what_is_refused(kits: Kits, city: CityServer) -> None:
    desk, field, second = kits("desk", CLERK), kits("field"), kits("field")
    rid, _ = book(desk)
    later, _ = book(desk, visit_date="2026-07-16")
    sync(desk)
    one, two = connect(field), connect(second)
    assert refusal(lambda: one.make_trip(new_id(), "field", DAY, [later])) == "out_of_scope"
    assert refusal(lambda: one.make_trip(new_id(), "field", DAY, [new_id()])) == "out_of_scope"
    assert refusal(lambda: one.make_trip(new_id(), "office", DAY, [])) == "out_of_scope"
    assert refusal(lambda: one.make_trip(new_id(), "other", DAY, [])) == "malformed"
    mine = connect(desk)
    assert refusal(lambda: mine.make_trip(new_id(), "field", DAY, [rid])) == "out_of_scope"
    made = one.make_trip(new_id(), "field", DAY, [rid])
    assert {r["id"] for r in made.records} >= {rid} and later not in {r["id"] for r in made.records}
    assert one.make_trip(new_id(), "field", DAY, [rid]).id != made.id  # cut off, asked anew
    assert refusal(lambda: two.make_trip(new_id(), "field", DAY, [rid])) == "already_out"
    assert checkout.of_day(second, DAY)[0]["out_by"] == ["K02"]
    with pytest.raises(KitError, match="ほかの端末"):
        checkout.check_out(second, None, DAY, [rid])
    shared = checkout.check_out(second, None, DAY, [rid], share=True)
    assert reserve.slip(shared, rid).reservation.id == rid
    devices.revoke(city.store, "K02")
    devices.revoke(city.store, "K03")
    third = kits("field")
    assert connect(third).make_trip(new_id(), "field", DAY, [rid]).records  # lost laptops hold none


def test_nothing_is_heard_of_other_peoples_visits(kits: Kits, line: Line) -> None:
    desk, field = kits("desk", CLERK), kits("field")
    mine, _ = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [mine])
    sync(field, desk)
    other, (person,) = book(desk, order=2)
    sync(desk, field)
    assert news_of(line, field) == {}
    records.save(desk, reserve.open_desk(desk), "reservation", {"notes": "呼び鈴"}, mine)
    sync(desk, field)
    told = news_of(line, field)
    assert list(told) == [trip.id]
    assert [one["id"] for one in told[trip.id]["records"]] == [mine]
    before = cursor(field, trip)
    sync(field)
    assert news_of(line, field) == {} and cursor(field, trip) == before
    # what was answered at the visit does not go to the desk
    visit.save_application(
        field, trip, reserve.slip(trip, mine).applicants[0], {"answers": {"tel": "1"}}
    )
    sync(field, desk)
    assert not reserve.open_desk(desk).db.all("SELECT 1 FROM record WHERE kind = 'application'")


def test_an_office_hears_all_by_and_by(
    kits: Kits, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "ROWS", 3)
    desk, office = kits("desk", CLERK), kits("office")
    ids = {book(desk, order=n)[0] for n in range(1, 6)}
    sync(desk)
    made = connect(office).make_trip(new_id(), "office", DAY, [])
    assert made.records == []
    trip = office.add_trip(made.id, "office", made.day, made.public, made.secret)
    sync(office)
    assert {r.id for r in records.find(trip, "reservation")} == ids
    assert len(records.find(trip, "applicant")) == 5


def test_a_trip_of_another_device_tells_nothing(kits: Kits, line: Line) -> None:
    desk, field, thief = kits("desk", CLERK), kits("field"), kits("field")
    rid, _ = book(desk)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    client = connect(thief)
    request = client.batch(ledger={"seq": 0, "hash": "0" * 64, "rows": []}, pull={trip.id: 0})
    client.road.send(*request)
    assert line.last is not None and trip.id not in str(line.last["news"])
