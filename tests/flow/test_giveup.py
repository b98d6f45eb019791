"""What is damaged for good is given up by a supervisor with a reason; nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldkit import giveup, outbox, tripend
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.store import ledger, photos, saves
from fieldkit.store.vault import Vault
from tests.conftest import SUZUKI
from tests.flow.test_one_visit import make_visit


def as_supervisor(vault: Vault) -> None:
    vault.user = replace(SUZUKI)


def damage(vault: Vault) -> tuple[str, str]:
    """A closed visit whose photo and one of whose saves lost a bit; (trip id, photo id)."""
    trip_id, _, photo_id = make_visit(vault)
    vault.trip(trip_id).flush()
    picture, _ = photos.files_of(vault, trip_id, photo_id)
    for file, place in ((picture, 400), (vault.trip_folder(trip_id) / saves.NAME, 300)):
        data = bytearray(file.read_bytes())
        data[place] ^= 1
        file.write_bytes(bytes(data))
    outbox.sync(vault)
    return trip_id, photo_id


def test_it_works(vault: Vault) -> None:
    trip_id, photo_id = damage(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 2}
    assert any("保留" in why for why in tripend.blockers(vault, trip_id))
    as_supervisor(vault)
    assert giveup.give_up(vault, "paper") == 2
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert photos.row_of(vault, photo_id)["state"] == "erased"
    told = [(r["act"], r["result"]) for r in ledger.rows(vault.book, 20)]
    assert told.count(("given_up", "paper")) == 2 and ("erased", "damaged") in told
    assert tripend.blockers(vault, trip_id) == []
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    assert tripend.owed(vault) == []


def test_it_needs_a_supervisor_and_a_reason(vault: Vault) -> None:
    _, photo_id = damage(vault)
    with pytest.raises(NotAllowed):
        giveup.give_up(vault, "paper")
    as_supervisor(vault)
    with pytest.raises(BadInput):
        giveup.give_up(vault, "")
    assert photos.row_of(vault, photo_id)["state"] == "parked"


def test_what_the_city_refuses_is_not_hopeless(vault: Vault) -> None:
    make_visit(vault)
    outbox.items(vault)
    with vault.book.write() as conn:
        conn.execute("UPDATE outbox SET state = 'parked', reason = 'unknown_trip'")
    as_supervisor(vault)
    with pytest.raises(NotReady):
        giveup.give_up(vault, "paper")
