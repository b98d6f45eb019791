"""The city's key changes while a bundle or a reply is on its way, or between two uses of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit import (
    anchor,
    carry_asks,
    carry_says,
    checkout,
    outbox,
    reserve,
    tripend,
)
from fieldkit.carry_enrol import enrol_by_file
from fieldkit.city import connect
from fieldkit.sending import Sending
from fieldkit.store import ledger, opening
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync.server import exports, keys
from sync.server.__main__ import main as city_command
from sync.verify_ledger import main as verify_ledger
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO
from tests.flow.job import settings_of
from tests.flow.test_one_visit import DAY, JPEG, take_reservation
from tests.usb.conftest import Trip


def rotate(trip: Trip) -> None:
    keys.rotate_key(trip.city.store, "test")


def pinned(vault: Vault) -> bytes:
    device = vault.device
    assert device is not None
    return bytes(device["city_public"])


def city_key(trip: Trip) -> bytes:
    with trip.city.store.read() as shelf:
        return shelf.city().sign_public


def all_verify(vault: Vault) -> bool:
    """Every kept receipt still proves what it says."""
    rows = vault.book.all("SELECT * FROM receipt")
    return bool(rows) and all(kept.verify(vault.book, row) for row in rows)


@pytest.mark.parametrize("times", [1, 2])
def test_a_bundle_of_before_is_answered_with_the_new_key(trip: Trip, times: int) -> None:
    waits = trip.waiting()
    carry_asks.for_list(trip.vault, DAY)
    trip.write()
    for _ in range(times):
        rotate(trip)
    trip.at_city()
    (read,) = trip.read()
    assert (read.code, read.proved, [told.good for told in read.told]) == ("", waits, [True])
    assert trip.photo_state() == "erased" and pinned(trip.vault) == city_key(trip)
    assert all_verify(trip.vault)
    outbox.sync(trip.vault)


def test_a_reply_of_before_is_good_while_the_laptop_has_not_heard(trip: Trip) -> None:
    waits, old = trip.waiting(), pinned(trip.vault)
    trip.write()
    trip.at_city()
    rotate(trip)
    (read,) = trip.read()
    assert (read.code, read.proved) == ("", waits)
    assert pinned(trip.vault) == old != city_key(trip)
    outbox.sync(trip.vault)
    assert pinned(trip.vault) == city_key(trip) and all_verify(trip.vault)


def test_a_reply_of_before_is_not_good_any_more_when_it_has(trip: Trip) -> None:
    """Somebody may have stolen the old key: its word lets nothing go. The city signs it anew."""
    with trip.vault.book.write() as conn:  # so that the line itself proves nothing
        conn.execute("UPDATE photo SET state = 'sealed'")
    outbox.sync(trip.vault)
    with trip.vault.book.write() as conn:
        conn.execute("UPDATE photo SET state = 'queued'")
    trip.write()
    trip.at_city()
    rotate(trip)
    client = connect(trip.vault)
    asked = client.batch(ledger=anchor.to_send(trip.vault))
    news = client.read_batch(client.road.send(*asked)).news
    assert news is not None and news.keys
    Sending(trip.vault).hear(news)
    (read,) = trip.read()
    assert read.code == "old_key" and "もう一度受け付け" in carry_says.reply_says(read.code)
    assert trip.photo_state() == "queued" and trip.photo_file().exists()
    trip.at_city()
    (read,) = trip.read()
    assert (read.code, read.proved) == ("", 1) and trip.photo_state() == "erased"
    assert city_rows.jpeg(trip.city.store, trip.photo) == JPEG


def test_over_the_line_nothing_stops_at_a_new_key(trip: Trip) -> None:
    """Asking for a key, a list, a trip, the end: also before the next sync tells of it."""
    outbox.sync(trip.vault)
    rotate(trip)
    client = connect(trip.vault)
    assert trip.vault.open_trip(trip.trip, client.fetch_secret(trip.trip))
    assert checkout.of_day(trip.vault, DAY) == []
    desk = reserve.open_desk(trip.vault)
    take_reservation(trip.vault)
    rotate(trip)
    made = checkout.check_out(trip.vault, desk, DAY)
    assert made.id in trip.vault.trips
    rotate(trip)
    tripend.end_trip(trip.vault, trip.trip, ("佐藤", "鈴木"))
    row = trip.vault.book.one("SELECT city_forgot FROM trip WHERE id = ?", trip.trip)
    assert row is not None and row["city_forgot"]
    outbox.sync(trip.vault)
    assert pinned(trip.vault) == city_key(trip) and all_verify(trip.vault)


def test_the_ledger_file_is_proved_by_the_keys_of_both_times(trip: Trip, tmp_path: Path) -> None:
    outbox.sync(trip.vault)
    first = pinned(trip.vault)
    rotate(trip)
    trip.vault.note("view", trip.trip)
    outbox.sync(trip.vault)
    second = pinned(trip.vault)
    path, theirs = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(ledger.export(trip.vault.book, trip.vault.device))
    with trip.city.store.read() as shelf:
        theirs.write_bytes(exports.ledger_file(shelf, "K01"))
    both = ["--city-public", first.hex(), "--city-public", second.hex()]
    assert verify_ledger([str(path), *both, "--receipts", str(theirs)]) == 0
    assert verify_ledger([str(path), *both[2:]]) == 1, "an older receipt needs the older key"


def test_an_enrolment_by_file_survives_a_new_key(trip: Trip, tmp_path: Path) -> None:
    stick = tmp_path / "other-stick"
    stick.mkdir()
    words = ["enrol", str(trip.city.folder), "--file", str(stick)]
    assert city_command(words) == 0
    made, _ = opening.create(settings_of(tmp_path / "other", ""), SATO, PASSPHRASE)
    enrol_by_file(made, stick, "訪問用B")
    rotate(trip)
    assert city_command(["import", str(trip.city.folder), str(stick)]) == 0
    done = enrol_by_file(made, stick, "訪問用B")
    assert done.device == "K02" and pinned(made) == city_key(trip)
    made.close()
