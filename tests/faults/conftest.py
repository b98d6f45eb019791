"""What the cells of the fault matrix share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CityServer, start_city
from tests.faults.day import Laptop, new_laptop
from tests.faults.line import Line
from tests.faults.matrix import Cell


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cell(no, fault, where): the row of MATRIX.md of this test")


@pytest.fixture
def cell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cell:
    mark = request.node.get_closest_marker("cell")
    assert mark is not None
    return Cell(*mark.args, tmp_path_factory.getbasetemp() / "matrix")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two tries cost no time here; that there are some: tests/sync/test_pace.py."""
    monkeypatch.setattr("sync.pace.pause", lambda failures, dice: 0.001)


@pytest.fixture
def city(tmp_path: Path, new_city: Path) -> Iterator[CityServer]:
    shutil.copytree(new_city, tmp_path / "city")
    made = start_city(tmp_path / "city")
    yield made
    made.engine.dispose()
    made.stop()  # type: ignore[operator]


@pytest.fixture
def line(city: CityServer) -> Iterator[Line]:
    """A line that can be spoiled, between the laptop and the city."""
    made = Line(int(city.url.rpartition(":")[2]))
    yield made
    made.close()
    assert made.errors == []


@pytest.fixture
def laptop(tmp_path: Path, city: CityServer, line: Line, quick: None) -> Iterator[Laptop]:
    """A laptop whose line to the city is `line`."""
    made = new_laptop(tmp_path / "kit", city, line.url)
    yield made
    made.vault.close()
