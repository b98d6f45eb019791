"""XLSForms that a city already has, as people make them in Excel: loaded, or refused by row."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fieldkit.errors import BadCityData
from fieldkit.forms import Form, load_form
from tests.forms.form_cases import TODAY

Rows = list[list[Any]]
HEAD = ["type", "name", "label"]
YN: Rows = [["list_name", "name", "label"], ["yn", "yes", "はい"], ["yn", "no", "いいえ"]]


def saved(folder: Path, survey: Rows, choices: Rows | None = None, title: str = "survey") -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in survey:
        sheet.append(row)
    for row in choices or []:
        (made["choices"] if "choices" in made else made.create_sheet("choices")).append(row)
    (folder / "様式 1").mkdir(parents=True)
    made.save(folder / "様式 1" / "form.xlsx")
    return folder


def loaded(folder: Path, survey: Rows, choices: Rows | None = None) -> Form:
    return load_form(saved(folder, survey, choices), "様式 1")


def refusal(folder: Path, survey: Rows, choices: Rows | None = None) -> tuple[str, str]:
    with pytest.raises(BadCityData) as caught:
        loaded(folder, survey, choices)
    return caught.value.key, caught.value.sentence


def test_types_may_be_written_large_wide_or_with_odd_blanks(tmp_path: Path) -> None:
    survey: Rows = [
        ["TYPE", "Name", "Label"],
        ["Ｔｅｘｔ", "a", "A"],
        ["Begin Group", "g", "G"],
        ["SELECT_ONE\u3000yn", "b\u3000", "B"],
        ["SELECT_MULTIPLE yn OR_OTHER", "c", "C"],
        ["End Group"],
    ]
    form = loaded(tmp_path, survey, YN)
    kinds = {q.name: q.type for q in form.questions}
    assert kinds == {"a": "text", "b": "select_one", "c": "select_multiple", "c_other": "text"}


def test_the_name_of_a_list_stays_as_it_is_written(tmp_path: Path) -> None:
    choices = [["list_name", "name", "label"], ["ＹＮ", "1", "甲"]]
    form = loaded(tmp_path, [HEAD, ["select_one ＹＮ", "a", "A"]], choices)
    assert [choice.label for choice in form.question("a").choices] == ["甲"]


def test_a_form_without_settings_is_called_by_its_folder(tmp_path: Path) -> None:
    assert loaded(tmp_path, [HEAD, ["text", "a", "A"]]).title == "様式 1"


@pytest.mark.parametrize("japanese", ["label::日本語 (ja)", "label::ja", "label::Japanese"])
def test_japanese_comes_first_whatever_the_order_of_the_columns(
    tmp_path: Path, japanese: str
) -> None:
    head = ["type", "name", "label::English (en)", japanese]
    form = loaded(tmp_path, [head, ["text", "a", "Name", "氏名"]])
    assert form.question("a").label == "氏名"
    assert form.question("a").label_in("ja") == "氏名"
    assert form.question("a").label_in("en") == "Name"


def test_defaults_out_of_cells_are_answers(tmp_path: Path) -> None:
    survey: Rows = [
        [*HEAD, "default"],
        ["date", "d", "日", datetime(2026, 4, 1)],
        ["dateTime", "t", "日時", datetime(2026, 4, 1, 9, 30)],
        ["integer", "n", "数", 3.0],
        ["select_one k", "k", "区分", 2.0],
    ]
    form = loaded(
        tmp_path, survey, [["list_name", "name", "label"], ["k", 1, "甲"], ["k", 2, "乙"]]
    )
    values = form.evaluate(form.defaults(TODAY), TODAY).values
    assert values["d"] == "2026-04-01" and values["t"] == "2026-04-01T09:30:00"
    assert values["n"] == "3" and form.question("k").label_of(values["k"]) == "乙"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["txet", "b", "B"], "もしかして「text」"),
        (["テキスト", "b", "B"], "text・integer"),
        (["select_oneyn", "b", "B"], "一覧の名前"),
        (["select_one", "b", "B"], "一覧の名前"),
        (["text", "b", None], "「b」の見出し"),
        (["text", "b", "#REF!"], "エラー（#REF!）"),
        (["text", "meta", "B"], "名前 meta は使えません"),
        (["begin loop over yn", "b", "B"], "begin_repeat"),
        (["text", "b", "B", None, "はい"], "yes（必須）か no"),
        (["date", "b", "B", "2026/04/01"], "2026-07-01 の形"),
        (["integer", "b", "B", "三"], "半角の整数"),
        (["select_one yn", "b", "B", "maybe"], "選択肢の名前"),
        (["select_one yn or_other", "b", "B", None, None, "x = 1"], "いっしょに使えません"),
    ],
)
def test_every_refusal_names_the_row(tmp_path: Path, row: list[Any], words: str) -> None:
    head = [*HEAD, "default", "required", "choice_filter"]
    key, sentence = refusal(tmp_path, [head, ["text", "a", "A"], [], [], row], YN)
    assert key == "survey の 5行目"
    assert words in sentence


@pytest.mark.parametrize(
    ("choices", "key", "words"),
    [
        ([*YN, [], ["yn", "may be", "たぶん"]], "choices の 5行目", "空白"),
        ([*YN, [], ["yn", "yes", "はい"]], "choices の 5行目", "同じ選択肢"),
        ([["name", "label"], ["yes", "はい"]], "survey の 2行目", "list_name"),
        ([[*YN[0], "media::image"], ["yn", "y", "は", "y.png"]], "choices の 2行目", "画像"),
    ],
)
def test_choices_are_refused_by_their_own_row(
    tmp_path: Path, choices: Rows, key: str, words: str
) -> None:
    found, sentence = refusal(tmp_path, [HEAD, ["select_multiple yn", "a", "A"]], choices)
    assert found == key and words in sentence


def test_a_title_above_the_heading_is_told(tmp_path: Path) -> None:
    key, sentence = refusal(tmp_path, [["アンケート"], HEAD, ["text", "a", "A"]])
    assert key == "survey の 1行目" and "その行を消して" in sentence


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("こんにちは", "", "| survey |"),
        ("type | name\ntext | a", "", "| survey |"),
        ("| survey |\n| | type | name |\n| | text | a | A |\n", "survey の 2行目", "列が多く"),
    ],
)
def test_markdown_that_is_no_table_is_told(tmp_path: Path, text: str, key: str, words: str) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "form.md").write_text(text, encoding="utf-8")
    with pytest.raises(BadCityData) as caught:
        load_form(tmp_path, "m")
    assert caught.value.key == key and words in caught.value.sentence


def test_a_broken_layout_is_told_by_its_line_in_japanese(tmp_path: Path) -> None:
    folder = saved(tmp_path, [HEAD, ["text", "a", "A"]])
    (folder / "様式 1" / "layout.toml").write_text('paper = "a4"\nfooter tru\n', encoding="utf-8")
    with pytest.raises(BadCityData) as caught:
        load_form(folder, "様式 1")
    assert caught.value.key == "2行目" and "Expected" not in caught.value.sentence
