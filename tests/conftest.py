"""One city, two laptops, one cast: 佐藤 (operator), 鈴木 (supervisor), 田中 (field staff)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from fieldkit.city import enrol_device
from fieldkit.clock import JST
from fieldkit.settings import Argon2, Settings
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from fieldkit.store.vault import Vault
from sync.server import devices
from sync.server.__main__ import make_http
from sync.server.app import create_server
from sync.server.init import city_fingerprint, initialise
from sync.server.sqlstore import SqlStore, open_store

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=JST)
FAST = Argon2(memory_kib=64, iterations=1, lanes=1)
SATO = User("sato", "佐藤 花", "field")
SUZUKI = User("suzuki", "鈴木 一郎", "supervisor")
PASSPHRASE = "あおいうみのみえるまち汐見"


@dataclass
class CityServer:
    """A real city server in a thread, with its folder and its address."""

    folder: Path
    url: str
    store: SqlStore
    stop: object

    @property
    def engine(self) -> sa.Engine:
        return self.store.engine

    def code(self, profile: str = "field") -> str:
        return devices.new_code(self.store, profile)

    def fingerprint(self) -> str:
        return city_fingerprint(self.store)


def start_city(folder: Path, port: int = 0) -> CityServer:
    """Start (or restart) the server of `folder` on a free or a given port."""
    if not (folder / "server.key").exists():
        initialise(folder, "01999", "汐見市")
    server = make_http(create_server(folder), "127.0.0.1", port)
    server.expiration_interval = 0.05  # half a second is what every stop would wait
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    return CityServer(folder, url, open_store(folder), server.stop)


@pytest.fixture(scope="session")
def new_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city's folder in which nothing has happened yet, to be copied."""
    folder = tmp_path_factory.mktemp("new") / "city"
    initialise(folder, "01999", "汐見市")
    return folder


@pytest.fixture
def city(tmp_path: Path, new_city: Path) -> Iterator[CityServer]:
    shutil.copytree(new_city, tmp_path / "city")
    made = start_city(tmp_path / "city")
    yield made
    made.stop()  # type: ignore[operator]


@pytest.fixture
def settings(tmp_path: Path, city: CityServer) -> Settings:
    return Settings(
        data_dir=tmp_path / "kit", server_url=city.url, argon2=FAST, clock=lambda: NOW
    )


@pytest.fixture
def vault(settings: Settings, city: CityServer) -> Iterator[Vault]:
    """Laptop A of 佐藤, enrolled with the city."""
    opened, _ = opening.create(settings, SATO, PASSPHRASE)
    enrol_device(opened, city.url, city.code(), city.fingerprint(), "訪問用A")
    yield opened
    opened.close()
