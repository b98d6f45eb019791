"""The city's rules on both databases: taken once, proved after the disk, one unbroken chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.ids import new_id
from sync.server import store as t
from sync.server.sqlstore import SqlStore, open_store
from tests import city_rows
from tests.server.kit import JPEG, PERSON, Laptop


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


@pytest.fixture
def laptop(city: SqlStore) -> Laptop:
    return Laptop(city)


def words(told: dict) -> list[str]:  # type: ignore[type-arg]
    return [item["answer"] for item in told["items"]]


def test_it_takes_a_batch_once(city: SqlStore, laptop: Laptop) -> None:
    trip, record = laptop.take_trip(), new_id()
    op = trip.save(record)
    first = laptop.send(op)
    assert laptop.send(op) == first
    assert words(first) == ["taken"]
    second = laptop.send(op, trip.save(record, base=1, notes=PERSON))
    assert words(second) == ["already", "taken"] and second["seq"] == first["seq"] + 1
    assert city_rows.bodies(city)[record] == {"address": PERSON, "notes": PERSON}
    assert [row.seq for row in city_rows.rows(city, t.op)] == [1, 2]
    assert city_rows.chain_problem(city) is None


def test_it_refuses_a_number_that_was_used(laptop: Laptop) -> None:
    trip = laptop.take_trip()
    laptop.send(trip.save())
    told = laptop.send(trip.save(n=1))
    assert [item["reason"] for item in told["items"]] == ["fork"]


def test_it_refuses_a_ledger_that_does_not_continue(city: SqlStore, laptop: Laptop) -> None:
    trip = laptop.take_trip()
    for _ in range(3):
        laptop.row()
    told = laptop.send(ledger=laptop.book())
    assert told["ledger"] == {"seq": 3, "hash": laptop.ledger[-1][1]}
    laptop.ledger.pop()
    laptop.row("other")
    told = laptop.send(trip.save(), ledger=laptop.book())
    assert (told["kind"], told["items"][0]["reason"]) == ("ledger", "ledger_fork")
    assert city_rows.rows(city, t.op) == [] and city_rows.refusals(city, laptop.id) == 1


def test_it_keeps_a_photo_whole_and_in_parts(city: SqlStore, laptop: Laptop) -> None:
    trip = laptop.take_trip()
    whole = trip.send_photo()
    assert city_rows.jpeg(city, whole.id) == JPEG
    other = trip.photo(JPEG + b"2")
    assert laptop.batch(photos=[other.declared])["photos"] == [{"id": other.id, "offset": 0}]
    assert laptop.put(other, 0, 9_000) == {"offset": 9_000}
    assert laptop.put(other, 12_000, 15_000) == {"offset": 9_000}
    assert laptop.put(other, 5_000, 12_000) == {"offset": 12_000}
    again = laptop.batch(photos=[other.declared], ledger={"seq": 0, "hash": ""})
    assert again["photos"] == [{"id": other.id, "offset": 12_000}]
    told = laptop.read(laptop.put(other, 12_000)["receipt"])
    assert words(told) == ["taken"]
    assert city_rows.jpeg(city, other.id) == JPEG + b"2"
    assert laptop.put(other)["receipt"] == laptop.put(other, 3)["receipt"]
    assert city.blobs.have(other.id) == 0


def test_it_drops_parts_that_are_not_what_was_declared(city: SqlStore, laptop: Laptop) -> None:
    photo = laptop.take_trip().photo()
    laptop.batch(photos=[photo.declared])
    right, photo.ph = photo.ph, photo.ph[:-1] + bytes([photo.ph[-1] ^ 1])
    assert laptop.put(photo) == {"offset": 0}
    photo.ph = right
    assert words(laptop.read(laptop.put(photo)["receipt"])) == ["taken"]


def test_a_trip_is_the_same_again_and_ends_for_good(city: SqlStore, laptop: Laptop) -> None:
    record, request = new_id(), new_id()
    first = laptop.take_trip(request=request)
    laptop.send(first.save(record))
    again = laptop.take_trip(request=request)
    assert (again.id, again.secret) == (first.id, first.secret)
    kept = first.send_photo()
    assert [line.kind for line in city.side.lines()] == ["D", "T"]
    size = city.side.path.stat().st_size
    told = first.end()
    assert [line.kind for line in city.side.lines()] == ["D", "E"]
    data = city.side.path.read_bytes()
    assert len(data) == size and data.splitlines()[1].split() == [b"E", first.id.encode()]
    assert first.end() == told and told["kind"] == "trip_end"
    row = city_rows.trips(city)[first.id]
    assert (row.state, row.secret, row.seal_private) == ("ended", None, b"")
    assert city_rows.jpeg(city, kept.id) == JPEG
    assert laptop.ask("trip-secret", f"/trips/{first.id}/secret", {"trip": first.id})[0] == 410
    other = laptop.take_trip(record)
    assert [one["body"] for one in other.records] == [{"address": PERSON}]


def test_a_code_enrols_once(city: SqlStore, laptop: Laptop) -> None:
    other = Laptop(city)
    assert (laptop.id, other.id) == ("K01", "K02")
    rows = city_rows.rows(city, t.enrolment)
    assert sorted(row.device for row in rows) == ["K01", "K02"]


def test_nothing_of_a_person_lies_in_the_tables(city: SqlStore, laptop: Laptop) -> None:
    trip = laptop.take_trip()
    laptop.send(trip.save(address=PERSON), facts=[{"id": new_id(), "body": '{"count":1}'}])
    other = Laptop(city, profile="office").take_trip(kind="office")
    record = city_rows.rows(city, t.record)[0].id
    other.laptop.send(other.save(record, address="別の住所"))
    assert len(city_rows.rows(city, t.clash)) == 1
    trip.send_photo()
    for table in t.metadata.sorted_tables:
        for row in city_rows.rows(city, table):
            told = b"|".join(
                bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode() for v in row
            )
            for secret in (PERSON, "別の住所", "face" * 10, trip.secret):
                assert secret.encode() not in told, table.name


def test_what_not_every_database_holds_stops_nobody_else(city: SqlStore, laptop: Laptop) -> None:
    """PostgreSQL knows no NUL in a text and no long text in an index: both are refused on each."""
    trip = laptop.take_trip()
    odd = [trip.save(address="a\0b"), trip.save(parent="a\0b"), trip.save(record="a" * 5_000)]
    told = laptop.send(*odd, trip.save(notes="\\u0000"))
    assert words(told) == ["refused"] * 3 + ["taken"]
    assert {item["reason"] for item in told["items"][:3]} == {"wrong_format"}
    assert laptop.batch([trip.save(op_id="a" * 5_000)]) == (400, {"error": "malformed"})
    fact = {"id": new_id(), "body": "{}"}
    assert words(laptop.send(facts=[fact, fact])) == ["taken"]
