"""The weekly report to the city, as an Excel file (001 §9(1): 週次の報告).

Made from facts only (`fieldkit.store.facts`): counts and yen, nobody in them. Two sheets: 週報, one
printed page with a chart, and 内訳, every count with the dimensions it was noted with. The promise:
no cell holds a formula but our own sums; the same facts give the same numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import xlsxwriter

from fieldkit.rules.wareki import wareki

KINDS = {"new": "新規", "renew": "更新", "lost": "紛失", "damaged": "破損", "other": "その他"}
PLACES = {"home": "自宅", "facility": "施設", "other": "その他"}
FACTS = {
    "reservation": "予約受付",
    "call": "電話",
    "visit": "訪問",
    "application": "申請",
    "fee": "手数料",
    "fee_free": "手数料の免除",
    "deletion": "消去",
    "set_aside": "今日は申請しない",
}
OUTCOMES = {"confirmed": "確認済み", "declined": "取りやめ", "postponed": "後日"}
# Dimensions of a fact: its label and the words of its codes.
DIMS: dict[str, tuple[str, dict[str, str]]] = {
    "kind": ("種別", KINDS),
    "place": ("場所", PLACES),
    "district": ("地区", {}),
    "half": ("時間帯", {"am": "午前", "pm": "午後"}),
    "outcome": ("結果", OUTCOMES),
}
# Columns of 週報 after the day: (group heading, heading, key of the day's numbers).
COLUMNS = [
    ("受付", "予約受付", "reservation"),
    ("受付", "電話", "call"),
    ("受付", "訪問", "visit"),
    *(("申請の種別", label, f"kind:{key}") for key, label in KINDS.items()),
    ("申請の種別", "申請計", "application"),
    *(("申請の場所", label, f"place:{key}") for key, label in PLACES.items()),
    ("その他", "手数料(円)", "yen"),
    ("その他", "消去", "deletion"),
]
HEAD, FIRST = 3, 5  # rows (from 0): the two heading rows start at HEAD, the days at FIRST


def weekly_xlsx(facts: list[dict[str, Any]], week_start: date, city_name: str) -> bytes:
    """Return the .xlsx of the seven days from `week_start`; facts of other days do not count.

    A fact is `{"kind", "on": "YYYY-MM-DD", "dims": {str: str}, "count": int, "yen": int}`; an
    application's `dims` has `kind` and `place` (an unknown value counts as その他).
    """
    days = [week_start + timedelta(days=n) for n in range(7)]
    week = [fact for fact in facts if date.fromisoformat(fact["on"]) in days]
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties(
            {
                "title": "出張申請 週報",
                # A fixed moment: the same facts give the same file.
                "created": datetime(week_start.year, week_start.month, week_start.day),
            }
        )
        looks = _looks(book)
        _write_summary(book, looks, week, days, city_name)
        _write_details(book, looks, week)
    return out.getvalue()


def numbers_of(facts: Iterable[dict[str, Any]]) -> Counter[str]:
    """Add up facts under the keys of COLUMNS."""
    sums: Counter[str] = Counter()
    for fact in facts:
        count = int(fact["count"])
        sums[fact["kind"]] += count
        sums["yen"] += int(fact["yen"])
        if fact["kind"] == "application":
            sums["kind:" + _known(fact["dims"].get("kind", ""), KINDS)] += count
            sums["place:" + _known(fact["dims"].get("place", ""), PLACES)] += count
    return sums


def _known(value: str, table: dict[str, str]) -> str:
    return value if value in table else "other"


def _looks(book: xlsxwriter.Workbook) -> dict[str, Any]:
    base = {"font_name": "Yu Gothic", "font_size": 11, "valign": "vcenter"}
    cell = {**base, "border": 1}
    head = {**cell, "bold": True, "align": "center", "bg_color": "#E8F1FE", "text_wrap": True}
    return {
        "title": book.add_format({**base, "bold": True, "font_size": 16}),
        "plain": book.add_format(base),
        "head": book.add_format(head),
        "day": book.add_format(cell),
        "number": book.add_format({**cell, "num_format": "#,##0"}),
        "sum": book.add_format({**cell, "num_format": "#,##0", "bold": True, "top": 2}),
        "sum_name": book.add_format({**cell, "bold": True, "top": 2}),
    }


def _write_summary(
    book: xlsxwriter.Workbook,
    looks: dict[str, Any],
    week: list[dict[str, Any]],
    days: list[date],
    city_name: str,
) -> None:
    sheet = book.add_worksheet("週報")
    sheet.write_string(0, 0, f"{city_name}　出張申請 週報", looks["title"])
    period = f"{wareki(days[0], weekday=True)} から {wareki(days[-1], weekday=True)} まで"
    sheet.write_string(1, 0, period, looks["plain"])
    _write_head(sheet, looks)
    for n, day in enumerate(days):
        sums = numbers_of(fact for fact in week if fact["on"] == day.isoformat())
        sheet.write_string(FIRST + n, 0, wareki(day, weekday=True), looks["day"])
        for column, (_, _, key) in enumerate(COLUMNS, start=1):
            sheet.write_number(FIRST + n, column, sums[key], looks["number"])
    _write_sums(sheet, looks, numbers_of(week))
    _draw_kinds(book, sheet)
    _set_page(sheet, HEAD, HEAD + 1, city_name)
    sheet.fit_to_pages(1, 1)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(COLUMNS), 9)


def _write_head(sheet: Any, looks: dict[str, Any]) -> None:
    sheet.merge_range(HEAD, 0, HEAD + 1, 0, "日付", looks["head"])
    groups = [group for group, _, _ in COLUMNS]
    for group in dict.fromkeys(groups):
        first = 1 + groups.index(group)
        sheet.merge_range(HEAD, first, HEAD, first + groups.count(group) - 1, group, looks["head"])
    for column, (_, heading, _) in enumerate(COLUMNS, start=1):
        sheet.write_string(HEAD + 1, column, heading, looks["head"])


def _write_sums(sheet: Any, looks: dict[str, Any], sums: Counter[str]) -> None:
    row = FIRST + 7
    sheet.write_string(row, 0, "週の計", looks["sum_name"])
    for column, (_, _, key) in enumerate(COLUMNS, start=1):
        name = xlsxwriter.utility.xl_col_to_name(column)
        formula = f"=SUM({name}{FIRST + 1}:{name}{FIRST + 7})"
        sheet.write_formula(row, column, formula, looks["sum"], sums[key])


def _draw_kinds(book: xlsxwriter.Workbook, sheet: Any) -> None:
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    last = FIRST + 6
    for column, (_, _, key) in enumerate(COLUMNS, start=1):
        if key.startswith("kind:"):
            chart.add_series(
                {
                    "name": ["週報", HEAD + 1, column],
                    "categories": ["週報", FIRST, 0, last, 0],
                    "values": ["週報", FIRST, column, last, column],
                }
            )
    chart.set_title({"name": "日ごとの申請件数"})
    chart.set_y_axis({"min": 0, "num_format": "0"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 960, "height": 320})
    sheet.insert_chart(FIRST + 9, 0, chart, {"description": "日ごとの申請件数（種別の積み上げ）"})


def _write_details(
    book: xlsxwriter.Workbook, looks: dict[str, Any], week: list[dict[str, Any]]
) -> None:
    sheet = book.add_worksheet("内訳")
    counts: Counter[tuple[str, str, str]] = Counter()
    yen: Counter[tuple[str, str, str]] = Counter()
    for fact in week:
        dims = "、".join(_dim_ja(key, value) for key, value in sorted(fact["dims"].items()))
        row_key = (fact["on"], fact["kind"], dims)
        counts[row_key] += int(fact["count"])
        yen[row_key] += int(fact["yen"])
    for column, heading in enumerate(("日付", "できごと", "区分", "件数", "金額(円)")):
        sheet.write_string(0, column, heading, looks["head"])
    for row, row_key in enumerate(sorted(counts), start=1):
        on, kind, dims = row_key
        sheet.write_string(row, 0, wareki(date.fromisoformat(on), weekday=True), looks["day"])
        sheet.write_string(row, 1, FACTS.get(kind, kind), looks["day"])
        sheet.write_string(row, 2, dims, looks["day"])
        sheet.write_number(row, 3, counts[row_key], looks["number"])
        sheet.write_number(row, 4, yen[row_key], looks["number"])
    sheet.freeze_panes(1, 0)
    _set_page(sheet, 0, 0, "内訳")
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 60)


def _dim_ja(key: str, value: str) -> str:
    """One dimension in the words of the report, e.g. 種別＝紛失."""
    label, words = DIMS.get(key, (key, {}))
    return f"{label}＝{words.get(value, value)}"


def _set_page(sheet: Any, first_head: int, last_head: int, footer: str) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.repeat_rows(first_head, last_head)
    sheet.set_footer(f"&L{footer.replace('&', '&&')}&R&P / &N")
