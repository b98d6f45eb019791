"""A kill at every named place while several whole photos travel in one request; then what is left
goes in parts. The whole job (tests/flow/test_kill.py) sends one photo, so it passes no parcel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import tripend
from sync import wire
from sync.fail import EXIT_CODE
from sync.server import store as t
from tests import city_rows
from tests.conftest import start_city
from tests.faults.day import Look, Truth, look, new_laptop, unlocked
from tests.faults.procs import SYNC
from tests.flow.test_kill import ROOT, free_port, serving

PARCELS = "sync.pace.FEW, sync.pace.NEAR, sync.pace.MOMENT = 1, 10.0, 60.0\n"
PARTS = "sync.pace.NEAR = 0.0\n"
ROAD = "import sync.pace\nsync.pace.pause = lambda failures, dice: 0.02\n"
PICTURES = 5
"""The first one goes alone, the others then together: what is passed a second time is a parcel."""
KIT = ["sync.photo_declared", "sync.part:2", "sync.photo_answered:2", "sync.photo_answered:5",
       "sync.photo_receipted", "erase.file:3"]  # fmt: skip
CITY = ["server.blob_written:2", "server.photo_before:2", "server.photo_after:2",
        "server.photo_receipt_before:2", "server.photo_receipt_after:2"]  # fmt: skip


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A city, and a laptop with five photos that wait, as a folder to copy."""
    folder = tmp_path_factory.mktemp("ready")
    city = start_city(folder / "city")
    laptop = new_laptop(folder / "kit", city)
    laptop.capture(pictures=PICTURES, saves=2)
    laptop.vault.close()
    city.engine.dispose()
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
    return folder, laptop.truth


@pytest.fixture
def place(ready: tuple[Path, Truth], tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(ready[0], tmp_path / "place")
    yield tmp_path / "place"


def send(place: Path, port: int, how: str, fail: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", ROAD + how + SYNC, str(place / "kit"), f"http://127.0.0.1:{port}"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    return done.returncode, done.stderr


def parcels(place: Path) -> list[int]:
    """How many photos each receipt of the city for photos names."""
    with city_rows.opened(place / "city") as city:
        chain = [wire.parse(row.body.encode()) for row in city_rows.rows(city, t.receipt)]
    return [len(one["items"]) for one in chain if one["kind"] == "photo"]


def all_there(place: Path, truth: Truth, port: int) -> None:
    with unlocked(place / "kit", f"http://127.0.0.1:{port}") as vault:
        tripend.run_owed(vault)  # what every login finishes
        assert look(vault, place / "city", truth, deep=True) == Look()
        assert {row["state"] for row in vault.book.all("SELECT state FROM photo")} == {"erased"}


def test_five_photos_make_one_alone_and_one_parcel(
    place: Path, ready: tuple[Path, Truth]
) -> None:
    port = free_port()
    with serving(place / "city", port):
        assert send(place, port, PARCELS) == (0, "")
        all_there(place, ready[1], port)
    assert parcels(place) == [1, PICTURES - 1]


@pytest.mark.parametrize("fail", KIT)
def test_the_laptop_is_killed(place: Path, ready: tuple[Path, Truth], fail: str) -> None:
    port = free_port()
    with serving(place / "city", port):
        code, said = send(place, port, PARCELS, fail)
        assert code == EXIT_CODE, f"not on the path: {said}"
        assert send(place, port, PARTS) == (0, "")
        all_there(place, ready[1], port)
    assert sum(parcels(place)) == PICTURES, "each photo is named once"


@pytest.mark.parametrize("fail", CITY)
def test_the_city_is_killed(place: Path, ready: tuple[Path, Truth], fail: str) -> None:
    port = free_port()
    with serving(place / "city", port, fail) as server:
        code, said = send(place, port, PARCELS)
        assert server.wait(30) == EXIT_CODE, "not on the path"
        assert code == 1 and "code no_server" in said, said
    with serving(place / "city", port):
        assert send(place, port, PARTS) == (0, "")
        all_there(place, ready[1], port)
    assert sum(parcels(place)) == PICTURES, "each photo is named once"
