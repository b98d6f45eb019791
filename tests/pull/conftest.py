"""One city; laptops are made by the tests: `kits(profile, user)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fieldkit.city
from fieldkit.store.keyslots import User
from fieldkit.store.vault import Vault
from sync.server.handle import Handler
from sync.server.init import initialise
from sync.server.sqlstore import open_store
from tests.conftest import CityServer
from tests.pull.cast import BOSS, Line, laptop

Kits = Callable[..., Vault]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[CityServer]:
    place = tmp_path / "city"
    initialise(place, "01999", "汐見市")
    made = CityServer(place, "https://city.invalid", open_store(place), None)
    yield made
    made.store.close()


@pytest.fixture(autouse=True)
def line(city: CityServer, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(Handler(city.store))
    monkeypatch.setattr(fieldkit.city, "HttpRoad", lambda *_: made)
    return made


@pytest.fixture
def kits(tmp_path: Path, city: CityServer) -> Iterator[Kits]:
    made: list[Vault] = []

    def make(profile: str = "field", user: User = BOSS) -> Vault:
        made.append(laptop(tmp_path / f"kit{len(made) + 1}", city, profile, user))
        return made[-1]

    yield make
    for vault in made:
        vault.close()
