"""The whole road back: a backup, a day's work after it, the disk of the city gone, the city again.

The laptop's side alone: tests/sync/test_restored.py.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from fieldkit import checkout, erase, outbox, reserve, restored, tripend, visit
from fieldkit.sending import Sending
from fieldkit.store import ledger, photos
from fieldkit.store.vault import Vault
from sync.server import backup, keyfile, restore, verify_things
from sync.server import store as t
from tests import city_rows
from tests.conftest import SUZUKI, CityServer, start_city
from tests.flow.test_one_visit import DAY, JPEG, take_reservation


@pytest.mark.parametrize("old", [True, False], ids=["the disk is left", "the disk is gone"])
def test_nothing_is_lost_that_a_laptop_still_has(
    vault: Vault, city: CityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    reservation = take_reservation(vault)
    outbox.sync(vault)
    key = (city.folder / keyfile.KEY).read_bytes()
    backup.make(city.folder, tmp_path / "stick")
    # After the backup: a trip that it does not know, one photo erased on a receipt, one not yet.
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    person = reserve.slip(trip, reservation).applicants[0]
    gone = photos.seal(vault, trip, person.id, JPEG + b"1")
    photos.keep(vault, gone)
    visit.save_application(vault, trip, person, {"answers": {"a": "1"}})
    outbox.sync(vault)
    here = photos.seal(vault, trip, person.id, JPEG + b"2")
    photos.keep(vault, here)
    with monkeypatch.context() as patched:
        patched.setattr(Sending, "erase", lambda self: None)
        outbox.sync(vault)
    erase.intend(vault, "photo", here, "receipt")
    states = [photos.row_of(vault, one)["state"] for one in (gone, here)]
    assert states == ["erased", "receipted"]
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]

    again = tmp_path / "again"
    told = restore.restore(
        again, tmp_path / "stick", bytes.fromhex(key.decode()), city.folder if old else None
    )
    assert (told.epoch, told.over.trips) == (2, 1 if old else 0)
    served = start_city(again)
    vault.settings = replace(vault.settings, server_url=served.url)
    outbox.sync(vault)
    assert [(one["id"], one["what"]) for one in restored.lost(vault)] == [(gone, "photo")]
    assert ledger.check(vault.book) is None
    waits = outbox.waiting(vault)
    with city_rows.opened(again) as store:
        assert verify_things.look(store, again).wrong == []
        ids = {row.op_id for row in city_rows.rows(store, t.op)}
        if old:
            assert waits == {"waiting": 0, "parked": 0}
            said = {r["op_id"] for r in vault.book.all("SELECT op_id FROM outbox")}
            assert said <= ids and photos.row_of(vault, here)["state"] == "erased"
            assert city_rows.jpeg(store, here) == JPEG + b"2"
        else:  # the trip's key is lost with the disk: the laptop keeps all that it sealed to it
            assert waits["parked"] > 0 and trip.folder.exists()
            assert {one["reason"] for one in outbox.items(vault)} == {"unknown_trip"}
    if old:
        finish(vault, trip, person, reservation, served)
    threading.Thread(target=served.stop).start()  # type: ignore[arg-type]


def finish(vault: Vault, trip: object, person: object, reservation: str, city: CityServer) -> None:
    """The day ends on the restored city as on any other, when a supervisor has seen the loss."""
    visit.confirm(vault, trip, person)  # type: ignore[arg-type]
    visit.close_visit(vault, trip, reservation)  # type: ignore[arg-type]
    outbox.sync(vault)
    vault.user = replace(SUZUKI)
    assert restored.close_lost(vault, "again") == 1
    tripend.end_trip(vault, trip.id, ("佐藤", "鈴木"))  # type: ignore[attr-defined]
    with city.engine.connect() as conn:
        query = sa.select(t.trip.c.state).where(t.trip.c.id == trip.id)  # type: ignore[attr-defined]
        assert conn.execute(query).scalar() == "ended"
