"""Several whole photos in one request, on both databases: one receipt for all of them, no photo
twice, also where the city dies in the middle and the laptop goes on in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync import wire
from sync.server import store as t
from sync.server import verify_things
from sync.server.sqlstore import SqlStore
from tests import city_rows
from tests.server.door import Door, Killed
from tests.server.kit import JPEG, Laptop, Photo

KILLS = ("server.photo_before", "server.photo_after", "server.photo_receipt_before",
         "server.photo_receipt_after")  # fmt: skip


def pictures(laptop: Laptop, count: int = 3) -> list[Photo]:
    trip = laptop.take_trip()
    made = [trip.photo(JPEG + b"%d" % number) for number in range(count)]
    told = laptop.batch(photos=[one.declared for one in made])
    assert [one["offset"] for one in told["photos"]] == [0] * count
    return made


def all_there(city: SqlStore, folder: Path, made: list[Photo], receipts: int) -> None:
    rows = {row.id: row for row in city_rows.rows(city, t.photo)}
    assert {one.id: rows[one.id].state for one in made} == {one.id: "stored" for one in made}
    for number, one in enumerate(made):
        assert city_rows.jpeg(city, one.id) == JPEG + b"%d" % number
    assert city_rows.rows(city, t.part) == []
    kinds = [row.kind for row in city_rows.rows(city, t.receipt)]
    assert kinds.count("photo") == receipts
    assert verify_things.look(city, folder).wrong == []


def test_one_receipt_names_all_of_them(place: Path) -> None:
    with city_rows.opened(place) as city:
        laptop = Laptop(city)
        made = pictures(laptop)
        told = laptop.put_whole(*made)
        value = laptop.read(told["receipt"])
        assert told["photos"] == []
        assert [one["id"] for one in value["items"]] == [one.id for one in made]
        assert {one["answer"] for one in value["items"]} == {"taken"}
        again = laptop.put_whole(*made)
        assert [one["receipt"] for one in again["photos"]] == [told["receipt"]] * 3
        all_there(city, place, made, 1)


def test_one_that_came_damaged_begins_anew_and_the_others_count(place: Path) -> None:
    with city_rows.opened(place) as city:
        laptop = Laptop(city)
        made = pictures(laptop)
        bent = Photo(made[1].id, made[1].trip, b"x" * len(made[1].ph), made[1].seal)
        told = laptop.put_whole(made[0], bent, made[2])
        assert told["photos"] == [{"id": bent.id, "offset": 0}]
        value = laptop.read(told["receipt"])
        assert [one["id"] for one in value["items"]] == [made[0].id, made[2].id]
        assert laptop.put(made[1], 0, 9_000) == {"offset": 9_000}
        assert "receipt" in laptop.put(made[1], 9_000)
        all_there(city, place, made, 2)


@pytest.mark.parametrize("parts", [False, True], ids=["together again", "then in parts"])
@pytest.mark.parametrize("fail", KILLS)
def test_a_kill_in_the_middle_of_a_parcel(place: Path, fail: str, parts: bool) -> None:
    with city_rows.opened(place) as city:
        laptop = Laptop(city)
        made = pictures(laptop)
        laptop.door = Door(place, fail)
        with pytest.raises(Killed):
            laptop.put_whole(*made)
        laptop.door = Door(place)
        if parts:
            for one in made:
                told = laptop.put(one, 0, 9_000)
                assert "receipt" in told or "receipt" in laptop.put(one, told["offset"])
        else:
            told = laptop.put_whole(*made)
            assert "receipt" in told or all("receipt" in one for one in told["photos"])
        laptop.door.close()
        chain = [wire.parse(row.body.encode()) for row in city_rows.rows(city, t.receipt)]
        named = [i["id"] for one in chain if one["kind"] == "photo" for i in one["items"]]
        assert sorted(named) == sorted(one.id for one in made)
        all_there(city, place, made, 3 if parts and fail != KILLS[-1] else 1)
