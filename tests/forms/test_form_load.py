"""Reading form folders: what is refused, with which row and which Japanese reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from fieldkit.errors import BadCityData, NotFound
from fieldkit.form_check import check_form
from fieldkit.forms import list_forms, load_form
from tests.forms.form_cases import TODAY


def test_it_lists_the_forms(forms_dir: Path) -> None:
    assert "kofu_shinsei" in list_forms(forms_dir)


def test_it_keeps_a_form_until_a_file_changes(write_form: Callable[..., Path]) -> None:
    folder = write_form("text | a | 前 | | | | | |")
    first = load_form(folder, "small")
    assert load_form(folder, "small") is first
    write_form("text | a | 後 | | | | | |")
    table = folder / "small" / "form.md"
    os.utime(table, ns=(table.stat().st_atime_ns, table.stat().st_mtime_ns + 1_000_000_000))
    assert load_form(folder, "small").question("a").label == "後"


def test_it_reads_a_spreadsheet_as_well(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    sheet.append(["type", "name", "label", "required", "relevant"])
    sheet.append(["select_one yn", "a", "はじめ", "yes", ""])
    sheet.append(["text", "b", "つぎ", "yes", "${a} = 'yes'"])
    choices = book.create_sheet("choices")
    for row in (["list_name", "name", "label"], ["yn", "yes", "はい"], ["yn", "no", "いいえ"]):
        choices.append(row)
    (tmp_path / "sheet").mkdir()
    book.save(tmp_path / "sheet" / "form.xlsx")
    form = load_form(tmp_path, "sheet")
    assert form.question("a").choices[0].label == "はい"
    assert form.evaluate({"a": "yes"}, TODAY).missing == ("b",)


@pytest.mark.parametrize("name", ["no_such_form", "../forms", ""])
def test_it_says_when_there_is_no_such_form(forms_dir: Path, name: str) -> None:
    with pytest.raises(NotFound):
        load_form(forms_dir, name)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("text | b | B | | ${zz} = 1 | | | |", "「zz」という名前の質問がありません"),
        ("select_one nolist | b | B | | | | | |", "選択肢の一覧「nolist」"),
        ("text | a | A | | | | | |", "名前「a」が重なって"),
        ("txet | b | B | | | | | |", "質問の種類「txet」"),
        ("begin_group | g | G | | | | | |", "end_group"),
        ("text | b c | B | | | | | |", "半角の英字"),
        ("text | | B | | | | | |", "名前（name）がありません"),
        ("text | b | | | | | | |", "見出し（label）"),
        ("text | b | B | | = 'reissue' | | | |", "表示条件（relevant）の式を読めません"),
        ("text | b | B | | | regex(., '^a' | | |", "入力条件（constraint）の式を読めません"),
        ("calculate | b | | | | | | frobnicate(${a}) |", "使えない関数"),
        ("text | b | B | | | regex(., '[') | | |", "regex の書き方"),
    ],
)
def test_it_refuses_a_broken_form_with_row_and_reason(
    write_form: Callable[..., Path], row: str, reason: str
) -> None:
    folder = write_form("text | a | A | | | | | |", row)
    with pytest.raises(BadCityData) as caught:
        load_form(folder, "small")
    assert reason in caught.value.sentence
    assert caught.value.file == "form.md"
    if "txet" not in row and "| b | | |" not in row:
        assert "3行目" in caught.value.key


def test_it_refuses_one_name_in_two_groups(write_form: Callable[..., Path]) -> None:
    group = (
        "begin_group | {0} | G | | | | | |",
        "text | a | A | | | | | |",
        "end_group | | | | | | | |",
    )
    folder = write_form(*(row.format(name) for name in ("g", "h") for row in group))
    with pytest.raises(BadCityData, match="重なって"):
        load_form(folder, "small")


def test_it_carries_the_versioned_consent(forms_dir: Path) -> None:
    consent = load_form(forms_dir, "kofu_shinsei").consent
    assert consent is not None
    assert consent.version == "2026-07-01"
    assert "同意します" in consent.text


def test_it_refuses_a_consent_without_a_version(own_forms: Path) -> None:
    (own_forms / "kofu_shinsei" / "consent.ja.md").write_text("同意します。", encoding="utf-8")
    with pytest.raises(BadCityData, match="version"):
        load_form(own_forms, "kofu_shinsei")


@pytest.mark.parametrize(
    ("applicant", "expected"),
    [
        ({"kind": "new"}, {"kind": "new"}),
        ({"kind": "lost"}, {"kind": "reissue", "reason": "lost"}),
        ({"kind": "damaged"}, {"kind": "reissue", "reason": "damaged"}),
        ({"kind": "other"}, {}),
        ({"name": "𠮷田", "birth": "1945-03-08"}, {"name": "𠮷田", "birth": "1945-03-08"}),
    ],
)
def test_it_prefills_from_the_desk(
    forms_dir: Path, applicant: dict[str, str], expected: dict[str, str]
) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    booking = {"postal": "047-0024", "phone": "0134-00-0000", "notes": "犬"}
    assert form.prefill(booking, applicant) == expected | {
        "zip": "047-0024",
        "tel": "0134-00-0000",
    }


def test_it_finds_nothing_wrong_with_the_shipped_forms(forms_dir: Path) -> None:
    for name in list_forms(forms_dir):
        assert check_form(forms_dir, name) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("layout.toml", 'name = "katagaki"', 'name = "katagakki"', "「katagakki」という質問は"),
        ("layout.toml", 'name = "katagaki"', 'name = "katagakki"', "方書"),
        ("layout.toml", "w = 106\nh = 7", "h = 7", "w がありません"),
        ("layout.toml", "w = 154\nh = 12", "w = 9\nh = 4", "枠に入りません"),
        ("layout.toml", "cells = 12", "", "cells がありません"),
        ("layout.toml", "size = 14.5", 'size = "大"', "数字で書いて"),
        ("layout.toml", 'kind = "check"', 'kind = "tick"', "kind は"),
        ("layout.toml", 'paper = "a4"', "paper = ", "書き方に誤り"),
        ("sample.json", '"kind": "reissue"', '"kind": "free"', "選び直して"),
        ("sample.json", "汐見　太郎", "", "入力されていません"),
        ("sample.json", "太郎", "太\U0001b001", "U+1B001"),
        ("sample.json", "{", "[", "書き方に誤り"),
        ("form.md", "${alt_char} = 'yes'", "${alt_char} = ", "表示条件"),
        ("form.md", "translate(${birth}, '-', '')", "${age}", "自分の結果を使って"),
        ("layout.toml", "w = 106\nh = 7", "w = 900\nh = 7", "用紙（210×297 mm）からはみ出し"),
        ("layout.toml", "size = 14.5", "size = 0", "0より大きい"),
        ("sample.json", "1945-03-08", "1945-02-30", "年月日で入力"),
    ],
)
def test_it_checks_a_changed_form(
    own_forms: Path, file: str, old: str, new: str, words: str
) -> None:
    path = own_forms / "kofu_shinsei" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problems = check_form(own_forms, "kofu_shinsei")
    assert any(words in problem.sentence for problem in problems), problems


@pytest.mark.parametrize("file", ["form.md", "layout.toml", "consent.ja.md", "sample.json"])
def test_it_reads_utf8_with_a_mark_and_names_another_encoding(own_forms: Path, file: str) -> None:
    path = own_forms / "kofu_shinsei" / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8-sig")
    assert check_form(own_forms, "kofu_shinsei") == []
    path.write_bytes(text.encode("cp932", "replace"))
    problems = check_form(own_forms, "kofu_shinsei")
    assert any("UTF-8 ではありません" in problem.sentence for problem in problems), problems
