"""What a person at the city's desk reads of a bundle: the count that the laptop told as well."""

from __future__ import annotations

import pytest

from sync.server.folder_cli import says
from tests.usb.conftest import Trip


def test_both_ends_count_the_same(trip: Trip, capsys: pytest.CaptureFixture[str]) -> None:
    done = trip.write()
    (taken,) = trip.at_city()
    assert done.items == trip.waiting() == taken.items > 1
    assert f"保存と写真{done.items}件を受け付けました" in says(taken)
    (again,) = trip.at_city()  # a copy, or the same stick once more
    assert again.items == taken.items and again.code == ""
    (read,) = trip.read()
    assert read.proved == done.items and trip.waiting() == 0


def test_a_bundle_without_saves_is_no_count(trip: Trip) -> None:
    trip.write()
    trip.at_city()
    trip.read()
    for file in trip.stick.iterdir():
        file.unlink()
    assert trip.write().items == 0
    (taken,) = trip.at_city()
    assert taken.items == 0 and "番、受け付けました。返事を書きました。" in says(taken)
