"""Enrolment and revocation against somebody who holds keys or codes of before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync import wire
from sync.ids import new_id
from sync.server import devices
from sync.server import store as t
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.wire import b64, canonical
from tests import city_rows
from tests.server.kit import DAY, Laptop


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


# -- enrolment ------------------------------------------------------------------------------------
def enrol(city: SqlStore, sign: bytes, seal: bytes) -> tuple[int, dict[str, Any]]:
    asked = {"code": devices.new_code(city), "name": "B"}
    keys = {"sign_public": b64(sign), "seal_public": b64(seal)}
    return Handler(city)("POST", "/ksp/v1/enrol", {}, canonical(asked | keys))


def test_nobody_enrols_with_anothers_key(city: SqlStore) -> None:
    """What that one signed would be answered to whoever holds the second seal key."""
    laptop = Laptop(city)
    _, seal = wire.new_sealing_key()
    assert enrol(city, laptop.sign_public, seal) == (403, {"error": "bad_code"})
    assert len(city_rows.rows(city, t.device)) == 1


@pytest.mark.parametrize("odd", [bytes(32), b"\1" + bytes(31)])
def test_a_key_to_which_nothing_can_be_sealed_enrols_nobody(city: SqlStore, odd: bytes) -> None:
    _, sign = wire.new_signing_key()
    assert enrol(city, sign, odd) == (400, {"error": "malformed"})
    assert city_rows.rows(city, t.device) == []


# -- a revoked one --------------------------------------------------------------------------------
def test_a_stopped_office_hears_no_news_of_the_others(city: SqlStore) -> None:
    office = Laptop(city, profile="office")
    first = office.batch([], v=2)
    assert "kits" in wire.parse(first["news"]["body"].encode())
    devices.revoke(city, office.id)
    again = office.batch([], v=2)
    assert again["receipt"] == first["receipt"]
    assert "kits" not in wire.parse(again["news"]["body"].encode())


@pytest.mark.parametrize("road", ["trips", "secret", "end", "days", "settings"])
def test_a_stopped_device_hears_nothing_on_any_road(city: SqlStore, road: str) -> None:
    trip = Laptop(city).take_trip()
    devices.revoke(city, trip.laptop.id)
    asked: dict[str, tuple[str, str, Any]] = {
        "trips": ("trip-request", "/trips",
                  {"request_id": new_id(), "kind": "field", "day": DAY, "reservations": []}),
        "secret": ("trip-secret", f"/trips/{trip.id}/secret", {"trip": trip.id}),
        "end": ("trip-end", f"/trips/{trip.id}/end", {"trip": trip.id}),
        "days": ("day-list", "/days", {"day": DAY}),
        "settings": ("settings-request", "/settings", {"digest": "", "start": 0}),
    }  # fmt: skip
    assert trip.laptop.ask(*asked[road]) == (403, {"error": "revoked"})
    assert city_rows.rows(city, t.packet) == [], "nothing but saves and photos is kept"
