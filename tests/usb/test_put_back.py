"""A city whose older folder was put back by hand, and a laptop that it meets by USB memory only."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import restored
from fieldkit.store import ledger
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from tests.usb.conftest import Line, Trip, city_in


@pytest.fixture
def back(trip: Trip, place: Path, line: Line) -> Iterator[Trip]:
    """The same laptop; the city's folder as it is now, before anything came."""
    line.up = False
    shutil.copytree(place / "city", place / "old")
    made = city_in(place / "old")
    yield replace(trip, city=made)
    made.store.close()


def settled(trip: Trip) -> bool:
    return (trip.waiting(), trip.photo_state()) == (0, "erased") and not restored.lost(trip.vault)


def epoch(vault: Vault) -> int:
    return int(kept.city(vault.book)["epoch"])


def test_a_bundle_shows_what_the_city_lost(trip: Trip, back: Trip) -> None:
    """No question can be asked on a stick: the signed words go along at once."""
    trip.write()
    trip.at_city()
    trip.read()
    assert settled(trip)
    time.sleep(1.1)  # in the same second it would sign the very same receipts
    back.write()
    assert [one.refused for one in back.at_city()] == [0, 0]
    back.read()
    assert epoch(back.vault) == 2
    assert "photo" in {one["what"] for one in restored.lost(back.vault)}
    for _ in range(2):
        back.write()
        back.at_city()
        back.read()
    assert back.waiting() == 0 and ledger.check(back.vault.book) is None


def test_the_same_stick_again_and_nothing_is_lost(trip: Trip, back: Trip) -> None:
    """The officials take the old stick in once more: what was erased here is there again."""
    trip.write()
    trip.at_city()
    trip.read()
    assert settled(trip)
    time.sleep(1.1)  # in the same second it would sign the very same receipts
    back.at_city()
    back.write()
    back.at_city()
    for _ in range(2):
        back.read()
    assert epoch(back.vault) == 2
    assert back.photo_state() == "erased" and restored.lost(back.vault) == []
    for _ in range(2):
        back.write()
        back.at_city()
        back.read()
    assert settled(back)


def test_a_reply_of_the_lost_days_is_read_late(trip: Trip, back: Trip) -> None:
    """It lay on the stick while the older folder was put back, and its receipts name bytes that
    the city does not have."""
    trip.write()
    trip.at_city()
    (reply,) = trip.stick.glob("*.kspr")
    reply.rename(reply.with_name("aside"))
    time.sleep(1.1)
    back.write()
    back.at_city()
    reply.with_name("aside").rename(reply)
    for _ in range(3):
        back.read()
        back.write()
        back.at_city()
    back.read()
    assert settled(back) and epoch(back.vault) == 2
    with back.city.store.read() as shelf:
        assert shelf.photos([back.photo])[back.photo].state == "stored"
