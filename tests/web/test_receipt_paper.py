"""The printed receipt after the setting or the payer has changed, and payers nobody can print."""

from __future__ import annotations

import pytest

from tests.forms.form_cases import pdf_text
from tests.needs import needs
from tests.web.conftest import Browser, Office
from tests.web.test_money_odd import ready
from tests.web.test_tally import PAID, PRINTED, settle_with


@needs("poppler-utils")
def test_a_reprint_keeps_the_approval_and_a_spoiled_one_its_payer(
    boss: Browser, office: Office
) -> None:
    settle_with(office, PRINTED)
    base = ready(boss, office)
    boss.post(f"{base}/fee", {**PAID, "payer_name": "誤字 太郎"})
    settle_with(office, "")
    text = pdf_text(boss.get(f"{base}/papers/receipt.pdf").get_data())
    assert text.count("承認汐会第123号（令和8年4月1日）") == 2
    why = {"spoil_why": "wrong_payer", "spoil_reason": "あて名の誤り"}
    assert boss.post(f"{base}/fee/spoil", why).status_code == 302
    boss.post(f"{base}/fee", {**PAID, "paper_receipt_no": "5"})
    text = pdf_text(boss.get(f"{base}/fee/spoiled/1.pdf").get_data())
    assert text.count("誤字太郎") == 2 and "髙子" not in text
    assert text.count("承認汐会第123号（令和8年4月1日）") == 2


@pytest.mark.parametrize("payer", ["外字\ue000", "森\u200b進", "𠮷" * 201, "森\U000e0171"])
def test_a_payer_that_cannot_be_printed_uses_no_number(
    boss: Browser, office: Office, payer: str
) -> None:
    settle_with(office, PRINTED)
    base = ready(boss, office)
    answer = boss.post(f"{base}/fee", {**PAID, "payer_name": payer})
    assert answer.status_code == 422 and "payer_name" in boss.text(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM money") == []
