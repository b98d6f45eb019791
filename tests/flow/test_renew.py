"""The desk's container is made anew: what is live moves over, what was deleted ends for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fieldkit import checkout, outbox, renew, reserve, tripend, visit
from fieldkit.demo import free_port
from fieldkit.errors import KitError
from fieldkit.store import records
from fieldkit.store.vault import Vault
from sync.ids import new_id
from tests import city_rows
from tests.conftest import NOW, CityServer

TODAY, LATER = "2026-07-01", "2026-07-08"
GONE, STAYS = "鷽鳥谷 𠮷乃", "汐見 太郎"


def book(vault: Vault, day: str, name: str) -> str:
    reservation_id = new_id()
    fields = {"visit_date": day, "half": "am", "order": 1, "address": f"汐見市{name}"}
    people = [(new_id(), {"name": name, "kind": "lost"})]
    reserve.reserve(vault, reserve.open_desk(vault), reservation_id, fields, people)
    return reservation_id


def ended(vault: Vault) -> str:
    """One trip from the call to its end, while another reservation stays; returns the trip id."""
    book(vault, LATER, STAYS)
    reservation_id = book(vault, TODAY, GONE)
    trip = checkout.check_out(vault, reserve.open_desk(vault), TODAY)
    visit.set_aside(vault, trip, reserve.slip(trip, reservation_id).applicants[0], "declined", "")
    visit.close_visit(vault, trip, reservation_id)
    outbox.sync(vault)
    return trip.id


def away(vault: Vault) -> str:
    url = vault.settings.server_url
    vault.settings = replace(vault.settings, server_url=f"http://127.0.0.1:{free_port()}")
    return url


def back(vault: Vault, url: str) -> None:
    vault.settings = replace(vault.settings, server_url=url)


def erased_days(vault: Vault) -> dict[str, str | None]:
    return {row["visit_on"]: row["erased_on"] for row in reserve.reception_list(vault)}


def test_it_works(vault: Vault, city: CityServer) -> None:
    trip_id = ended(vault)
    old = reserve.open_desk(vault)
    records.save_draft(vault, old, new_id(), "desk", {"caller": "書きかけ"})
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    new = reserve.open_desk(vault)
    assert new.id != old.id and new.secret != old.secret and not old.folder.exists()
    names = [a.get("name") for s in reserve.slips(new) for a in s.applicants]
    assert names == [STAYS]
    drafts = new.db.all("SELECT body FROM draft")
    assert len(drafts) == 1 and "書きかけ" in drafts[0]["body"]
    assert erased_days(vault) == {TODAY: TODAY, LATER: None}
    assert tripend.owed(vault) == []
    rows = [trip for trip in city_rows.trips(city.store).values() if trip.kind == "desk"]
    assert {(r.id, r.state, r.secret is None) for r in rows} == {
        (old.id, "ended", True),
        (new.id, "out", False),
    }
    with pytest.raises(KitError) as caught:
        vault.open_trip(old.id, old.secret)
    assert caught.value.code == "unknown_trip"


def test_what_is_saved_afterwards_reaches_the_city(vault: Vault, city: CityServer) -> None:
    trip_id = ended(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    book(vault, LATER, "新しい人")
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert any("新しい人" in str(body) for body in city_rows.bodies(city.store).values())


def test_the_date_waits_for_the_line(vault: Vault, city: CityServer) -> None:
    trip_id = ended(vault)
    url = away(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    assert {row["what"] for row in tripend.owed(vault)} == {"desk", "city"}
    assert erased_days(vault)[TODAY] is None
    left = reserve.open_desk(vault).db.all("SELECT body FROM record")
    assert not any(GONE in row["body"] for row in left), "the slip is gone as a row at once"
    back(vault, url)
    tripend.tell_city(vault)
    assert tripend.owed(vault) == [] and erased_days(vault)[TODAY] == TODAY


def test_a_closed_desk_is_renewed_and_closed_again(vault: Vault) -> None:
    trip_id = ended(vault)
    url = away(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    back(vault, url)
    row = reserve.desk_row(vault)
    assert row is not None
    vault.forget_trip(row["id"])
    tripend.tell_city(vault)
    assert tripend.owed(vault) == []
    assert not any(t.kind == "desk" for t in vault.trips.values())


def test_it_is_due_after_a_week(vault: Vault) -> None:
    old = reserve.open_desk(vault)
    book(vault, LATER, STAYS)
    vault.settings = replace(vault.settings, clock=lambda: NOW + timedelta(days=6, hours=23))
    tripend.tell_city(vault)
    assert reserve.open_desk(vault).id == old.id
    vault.settings = replace(vault.settings, clock=lambda: NOW + timedelta(days=7))
    tripend.tell_city(vault)
    new = reserve.open_desk(vault)
    assert new.id != old.id and len(reserve.slips(new)) == 1


def test_a_parked_save_of_the_desk_holds_it_up(vault: Vault) -> None:
    trip_id = ended(vault)
    old = reserve.open_desk(vault)
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE outbox SET state = 'parked', reason = 'other_content' WHERE n ="
            " (SELECT max(n) FROM outbox WHERE trip_id = ?)",
            (old.id,),
        )
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    assert reserve.open_desk(vault).id == old.id and old.folder.exists()
    assert "desk" in {row["what"] for row in tripend.owed(vault)}
    outbox.requeue(vault)
    tripend.tell_city(vault)
    assert not old.folder.exists() and tripend.owed(vault) == []


def test_a_writer_that_comes_too_late_is_told_to_repeat(vault: Vault) -> None:
    old = reserve.open_desk(vault)
    book(vault, LATER, STAYS)
    vault.settings = replace(vault.settings, clock=lambda: NOW + timedelta(days=8))
    renew.due(vault)
    renew.run(vault)
    with pytest.raises(KitError) as caught:
        records.save(vault, old, "reservation", {"notes": "遅い"})
    assert caught.value.code in ("moved", "locked")
