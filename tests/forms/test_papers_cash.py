"""The papers about cash with much on them: nothing runs into the next part or over a page break."""

from __future__ import annotations

import subprocess
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from fieldkit.paper.money import receipt
from fieldkit.paper.tally import signature_list, tally_sheet
from fieldkit.settings import asset_dir
from fieldkit.tally_sheet import Line, Sheet, Spoiled
from tests.needs import needs

FORMS = asset_dir("forms")
AT = datetime(2026, 7, 1, 17, 30)
pytestmark = needs("poppler-utils")


def pages(pdf: bytes) -> list[str]:
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode("utf-8").removesuffix("\f").split("\f")


def row(spoiled: int, difference: int) -> dict[str, Any]:
    lost = tuple(
        Spoiled(f"K01-{n:05d}", f"A-{n:04d}", 2000, "申請をとりやめ、お金を返した")
        for n in range(1, spoiled + 1)
    )
    lines = (Line("特急発行・電子証明書あり", 2000, 20, 40000), Line("免除（0円）", 0, 3, 0))
    sheet = Sheet("2026-07-01", "sato", lines, 20, 40000, "K01-00001", "K01-00060", "A-1", "A-60",
                  lost, (), (), (60, 20, 40000))  # fmt: skip
    return {
        "day": "2026-07-01", "officer": "sato", "state": "made", "sheet": sheet, "expected": 40000,
        "counted": 40000 + difference, "coins": {10000: 4}, "why": "no_receipt", "about": "",
        "made_at": "2026-07-01T17:20:00", "made_by": "sato", "checked_at": None,
        "checked_by": None, "slip_no": "", "paid_in_on": None, "paid_in_by": None,
        "replaced_why": "",
    }  # fmt: skip


@pytest.mark.parametrize("spoiled", [0, 3, *range(15, 32, 2)])
def test_the_pieces_and_their_sum_stay_on_one_page(spoiled: int) -> None:
    pdf = tally_sheet(FORMS, row(spoiled, 500), {"sato": "佐藤 花"}, {"city": "汐見市"}, AT)
    found = pages(pdf)
    (page,) = [text for text in found if "現金の金種" in text]
    for words in ("10,000", "差額の事情", "＋500"):
        assert words in page, words
    assert sum(text.count("申請をとりやめ") for text in found) == spoiled
    assert len(found) == (1 if spoiled < 10 else 2)


def test_a_row_to_sign_is_never_cut_by_the_end_of_a_page() -> None:
    name = "マリア・クリスティーナ・フェルナンデス・デ・ラ・クルス・サントス"
    people = [
        {"number": n, "reception_no": str(n), "name": name if n % 2 else "森 進", "item": "商品券",
         "yen": 2000, "at": "2026-07-01T10:00:00"}
        for n in range(1, 41)
    ]  # fmt: skip
    found = pages(signature_list(FORMS, "2026-07-01", people, {"city": "汐見市"}, AT))
    assert len(found) > 2
    for text in found:
        assert text.count("マリア") == text.count("クリスティ") == text.count("サン")
    assert sum(text.count("マリア") for text in found) == 20


@pytest.mark.parametrize("length", [10, 60, 61, 110, 111, 200])
def test_the_longest_payer_leaves_both_parts_on_one_sheet(length: int, tmp_path: Path) -> None:
    office = {
        "issuer": "汐見市 出納員", "account": "歳入歳出外現金", "officer_title": "現金取扱員",
        "officer": "鈴木 一郎", "phone": "0134-00-0000", "approval": "承認 汐会第123号",
        "place": "汐見市花園1丁目",
    }  # fmt: skip
    pdf = receipt(
        FORMS, number="K01-00001", payer="葛󠄀" * (length // 2), amount=2000,
        breakdown=[("カード再交付（特急発行）", 1800), ("電子証明書", 200)],
        paid_on=date(2026, 7, 1), office=office, printed_at=AT, again=1,
    )  # fmt: skip
    assert len(pages(pdf)) == 1
    (tmp_path / "r.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-bbox", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode("utf-8")
    tops = {
        word: [float(line.split('yMin="')[1].split('"')[0]) for line in done.splitlines()
               if word in line]
        for word in ("ここで切り離し、下をお渡しします", "汐会第123号")
    }  # fmt: skip
    (cut,), approvals = tops.values()
    assert approvals[0] < cut - 8 and approvals[1] < 842 - 20, (
        "the stub ends above the cutting line"
    )
