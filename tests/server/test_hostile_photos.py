"""A stolen laptop and the photos: ids that are no ids, floods, oracles, parts out of place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import wire
from sync.ids import new_id
from sync.server import store as t
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.wire import b64, canonical
from tests import city_rows
from tests.server.kit import JPEG, Laptop, Photo


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


def put(laptop: Laptop, photo: str, data: bytes, start: Any, size: int | None = None) -> Any:
    """A part, signed over what its header says."""
    said = {"photo": photo, "start": int(start), "sha256": wire.sha256(data)}
    signature = wire.sign(laptop.signer, "part", canonical(said))
    head = {"KSP-Device": laptop.id, "KSP-Signature": signature, "Upload-Offset": str(start)}
    return Handler(laptop.store)("PUT", f"/ksp/v1/photos/{photo}", head, data)


def state(laptop: Laptop, told: Any) -> Any:
    """What the city says of one declared photo: its offset, or why not."""
    if "offset" in told:
        return told["offset"]
    (item,) = laptop.read(told["receipt"])["items"]
    return item["reason"] or item["answer"]


@pytest.mark.parametrize(
    "odd", ["../../server.key", "a", "A" * 36, "０" * 36, "a\u202eb", "-" * 36, "", ".."]
)
def test_what_is_no_id_is_no_photo(city: SqlStore, odd: str) -> None:
    trip = Laptop(city).take_trip()
    photo = trip.photo()
    save = trip.save()
    told = trip.laptop.batch([save], [{**photo.declared, "id": odd}])
    assert trip.laptop.read(told["receipt"])["items"][0]["answer"] == "taken"
    assert state(trip.laptop, told["photos"][0]) == "wrong_format"
    assert city_rows.rows(city, t.photo) == []
    if odd and "/" not in odd:
        assert put(trip.laptop, odd, photo.ph, 0) == (404, {"error": "unknown_photo"})


@pytest.mark.parametrize("seal", [b"", b"x", bytes(3_000_000), b"FKSE1" + bytes(79)])
def test_a_seal_has_its_length(city: SqlStore, seal: bytes) -> None:
    trip = Laptop(city).take_trip()
    told = trip.laptop.batch(photos=[{**trip.photo().declared, "seal": b64(seal)}])
    assert state(trip.laptop, told["photos"][0]) == "wrong_format"
    assert city_rows.rows(city, t.photo) == []


@pytest.mark.parametrize("size", [0, -1, 2**63, 10**30, True, "9", 9.0, None])
def test_a_size_is_a_whole_number(city: SqlStore, size: Any) -> None:
    """Whatever else it is: nothing is stored, and no later photo is in the way."""
    trip = Laptop(city).take_trip()
    photo = trip.photo()
    told = trip.laptop.batch(photos=[{**photo.declared, "size": size}])
    if isinstance(told, tuple):
        assert told == (400, {"error": "malformed"})
    else:
        assert state(trip.laptop, told["photos"][0]) == "too_large"
    assert city_rows.rows(city, t.photo) == []


def test_a_batch_declares_only_so_many(city: SqlStore) -> None:
    trip = Laptop(city).take_trip()
    one = trip.photo().declared
    many = [{**one, "id": new_id()} for _ in range(1001)]
    assert trip.laptop.batch(photos=many) == (400, {"error": "malformed"})
    assert city_rows.rows(city, t.photo) == []
    assert len(trip.laptop.batch(photos=many[:1000])["photos"]) == 1000


def test_a_digest_tells_nobody_that_a_photo_is_there(city: SqlStore) -> None:
    """The same bytes, digest and seal under another id are a photo of which nothing is here."""
    mine, thief = Laptop(city).take_trip(), Laptop(city).take_trip()
    there = mine.send_photo()
    claimed = {**there.declared, "id": new_id(), "trip": thief.id}
    fresh = {**thief.photo().declared}
    told = thief.laptop.batch(photos=[claimed, fresh])["photos"]
    assert [one["offset"] for one in told] == [0, 0]
    # and with the bytes themselves: sealed for another place, they prove nothing
    stolen = Photo(claimed["id"], thief.id, there.ph, there.seal)
    (item,) = thief.laptop.read(thief.laptop.put(stolen)["receipt"])["items"]
    assert (item["answer"], item["reason"]) == ("refused", "cannot_open")


def test_another_laptops_photo_is_not_touched(city: SqlStore) -> None:
    mine, thief = Laptop(city).take_trip(), Laptop(city).take_trip()
    photo = mine.photo()
    mine.laptop.batch(photos=[photo.declared])
    mine.laptop.put(photo, 0, 1000)
    assert put(thief.laptop, photo.id, b"x" * 10, 0) == (404, {"error": "unknown_photo"})
    told = thief.laptop.batch(photos=[{**photo.declared, "trip": thief.id}])
    assert state(thief.laptop, told["photos"][0]) == "other_content"
    said = canonical({"photos": [{"id": photo.id, "size": len(photo.ph),
                                  "sha256": photo.declared["sha256"]}]})  # fmt: skip
    head = {"KSP-Device": thief.laptop.id,
            "KSP-Signature": wire.sign(thief.laptop.signer, "photos", said)}  # fmt: skip
    whole = Handler(city)("PUT", "/ksp/v1/photos", head, said + b"\n" + photo.ph)
    assert whole == (404, {"error": "unknown_photo"})
    (item,) = mine.laptop.read(mine.laptop.put(photo, 1000)["receipt"])["items"]
    assert item["answer"] == "taken"


def test_parts_out_of_place_are_not_stored(city: SqlStore) -> None:
    trip = Laptop(city).take_trip()
    photo = trip.photo()
    trip.laptop.batch(photos=[photo.declared])
    size = len(photo.ph)
    for start, data in ((1, b"x"), (size, b"x"), (0, bytes(size + 1)), (10**18, b"x"), (0, b"")):
        assert put(trip.laptop, photo.id, data, start) == (200, {"offset": 0}), start
    for start in (-1, -(10**18)):
        assert put(trip.laptop, photo.id, b"x", start) == (400, {"error": "malformed"})
    assert city.blobs.have(photo.id) == 0 and city.blobs.get(photo.id) is None


@pytest.mark.parametrize("offset", ["", "x", "1e3", "9" * 5000, "0x1", "None", "1;2"])
def test_an_offset_is_a_number(city: SqlStore, offset: str) -> None:
    laptop = Laptop(city)
    head = {"KSP-Device": laptop.id, "KSP-Signature": "", "Upload-Offset": offset}
    told = Handler(city)("PUT", f"/ksp/v1/photos/{new_id()}", head, JPEG)
    assert told == (400, {"error": "malformed"})


def test_after_its_trip_a_photo_that_never_came_is_refused(city: SqlStore) -> None:
    trip = Laptop(city).take_trip()
    photo = trip.photo()
    trip.laptop.batch(photos=[photo.declared])
    trip.end()
    told = trip.laptop.batch(photos=[photo.declared])
    assert state(trip.laptop, told["photos"][0]) == "trip_ended"
    answer = trip.laptop.read(trip.laptop.put(photo)["receipt"])["items"][0]["answer"]
    assert answer == "refused" and city.blobs.get(photo.id) is None
