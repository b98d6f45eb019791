"""The questions of scope, news, clashes and twins, asked of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import checkout, conflicts
from fieldkit.city import connect
from sync.ids import new_id
from sync.server.sqlstore import open_store
from tests.conftest import CityServer
from tests.needs import needs
from tests.pull.cast import DAY, book, sync
from tests.pull.conftest import Kits
from tests.pull.test_decide import WHY, disputed, tel
from tests.server.kit import make_city
from tests.server.postgres import Cluster

pytestmark = needs("postgresql")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.stop()


@pytest.fixture
def city(tmp_path: Path, cluster: Cluster) -> Iterator[CityServer]:
    place = make_city(tmp_path / "city", cluster.new())
    made = CityServer(place, "https://city.invalid", open_store(place), None)
    yield made
    made.store.close()


def test_a_decision_and_a_pair(kits: Kits, city: CityServer) -> None:
    one, other, _, _, record = disputed(kits)
    conflicts.decide(one, conflicts.clashes(one)[0].id, "other", WHY)
    sync(one, other)
    assert tel(city, record) == "222" and conflicts.waiting(other) == 0
    rid, _ = book(one, order=2)  # the same person again
    sync(one)
    assert rid in {row["id"] for row in checkout.of_day(other, DAY)}
    office = kits("office")
    made = connect(office).make_trip(new_id(), "office", DAY, [])
    office.add_trip(made.id, "office", made.day, made.public, made.secret)
    sync(office)
    assert len(conflicts.twins(office)) == 1 and conflicts.twins(one) == []
