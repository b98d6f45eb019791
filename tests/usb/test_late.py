"""What a stick brings that is late: an ended trip, a long ledger, a city that was set back."""

from __future__ import annotations

from fieldkit import carry, outbox, reserve, restored, tripend
from fieldkit.store import ledger
from fieldkit.store import receipts as kept
from sync import wire
from sync.statements import read_epochs
from sync.verify_ledger import GENESIS
from sync.wire import LEDGER_ROWS
from tests import city_rows
from tests.flow.test_one_visit import DAY
from tests.usb.conftest import Line, Trip


def test_the_city_forgets_an_ended_trip_by_usb(trip: Trip, line: Line) -> None:
    trip.write()
    trip.at_city()
    trip.read()
    reserve.open_desk(trip.vault)
    line.up = False
    tripend.end_trip(trip.vault, trip.trip, ("佐藤", "鈴木"))
    row = trip.vault.book.one("SELECT state, city_forgot FROM trip WHERE id = ?", trip.trip)
    assert row is not None and (row["state"], row["city_forgot"]) == ("wiped", None)
    trip.write()
    trip.at_city()
    assert city_rows.trips(trip.city.store)[trip.trip].secret is None
    assert [r.code for r in trip.read()] == ["", ""]
    row = trip.vault.book.one("SELECT city_forgot FROM trip WHERE id = ?", trip.trip)
    assert row is not None and row["city_forgot"]
    dates = [r["erased_on"] for r in reserve.reception_list(trip.vault)]
    assert dates == [DAY] or dates == [None]  # None while a container of the desk still waits


def test_a_ledger_longer_than_one_batch_arrives_whole(trip: Trip) -> None:
    with trip.vault.book.write():
        for _ in range(2 * LEDGER_ROWS + 50):
            trip.vault.note("view", trip.trip)
    head = ledger.head(trip.vault.book)
    trip.write()
    assert [t.refused for t in trip.at_city()] == [0]
    assert trip.read()[0].refused == []
    assert kept.city(trip.vault.book)["ledger"]["seq"] >= head["seq"]
    outbox.sync(trip.vault)


def test_receipts_that_a_restored_city_lost_prove_nothing(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    trip.at_city()
    with trip.city.store.read() as shelf:
        city = shelf.city()
    body = wire.canonical(
        {"v": 2, "city": city.code, "epoch": city.epoch + 1, "from_seq": 0,
         "from_digest": GENESIS, "at": "2026-07-02T00:00:00+00:00"}
    )  # fmt: skip
    key = wire.signing_private(city.sign_private)
    said = [{"body": body.decode(), "signature": wire.sign(key, "epoch", body)}]
    restored.accept(trip.vault, read_epochs([city.sign_public], city.code, said))
    (read,) = trip.read()
    assert (read.code, read.proved) == ("", 0)
    assert trip.waiting() >= waits and trip.photo_state() == "queued"
    assert trip.photo_file().exists()


def test_facts_go_along_and_are_settled(trip: Trip) -> None:
    def open_facts() -> int:
        row = trip.vault.book.one("SELECT count(*) AS n FROM fact WHERE receipt IS NULL")
        assert row is not None
        return int(row["n"])

    assert open_facts()
    trip.write()
    assert open_facts()
    trip.at_city()
    trip.read()
    assert open_facts() == 0


def test_a_row_that_was_only_begun_still_knows_its_reply(trip: Trip) -> None:
    """A kill between the name on the stick and the row that says so."""
    waits = trip.waiting()
    trip.write()
    with trip.vault.book.write() as conn:
        conn.execute("UPDATE bundle SET state = 'begun'")
    trip.at_city()
    assert trip.read()[0].proved == waits
    assert carry.log(trip.vault)[0]["state"] == "answered"
