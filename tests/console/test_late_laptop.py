"""A real kit that was stopped before it could send, let in by a person: it gets its receipts."""

from __future__ import annotations

import pytest

from fieldkit import outbox
from fieldkit.errors import KitError
from fieldkit.store.vault import Vault
from sync.server import devices, letin
from tests.conftest import CityServer
from tests.flow.test_faults import make_visit


def test_the_next_sync_of_a_stopped_kit_brings_its_receipts(vault: Vault, city: CityServer) -> None:
    make_visit(vault)
    before = outbox.waiting(vault)["waiting"]
    assert before > 0 and devices.revoke(city.store, "K01")
    for _ in range(6):
        with pytest.raises(KitError) as stopped:
            outbox.sync(vault)
        assert "停止されています" in stopped.value.sentence
        letin.accept(city.store, "K01", "test")
        if outbox.waiting(vault)["waiting"] == 0:
            break
    assert outbox.waiting(vault)["waiting"] == 0, "everything was proved to the stopped kit"
