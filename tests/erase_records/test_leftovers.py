"""What an interrupted act leaves beside the trip: no key of it may outlive the date of deletion."""

from __future__ import annotations

import pytest

from fieldkit import checkout, deletion, money, outbox, renew, reserve, safe, tripend, visit
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.store import ledger
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id
from tests.conftest import SUZUKI
from tests.erase_records.conftest import Watch

DAY = "2026-07-01"
NAME = "鷽鳥谷 𠮷乃"
FEE = Fee(1000, (("再交付手数料", 1000),), "lost", "1,000円です。")


class Cut(BaseException):
    """The end of the program at a fail point, as far as one process can play it."""


@pytest.fixture
def cut_at(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def at(name: str, act) -> None:  # type: ignore[no-untyped-def]
        def point(passed: str) -> None:
            if passed == name:
                raise Cut

        with monkeypatch.context() as patch:
            patch.setattr(fail, "point", point)
            with pytest.raises(Cut):
                act()

    return at


def book(vault: Vault, name: str = NAME) -> str:
    rid = new_id()
    fields = {"visit_date": DAY, "half": "am", "order": 1, "address": f"汐見市{name}"}
    people = [(new_id(), {"name": name, "kind": "lost"})]
    reserve.reserve(vault, reserve.open_desk(vault), rid, fields, people)
    return rid


def take_out(vault: Vault) -> OpenTrip:
    return checkout.check_out(vault, reserve.open_desk(vault), DAY)


def end(vault: Vault, trip: OpenTrip) -> None:
    for found in reserve.slips(trip):
        visit.set_aside(vault, trip, found.applicants[0], "declined", "")
        visit.close_visit(vault, trip, found.reservation.id)
    outbox.sync(vault)
    tripend.end_trip(vault, trip.id, ("佐藤", "鈴木"))


def dates(vault: Vault) -> list[str | None]:
    return [row["erased_on"] for row in reserve.reception_list(vault)]


def test_a_copy_that_was_begun_before_the_end_is_not_used(  # type: ignore[no-untyped-def]
    vault: Vault, watch: Watch, cut_at
) -> None:
    """The weekly renewal was cut off when the slips were copied: its pages know the ended trip."""
    rid = book(vault)
    trip = take_out(vault)
    watch.move(days=8)
    cut_at("renew.copied", lambda: tripend.tell_city(vault))
    begun = vault.book.one("SELECT id FROM trip WHERE state = 'making'")
    assert begun
    end(vault, trip)
    now = reserve.open_desk(vault)
    assert now.id != begun["id"] and not vault.trip_folder(begun["id"]).exists()
    assert tripend.owed(vault) == [] and dates(vault) == [watch.now.date().isoformat()]
    record = deletion.record_of_reservation(vault, rid)
    assert begun["id"] in [one.trip_id for one in record.trips]


def test_an_old_safe_sheet_holds_the_date_up(vault: Vault, watch: Watch) -> None:
    """The slip lay in a container that was renewed long ago; its sheet is still in the safe."""
    rid = book(vault)
    old = reserve.open_desk(vault).id
    safe.printed(vault, old)
    vault.note("printed", safe.sheet_object(old))
    for _ in range(2):
        watch.move(days=8)
        tripend.tell_city(vault)
    assert reserve.open_desk(vault).id != old
    end(vault, take_out(vault))
    assert dates(vault) == [None]
    assert deletion.record_of_reservation(vault, rid).waits
    safe.shredded(vault, old, ("佐藤", "鈴木"))
    assert dates(vault) == [watch.now.date().isoformat()]
    assert deletion.record_of_reservation(vault, rid).crypto_at


@pytest.mark.parametrize("where", ["trip.row", "checkout.placed"])
def test_a_check_out_that_was_replaced_ends(vault: Vault, where: str, cut_at) -> None:  # type: ignore[no-untyped-def]
    """It was cut off, another call came in, and the day was checked out anew with that one too."""
    book(vault)
    cut_at(where, lambda: take_out(vault))
    first = vault.book.one("SELECT id FROM trip WHERE kind = 'field'")["id"]  # type: ignore[index]
    book(vault, "汐見 太郎")
    trip = take_out(vault)
    assert trip.id != first and len(reserve.slips(trip)) == 2
    row = vault.book.one("SELECT state, city_forgot FROM trip WHERE id = ?", first)
    assert row and row["state"] == "wiped" and row["city_forgot"]
    assert not vault.trip_folder(first).exists()
    record = deletion.record_of_trip(vault, first)
    assert record.crypto_at and not record.waits and not record.faults
    end(vault, trip)
    assert dates(vault) == [DAY, DAY] and tripend.owed(vault) == []


def test_the_same_day_can_be_checked_out_after_its_first_try_was_dropped(  # type: ignore[no-untyped-def]
    vault: Vault, cut_at
) -> None:
    rid = book(vault)
    cut_at("checkout.placed", lambda: take_out(vault))
    desk = reserve.open_desk(vault)
    people = [(a.id, a.body) for a in reserve.slip(desk, rid).applicants]
    later = {"visit_date": "2026-07-02", "half": "am", "order": 1}
    reserve.reserve(vault, desk, rid, later, people)
    book(vault, "汐見 太郎")
    take_out(vault)
    reserve.reserve(vault, desk, rid, {**later, "visit_date": DAY, "order": 2}, people)
    assert [s.reservation.id for s in reserve.slips(take_out(vault))] == [rid]


def test_a_check_out_that_a_kill_cut_off_is_gone_on_with(vault: Vault, cut_at) -> None:  # type: ignore[no-untyped-def]
    book(vault)
    cut_at("checkout.placed", lambda: take_out(vault))
    trip = take_out(vault)
    assert len(vault.book.all("SELECT 1 FROM trip WHERE kind = 'field'")) == 1
    assert len(reserve.slips(trip)) == 1


def test_words_about_a_receipt_end_with_the_trip(vault: Vault) -> None:
    """A supervisor's reason may name somebody; the book has the number only."""
    book(vault)
    trip = take_out(vault)
    applicant = reserve.slips(trip)[0].applicants[0]
    number = money.issue_receipt(vault, trip, applicant, FEE, NAME, cash=Cash(), paper_no="1")
    vault.user = SUZUKI
    money.spoil_receipt(vault, trip, applicant, f"{NAME}様のあて名の書きまちがい")
    rows = vault.book.all("SELECT * FROM money")
    assert [(row["no"], row["state"]) for row in rows] == [(number, "spoiled")]
    assert not any(NAME in str(value) for row in rows for value in tuple(row))


def test_one_container_is_in_use_after_two_renewals_at_once(vault: Vault) -> None:
    from threading import Thread

    book(vault)
    renew.ask(vault)
    both = [Thread(target=renew.run, args=(vault,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    states = [row["state"] for row in vault.book.all("SELECT state FROM trip WHERE kind = 'desk'")]
    assert sorted(states) == ["out", "wiped"]
    assert len(reserve.slips(reserve.open_desk(vault))) == 1


def cut_end(vault: Vault, cut_at, trip: OpenTrip) -> str:  # type: ignore[no-untyped-def]
    """The end of a trip, cut off before the desk's slips went; returns the desk's container."""
    desk = reserve.open_desk(vault).id
    cut_at("end.intended", lambda: end(vault, trip))
    vault.forget_trip(desk)  # as after the next login: the desk is closed
    tripend.run_owed(vault)
    return desk


def test_owed_slips_go_before_anything_is_copied(vault: Vault, cut_at) -> None:  # type: ignore[no-untyped-def]
    """Send was pressed before the desk was opened again: the new container never holds them."""
    rid = book(vault)
    old = cut_end(vault, cut_at, take_out(vault))
    assert "slips" in [row["what"] for row in tripend.owed(vault)]
    outbox.sync(vault)
    tripend.tell_city(vault)
    new = reserve.open_desk(vault)
    acts = [(row["act"], row["object"]) for row in reversed(ledger.rows(vault.book))]
    assert acts.index(("erased", rid)) < acts.index(("trip_opened", new.id))
    assert new.id != old and dates(vault) == [DAY] and tripend.owed(vault) == []


def test_the_container_from_which_slips_go_is_always_renewed(vault: Vault, cut_at) -> None:  # type: ignore[no-untyped-def]
    """Also where it was not yet in use when the trip's end was written down."""
    book(vault)
    old = cut_end(vault, cut_at, take_out(vault))
    with vault.book.write() as conn:
        conn.execute("DELETE FROM desk_copy")
        conn.execute("DELETE FROM erasure WHERE what = 'desk'")
    assert reserve.open_desk(vault).id == old
    tripend.run_owed(vault)
    tripend.let_forget(vault)
    assert dates(vault) == [None] and "desk" in [row["what"] for row in tripend.owed(vault)]
    tripend.tell_city(vault)
    assert dates(vault) == [DAY] and reserve.open_desk(vault).id != old
