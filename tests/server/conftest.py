"""The city on both databases: every test of the core runs over `place`, once on each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.needs import missing, needs
from tests.server.postgres import Cluster

BOTH = ["sqlcipher", pytest.param("postgresql", marks=needs("postgresql"))]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if os.name == "nt" or "postgresql" in missing():
        pytest.skip("!! NOT TESTED, not installed: postgresql")
    made = Cluster()
    yield made
    made.stop()


@pytest.fixture
def new_url(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A new database of a kind: its URL, "" for the embedded one."""

    def url(kind: str) -> str:
        return request.getfixturevalue("cluster").new() if kind == "postgresql" else ""

    return url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """A new database on each kind."""
    return new_url(request.param)


@pytest.fixture
def place(tmp_path: Path, url: str) -> Path:
    """A server folder of 汐見市 on each kind of database."""
    from tests.server.kit import make_city

    return make_city(tmp_path / "city", url)
