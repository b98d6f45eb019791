"""A disk that is really full, on either side, with both sides as processes of their own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import city_rows
from tests.conftest import CityServer, start_city
from tests.erase.mounts import run_quietly
from tests.faults.day import Laptop, Truth, look, new_laptop, unlocked
from tests.faults.line import Line
from tests.faults.matrix import Cell
from tests.faults.procs import serving, sync_process
from tests.flow.test_faults import fill

STEP = 24 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk)
    if not run_quietly(*mount):
        pytest.skip("NOT TESTED: may not mount a small disk here (needs root on Linux)")
    yield disk
    run_quietly("umount", "-l", disk)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[tuple[Laptop, Path]]:
    """A laptop, and the folder of its city, which is not served yet."""
    city = start_city(tmp_path / "city")
    laptop = new_laptop(tmp_path / "kit", city)
    city.engine.dispose()
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
    yield laptop, city.folder
    laptop.vault.close()


@pytest.mark.cell("031", "full disk", "the city (a disk of 16 MB, full at 24 places)")
@pytest.mark.usefixtures("quick")
def test_of_the_city(cell: Cell, away: tuple[Laptop, Path], small_disk: Path) -> None:
    laptop, folder = away
    there = small_disk / "city"
    shutil.move(folder, there)
    refused = 0
    with serving(there) as (url, _), city_rows.opened(there) as store:
        laptop.vault.settings = replace(laptop.vault.settings, server_url=url)
        for number in range(24):
            laptop.capture(pictures=2, saves=2, size=60_000)
            filler = fill(small_disk, number * STEP // 2)
            said = laptop.sync()
            now = look(laptop.vault, store, laptop.truth)
            cell.saw(now, number)
            assert said in ("", "no_server") and (now.waiting > 0) == bool(said), (number, said)
            refused += bool(said)
            filler.unlink()
            assert laptop.go_on() == "", number
            cell.ended(look(laptop.vault, store, laptop.truth), number)
            left = {file.suffix for file in (there / "photos").iterdir()}
            assert left <= {".ph"}, f"{left} stay on the disk"
        cell.saw(look(laptop.vault, store, laptop.truth, deep=True))
    assert 4 <= refused < 24, "the table must have both: full and not full"
    said = cell.quotes(laptop.heard, "no_server")
    cell.write(f"{said}, and waits; when there is room, nothing waits")


@pytest.mark.cell("032", "full disk", "the laptop (a disk of 16 MB, full at 24 places)")
def test_of_the_laptop(
    cell: Cell, city: CityServer, line: Line, small_disk: Path, tmp_path: Path, quick: None
) -> None:
    """Every third sync is a process of its own, which is switched on with the disk full."""
    laptop = new_laptop(small_disk / "kit", city, line.url)
    said: list[str] = []
    for number in range(24):
        laptop.capture(pictures=2, saves=2, size=60_000)
        filler = fill(small_disk, number * STEP // 8)
        if number % 3:
            said.append(laptop.sync())
            cell.saw(look(laptop.vault, city.store, laptop.truth), number)
        else:
            said.append(sync_process(small_disk / "kit", line.url))
        assert said[-1] in ("", "disk_full"), (number, said)
        filler.unlink()
        assert laptop.go_on() == "", number
        cell.ended(look(laptop.vault, city.store, laptop.truth), number)
    laptop.truth.write(tmp_path / "truth")
    laptop.vault.close()
    with unlocked(small_disk / "kit", line.url) as vault:
        cell.saw(look(vault, city.store, Truth.read(tmp_path / "truth"), deep=True))
    assert 4 <= sum(map(bool, said)) < 24, f"the table must have both: {said}"
    words = cell.quotes(laptop.heard, "disk_full")
    cell.write(f"{words}, and waits; when there is room, nothing waits")
