"""A visit that waits on the laptop, a stick, and a city whose line the test can cut.

No HTTP: the road calls the city's handler, so that these tests are about the stick alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import fieldkit.city
from fieldkit import carry, outbox
from fieldkit.carry_reply import Taken, take_replies
from fieldkit.city import enrol_device
from fieldkit.store import numbering, opening
from fieldkit.store.vault import Vault
from sync.road import Answer, NoAnswer
from sync.server import folder
from sync.server import stick as at_desk
from sync.server.handle import Handler
from sync.server.init import initialise
from sync.server.sqlstore import open_store
from tests.conftest import PASSPHRASE, SATO, CityServer
from tests.flow.job import settings_of
from tests.flow.test_one_visit import make_visit


@dataclass
class Trip:
    """One visit whose saves and photo wait here, and the stick that will carry them."""

    vault: Vault
    city: CityServer
    stick: Path
    photo: str
    trip: str

    def write(self) -> carry.Carried:
        return carry.export(self.vault, self.stick, "USB-03")

    def at_city(self, where: Path | None = None) -> list[at_desk.Taken]:
        store = self.city.store
        home = self.city.folder
        return list(folder.import_folder(store, Handler(store), where or self.stick, home))

    def read(self) -> list[Taken]:
        return take_replies(self.vault, self.stick)

    def city_seq(self) -> int:
        with self.city.store.read() as shelf:
            return shelf.last_receipt()[0]

    def waiting(self) -> int:
        return outbox.waiting(self.vault)["waiting"]

    def photo_state(self) -> str:
        row = self.vault.book.one("SELECT state FROM photo WHERE id = ?", self.photo)
        assert row is not None
        return str(row["state"])

    def photo_file(self) -> Path:
        return self.vault.trip_folder(self.trip) / f"{self.photo}.ph"


@dataclass
class Line:
    """The road that the kit opens: to the handler while `up`, to nobody else."""

    handler: Handler
    up: bool = True

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if not self.up:
            raise NoAnswer(path, brief=True)
        return Answer(*self.handler(method, path, headers, body))

    def close(self) -> None:
        return


def city_in(place: Path) -> CityServer:
    """A city's store without a server."""
    if not (place / "server.key").exists():
        initialise(place, "01999", "汐見市")
    return CityServer(place, "https://city.invalid", open_store(place), None)


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A visit that waits on a laptop, and its city, as a folder to copy."""
    place = tmp_path_factory.mktemp("ready")
    city = city_in(place / "city")
    road = Line(Handler(city.store))
    with pytest.MonkeyPatch.context() as now:
        now.setattr(fieldkit.city, "HttpRoad", lambda *_: road)
        vault, _ = opening.create(settings_of(place / "kit", city.url), SATO, PASSPHRASE)
        enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
        trip_id, _, photo_id = make_visit(vault)
        vault.close()
    city.store.close()
    (place / "stick").mkdir()
    (place / "ids").write_text(f"{trip_id} {photo_id}", encoding="ascii")
    return place


@pytest.fixture
def place(ready: Path, tmp_path: Path) -> Path:
    shutil.copytree(ready, tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def city(place: Path) -> Iterator[CityServer]:
    made = city_in(place / "city")
    yield made
    made.store.close()


@pytest.fixture(autouse=True)
def line(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Line | None:
    """For every test that has a city."""
    if "city" not in request.fixturenames:
        return None
    made = Line(Handler(request.getfixturevalue("city").store))
    monkeypatch.setattr(fieldkit.city, "HttpRoad", lambda *_: made)
    return made


@pytest.fixture
def trip(place: Path, city: CityServer) -> Iterator[Trip]:
    vault = opening.unlock(settings_of(place / "kit", city.url), SATO.id, PASSPHRASE)
    numbering.adopt_orphans(vault)  # as a login does
    trip_id, photo_id = (place / "ids").read_text(encoding="ascii").split()
    yield Trip(vault, city, place / "stick", photo_id, trip_id)
    vault.close()
