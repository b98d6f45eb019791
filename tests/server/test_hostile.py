"""A stolen laptop with valid keys: it asks for, writes to and claims what is not its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import wire
from sync.ids import child_id, new_id
from sync.server import citysave, closing, news, retakes
from sync.server import store as t
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.wire import canonical
from tests import city_rows
from tests.server.kit import DAY, Laptop, Trip


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


def why(told: dict[str, Any]) -> list[str]:
    return [item["reason"] or item["answer"] for item in told["items"]]


def slip(city: SqlStore) -> tuple[Trip, str, str]:
    """Another desk's reservation of the day with its person."""
    desk = Laptop(city, profile="desk").take_trip(kind="desk")
    home, person = new_id(), new_id()
    desk.laptop.send(
        desk.save(home, visit_date=DAY, state="booked", notes="呼び鈴"),
        desk.save(person, "applicant", parent=home, name="渡邉 葛"),
    )
    return desk, home, person


# -- trips ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("profile", ["desk", "field", "booth"])
def test_a_desk_that_names_foreign_records_does_not_hold_them(
    city: SqlStore, profile: str
) -> None:
    _, home, person = slip(city)
    before = city_rows.bodies(city)
    thief = Laptop(city, profile=profile)
    asked = {"request_id": new_id(), "kind": "desk", "day": DAY, "reservations": [home, person]}
    status, told = thief.ask("trip-request", "/trips", asked)
    if status == 200:
        trip = Trip(thief, wire.parse(told["trip"].encode()))
        thief.send(trip.save(home, base=1, notes="x"), trip.save(person, "applicant", name="x"))
    assert city_rows.bodies(city) == before
    assert (status, told) == (403, {"error": "out_of_scope"})


def test_a_trip_names_only_so_many_reservations(city: SqlStore) -> None:
    thief = Laptop(city)
    many = [f"{n:036d}" for n in range(40_000)]
    asked = {"request_id": new_id(), "kind": "field", "day": DAY, "reservations": many}
    assert thief.ask("trip-request", "/trips", asked) == (400, {"error": "malformed"})
    assert city_rows.rows(city, t.trip) == []


def test_a_device_has_the_trips_of_its_profile_only(city: SqlStore) -> None:
    for profile, kinds in (("desk", ("field", "booth", "office")), ("field", ("office",)),
                           ("booth", ("office",))):  # fmt: skip
        laptop = Laptop(city, profile=profile)
        for kind in kinds:
            asked = {"request_id": new_id(), "kind": kind, "day": DAY, "reservations": []}
            told = laptop.ask("trip-request", "/trips", {**asked, "profile": "office"})
            assert told == (403, {"error": "out_of_scope"}), (profile, kind)


def test_another_devices_trip_is_unknown(city: SqlStore) -> None:
    mine = Laptop(city).take_trip()
    thief = Laptop(city)
    for act in ("secret", "end"):
        told = thief.ask(f"trip-{act}", f"/trips/{mine.id}/{act}", {"trip": mine.id})
        assert told == (404, {"error": "unknown_trip"})
    save, photo = mine.save(), mine.photo()
    told = thief.batch([save], [photo.declared])
    assert why(thief.read(told["receipt"])) == ["unknown_trip"]
    assert why(thief.read(told["photos"][0]["receipt"])) == ["unknown_trip"]
    assert city_rows.rows(city, t.op) == [] == city_rows.rows(city, t.photo)
    assert mine.laptop.send(save)["items"][0]["answer"] == "taken"


# -- saves ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("last", ["", "own"])
def test_a_record_has_one_parent(city: SqlStore, last: str) -> None:
    """Two saves of one batch that name two parents: the first one would make it."""
    _, home, _ = slip(city)
    thief = Laptop(city).take_trip()
    person, own = new_id(), new_id()
    ops = [
        thief.save(own, visit_date=DAY),
        thief.save(person, "applicant", parent=home, name="偽 者"),
        thief.save(person, "applicant", parent=own if last else "", kana="ニセモノ"),
    ]
    for batch in (ops, [thief.save(person, "applicant", kana="ニセモノ"), ops[1]]):
        thief.laptop.send(*batch)
        found = [row.id for row in city_rows.rows(city, t.record) if row.parent == home]
        assert person not in found


def test_an_honest_record_may_name_its_parent_once(city: SqlStore) -> None:
    mine = Laptop(city).take_trip()
    home, person = new_id(), new_id()
    told = mine.laptop.send(
        mine.save(home, visit_date=DAY),
        mine.save(person, "applicant", parent=home, name="a"),
        mine.save(person, "applicant", kana="b"),
    )
    assert why(told) == ["taken"] * 3


def test_what_the_author_says_to_have_seen_is_not_the_future(city: SqlStore) -> None:
    """A `base` above everything would overwrite unseen words without a clash."""
    desk, home, _ = slip(city)
    thief = Laptop(city).take_trip(home)
    before = city_rows.bodies(city)
    odd = [thief.save(home, base=base, address="x") for base in (2**62, 10**30, -1, 3)]
    assert why(thief.laptop.send(*odd)) == ["wrong_format"] * 4
    assert city_rows.bodies(city) == before
    assert why(thief.laptop.send(thief.save(home, base=2, caution="犬"))) == ["taken"]
    assert desk.id


@pytest.mark.parametrize("entity", ["retake", "applicant"])
def test_a_task_of_the_city_is_changed_by_nobody(city: SqlStore, entity: str) -> None:
    desk = Laptop(city, profile="desk").take_trip(kind="desk")
    task = new_id()
    with city.write() as shelf:
        citysave.make(shelf, task, retakes.KIND, "", {"state": "open"}, "suzuki")
        shelf.conn.execute(t.record.update().values(owner=desk.laptop.id))
    told = desk.laptop.send(
        desk.save(task, entity, base=1, state="done"), desk.save(new_id(), "retake", state="open")
    )
    assert why(told) == ["out_of_scope"] * 2
    assert city_rows.bodies(city) == {task: {"state": "open"}}


@pytest.mark.parametrize(
    ("entity", "said"),
    [("reservation", {closing.FIELD: DAY}), ("application", {"jlis": {"state": "accepted"}})],
)
def test_what_the_city_alone_says_is_said_by_nobody(
    city: SqlStore, entity: str, said: dict[str, Any]
) -> None:
    """`closed` makes a desk erase its slip; `jlis` says that a photo needs no second visit."""
    for profile in ("field", "office"):
        trip = Laptop(city, profile=profile).take_trip(kind=profile)
        one = new_id()
        told = trip.laptop.send(trip.save(one, entity, notes="a"), trip.save(one, entity, **said))
        assert why(told) == ["taken", "out_of_scope"]
        assert city_rows.bodies(city)[one] == {"notes": "a"}
        assert why(trip.laptop.send(trip.save(new_id(), entity, **said))) == ["out_of_scope"]


def test_a_returned_photo_is_not_settled_by_another_laptop(city: SqlStore) -> None:
    """A made-up visit of its own that names the application whose photo came back."""
    desk, home, person = slip(city)
    field, photo = Laptop(city).take_trip(home), new_id()
    done = child_id(person, "application")
    field.laptop.send(
        field.save(done, "application", parent=person, state="confirmed", photo_id=photo)
    )
    with city.write() as shelf:
        jlis = {"state": retakes.RETURNED, "photo": photo, "reason": "x", "on": DAY}
        citysave.save(shelf, done, {"jlis": jlis}, "suzuki")
        row = {"photo": photo, "application": done, "batch": "b", "state": retakes.RETURNED}
        shelf.conn.execute(t.handover.insert().values(**row, sha256="", at=DAY))
        retakes.settle(shelf, done, "b", "suzuki")

    def visit(trip: Trip, state: str) -> None:
        slip_id, who = new_id(), new_id()
        trip.laptop.send(
            trip.save(slip_id, state="booked", visit_date=DAY),
            trip.save(who, "applicant", parent=slip_id, retake_of=done),
            trip.save(new_id(), "application", parent=who, state=state),
        )
        news.horizon(city)

    def task() -> str:
        return str(city_rows.bodies(city)[child_id(f"{photo}|b", retakes.KIND)].get("state"))

    visit(Laptop(city).take_trip(), "confirmed")
    assert (task(), city_rows.bodies(city)[done]["jlis"]["state"]) == ("open", "returned")
    visit(desk, "doing")
    assert task() == "booked"


def test_another_laptops_save_and_number_stay_its_own(city: SqlStore) -> None:
    mine, thief = Laptop(city).take_trip(), Laptop(city).take_trip()
    op = mine.save()
    mine.laptop.send(op)
    told = thief.laptop.send(
        thief.save(op_id=op["op_id"]), thief.save(n=2**62), thief.save(n=5), thief.save(n=5)
    )
    assert why(told) == ["other_content", "taken", "taken", "fork"]
    assert mine.laptop.send(op, mine.save())["items"][1]["answer"] == "taken"


# -- facts ----------------------------------------------------------------------------------------
def test_a_fact_counts_once_and_its_first_word_stays(city: SqlStore) -> None:
    mine, thief = Laptop(city), Laptop(city)
    one = {"id": new_id(), "body": '{"n":1}'}
    mine.send(facts=[one])
    thief.send(facts=[{**one, "body": '{"n":99}'}])
    (row,) = city_rows.rows(city, t.fact)
    assert (row.device, row.body) == (mine.id, '{"n":1}')


# -- what makes a server stumble ------------------------------------------------------------------
def test_odd_numbers_of_a_batch_get_an_answer(city: SqlStore) -> None:
    trip = Laptop(city).take_trip()
    for cursor in (-(10**30), -1, 10**30, True, "1", None, 1.5):
        told = trip.laptop.batch([trip.save()], v=2, pull={trip.id: cursor}, epoch=1)
        assert isinstance(told, dict) and "news" in told, cursor
    for epoch in (-(10**30), 10**30, "1", None, [1]):
        assert "receipt" in trip.laptop.batch([], v=2, epoch=epoch, settings={"a": []})


def test_a_head_is_no_place_to_keep_things(city: SqlStore) -> None:
    laptop = Laptop(city)
    for odd in ("a" * 100_000, {"a": 1}, None, 7):
        told = laptop.batch(ledger={"seq": 1, "hash": odd})
        assert told == (400, {"error": "malformed"}), str(odd)[:10]


def test_a_nul_in_a_name_is_no_fault_of_the_city(city: SqlStore) -> None:
    laptop = Laptop(city)
    door = Handler(city)
    assert door("POST", "/ksp/v1/ops", {"KSP-Device": "K\0"}, b"{}")[0] == 401
    said = canonical({"photo": "a\0b", "start": 0, "sha256": wire.sha256(b"x")})
    told = {"KSP-Device": laptop.id, "KSP-Signature": wire.sign(laptop.signer, "part", said),
            "Upload-Offset": "0"}  # fmt: skip
    assert door("PUT", "/ksp/v1/photos/a\0b", told, b"x") == (404, {"error": "unknown_path"})
