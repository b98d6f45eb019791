"""日計表: the receipts, the cash counted, two people, the deposit; replaced, never edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from fieldkit import citydata, money, tally, tally_days, visit
from fieldkit.clock import JST
from fieldkit.errors import BadInput, KitError, NotAllowed, NotReady
from fieldkit.paper.tally import month_list, tally_sheet
from fieldkit.rules.cash import Cash, read_coins
from fieldkit.rules.fees import Fee
from fieldkit.settings import Settings, asset_dir
from fieldkit.store import facts, ledger, opening
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from fieldkit.tally_sheet import Sheet
from sync import wire
from sync.ids import new_id
from tests.conftest import FAST, PASSPHRASE, SATO, SUZUKI
from tests.flow.test_money import DAY, FEE, NAME, NORMAL, begun, person
from tests.forms.form_cases import pdf_text
from tests.needs import needs

CITY = citydata.load(asset_dir("forms"))
WORDS = "ゆきどけ ながれる かわべ"
CARD = Fee(1800, (("カード再交付（特急発行）", 1800),), "LOST", "有料です。")


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 9, 30, tzinfo=JST)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def vault(tmp_path: Path, watch: Watch) -> Iterator[Vault]:
    """佐藤 works in the field with this laptop; 鈴木 is the supervisor."""
    made, _ = opening.create(Settings(tmp_path / "kit", argon2=FAST, clock=watch), SATO, PASSPHRASE)
    made.add_user(SUZUKI, WORDS)
    yield made
    made.close()


@pytest.fixture
def trip(vault: Vault) -> OpenTrip:
    _, public = wire.new_sealing_key()
    return vault.add_trip(new_id(), "field", DAY, public, bytes(range(16)))


def take(vault: Vault, trip: OpenTrip, sheet: str, fee: Fee = FEE) -> str:
    who = person(vault, trip)
    return money.issue_receipt(vault, trip, who, fee, NAME, cash=Cash(), paper_no=sheet)


def now(vault: Vault, officer: str = SATO.id) -> Sheet:
    return tally.sheet(vault, DAY, officer, CITY.fees)


def row(vault: Vault) -> dict[str, object]:
    found = tally.current(vault, DAY, SATO.id)
    assert found is not None
    return found


def checked(vault: Vault, **coins: int) -> dict[str, object]:
    tally.make(vault, now(vault), {int(coin[1:]): n for coin, n in coins.items()})
    tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)
    return row(vault)


def test_it_counts_by_kind_with_the_numbers_and_the_spoiled_ones(
    vault: Vault, trip: OpenTrip
) -> None:
    take(vault, trip, "9")
    take(vault, trip, "10", CARD)
    take(vault, trip, "11", NORMAL)
    who = person(vault, trip)
    begun(vault, trip, who, "12")
    facts.note(vault.book, "x:fee_free", "fee_free", DAY, {"officer": SATO.id, "reason": "STOLEN"})
    facts.note(vault.book, "y:fee_free", "fee_free", DAY, {"officer": "other", "reason": "BURNT"})
    sheet = now(vault)
    assert [(line.unit, line.count, line.yen) for line in sheet.lines] == [
        (2000, 1, 2000), (1800, 1, 1800), (1000, 0, 0), (800, 1, 800), (0, 1, 0)
    ]  # fmt: skip
    assert (sheet.count, sheet.yen) == (3, 4600)
    assert (sheet.first[-1], sheet.last[-1]) == ("1", "4")
    assert (sheet.paper_first, sheet.paper_last) == ("9", "12"), "numbers, not words"
    assert [(s.no[-1], s.paper_no, s.why) for s in sheet.spoiled] == [
        ("4", "12", "記録の途中で止まりました")
    ]
    assert NAME not in json.dumps(sheet.plain(), ensure_ascii=False)


def test_the_prices_come_from_the_citys_table(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1", Fee(2400, (("x", 2100), ("y", 300)), "LOST", ""))
    price = replace(CITY.fees.prices[-1], express_card=2100, certificate=300)
    sheet = tally.sheet(vault, DAY, SATO.id, replace(CITY.fees, prices=(price,)))
    assert [(line.unit, line.count) for line in sheet.lines][:2] == [(2400, 1), (2100, 0)]
    assert ("そのほかの金額", 1) in [(x.label, x.count) for x in now(vault).lines]


def test_a_difference_needs_an_explanation(vault: Vault, trip: OpenTrip) -> None:
    number = take(vault, trip, "1")
    for coins, word in (({1000: 1}, "1,000円足りません"), ({1000: 3}, "1,000円多すぎます")):
        with pytest.raises(BadInput, match=word) as caught:
            tally.make(vault, now(vault), coins)
        assert caught.value.field == "why"
    with pytest.raises(BadInput):
        tally.make(vault, now(vault), {1000: 1}, "under", "K09-00001")
    tally.make(vault, now(vault), {1000: 1}, "under", number)
    found = row(vault)
    assert (found["expected"], found["counted"], found["why"]) == (2000, 1000, "under")


def test_two_people_stand_under_it(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {1000: 2})
    for other, words, field in (
        (SATO.id, PASSPHRASE, "other"),
        ("recovery", WORDS, "other"),
        ("nobody", WORDS, "other"),
        (SUZUKI.id, "", "words"),
        (SUZUKI.id, PASSPHRASE, "words"),
    ):
        with pytest.raises(BadInput) as caught:
            tally.check(vault, row(vault), now(vault), other, words)
        assert caught.value.field == field
    tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)
    found = row(vault)
    assert (found["state"], found["made_by"], found["checked_by"]) == ("checked", "sato", "suzuki")
    acts = [entry["act"] for entry in ledger.rows(vault.book, 50)]
    assert acts.count("tally_checked") == 1 and "login_failed" in acts


def test_wrong_passphrases_wait_as_at_the_login(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {1000: 2})
    codes = []
    for _ in range(8):
        with pytest.raises(KitError) as caught:
            tally.check(vault, row(vault), now(vault), SUZUKI.id, "ちがう合言葉")
        codes.append(caught.value.code)
    assert codes[-1] == "wait"


def test_only_the_officer_or_a_supervisor_makes_it(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    vault.user = replace(SATO, id="mori")
    with pytest.raises(NotAllowed):
        tally.make(vault, now(vault), {1000: 2})
    vault.user = SUZUKI
    tally.make(vault, now(vault), {1000: 2})
    with pytest.raises(BadInput):  # who counted does not check, whoever is logged in now
        vault.user = SATO
        tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)


def test_it_is_replaced_with_a_reason_and_kept(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {500: 4})
    with pytest.raises(NotReady):
        tally.make(vault, now(vault), {1000: 2})
    with pytest.raises(BadInput):
        tally.replace(vault, row(vault), "")
    tally.replace(vault, row(vault), "miscounted")
    assert tally.current(vault, DAY, SATO.id) is None
    tally.make(vault, now(vault), {1000: 2})
    new, old = tally.history(vault, DAY, SATO.id)
    assert (new["state"], old["state"], old["replaced_why"]) == ("made", "replaced", "miscounted")
    assert old["coins"] == {500: 4}


def test_a_receipt_in_a_checked_tally_is_not_spoiled(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    money.issue_receipt(vault, trip, who, FEE, NAME, cash=Cash(), paper_no="1")
    checked(vault, c1000=2)
    with pytest.raises(NotAllowed):
        tally.replace(vault, row(vault), "spoil")
    vault.user = SUZUKI
    with pytest.raises(NotReady, match="照合が済んでいます"):
        money.spoil_receipt(vault, trip, who, "まちがい", "changed")
    tally.replace(vault, row(vault), "spoil")
    money.spoil_receipt(vault, trip, who, "まちがい", "changed")
    assert [s.why for s in now(vault).spoiled] == [money.WHY["changed"]]


def test_a_later_receipt_makes_the_tally_stale(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {1000: 2})
    take(vault, trip, "2")
    with pytest.raises(NotReady, match="作り直して"):
        tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)
    found = tally_days.owed(vault)
    assert [(day.yen, day.state, day.stale) for day in found] == [(4000, "made", True)]


def test_a_day_is_owed_until_its_tally_is_checked(vault: Vault, trip: OpenTrip) -> None:
    assert tally_days.owed(vault) == []
    take(vault, trip, "1")
    assert [(day.day, day.count, day.yen) for day in tally_days.owed(vault)] == [(DAY, 1, 2000)]
    checked(vault, c1000=2)
    assert tally_days.owed(vault) == []
    take(vault, trip, "2")
    assert [day.stale for day in tally_days.owed(vault)] == [True]


def test_the_deposit_follows_the_check_and_is_told_when_late(
    vault: Vault, trip: OpenTrip, watch: Watch
) -> None:
    take(vault, trip, "1")
    tally.make(vault, now(vault), {1000: 2})
    with pytest.raises(NotReady):
        tally.pay_in(vault, row(vault), "R-1", date(2026, 7, 1))
    tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)
    limit = tally.pay_in_by(DAY, 1, CITY.days)
    assert limit == date(2026, 7, 2)
    assert tally.pay_in_by("2026-07-17", 1, CITY.days) == date(2026, 7, 21), "海の日 is no open day"
    assert tally.late(row(vault), limit, date(2026, 7, 2)) == ""
    assert "払い込まれていません" in tally.late(row(vault), limit, date(2026, 7, 3))
    watch.now = datetime(2026, 7, 3, 9, 0, tzinfo=JST)
    for slip_no, day in (("領収", 1), ("", 1), ("R-1", 4)):
        with pytest.raises(BadInput):
            tally.pay_in(vault, row(vault), slip_no, date(2026, 7, day))
    with pytest.raises(BadInput):
        tally.pay_in(vault, row(vault), "R-1", date(2026, 6, 30))
    tally.pay_in(vault, row(vault), "R-1", date(2026, 7, 3))
    assert "払い込みました" in tally.late(row(vault), limit, date(2026, 7, 9))
    with pytest.raises(NotReady):
        tally.pay_in(vault, row(vault), "R-2", date(2026, 7, 3))
    vault.user = SUZUKI
    with pytest.raises(NotReady):
        tally.replace(vault, row(vault), "miscounted")


def test_a_number_that_no_open_day_settles_holds_the_tally(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "1")
    begun(vault, trip, person(vault, trip), "2")
    vault.forget_trip(trip.id)
    with pytest.raises(NotReady, match="26文字"):
        tally.make(vault, now(vault), {1000: 2})
    vault.open_trip(trip.id, bytes(range(16)))
    tally.make(vault, now(vault), {1000: 2})


def test_an_exemption_is_a_fact_of_the_closed_visit(vault: Vault, trip: OpenTrip) -> None:
    who = person(vault, trip)
    money.receive_nothing(vault, trip, who, Fee(0, (("盗難", 0),), "STOLEN", "無料です。"))
    visit.confirm(vault, trip, who)
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO reception (reservation_id, booked_on, visit_on, planned, state)"
            " VALUES (?, ?, ?, 1, 'shared')", (who.parent, DAY, DAY)
        )  # fmt: skip
    visit.close_visit(vault, trip, who.parent)
    assert [line.count for line in now(vault).lines][-1] == 1


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "12345", "一"])
def test_pieces_are_whole_numbers(typed: str) -> None:
    coins, errors = read_coins({"c1000": typed, "c500": "２枚"})
    assert [error.field for error in errors] == ["c1000"] and coins[500] == 2


@needs("poppler-utils")
def test_the_papers_say_what_was_counted(vault: Vault, trip: OpenTrip) -> None:
    take(vault, trip, "A-9")
    begun(vault, trip, person(vault, trip), "A-10")
    now(vault)
    tally.make(vault, now(vault), {1000: 1, 500: 1}, "lost")
    names = {SATO.id: SATO.name, SUZUKI.id: SUZUKI.name}
    frame = {"city": "汐見市", "device": "K01", "title": "現金取扱員", "pay_in_by": "2026-07-02"}
    at = datetime(2026, 7, 1, 17, 0)
    text = pdf_text(tally_sheet(asset_dir("forms"), row(vault), names, frame, at))
    for words in ("日計表", "照合前", "2,000円", "1,500円", "－500円", tally.WHY["lost"],
                  "A-9～A-10", "記録の途中で止まりました", "現金取扱員佐藤花",
                  "令和8年7月2日(木)"):  # fmt: skip
        assert words in text, words
    tally.check(vault, row(vault), now(vault), SUZUKI.id, WORDS)
    text = pdf_text(tally_sheet(asset_dir("forms"), row(vault), names, frame, at))
    assert "鈴木一郎" in text and "照合前" not in text
    rows = [["令和8年7月1日", "佐藤 花", 1, 2000, 1, "照合済み", ""]]
    month = month_list(asset_dir("forms"), date(2026, 7, 1), rows, [1, 2000, 1], frame, at)
    assert "収納金月計表令和8年7月" in pdf_text(month) and NAME not in text
