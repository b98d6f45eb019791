"""Somebody at the city's machine without `server.key`: what he reads, what he changes, who notices.

On PostgreSQL he may write to every table; with the embedded store he has its file, which says
nothing, and the files beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sync.ids import is_id
from sync.server import devices, keyfile, verify_things
from sync.server import store as t
from sync.server.sqlstore import SqlStore, open_store
from tests import city_rows
from tests.server.kit import PERSON, Laptop, Trip

FACE = b"face" * 10


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


@pytest.fixture
def out(city: SqlStore) -> Trip:
    """A trip with a slip and a photo; another laptop, which was stopped."""
    trip = Laptop(city).take_trip()
    trip.laptop.send(trip.save(address=PERSON))
    trip.send_photo()
    devices.revoke(city, Laptop(city).id)
    return trip


def test_no_file_tells_a_person_or_a_secret(place: Path, city: SqlStore, out: Trip) -> None:
    secrets = [PERSON.encode(), FACE, out.secret.encode(), out.laptop.city_public]
    files = [p for p in place.rglob("*") if p.is_file() and p.name != keyfile.KEY]
    assert len(files) >= 2
    for path in files:
        data = path.read_bytes()
        assert not [s for s in secrets[:3] if s in data], path.name
        assert is_id(path.stem.split(".")[0]) or path.parent == place, path.name
    text = (place / keyfile.SIDE).read_text(encoding="ascii")
    assert {line.split()[0] for line in text.splitlines()} <= set("TEDRKP")


def change(table: sa.Table, **values: Any) -> Callable[[SqlStore, Trip], None]:
    """One value of the first row that the laptop has there."""

    def act(city: SqlStore, out: Trip) -> None:
        own = table.c.id == (out.laptop.id if table is t.device else out.id)
        with city.engine.begin() as conn:
            conn.execute(table.update().where(own).values(**values))

    return act


def revive(city: SqlStore, out: Trip) -> None:
    with city.engine.begin() as conn:
        conn.execute(t.device.update().values(status="active"))


def line(city: SqlStore, how: Callable[[str], str]) -> None:
    """Every line of the side book that speaks of a trip, as `how` makes it."""
    lines = city.side.path.read_text(encoding="ascii").splitlines()
    made = [how(one) if one.startswith("T ") else one for one in lines]
    city.side.path.write_text("".join(f"{one}\n" for one in made), encoding="ascii")


FORGED: dict[str, tuple[Callable[[SqlStore, Trip], None], str]] = {
    "a key of his own": (change(t.device, sign_public=bytes(32)), "鍵か役目"),
    "answers to himself": (change(t.device, seal_public=b"\2" * 32), "鍵か役目"),
    "an office": (change(t.device, profile="office"), "鍵か役目"),
    "a stopped one lives": (revive, "停止したはず"),
    "another holder": (change(t.trip, device="K02"), "端末か中身"),
    "another kind": (change(t.trip, kind="office"), "端末か中身"),
    "more records": (change(t.trip, records=json.dumps(["a"])), "端末か中身"),
    "a trip that never ended": (
        lambda city, out: line(city, lambda one: f"E {one.split()[1]}".ljust(len(one))),
        "鍵が消されています",
    ),
    "a line of his own": (
        lambda city, out: line(city, lambda one: one[:-8] + "AAAAAAA="), "読めない行",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(FORGED))
def test_verify_notices(place: Path, city: SqlStore, out: Trip, what: str) -> None:
    act, says = FORGED[what]
    assert verify_things.look(city, place).wrong == []
    act(city, out)
    wrong = verify_things.look(city, place).wrong
    assert any(says in one for one in wrong), wrong


def test_a_device_that_the_book_does_not_know_is_told(
    place: Path, city: SqlStore, out: Trip
) -> None:
    row = dict(city_rows.rows(city, t.device)[0]._mapping)
    with city.engine.begin() as conn:
        conn.execute(t.device.insert().values(**{**row, "id": "K09", "sign_public": bytes(32)}))
    found = verify_things.look(city, place)
    assert "控え帳にない端末が 1 台あります。" in found.notes


def test_a_line_of_an_act_that_never_was_is_no_fault(place: Path, city: SqlStore) -> None:
    """A kill between line and commit: the same number goes to the next laptop."""
    city.side.add("D", "K01", {"name": "x", "profile": "desk", "sign": "", "seal": "", "at": ""})
    Laptop(city).take_trip()
    assert verify_things.look(city, place).wrong == []
