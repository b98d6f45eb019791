"""News come in pieces, and each piece brings the next one: nothing stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import packet, wire
from sync.ids import new_id
from sync.server import news
from sync.server.sqlstore import SqlStore
from sync.wire import unb64
from tests import city_rows
from tests.server.kit import Laptop, make_city


@pytest.fixture
def city(tmp_path: Path) -> Iterator[SqlStore]:
    with city_rows.opened(make_city(tmp_path / "city")) as made:
        yield made


def heard(laptop: Laptop, cursors: dict[str, int]) -> dict[str, Any]:
    """What an answer brings for each trip; the cursors move on as a laptop's do."""
    told = laptop.batch(v=2, pull=dict(cursors), epoch=1)
    body = wire.parse(told["news"]["body"].encode())
    found = {}
    for trip, one in body["trips"].items():
        about = f"{trip}|{one['cursor']}"
        sealed = unb64(one["sealed"])
        found[trip] = packet.open_answer(laptop.seal_private, laptop.id, about, sealed)
        assert one["cursor"] > cursors[trip], "or it would be asked for ever"
        cursors[trip] = one["cursor"]
    return found


def test_what_others_say_is_heard_behind_much_of_ones_own(
    city: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is full of the laptop's own changes moves its cursor too."""
    monkeypatch.setattr(news, "BYTES", 1000)
    mine, theirs = Laptop(city, profile="office"), Laptop(city, profile="office")
    trip, other = mine.take_trip(kind="office"), theirs.take_trip(kind="office")
    ids = [new_id() for _ in range(8)]
    for one in ids:
        mine.send(trip.save(one))
    theirs.send(other.save(ids[-1], base=8, notes="電話あり"))
    cursors, said, more = {trip.id: 0}, [], True
    while more:
        words = heard(mine, cursors).get(trip.id, {"records": [], "more": False})
        said += words["records"]
        more = words["more"]
    assert [one["id"] for one in said] == [ids[-1]]


def test_a_laptop_with_many_trips_hears_of_each(
    city: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer holds the news of so many trips; those that have none take no place in it."""
    monkeypatch.setattr(news, "TRIPS", 2)
    mine, theirs = Laptop(city), Laptop(city, profile="office")
    office = theirs.take_trip(kind="office")
    desk = mine.take_trip(kind="desk")
    ids = [new_id() for _ in range(5)]
    for one in ids:
        mine.send(desk.save(one))
    trips = [mine.take_trip(one, kind="field") for one in ids]
    cursors = {trip.id: 5 for trip in trips}
    theirs.send(*(office.save(one, base=5, notes="電話あり") for one in ids))
    found: dict[str, Any] = {}
    for _ in range(3):
        told = heard(mine, cursors)
        assert len(told) <= 2
        found |= told
    assert set(found) == {trip.id for trip in trips}
