"""A visit of another kit as its desk sees it: until it is over, and when its slip is gone."""

from __future__ import annotations

from typing import Any

from fieldkit import checkout, deletion, outbox, reserve, tripend, visit
from fieldkit.store import ledger
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import BOSS, DAY, FIELD, book, sync
from tests.pull.conftest import Kits

TODAY = "2026-07-01"
LATER = "2026-07-16"
NAME = "𠮷田 髙子"
WITNESSES = ("佐藤", "鈴木")


def visited(field: Vault, trip: OpenTrip) -> None:
    """Everybody of a trip declines, the visits are closed and sent."""
    for slip in reserve.slips(trip):
        for person in slip.applicants:
            visit.set_aside(field, trip, person, "declined", "")
        visit.close_visit(field, trip, slip.reservation.id)
    sync(field)


def over(kits: Kits) -> tuple[Vault, Vault, str, str]:
    """A visit of a field laptop whose trip has ended, and one that is still to come, both of one
    desk that has not heard of it: (desk, field, the reservation that is over, the other one)."""
    desk, field = kits("desk", BOSS), kits("field", FIELD)
    rid, _ = book(desk, 2)
    stays, _ = book(desk, order=2, visit_date=LATER)
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    visited(field, trip)
    sync(desk)
    tripend.end_trip(field, trip.id, WITNESSES)
    return desk, field, rid, stays


def row(vault: Vault, rid: str) -> dict[str, Any]:
    return next(r for r in reserve.reception_list(vault) if r["reservation_id"] == rid)


def here(vault: Vault) -> set[str]:
    """The reservations whose slips are in the desk's container."""
    return {slip.reservation.id for slip in reserve.slips(reserve.open_desk(vault))}


def hear(vault: Vault) -> None:
    """What the screen 送信 does."""
    outbox.sync(vault)
    tripend.tell_city(vault)


def erased(desk: Vault, city: CityServer, rid: str, stays: str) -> None:
    """The slip is gone for good, its container too, and the list says when; the other one lives."""
    assert here(desk) == {stays}
    gone = row(desk, rid)
    assert (gone["state"], gone["shared_on"], gone["visited_on"]) == ("visited", TODAY, TODAY)
    assert (gone["number"], gone["erased_on"]) == (1, TODAY)
    assert row(desk, stays)["erased_on"] is None
    assert tripend.owed(desk) == [] and ledger.check(desk.book) is None
    found = reserve.open_desk(desk).db
    for table in ("record", "draft", "moved", "clash", "twin"):
        text = [tuple(r) for r in found.all(f"SELECT * FROM {table}")]
        assert rid not in str(text), table
    states = [r["state"] for r in desk.book.all("SELECT state FROM trip WHERE kind = 'desk'")]
    assert states.count("out") == 1 and set(states) == {"out", "wiped"}
    kept = [r for r in city_rows.trips(city.store).values() if r.kind == "desk" and r.secret]
    assert [r.id for r in kept] == [reserve.open_desk(desk).id]
    record = deletion.record_of_reservation(desk, rid)
    assert record.state == "proved" and record.crypto_at and record.logical_at and record.things
    assert deletion.record_of_reservation(desk, stays).state == "open"
    assert city_rows.bodies(city.store)[rid]["closed"] == TODAY
