"""A clock that moves, and a visit that is done up to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fieldkit.city import enrol_device
from fieldkit.settings import Settings
from fieldkit.store import opening
from fieldkit.store.vault import Vault
from tests.conftest import NOW, PASSPHRASE, SATO, CityServer


class Watch:
    """The time of the test; `move` lets it pass."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> str:
        self.now += timedelta(**by)
        return self.now.isoformat(timespec="seconds")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def vault(settings: Settings, city: CityServer, watch: Watch) -> Iterator[Vault]:
    """Laptop A of 佐藤, with the clock of this test."""
    opened, _ = opening.create(replace(settings, clock=watch), SATO, PASSPHRASE)
    enrol_device(opened, city.url, city.code(), city.fingerprint(), "訪問用A")
    yield opened
    opened.close()
