"""Tables as they come: Excel, LibreOffice, old .xls, with empty rows; broken, locked, bombs."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from fieldkit.errors import BadCityData
from fieldkit.form_check import check_form
from fieldkit.forms import load_form
from tests.forms.form_cases import TODAY

SURVEY: list[list[Any]] = [
    ["type", "name", "label::日本語 (ja)", "label::English (en)", "hint", "required", "default"],
    ["select_one yn", "a", "はじめ", "First", None, "yes", None],
    [None] * 7,
    [None] * 7,
    ["integer", "n", "人数 ${a}", "People", "半角", True, 3],
    ["date", "d", "日", "Day", None, None, datetime(2026, 7, 1)],
    [None] * 7,
    ["text", "t", "つぎ", "Next", None, None, None],
]
CHOICES = [
    ["list_name", "name", "label::日本語 (ja)", "label::English (en)"],
    ["yn", "yes", "はい", "Yes"],
    ["yn", "no", "いいえ", "No"],
]


def book(folder: Path, survey: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "survey"
    for row in survey:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFEE00")
    sheet.column_dimensions["C"].width = 40
    sheet.merge_cells("A30:B31")
    choices = made.create_sheet("choices")
    for row in CHOICES:
        choices.append(row)
    made.create_sheet("settings").append(["form_title", "version"])
    made["settings"].append(["表計算の様式", "2"])
    made.create_sheet("メモ").append(["これは様式ではありません"])
    folder.mkdir(exist_ok=True)
    made.save(folder / "form.xlsx")
    return folder.parent


def test_it_reads_a_spreadsheet_with_empty_rows_and_colours(tmp_path: Path) -> None:
    form = load_form(book(tmp_path / "sheet", SURVEY), "sheet")
    assert (form.title, form.version) == ("表計算の様式", "2")
    assert form.question("n").row == 5
    assert form.question("a").label_in("en") == "First"
    assert form.question("a").choices[0].labels["English (en)"] == "Yes"
    assert form.question("n").hint == "半角"
    state = form.evaluate({"a": "yes"}, TODAY)
    assert (state.values["n"], state.values["d"]) == ("3", "2026-07-01")
    assert state.said(form.question("n").label) == "人数 yes"


def test_it_counts_empty_rows_in_a_refusal(tmp_path: Path) -> None:
    wrong = [*SURVEY, [None] * 7, ["txet", "x", "X", "X", None, None, None]]
    with pytest.raises(BadCityData) as caught:
        load_form(book(tmp_path / "sheet", wrong), "sheet")
    assert caught.value.file == "form.xlsx"
    folder = book(tmp_path / "sheet", [*SURVEY, [None] * 7, ["image", "x", "X", "X"]])
    with pytest.raises(BadCityData) as caught:
        load_form(folder, "sheet")
    assert caught.value.key == "survey の 10行目"


@pytest.mark.parametrize("name", ["form.xlsx", "form.xls"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0" * 200, b"a"])
def test_it_says_so_when_a_spreadsheet_is_broken(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "sheet").mkdir()
    (tmp_path / "sheet" / name).write_bytes(content)
    with pytest.raises(BadCityData, match="壊れている|パスワード"):
        load_form(tmp_path, "sheet")
    assert len(check_form(tmp_path, "sheet")) == 1


def test_it_says_so_when_a_spreadsheet_is_locked(tmp_path: Path) -> None:
    (tmp_path / "sheet").mkdir()
    head = bytes.fromhex("d0cf11e0a1b11ae1")
    (tmp_path / "sheet" / "form.xlsx").write_bytes(head + b"\0" * 4000)
    with pytest.raises(BadCityData, match="パスワード"):
        load_form(tmp_path, "sheet")


def test_it_never_unpacks_a_bomb(tmp_path: Path) -> None:
    folder = book(tmp_path / "sheet", SURVEY)
    with zipfile.ZipFile(folder / "sheet" / "form.xlsx", "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/big.bin", b"\0" * 80_000_000)
    assert (folder / "sheet" / "form.xlsx").stat().st_size < 1_000_000
    with pytest.raises(BadCityData, match="大きすぎます"):
        load_form(folder, "sheet")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "| survey |\n",
        "| survey |\n| | type | name |\n",
        "| nothing |\n| | x |\n| | y |\n",
        "| survey |\n| | タイプ | 名前 |\n| | text | a |\n",
        "| survey |\n| | type | name | label |\n| | text | a | A |\n| | end_repeat | | |\n",
        "| survey |\n| | type | name | label |\n| | begin_repeat | r | R |\n| | text | a | A |\n",
    ],
)
def test_it_has_a_sentence_for_every_half_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "form.md").write_text(text, encoding="utf-8")
    with pytest.raises(BadCityData) as caught:
        load_form(tmp_path, "half")
    assert "[row" not in caught.value.sentence
    assert check_form(tmp_path, "half", date(2026, 7, 1))
