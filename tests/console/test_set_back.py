"""The console says that an older copy of the store was put back, until somebody begins anew."""

from __future__ import annotations

from sync.server import epochs
from sync.server.sqlstore import SqlStore
from tests.console.conftest import Desk
from tests.server.kit import Laptop
from tests.server.test_set_back import lost, show


def test_a_set_back_is_a_warning_of_the_overview(inside: Desk, store: SqlStore) -> None:
    laptop = Laptop(store)
    assert "戻されていました" not in inside.page("/")
    show(laptop, {"receipt": lost(store, laptop.id).to_json()})
    page = inside.page("/")
    assert "データが古いものに戻されていました" in page and "世代 2 を自動で始めました" in page
    assert laptop.id in page and "backup" in page
    with store.write() as shelf:
        epochs.begin(shelf, [])
    assert "戻されていました" not in inside.page("/")
