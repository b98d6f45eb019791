"""Receipts around midnight and under a clock that was set back; sheets used across trips; after
the trip is gone."""

# ruff: noqa: F811  (a fixture is an argument of the same name)

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from fieldkit import incentive, money, tally, tally_days, visit
from fieldkit.clock import JST
from fieldkit.errors import BadInput, NotReady
from fieldkit.paper.tally import tally_sheet
from fieldkit.rules.cash import Book, Cash, check_paper_no, same_paper_no
from fieldkit.rules.gifts import Gift
from fieldkit.settings import asset_dir
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import wire
from sync.ids import new_id
from tests.conftest import SATO, SUZUKI
from tests.flow.test_money import DAY, FEE, NAME, begun, person
from tests.flow.test_tally import (  # noqa: F401
    CITY,
    WORDS,
    Watch,
    checked,
    now,
    take,
    trip,
    vault,
    watch,
)


def at(watch: Watch, day: int, hour: int, minute: int) -> None:
    watch.now = datetime(2026, 7, day, hour, minute, tzinfo=JST)


def test_midnight_parts_the_days(vault: Vault, trip: OpenTrip, watch: Watch) -> None:
    at(watch, 1, 23, 59)
    take(vault, trip, "1")
    at(watch, 2, 0, 1)
    take(vault, trip, "2")
    at(watch, 1, 23, 58)  # set back over midnight
    take(vault, trip, "3")
    found = tally_days.days(vault)
    assert [(one.day[-2:], one.count, one.yen) for one in found] == [
        ("02", 1, 2000),
        ("01", 2, 4000),
    ]
    rows = vault.book.all("SELECT number FROM money ORDER BY rowid")
    assert [row["number"] for row in rows] == [1, 2, 3]


def test_a_clock_set_back_reaches_no_day_that_was_paid_in(
    vault: Vault,
    trip: OpenTrip,
    watch: Watch,
) -> None:
    take(vault, trip, "1")
    row = checked(vault, c1000=2)
    tally.pay_in(vault, row, "R-1", watch.now.date())
    at(watch, 2, 9, 0)
    take(vault, trip, "2")
    at(watch, 1, 9, 45)
    take(vault, trip, "3")
    first, second = tally_days.owed(vault)
    assert (first.day, first.state, second.state) == (DAY, "", "")
    assert now(vault).numbers == ("未登録-00003",) and now(vault).yen == 2000
    assert tally.current(vault, DAY, SATO.id) is None
    checked(vault, c1000=2)
    assert [one.day for one in tally_days.owed(vault)] == ["2026-07-02"]
    assert [one["expected"] for one in tally.paid_in(vault, DAY, SATO.id)] == [2000]
    vault.user = SUZUKI
    with pytest.raises(NotReady):
        tally.replace(vault, row, "miscounted")


def test_a_field_officer_takes_back_no_tally_that_was_checked_meanwhile(
    vault: Vault,
    trip: OpenTrip,
) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {1000: 2})
    seen = tally.current(vault, DAY, SATO.id)
    assert seen is not None
    tally.check(vault, seen, now(vault), SUZUKI.id, WORDS)
    with pytest.raises(NotReady, match="別の画面"):
        tally.replace(vault, seen, "miscounted")
    kept = tally.current(vault, DAY, SATO.id)
    assert kept is not None and kept["state"] == "checked"


def test_a_sheet_is_used_once_in_all_trips(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "A-0007")
    other = vault.add_trip(
        new_id(), "field", "2026-07-02", wire.new_sealing_key()[1], bytes(range(1, 17))
    )
    vault.forget_trip(trip.id)
    for typed in ("A-0007", "a7", "Ａ－７", "A−007"):
        with pytest.raises(BadInput, match="すでに使われています"):
            take(vault, other, typed)
    vault.user = SUZUKI  # another officer, the same book
    with pytest.raises(BadInput):
        take(vault, other, "A-7")
    assert take(vault, other, "A-8") == "未登録-00002"


def test_an_interrupted_sheet_that_was_used_is_no_spoiled_sheet(
    vault: Vault,
    trip: OpenTrip,
) -> None:
    who = person(vault, trip)
    begun(vault, trip, who, "7")
    money.issue_receipt(vault, trip, who, FEE, NAME, cash=Cash(), paper_no="7")
    begun(vault, trip, person(vault, trip), "8")
    lost = now(vault).spoiled
    assert [(one.no[-1], one.paper_no) for one in lost] == [("1", ""), ("3", "8")]


def test_the_tally_is_whole_after_the_trip(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    who = person(vault, trip)
    money.issue_receipt(vault, trip, who, FEE, NAME, cash=Cash(), paper_no="2")
    vault.user = SUZUKI
    money.spoil_receipt(vault, trip, who, f"{NAME}様が取りやめ", "withdrawn")
    vault.user = SATO
    before = now(vault)
    vault.forget_trip(trip.id)
    with vault.book.write() as conn:
        conn.execute("UPDATE trip SET state = 'wiped' WHERE id = ?", (trip.id,))
    assert now(vault) == before and before.yen == 2000 and len(before.spoiled) == 1
    row = checked(vault, c1000=2)
    names = {SATO.id: SATO.name, SUZUKI.id: SUZUKI.name}
    pdf = tally_sheet(asset_dir("forms"), row, names, {}, datetime(2026, 8, 1, 9, 0))
    assert pdf.startswith(b"%PDF")
    for table in ("money", "tally", "ledger"):
        for line in vault.book.all(f"SELECT * FROM {table}"):
            assert NAME not in str(tuple(line)) and "取りやめ" not in str(tuple(line))


def test_gifts_keep_their_numbers_when_the_clock_goes_back(
    vault: Vault,
    trip: OpenTrip,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = iter(["019f0000-0000-7000-8000-0000000000b2", "019f0000-0000-7000-8000-0000000000a1"])
    people = [person(vault, trip) for _ in range(2)]
    for who in people:
        visit.save_application(vault, trip, who, {"state": "confirmed"})
    monkeypatch.setattr(incentive, "new_id", lambda: next(ids))
    for who in people:
        incentive.give(vault, trip, who, Gift("商品券", 2000, 5))
    found = incentive.rows(vault)
    assert [(row["number"], row["record_id"]) for row in found] == [
        (1, people[0].id), (2, people[1].id)
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["A0105", "Ａ−０１０５", "a‐105", "１０５", "Ａ０１０５"])
def test_the_book_knows_its_numbers_as_people_type_them(typed: str) -> None:
    assert check_paper_no(typed, Cash(book=Book("A-", 101, 1150))) == "A-0105"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("A-0101", "a101", True), ("7", "007", True), ("1-01", "101", False), ("A-1", "B-1", False),
     ("A-10", "A-1", False), ("0", "00", True), ("1-1", "1-01", True)],
)  # fmt: skip
def test_two_numbers_are_one_sheet(one: str, other: str, same: bool) -> None:
    assert (same_paper_no(one) == same_paper_no(other)) == same


def test_nothing_is_taken_or_waived_for_who_stands_aside(
    vault: Vault,
    trip: OpenTrip,
) -> None:
    who = person(vault, trip)
    visit.set_aside(vault, trip, who, "postponed", "")
    with pytest.raises(NotReady, match="後日"):
        money.issue_receipt(vault, trip, who, FEE, NAME, cash=Cash(), paper_no="1")
    free = replace(FEE, yen=0, breakdown=(), reason_code="STOLEN")
    with pytest.raises(NotReady, match="後日"):
        money.receive_nothing(vault, trip, who, free)
    assert not records.find(trip, "application", who.id)[0].get("fee")
    visit.set_aside(vault, trip, who, "doing", "")
    money.issue_receipt(vault, trip, who, FEE, NAME, cash=Cash(), paper_no="1")
    with pytest.raises(NotReady, match="0円に変わりました"):
        money.receive_nothing(vault, trip, who, free)
