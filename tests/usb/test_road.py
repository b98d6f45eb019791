"""The whole road: laptop, stick, city, stick, laptop; and everything that comes twice or late."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldkit import carry, outbox
from fieldkit.carry_reply import take_replies
from fieldkit.errors import KitError
from fieldkit.store import ledger
from tests import city_rows
from tests.flow.test_one_visit import JPEG, NAME, every_byte
from tests.usb.conftest import Line, Trip


def test_a_visit_goes_by_usb_and_is_erased_only_after_the_reply(trip: Trip, line: Line) -> None:
    line.up = False
    waits = trip.waiting()
    assert waits > 1
    done = trip.write()
    assert (done.no, done.items, done.damaged) == (1, waits, 0)
    assert trip.waiting() == waits and trip.photo_state() == "queued"
    taken = trip.at_city()
    assert [(t.code, t.refused, t.damaged, t.held) for t in taken] == [("", 0, (), ())]
    assert city_rows.jpeg(trip.city.store, trip.photo) == JPEG
    assert trip.waiting() == waits and trip.photo_file().exists()
    read = trip.read()
    assert [(r.code, r.no, r.proved, r.again, r.refused) for r in read] == [("", 1, waits, 0, [])]
    assert trip.waiting() == 0
    assert trip.photo_state() == "erased" and not trip.photo_file().exists()
    row = carry.log(trip.vault)[0]
    assert (row["medium"], row["made_by"], row["state"]) == ("USB-03", "sato", "answered")
    assert row["reply_at"] and row["bytes"] == done.size and row["items"] == waits
    line.up = True
    outbox.sync(trip.vault)  # the line agrees with all of it
    assert ledger.check(trip.vault.book) is None


def test_nothing_on_the_stick_names_anybody(trip: Trip) -> None:
    trip.write()
    trip.at_city()
    assert {p.name for p in trip.stick.iterdir()} == {
        "KSP-01999-K01-1.kspb",
        "KSP-01999-K01-1.kspr",
    }
    data = every_byte(trip.stick)
    for secret in (NAME, "花園", "渡邉", "sato", "佐藤", "汐見", trip.photo, trip.trip):
        assert secret.encode() not in data
    for told in (b"face-bytes-face", b"/ksp/v1", b"receipt", b"sha256"):
        assert told not in data
    logged = (trip.city.folder / "usb.jsonl").read_text(encoding="utf-8")
    assert NAME not in logged and trip.photo not in logged


def test_a_copy_again_and_a_reply_again_change_nothing(trip: Trip) -> None:
    trip.write()
    shutil.copy(trip.stick / "KSP-01999-K01-1.kspb", trip.stick / "KSP-01999-K01-1 (1).kspb")
    assert [t.answered for t in trip.at_city()] == [t.answered for t in trip.at_city()]
    trip.read()
    receipts = trip.vault.book.all("SELECT digest FROM receipt ORDER BY seq")
    city_seq = trip.city_seq()
    trip.at_city()
    again = trip.read()
    assert [(r.code, r.proved) for r in again] == [("", 0)]
    assert trip.vault.book.all("SELECT digest FROM receipt ORDER BY seq") == receipts
    assert trip.city_seq() == city_seq


def test_two_bundles_in_either_order_and_the_line_in_between(trip: Trip, tmp_path: Path) -> None:
    trip.write()
    old = tmp_path / "old"
    shutil.copytree(trip.stick, old)
    (trip.stick / "KSP-01999-K01-1.kspb").unlink()
    second = trip.write()
    assert second.no == 2 and second.items == trip.waiting()
    assert [t.refused for t in trip.at_city()] == [0]
    bodies = city_rows.bodies(trip.city.store)
    assert [t.refused for t in trip.at_city(old)] == [0]
    assert city_rows.bodies(trip.city.store) == bodies
    assert [r.proved for r in take_replies(trip.vault, old)] == [
        int(carry.log(trip.vault)[-1]["items"])
    ]
    outbox.sync(trip.vault)
    assert [(r.code, r.proved) for r in trip.read()] == [("", 0)]  # older than the line's receipts
    outbox.sync(trip.vault)
    assert trip.waiting() == 0 and trip.photo_state() == "erased"


def test_a_damaged_photo_part_keeps_that_photo_and_no_other_thing(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    path = trip.stick / "KSP-01999-K01-1.kspb"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # the photo is most of the file
    path.write_bytes(data)
    taken = trip.at_city()[0]
    assert len(taken.damaged) == 1 and taken.held == ()
    read = trip.read()[0]
    assert (read.proved, read.again) == (waits - 1, 1)
    assert trip.photo_state() == "queued" and trip.photo_file().exists()
    assert trip.write().items == 1
    trip.at_city()
    assert [r.proved for r in trip.read()] == [0, 1]
    assert trip.photo_state() == "erased"


def test_a_stick_cut_anywhere_loses_nothing(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    path = trip.stick / "KSP-01999-K01-1.kspb"
    whole = path.read_bytes()
    for share in (0, 1, 60, 1000, len(whole) // 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:share])
        taken = trip.at_city()[0]
        if taken.code:
            assert taken.code in ("wrong_format", "cannot_open") and taken.answered == 0
        else:
            trip.read()
        assert trip.waiting() <= waits
        assert trip.photo_file().exists() == (trip.photo_state() == "queued")
    path.write_bytes(whole)
    trip.at_city()
    trip.read()
    assert trip.waiting() == 0


def test_a_city_that_knows_no_seal_key_is_a_sentence(trip: Trip) -> None:
    with trip.vault.book.write() as conn:
        conn.execute("UPDATE device SET city_seal = x''")
    with pytest.raises(KitError) as caught:
        trip.write()
    assert caught.value.code == "no_city_seal" and list(trip.stick.iterdir()) == []
    outbox.sync(trip.vault)
    assert trip.write().no == 1
