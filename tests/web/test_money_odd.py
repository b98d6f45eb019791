"""Cash as tired people and auditors meet it: two windows, odd digits, late cash, reprints."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fieldkit import visit
from fieldkit.store import facts
from tests.web.conftest import WORDS, Browser, Office, Values, close, do_tasks, fill_form, says
from tests.web.test_tally import DAY, PAID, count, paid, settle_with

FREE: Values = {"reason_code": "STOLEN", "evidence": "受理番号を書いた紙を見た"}
SECOND: Values = {"person": {"name": "森 進"}, "order": 2}


def body(office: Office, base: str) -> dict[str, Any]:
    vault, person = office.kit.open_vault(), base.rsplit("/", 1)[1]
    found = visit.application(visit.trip_of(vault, person), person)
    return found.body if found else {}


def ready(boss: Browser, office: Office, **changes: Any) -> str:
    base = office.visit(**changes)
    fill_form(boss, base)
    return base


def checked_and_paid_in(boss: Browser, slip: str, **coins: str) -> None:
    assert count(boss, **coins).status_code == 302
    told = {"other": "tanaka", "words": WORDS}
    assert boss.post(f"{DAY}/check", told).status_code == 302
    paid_in = {"slip_no": slip, "paid_in_on": "R8.7.1"}
    assert boss.post(f"{DAY}/paid-in", paid_in).status_code == 302


# -- one person, two windows ----------------------------------------------------------------------
def test_a_receipt_is_not_made_free_in_another_window(boss: Browser, office: Office) -> None:
    base = paid(boss, office)
    for _ in range(2):
        answer = boss.post(f"{base}/fee", FREE)
        assert answer.status_code == 400 and "2,000円の領収書" in says(answer)
    now = body(office, base)
    assert now["fee"]["yen"] == 2000 and now["fee_choice"]["reason_code"] == "LOST"
    again = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "999"})
    assert again.headers["Location"] == f"{base}/fee"
    assert body(office, base)["paper_receipt_no"] == "101"


def test_no_money_is_taken_from_who_does_not_apply(boss: Browser, office: Office) -> None:
    base = ready(boss, office)
    assert boss.post(f"{base}/outcome", {"outcome": "declined", "note": ""}).status_code == 302
    for values in ({**PAID, "paper_receipt_no": "101"}, {**FREE}, {**FREE}):
        answer = boss.post(f"{base}/fee", values)
    assert answer.status_code == 400 and "取りやめ" in says(answer)
    answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"})
    assert office.kit.open_vault().book.all("SELECT 1 FROM money") == []


def test_a_changed_fee_is_told_beside_the_receipt(boss: Browser, office: Office) -> None:
    base = paid(boss, office)
    assert "合いません" not in boss.text(boss.get(f"{base}/fee"))
    fill_form(boss, base, express="no")
    page = boss.text(boss.get(f"{base}/fee"))
    assert "領収書は2,000円、いまの手数料は1,000円です" in page
    spoiled = {"spoil_why": "changed", "spoil_reason": "通常発行に変更"}
    assert boss.post(f"{base}/fee/spoil", spoiled).status_code == 302
    again = {**PAID, "tendered": "1000", "paper_receipt_no": "102"}
    assert boss.post(f"{base}/fee", again).status_code == 302
    assert "合いません" not in boss.text(boss.get(f"{base}/fee"))


def test_an_exemption_is_done_when_it_is_written_down(boss: Browser, office: Office) -> None:
    base = ready(boss, office)
    answer = boss.post(f"{base}/fee", FREE)
    assert "0円です" in says(answer) and body(office, base).get("fee") is None

    def fee_state() -> str:
        page = re.sub(r"<[^>]+>|\s+", " ", boss.text(boss.get(base)))
        found = re.search(r" 手数料 +(済|未)", page)
        return found.group(1) if found else ""

    assert fee_state() == "未", "only shown, not recorded"
    assert boss.post(f"{base}/fee", FREE).headers["Location"] == base
    assert fee_state() == "済" and body(office, base)["fee"]["by"] == "suzuki"
    other = {"reason_code": "BURNT", "evidence": "罹災証明書"}
    boss.post(f"{base}/fee", other)
    assert fee_state() in ("済", "未") and body(office, base)["fee"]["reason_code"] == "BURNT"


# -- what is typed --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("2001", "1円多い"),
        ("1999", "1円足りません"),
        ("０", "2,000円足りません"),
        *[
            (text, "数字で入れて")
            for text in ("", "二千円", "-2000", "2000.0", "99999999999", "２千")
        ],
    ],
)
def test_only_the_exact_sum_is_taken(boss: Browser, office: Office, typed: str, word: str) -> None:
    base = ready(boss, office)
    answer = boss.post(f"{base}/fee", {**PAID, "tendered": typed, "paper_receipt_no": "101"})
    assert answer.status_code == 422 and word in says(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM money") == []


@pytest.mark.parametrize("typed", ["２，０００円", "¥2,000", " 2000 円", "２０００"])
def test_the_sum_is_read_as_people_write_it(boss: Browser, office: Office, typed: str) -> None:
    base = ready(boss, office)
    answer = boss.post(f"{base}/fee", {**PAID, "tendered": typed, "paper_receipt_no": "101"})
    assert answer.status_code == 302, says(answer)


@pytest.mark.parametrize(
    "typed", ["Ａ－０１０１", "Ａ−０１０１", "ａ‐１０１", "A101", "Aー101", "A--101", " a-00101 "]
)
def test_the_same_sheet_is_known_however_it_is_written(
    boss: Browser, office: Office, typed: str
) -> None:
    paid(boss, office, "A-0101")
    base = ready(boss, office, **SECOND)
    answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": typed})
    assert answer.status_code == 422 and "すでに使われています" in says(answer)


def test_sheets_of_two_books_are_two_sheets(boss: Browser, office: Office) -> None:
    paid(boss, office, "1-01")
    paid(boss, office, "101", **SECOND)


@pytest.mark.parametrize("typed", ["-2", "1.5", "1000000000", "1,5", "٢", "二", "10000"])
def test_odd_pieces_are_refused_by_name(boss: Browser, office: Office, typed: str) -> None:
    paid(boss, office)
    answer = count(boss, c1000=typed)
    assert answer.status_code == 422 and "1,000円の枚数" in says(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM tally") == []


# -- the day --------------------------------------------------------------------------------------
def test_cash_after_the_deposit_gets_a_tally_of_its_own(boss: Browser, office: Office) -> None:
    first = paid(boss, office)
    checked_and_paid_in(boss, "R-1", c1000="2")
    second = paid(boss, office, "102", **SECOND)
    assert "日計表がまだです" in boss.text(boss.get("/"))
    page = boss.text(boss.get(DAY))
    assert "先に払い込んだ日計表" in page and "R-1" in page and "現金を数える" in page
    assert "K" in page and 'data-expected="2000"' in page
    why = {"spoil_why": "paper", "spoil_reason": "破れた"}
    assert "会計管理者に相談" in says(boss.post(f"{first}/fee/spoil", why))
    assert boss.post(f"{second}/fee/spoil", why).status_code == 302, "that one is not counted yet"
    again = boss.post(f"{second}/fee", {**PAID, "paper_receipt_no": "103"})
    assert again.status_code == 302, says(again)
    assert "2,000円多すぎます" in says(count(boss, c1000="4")), "the first 2,000 are gone"
    checked_and_paid_in(boss, "R-2", c1000="2")
    assert "日計表がまだです" not in boss.text(boss.get("/"))
    page = boss.text(boss.get(f"/tally/month/{DAY[7:14]}"))
    assert "R-1・R-2" in page and "4,000円" in page
    rows = office.kit.open_vault().book.all("SELECT expected FROM tally ORDER BY rowid")
    assert [row["expected"] for row in rows] == [2000, 2000]


def test_the_second_person_may_be_the_one_logged_in(boss: Browser, office: Office) -> None:
    paid(boss, office)
    count(boss, c1000="2")
    boss.post("/lock")
    boss.log_in("tanaka")
    page = boss.text(boss.get(DAY))
    assert 'value="tanaka"' in page and 'value="suzuki"' not in page
    own = {"other": "tanaka", "words": "ちがう言葉です 汐見"}
    assert "田中 実さんの合言葉が違います" in says(boss.post(f"{DAY}/check", own))
    counter = {"other": "suzuki", "words": WORDS}
    assert "別の人" in says(boss.post(f"{DAY}/check", counter))
    own = {"other": "tanaka", "words": WORDS}
    assert boss.post(f"{DAY}/check", own).headers["Location"] == DAY
    row = office.kit.open_vault().book.one("SELECT made_by, checked_by FROM tally")
    assert row and tuple(row) == ("suzuki", "tanaka")


def test_the_report_has_the_yen_on_the_day_of_the_tally(boss: Browser, office: Office) -> None:
    base = office.visit()
    office.watch.now = office.watch.now.replace(hour=23, minute=58)
    boss.log_in("suzuki")
    do_tasks(boss, base)
    office.watch.now += timedelta(minutes=4)  # the visit ends after midnight
    close(boss, base)
    second = office.visit(**SECOND)
    do_tasks(boss, second)
    close(boss, second)
    book = office.kit.open_vault().book
    for day, n in (("2026-07-01", 1), ("2026-07-02", 1)):
        fees = [fact for fact in facts.between(book, day, day) if fact["kind"] == "fee"]
        page = boss.text(boss.get(f"/tally/{day}/1"))
        assert sum(fact["yen"] for fact in fees) == 2000 and len(fees) == n
        assert 'data-expected="2000"' in page


def test_cash_that_was_not_paid_in_is_told_on_the_first_screen(
    boss: Browser, office: Office
) -> None:
    paid(boss, office)
    count(boss, c1000="2")
    boss.post(f"{DAY}/check", {"other": "tanaka", "words": WORDS})
    assert "払込みの期限を過ぎています" not in boss.text(boss.get("/"))
    office.watch.now += timedelta(days=2)
    boss.log_in("suzuki")
    assert "払込みの期限を過ぎています" in boss.text(boss.get("/"))
    assert "期限を過ぎています" in boss.text(boss.get("/tally"))
    boss.get(DAY)
    boss.post(f"{DAY}/paid-in", {"slip_no": "R-1", "paid_in_on": "R8.7.3"})
    assert "払込みの期限を過ぎています" not in boss.text(boss.get("/"))


def test_an_officer_who_is_nobody_here_is_told(boss: Browser, office: Office) -> None:
    settle_with(office, '[[officer]]\nuser = "nobody"\ntitle = "現金取扱員"\n')
    base = ready(boss, office)
    answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"})
    assert answer.status_code == 403 and "cash.toml" in says(answer)
    page = boss.text(boss.get("/tally"))
    assert "nobody" in page and "利用者にいません" in page


@pytest.mark.parametrize("month", ["0001-01", "1800-01", "1999-12", "9999-12"])
def test_a_month_without_receipts_is_an_empty_list(boss: Browser, month: str) -> None:
    for path in (f"/tally/month/{month}", f"/tally/month/{month}.pdf"):
        assert boss.get(path).status_code in (200, 404), path
