"""Cash on the screens: the fee by the paper book or printed, 日計表 with two people, the month."""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import replace
from typing import Any

import pytest

from fieldkit.settings import asset_dir
from tests.forms.form_cases import pdf_text
from tests.needs import needs
from tests.web.conftest import WORDS, Browser, Office, Values, do_tasks, fill_form, says

NOW_DAY = "2026-07-01"
DAY = f"/tally/{NOW_DAY}/1"
PAID: Values = {"tendered": "2000", "payer_name": "𠮷田 髙子", "reason_code": "LOST"}
PRINTED = 'mode = "printed"\napproval = "汐会第123号"\napproved_on = 2026-04-01\n'


def settle_with(office: Office, cash: str) -> None:
    """The city writes its own cash.toml."""
    forms = office.settings.data_dir.with_name("forms")
    if not forms.exists():
        shutil.copytree(asset_dir("forms"), forms)
    (forms / "cash.toml").write_text(cash, encoding="utf-8")
    changed = replace(office.settings, forms_dir=forms)
    office.settings = office.kit.settings = changed
    office.kit.open_vault().settings = changed
    office.kit._city = None


def paid(boss: Browser, office: Office, sheet: str = "101", **changes: Any) -> str:
    base = office.visit(**changes)
    fill_form(boss, base)
    answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": sheet})
    assert answer.status_code == 302, says(answer)
    return base


def count(boss: Browser, **coins: str) -> Any:
    return boss.post(DAY, dict(coins))


# -- the receipt ----------------------------------------------------------------------------------
def test_the_paper_book_needs_its_number_and_prints_nothing(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    answer = boss.post(f"{base}/fee", PAID)
    assert answer.status_code == 422 and "紙の領収書の番号を入れてください" in says(answer)
    assert boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"}).status_code == 302
    page = boss.text(boss.get(f"{base}/fee"))
    assert "紙の領収書 <b>101</b>" in page and "receipt.pdf" not in page
    assert "receipt.pdf" not in boss.text(boss.get(f"{base}/papers"))
    assert "紙の領収書つづり" in says(boss.get(f"{base}/papers/receipt.pdf"))


@needs("poppler-utils")
def test_the_printed_receipt_carries_the_approval_and_its_officer(
    boss: Browser, office: Office
) -> None:
    officer = '[[officer]]\nuser = "suzuki"\ntitle = "分任出納員"\n'
    settle_with(office, PRINTED + officer)
    base = office.visit()
    fill_form(boss, base)
    assert "paper_receipt_no" not in boss.text(boss.get(f"{base}/fee"))
    answer = boss.post(f"{base}/fee", PAID)
    assert answer.status_code == 302, says(answer)
    assert "receipt.pdf" in boss.text(boss.get(f"{base}/papers"))
    boss.post("/lock")
    boss.log_in("tanaka")  # who prints is not who received
    text = pdf_text(boss.get(f"{base}/papers/receipt.pdf").get_data())
    assert text.count("承認汐会第123号（令和8年4月1日）") == 2
    assert "分任出納員鈴木一郎" in text and "再印刷" not in text
    assert "再印刷（2回目）" in pdf_text(boss.get(f"{base}/papers/receipt.pdf").get_data())
    boss.post("/lock")
    boss.log_in("suzuki")
    boss.get(f"{base}/fee")
    spoiled = {"spoil_why": "wrong_payer", "spoil_reason": "あて名の誤り"}
    assert boss.post(f"{base}/fee/spoil", spoiled).status_code == 302
    page = boss.text(boss.get(f"{base}/fee"))
    sheet = re.search(r'href="([^"]+/fee/spoiled/1\.pdf)"', page)
    assert sheet and "あて名や日付を書きまちがえた" in page
    text = pdf_text(boss.get(sheet.group(1)).get_data())
    assert text.count("書損") == 2
    assert boss.get(f"{base}/fee/spoiled/2.pdf").status_code == 404


def test_who_is_not_appointed_is_told_who_is(boss: Browser, office: Office) -> None:
    settle_with(office, '[[officer]]\nuser = "tanaka"\ntitle = "現金取扱員"\n')
    base = office.visit()
    fill_form(boss, base)
    answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"})
    assert answer.status_code == 403 and "田中 実" in boss.text(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM money") == []


def test_a_broken_cash_table_stops_money_with_its_key(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    settle_with(office, 'mode = "printed"\napproved_on = 2026-04-01\n')
    answer = boss.get(f"{base}/fee")
    assert "cash.toml の approval" in boss.text(answer)


def test_a_double_click_gives_one_receipt(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    found: list[int] = []

    def press(sheet: int) -> None:
        answer = boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": str(sheet)})
        found.append(answer.status_code)

    threads = [threading.Thread(target=press, args=(sheet,)) for sheet in range(101, 105)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [302] * 4
    rows = office.kit.open_vault().book.all("SELECT state FROM money")
    assert [row["state"] for row in rows] == ["issued"]


# -- the day --------------------------------------------------------------------------------------
def test_the_first_screen_asks_for_the_tally(boss: Browser, office: Office) -> None:
    assert "日計表がまだです" not in boss.text(boss.get("/"))
    paid(boss, office)
    page = boss.text(boss.get("/"))
    assert "日計表がまだです" in page and "1枚 2,000円" in page and 'href="/tally"' in page
    page = boss.text(boss.get("/tally"))
    assert "これから作る・照合する（1件）" in page and "登録されていません" in page
    assert "0134-00-0002" in page, "whom to tell when cash is lost"


def test_the_day_is_counted_checked_and_paid_in(boss: Browser, office: Office) -> None:
    paid(boss, office)
    answer = count(boss, c1000="1")
    assert answer.status_code == 422 and "1,000円足りません" in says(answer)
    page = boss.text(answer)
    assert 'name="c1000" type="text"' in page and 'value="1"' in page and 'name="why"' in page
    answer = count(boss, c1000="x", c1="12345")
    assert says(answer).count("数字で入れてください") == 2
    assert count(boss, c1000="２", c500="").headers["Location"] == DAY
    own = {"other": "suzuki", "words": WORDS}
    assert "別の人" in says(boss.post(f"{DAY}/check", own))
    answer = boss.post(f"{DAY}/check", {"other": "tanaka", "words": "ちがう言葉です 汐見"})
    assert answer.status_code == 422 and "田中 実さんの合言葉が違います" in says(answer)
    assert "ちがう言葉です" not in boss.text(answer)
    told = {"other": "tanaka", "words": WORDS}
    assert boss.post(f"{DAY}/check", told).headers["Location"] == DAY
    page = boss.text(boss.get(DAY))
    assert "田中 実（" in page and "払込みを記録する" in page
    assert "日計表がまだです" not in boss.text(boss.get("/"))
    wrong = {"slip_no": "R-1", "paid_in_on": "令和9年1月1日"}
    assert "今日までの日付" in says(boss.post(f"{DAY}/paid-in", wrong))
    paid_in = {"slip_no": "R-１", "paid_in_on": "R8.7.1"}
    assert boss.post(f"{DAY}/paid-in", paid_in).headers["Location"] == DAY
    page = boss.text(boss.get(f"/tally/month/{NOW_DAY[:7]}"))
    assert "照合済み" in page and "R-1" in page and "2,000円" in page


def test_it_is_taken_back_with_a_reason(boss: Browser, office: Office) -> None:
    base = paid(boss, office)
    count(boss, c1000="2")
    boss.post(f"{DAY}/check", {"other": "tanaka", "words": WORDS})
    spoiled = {"spoil_why": "changed", "spoil_reason": "区分の変更"}
    assert "照合が済んでいます" in says(boss.post(f"{base}/fee/spoil", spoiled))
    assert "取り消す理由" in says(boss.post(f"{DAY}/replace", {}))
    assert boss.post(f"{DAY}/replace", {"replaced_why": "spoil"}).headers["Location"] == DAY
    page = boss.text(boss.get(DAY))
    assert "取り消した日計表" in page and "現金を数える" in page
    assert boss.post(f"{base}/fee/spoil", spoiled).status_code == 302
    page = boss.text(boss.get(DAY))
    assert "申請の内容が変わり、金額が変わった" in page and "現金の合計" in page


@needs("poppler-utils")
def test_the_papers_of_the_day_and_the_month(boss: Browser, office: Office) -> None:
    paid(boss, office)
    assert boss.get(f"{DAY}/sheet.pdf").status_code == 404
    count(boss, c1000="2")
    text = pdf_text(boss.get(f"{DAY}/sheet.pdf").get_data())
    assert "照合前" in text and "現金取扱員鈴木一郎" in text and "預り金" in text
    text = pdf_text(boss.get(f"/tally/month/{NOW_DAY[:7]}.pdf").get_data())
    assert "鈴木一郎" in text and "2,000" in text and "髙子" not in text


@pytest.mark.parametrize(
    "path", ["/tally/2026-07-01/9", "/tally/x/1", "/tally/month/x", "/tally/month/2026-13"]
)
def test_an_odd_address_is_told(boss: Browser, office: Office, path: str) -> None:
    paid(boss, office)
    answer = boss.get(path)
    assert answer.status_code == 404 and says(answer)


def test_the_tally_is_the_fields_work(office: Office) -> None:
    for who, status in (("kato", 403), ("sato", 403), ("tanaka", 200)):
        office.browser.log_in(who)
        assert office.browser.get("/tally").status_code == status
        office.browser.post("/lock")


def test_no_name_of_an_applicant_is_in_the_book(boss: Browser, office: Office) -> None:
    do_tasks(boss, office.visit())
    count(boss, c1000="2")
    book = office.kit.open_vault().book
    for table in ("money", "tally", "fact"):
        for row in book.all(f"SELECT * FROM {table}"):
            assert not any("髙子" in str(value) for value in tuple(row)), table
