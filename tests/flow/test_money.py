"""Receipts by the city's cash rules: officers, the book in hand, one number once, no edits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit import money, visit
from fieldkit.errors import BadCityData, BadInput, KitError, NotAllowed, NotReady
from fieldkit.rules.cash import Book, Cash, Officer, cash_from, check_paper_no, fee_kind
from fieldkit.rules.fee_table import Price
from fieldkit.rules.fees import Fee
from fieldkit.settings import Settings
from fieldkit.store import cash as rows
from fieldkit.store import ledger, opening, records
from fieldkit.store.keyslots import User
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import wire
from sync.ids import new_id
from tests.conftest import FAST, NOW, PASSPHRASE, SUZUKI

NAME = "渡邉葛󠄀城 𠮷乃"
DAY = "2026-07-01"
FEE = Fee(2000, (("カード再交付（特急発行）", 1800), ("電子証明書", 200)), "LOST", "有料です。")
NORMAL = Fee(800, (("カード再交付（通常発行）", 800),), "LOST", "有料です。")
BOOK = Cash()
PRINTED = Cash(mode="printed", approval="汐会第1号", approved_on=date(2026, 4, 1))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "kit", argon2=FAST, clock=lambda: NOW)


@pytest.fixture
def vault(settings: Settings) -> Iterator[Vault]:
    """A laptop of the supervisor and a field officer; no city is needed for money."""
    made, _ = opening.create(settings, SUZUKI, PASSPHRASE)
    made.add_user(User("tanaka", "田中 実", "field"), "ゆきどけ ながれる かわべ")
    yield made
    made.close()


@pytest.fixture
def trip(vault: Vault) -> OpenTrip:
    _, public = wire.new_sealing_key()
    return vault.add_trip(new_id(), "field", DAY, public, bytes(range(16)))


def person(vault: Vault, trip: OpenTrip) -> Record:
    fields = {"visit_date": DAY, "reception_no": 1, "state": "shared"}
    home = records.save(vault, trip, "reservation", fields)
    return records.save(vault, trip, "applicant", {"name": NAME, "kind": "lost"}, None, home.id)


def pay(vault: Vault, trip: OpenTrip, who: Record, sheet: str, cash: Cash = BOOK) -> str:
    return money.issue_receipt(vault, trip, who, FEE, NAME, cash=cash, paper_no=sheet)


def states(vault: Vault) -> list[tuple[int, str, str]]:
    found = vault.book.all("SELECT number, state, reason FROM money ORDER BY number")
    return [tuple(row) for row in found]


# -- the city's settings ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"mode": "printed"}, "approval"),
        ({"mode": "printed", "approval": " ", "approved_on": date(2026, 4, 1)}, "approval"),
        ({"mode": "printed", "approval": "第1号"}, "approved_on"),
        ({"mode": "auto"}, "mode"),
        ({"officer": [{"user": "a"}]}, "officer[1].title"),
        ({"officer": [{"user": "a", "title": "x"}, {"user": "a", "title": "y"}]}, "officer"),
        ({"book": {"from": 9, "to": 1}}, "book.to"),
        ({"book": {"prefix": "甲", "from": 1, "to": 9}}, "book.prefix"),
        ({"treasurer": "会計課"}, "treasurer"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_key(data: dict[str, object], key: str) -> None:
    with pytest.raises(BadCityData) as caught:
        cash_from(data)
    assert (caught.value.file, caught.value.key) == ("cash.toml", key)


def test_the_default_is_the_paper_book_with_anybody() -> None:
    cash = cash_from({})
    assert cash.mode == "book" and cash.may_take("anybody")


@pytest.mark.parametrize(
    ("typed", "kept"), [("A-0105", "A-0105"), ("a-105", "A-0105"), ("１０５", "A-0105")]
)
def test_a_number_is_kept_as_it_stands_in_the_book(typed: str, kept: str) -> None:
    assert check_paper_no(typed, Cash(book=Book("A-", 101, 1150))) == kept


@pytest.mark.parametrize("typed", ["", "A-0100", "A-1151", "B-0105", "A-01O5", "田中様", "9" * 21])
def test_a_number_outside_of_the_book_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_paper_no(typed, Cash(book=Book("A-", 101, 1150)))
    assert caught.value.field == "paper_receipt_no"


def test_the_kind_follows_the_days_own_prices() -> None:
    price = Price(date(2030, 1, 1), None, normal_card=900, express_card=2100, certificate=300)
    assert fee_kind([("x", 2100), ("y", 300)], price) == "express_cert"
    assert fee_kind([("x", 900)], price) == "normal"
    assert fee_kind([("x", 1800), ("y", 200)], price) == "other"


# -- who, and in which mode ---------------------------------------------------------------------
def test_only_an_appointed_officer_takes_cash(vault: Vault, trip: OpenTrip) -> None:
    cash = Cash(officers=(Officer("tanaka", "現金取扱員"),))
    who = person(vault, trip)
    with pytest.raises(NotAllowed) as caught:
        pay(vault, trip, who, "1", cash)
    assert "田中 実" in caught.value.sentence and states(vault) == []
    vault.user = User("tanaka", "田中 実", "field")
    assert pay(vault, trip, who, "1", cash) == "未登録-00001"


def test_the_book_mode_needs_the_number_and_the_printed_mode_refuses_it(
    vault: Vault, trip: OpenTrip
) -> None:
    who = person(vault, trip)
    for sheet, cash in (("", Cash()), ("1", PRINTED)):
        with pytest.raises(BadInput) as caught:
            pay(vault, trip, who, sheet, cash)
        assert caught.value.field == "paper_receipt_no"
    early = replace(PRINTED, approved_on=date(2026, 7, 2))
    with pytest.raises(NotReady, match="令和8年7月2日"):
        pay(vault, trip, who, "", early)
    assert states(vault) == []
    number = pay(vault, trip, who, "", PRINTED)
    row = money.receipt_row(vault, number)
    assert row and (row["mode"], row["paper_no"], row["state"]) == ("printed", None, "issued")


def test_a_used_number_is_refused_and_says_when(vault: Vault, trip: OpenTrip) -> None:
    first = pay(vault, trip, person(vault, trip), "A-0101")
    for again in ("A-0101", "a-101"):
        with pytest.raises(BadInput) as caught:
            pay(vault, trip, person(vault, trip), again)
        assert first in caught.value.sentence and "令和8年7月1日 09:30" in caught.value.sentence
    assert len(states(vault)) == 1


def test_nothing_is_free_without_a_reason(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    with pytest.raises(BadInput) as caught:
        money.receive_nothing(vault, trip, who, Fee(0, (), "", "無料です。"))
    assert caught.value.field == "reason_code"
    with pytest.raises(NotReady):
        money.receive_nothing(vault, trip, who, FEE)
    with pytest.raises(NotReady):
        money.issue_receipt(
            vault, trip, who, Fee(0, (), "STOLEN", ""), NAME, cash=Cash(), paper_no="1"
        )
    money.receive_nothing(vault, trip, who, Fee(0, (("盗難", 0),), "STOLEN", "無料です。"))
    now = visit.application(trip, who.id)
    assert now and now.get("fee")["reason_code"] == "STOLEN" and states(vault) == []


# -- one number, once ---------------------------------------------------------------------------
def test_pressing_twice_gives_one_receipt(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    first = pay(vault, trip, who, "1")
    assert money.issue_receipt(
        vault, trip, who, FEE, "別人", cash=Cash(), paper_no="2"
    ) == first  # fmt: skip
    now = visit.application(trip, who.id)
    assert now and (now.get("payer_name"), now.get("paper_receipt_no")) == (NAME, "1")
    with pytest.raises(NotReady, match="2,000円"):
        money.issue_receipt(vault, trip, who, NORMAL, NAME, cash=Cash(), paper_no="3")
    assert states(vault) == [(1, "issued", "")]


def test_many_threads_give_one_receipt_a_person(vault: Vault, trip: OpenTrip) -> None:
    people = [person(vault, trip) for _ in range(3)]
    told: list[str] = []
    wrong: list[Exception] = []

    def press(at: int) -> None:
        try:
            told.append(pay(vault, trip, people[at % 3], str(at + 1)))
        except Exception as error:  # shown below
            wrong.append(error)

    threads = [threading.Thread(target=press, args=(at,)) for at in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and len(told) == 12 and len(set(told)) == 3
    assert states(vault) == [(n, "issued", "") for n in (1, 2, 3)]


def test_a_closed_visit_costs_no_number(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    records.save(vault, trip, "reservation", {"state": "visited"}, who.parent)
    with pytest.raises(NotReady):
        pay(vault, trip, who, "1")
    assert states(vault) == []


# -- what a stop left ---------------------------------------------------------------------------
def begun(vault: Vault, trip: OpenTrip, who: Record, sheet: str) -> str:
    """What a kill right after the number leaves behind."""
    values = {"amount": 2000, "breakdown": json.dumps(FEE.breakdown), "mode": "book"}
    return rows.begin(vault, trip, who.id, {**values, "paper_no": sheet})


def test_a_cut_off_number_is_spoiled_and_its_sheet_is_free_again(
    vault: Vault, trip: OpenTrip
) -> None:
    who = person(vault, trip)
    lost = begun(vault, trip, who, "7")
    assert pay(vault, trip, who, "7") == "未登録-00002"
    assert states(vault) == [(1, "spoiled", "interrupted"), (2, "issued", "")]
    shown = money.spoiled_of(vault, who.id)
    assert [(row["no"], row["why"]) for row in shown] == [(lost, "記録の途中で止まりました")]
    acts = [(row["act"], row["object"]) for row in ledger.rows(vault.book, 50)]
    assert ("receipt_interrupted", lost) in acts
    with pytest.raises(BadInput):
        pay(vault, trip, person(vault, trip), "7")


def test_opening_the_day_settles_what_a_stop_left(vault: Vault, trip: OpenTrip) -> None:
    who, other = person(vault, trip), person(vault, trip)
    lost = begun(vault, trip, who, "1")
    known = begun(vault, trip, other, "2")
    visit.save_application(vault, trip, other, {"receipt_no": known})
    vault.forget_trip(trip.id)
    assert {state for _, state, _ in states(vault)} == {"begun"}
    vault.open_trip(trip.id, bytes(range(16)))
    row = {one["no"]: one["state"] for one in vault.book.all("SELECT no, state FROM money")}
    assert row == {lost: "spoiled", known: "issued"}


def test_a_record_that_cannot_be_saved_spoils_its_number_at_once(
    vault: Vault, trip: OpenTrip
) -> None:
    who = person(vault, trip)
    trip.db.retire()  # from now on its store refuses to write
    with pytest.raises(KitError):
        pay(vault, trip, who, "1")
    assert states(vault) == [(1, "spoiled", "interrupted")]
    vault.forget_trip(trip.id)
    pay(vault, vault.open_trip(trip.id, bytes(range(16))), who, "1")
    assert states(vault)[1:] == [(2, "issued", "")]


# -- nothing is edited --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE money SET amount = 1",
        "UPDATE money SET number = 9",
        "UPDATE money SET breakdown = '[]'",
        "UPDATE money SET paper_no = '9'",
        "UPDATE money SET officer = 'x'",
        "UPDATE money SET state = 'begun'",
        "DELETE FROM money",
        "INSERT OR REPLACE INTO money SELECT * FROM money",
        "INSERT INTO money (no, number, application_id, amount, breakdown, mode, state, officer,"
        " issued_at) VALUES ('x', 5, 'x', 1, '[]', 'book', 'begun', 'x', 'x')",
    ],
)
def test_the_table_itself_refuses_an_edit(vault: Vault, trip: OpenTrip, statement: str) -> None:
    pay(vault, trip, person(vault, trip), "1")
    before = [tuple(row) for row in vault.book.all("SELECT * FROM money")]
    with pytest.raises(sqlcipher.IntegrityError), vault.book.write() as conn:
        conn.execute(statement)
    assert [tuple(row) for row in vault.book.all("SELECT * FROM money")] == before


def test_a_spoiled_number_never_comes_back(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    pay(vault, trip, who, "1")
    for why, reason in (("", "x"), ("sorry", "x"), ("paper", "")):
        with pytest.raises(BadInput):
            money.spoil_receipt(vault, trip, who, reason, why)
    money.spoil_receipt(vault, trip, who, f"{NAME}様の用紙", "paper")
    with pytest.raises(sqlcipher.IntegrityError), vault.book.write() as conn:
        conn.execute("UPDATE money SET state = 'issued'")
    with pytest.raises(BadInput, match="すでに使われています"):
        pay(vault, trip, who, "1")
    assert pay(vault, trip, who, "2") == "未登録-00002"
    assert not any(NAME in str(value) for row in vault.book.all("SELECT * FROM money")
                   for value in tuple(row))  # fmt: skip
