"""What a kill leaves beside the embedded store, and trips that a restored city never heard of."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sync.ids import new_id
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.blobs import FileBlobs
from sync.server.sidebook import TRIP
from tests import city_rows
from tests.server.kit import Laptop, make_city

HALF, WHOLE = b"half", b"whole"


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "photos").iterdir()}


def leave(folder: Path, name: str, age: float) -> Path:
    path = folder / "photos" / name
    path.write_bytes(HALF)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_what_a_dead_process_left_is_swept_when_import_starts(tmp_path: Path) -> None:
    folder = make_city(tmp_path / "city")
    done, coming, young = new_id(), new_id(), new_id()
    with city_rows.opened(folder) as city:
        city.blobs.put_all([(done, WHOLE), (young, WHOLE)])
    kept = {f"{done}.ph", f"{young}.ph", f"{coming}.part", f"{young}.part", f"{coming}.11.new"}
    leave(folder, f"{done}.part", 90)  # its photo is here whole
    leave(folder, f"{coming}.part", 9000)  # the rest of it is still to come
    leave(folder, f"{young}.part", 5)  # somebody may be at work
    leave(folder, f"{coming}.11.new", 5)
    leave(folder, f"{done}.22.new", 90)
    everything = files(folder)
    for words in (["keys", str(folder)], ["enrol", str(folder), "--list"]):
        assert main(words) == 0 and files(folder) == everything
    (tmp_path / "empty").mkdir()
    assert main(["import", str(folder), str(tmp_path / "empty")]) == 1
    assert files(folder) == kept
    assert FileBlobs(folder / "photos").sweep(older=0) == 2
    assert files(folder) == {f"{done}.ph", f"{young}.ph", f"{coming}.part"}


def test_a_photo_that_was_cut_off_goes_on_after_a_sweep(tmp_path: Path) -> None:
    with city_rows.opened(make_city(tmp_path / "city")) as city:
        laptop = Laptop(city)
        trip = laptop.take_trip()
        photo = trip.photo()
        laptop.batch([], [photo.declared])
        laptop.put(photo, 0, 9_000)
        assert isinstance(city.blobs, FileBlobs) and city.blobs.sweep(older=-1) == 0
        told = laptop.batch([], [photo.declared])
        assert told["photos"][0]["offset"] == 9_000
        # a kill between the whole bytes and their row, with the parts still there
        city.blobs.put_all([(photo.id, photo.ph)])
        assert city.blobs.sweep(older=-1) == 1
        told = laptop.batch([], [photo.declared])
        assert laptop.read(told["photos"][0]["receipt"])["items"][0]["answer"] == "taken"
        assert city_rows.jpeg(city, photo.id)


def test_the_end_of_a_trip_that_nobody_knows_is_no_debt(tmp_path: Path) -> None:
    with city_rows.opened(make_city(tmp_path / "city")) as city:
        laptop, other = Laptop(city), Laptop(city)
        trip, lost = laptop.take_trip(), new_id()
        city.side.add(TRIP, lost, {"request_id": "", "secret": "of a backup"})
        status, told = laptop.ask("trip-end", f"/trips/{lost}/end", {"trip": lost})
        assert status == 200
        value = laptop.read(told["receipt"])
        (line,) = value["items"]
        assert (value["kind"], line["id"], line["answer"], line["reason"]) == (
            "trip_end", lost, "already", "unknown_trip",
        )  # fmt: skip
        again = laptop.ask("trip-end", f"/trips/{lost}/end", {"trip": lost})
        assert again == (status, told)
        left = {(line.kind, line.id) for line in city.side.lines()}
        assert ("E", lost) in left and (TRIP, lost) not in left
        assert lost not in city_rows.trips(city)
        # another device's trip, and what is no id, stay refused
        for who in (trip.id, "..", "x" * 40):
            status, told = other.ask("trip-end", f"/trips/{who}/end", {"trip": who})
            assert (status, told) == (404, {"error": "unknown_trip"})
        assert city_rows.trips(city)[trip.id].secret
        assert [row.kind for row in city_rows.rows(city, t.receipt)] == ["trip_end"]
        assert city_rows.chain_problem(city) is None
