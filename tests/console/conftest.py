"""The city of 汐見市 for every test, its supervisor, and a browser without scripts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.server.app import app_over
from sync.server.sqlstore import SqlStore, open_store
from tests.console.cast import PASSWORD, Boss, make_boss, make_city


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Boss]:
    """A city with its supervisor, to copy: making keys and hashes takes its time."""
    folder = tmp_path_factory.mktemp("ready") / "city"
    made = make_city(folder)
    boss = make_boss(made)
    made.close()
    return folder, boss


@pytest.fixture
def folder(tmp_path: Path, ready: tuple[Path, Boss]) -> Path:
    shutil.copytree(ready[0], tmp_path / "city")
    return tmp_path / "city"


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    made = open_store(folder)
    yield made
    made.close()


@pytest.fixture
def boss(ready: tuple[Path, Boss]) -> Boss:
    return replace(ready[1])


class Desk:
    """A supervisor's browser: follows what the pages offer, with their tokens."""

    def __init__(self, web: FlaskClient, boss: Boss) -> None:
        self.web, self.boss = web, boss

    def enter(self, code: str = "", password: str = PASSWORD, one: str = "") -> Any:
        told = {"id": one or self.boss.id, "password": password, "code": code or self.boss.fresh()}
        return self.web.post("/login", data=told)

    def page(self, path: str) -> str:
        answer = self.web.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.get_data(as_text=True))

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.page("/"))
        assert found
        return found[1]

    def act(self, path: str, **told: str) -> Any:
        return self.web.post(path, data={"csrf": self.token(), **told})


@pytest.fixture
def desk(store: SqlStore, folder: Path, boss: Boss) -> Desk:
    return Desk(app_over(store, folder).test_client(), boss)


@pytest.fixture
def inside(desk: Desk) -> Desk:
    assert desk.enter().status_code == 303
    return desk
