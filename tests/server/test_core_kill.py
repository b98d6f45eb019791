"""The city's process is killed at each step, on PostgreSQL (on the embedded store the whole job is
killed in tests/flow/test_kill.py): the same request again ends well, and nothing is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.ids import new_id
from sync.server import store as t
from sync.server import verify_things
from tests import city_rows
from tests.needs import needs
from tests.server.door import Door, Killed
from tests.server.kit import JPEG, Laptop, Trip, make_city
from tests.server.postgres import Cluster

BATCH = ("server.ledger_before", "server.op_before", "server.op_after", "server.ops_receipt_before")
PART = ("server.part_before", "server.part_after")
PHOTO = ("server.photo_before", "server.photo_after", "server.photo_receipt_before",
         "server.photo_receipt_after")  # fmt: skip
TRIP = ("server.trip_before", "server.trip_after", "server.side_added")
END = ("server.end_before", "server.end_after", "server.end_side")
pytestmark = needs("postgresql")


@pytest.fixture
def folder(tmp_path: Path, cluster: Cluster) -> Path:
    return make_city(tmp_path / "city", cluster.new())


@pytest.mark.parametrize("fail", [*BATCH, *PART, *PHOTO, *TRIP, *END])
def test_the_same_again_ends_well(folder: Path, fail: str) -> None:
    with city_rows.opened(folder) as city:
        laptop = Laptop(city)
        other = laptop.take_trip() if fail not in TRIP else None
        request = new_id()
        laptop.door = Door(folder, fail)
        with pytest.raises(Killed):
            story(laptop, other, request)
        laptop.door = Door(folder)
        story(laptop, other, request)
        laptop.door.close()
        trips = list(city_rows.trips(city).values())
        assert [trip.state for trip in trips] == ["ended"]
        assert [row.n for row in city_rows.rows(city, t.op)] == [1]
        (photo,) = city_rows.rows(city, t.photo)
        assert city_rows.jpeg(city, photo.id) == JPEG
        assert city_rows.rows(city, t.part) == []
        kinds = [row.kind for row in city_rows.rows(city, t.receipt)]
        assert sorted(kinds) == ["ops", "photo", "trip_end"]
        assert verify_things.look(city, folder).wrong == []
    # Of a trip that a kill cut off the book may keep a line; of one that ended it keeps no key.
    with city_rows.opened(folder) as city:
        kept = {line.id for line in city.side.lines() if line.kind == "T"}
        assert trips[0].id not in kept and len(kept) <= 1


def story(laptop: Laptop, trip: Trip | None, request: str) -> None:
    """A save, a photo in two parts, the end: each said again in the same words."""
    trip = trip or laptop.take_trip(request=request)
    if not hasattr(laptop, "said"):
        laptop.row()
        laptop.said = trip.save(n=1), trip.photo()  # type: ignore[attr-defined]
    op, photo = laptop.said  # type: ignore[attr-defined]
    told = laptop.batch([op], [photo.declared])
    assert laptop.read(told["receipt"])["items"][0]["answer"] != "refused"
    start = told["photos"][0].get("offset")
    if start == 0:
        start = laptop.put(photo, 0, 9_000)["offset"]
    if start is not None:
        assert "receipt" in laptop.put(photo, start)
    assert trip.end()["kind"] == "trip_end"
