"""The weekly report, opened again by another program's eyes (openpyxl)."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl

from fieldkit.report.weekly import COLUMNS, weekly_xlsx

MONDAY = date(2026, 6, 29)


def fact(what: str, on: str, count: int = 1, yen: int = 0, **dims: str) -> dict[str, Any]:
    return {"kind": what, "on": on, "dims": dims, "count": count, "yen": yen}


FACTS = [
    fact("reservation", "2026-06-29", count=3),
    fact("call", "2026-06-29", count=5),
    fact("visit", "2026-07-01", place="home"),
    fact("application", "2026-07-01", kind="new", place="home"),
    fact("application", "2026-07-01", count=2, kind="lost", place="facility"),
    fact("application", "2026-07-05", kind="renew", place="facility"),
    fact("application", "2026-07-05", kind="?", place="mall"),
    fact("fee", "2026-07-01", yen=2000),
    fact("fee", "2026-07-05", count=2, yen=1600),
    fact("deletion", "2026-07-01", count=4),
    fact("application", "2026-06-28", count=100, kind="new", place="home"),  # the week before
    fact("application", "2026-07-06", count=100, kind="new", place="home"),  # the week after
]


def opened(values: bool = True, facts: list[dict[str, Any]] = FACTS, city: str = "見本市") -> Any:
    return openpyxl.load_workbook(BytesIO(weekly_xlsx(facts, MONDAY, city)), data_only=values)


def table(sheet: Any) -> dict[str, dict[str, int]]:
    """{row name: {key of COLUMNS: number}} of 週報."""
    keys = [key for _, _, key in COLUMNS]
    rows = sheet.iter_rows(min_row=6, max_row=13, max_col=1 + len(keys), values_only=True)
    return {row[0]: dict(zip(keys, row[1:], strict=True)) for row in rows}


def test_it_counts_each_day_and_only_this_week() -> None:
    rows = table(opened()["週報"])
    assert list(rows) == [
        "令和8年6月29日(月)",
        "令和8年6月30日(火)",
        "令和8年7月1日(水)",
        "令和8年7月2日(木)",
        "令和8年7月3日(金)",
        "令和8年7月4日(土)",
        "令和8年7月5日(日)",
        "週の計",
    ]
    assert rows["令和8年6月29日(月)"]["reservation"] == 3
    wednesday = rows["令和8年7月1日(水)"]
    assert (wednesday["application"], wednesday["kind:new"], wednesday["kind:lost"]) == (3, 1, 2)
    assert (wednesday["place:home"], wednesday["place:facility"], wednesday["yen"]) == (1, 2, 2000)
    assert rows["令和8年7月5日(日)"]["kind:other"] == 1
    assert rows["週の計"]["application"] == 5
    assert rows["週の計"]["yen"] == 3600
    assert rows["週の計"]["deletion"] == 4


def test_it_adds_up_in_every_direction() -> None:
    rows = table(opened()["週報"])
    total = rows.pop("週の計")
    for key in total:
        assert total[key] == sum(day[key] for day in rows.values()), key
    for row in [total, *rows.values()]:
        assert row["application"] == sum(n for key, n in row.items() if key.startswith("kind:"))
        assert row["application"] == sum(n for key, n in row.items() if key.startswith("place:"))


def test_it_sums_by_formula_so_that_a_correction_by_hand_counts() -> None:
    sheet = opened(values=False)["週報"]
    assert sheet["B13"].value == "=SUM(B6:B12)"


def test_it_never_makes_a_formula_or_link_of_a_word() -> None:
    bad = ["=1+1", '=HYPERLINK("x")', "+1", "-1", "@A1", "https://example.com/"]
    facts = [fact("call", "2026-07-01", district=word) for word in bad]
    book = opened(values=False, facts=facts, city="=1+1")
    details = book["内訳"]
    cells = [details.cell(row, 3) for row in range(2, 2 + len(bad))]
    assert {cell.value for cell in cells} == {f"地区＝{word}" for word in bad}
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in cells)
    assert book["週報"]["A1"].data_type == "s"
    assert book["週報"]["A1"].value.startswith("=1+1")


def test_it_prints_on_one_landscape_page_with_its_headings_and_a_chart() -> None:
    sheet = opened()["週報"]
    assert sheet["A1"].value == "見本市　出張申請 週報"
    assert sheet["A2"].value == "令和8年6月29日(月) から 令和8年7月5日(日) まで"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, None) or (
        sheet.page_setup.fitToWidth,
        sheet.page_setup.fitToHeight,
    ) == (1, 1)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$4:$5"
    assert len(sheet._charts) == 1


def test_it_makes_an_empty_week_and_the_same_file_twice() -> None:
    assert set(table(opened(facts=[])["週報"])["週の計"].values()) == {0}
    assert weekly_xlsx(FACTS, MONDAY, "見本市") == weekly_xlsx(FACTS, MONDAY, "見本市")
