"""layout.toml: slips are named with their place; what official sheets need is drawn."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit.errors import BadCityData, KitError
from fieldkit.form_check import check_form
from fieldkit.forms import list_forms, load_form
from fieldkit.paper import Item, print_item, problems
from fieldkit.paper.background import pages_of
from fieldkit.paper.fill import part_of
from fieldkit.paper.layout import checked_layout, sheet_size
from tests.forms.form_cases import FORMS, PRINTED_AT, pdf_text, run_on_pdf
from tests.needs import needs

FIELD = {"name": "tel", "x": 10, "y": 10, "w": 50, "h": 8, "size": 11}


def refusal(layout: dict[str, object], form: str = "") -> str:
    with pytest.raises(BadCityData) as caught:
        checked_layout(layout, load_form(FORMS, form) if form else None)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"minsize": 6}, ("「minsize」", "「min_size」")),
        ({"algin": "right"}, ("「algin」", "「align」")),
        ({"align": "rigth"}, ("align", "left・center・right")),
        ({"kind": "digit"}, ("digits",)),
        ({"size": "11"}, ("size は数字",)),
        ({"size": True}, ("size は数字",)),
        ({"w": float("nan")}, ("w は数字",)),
        ({"w": -5}, ("w は0より大きい",)),
        ({"min_size": 20}, ("min_size は size より小さく",)),
        ({"wrap": "yes"}, ("wrap は true か false",)),
        ({"page": 0}, ("page は1～20",)),
        ({"page": 1000000}, ("page は1～20",)),
        ({"page": 1.5}, ("page は1～20",)),
        ({"when": "tel"}, ("when は",)),
        ({"when": {"tel": 3}}, ("when は",)),
        ({"x": 170}, ("x = 170", "210×297", "（tel）")),
        ({"y": 295}, ("y = 295", "210×297", "（tel）")),
        ({"x": -1}, ("x = -1",)),
    ],
)
def test_a_slip_is_named(change: dict[str, object], words: tuple[str, ...]) -> None:
    says = refusal({"field": [FIELD | change]})
    for word in (*words, "[[field]] 1番目"):
        assert word in says


def test_a_key_that_is_not_there_is_named() -> None:
    assert "h がありません" in refusal({"field": [{k: FIELD[k] for k in FIELD if k != "h"}]})
    assert "label_w" in refusal({"box": [{"x": 1, "y": 1, "w": 9, "h": 9, "label": "氏名"}]})


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"paper": "a44"}, ("a4", "hagaki", "b5")),
        ({"paper": 4}, ("a4",)),
        ({"paper": [10, 10]}, ("30～1000",)),
        ({"orientation": "yoko"}, ("landscape",)),
        ({"orientaton": "landscape"}, ("「orientation」",)),
        ({"background": 3}, ("background",)),
        ({"audience": "everybody"}, ("applicant", "facility", "staff")),
        ({"order": "1"}, ("整数",)),
        ({"group": 1}, ("group",)),
        ({"draw": "no"}, ("true か false",)),
        ({"copied": {"name": "aplication.name"}}, ("「name」", "「application」")),
        ({"copied": {"name": "visit"}}, ("visit.…",)),
        ({"text": {"body": "x"}}, ("[[text]]",)),
        ({"line": [{"x": 1, "y": 1, "x2": 300, "y2": 1}]}, ("x2 = 300",)),
    ],
)
def test_a_slip_above_the_tables_is_named(top: dict[str, object], words: tuple[str, ...]) -> None:
    says = refusal({"field": [FIELD], **top})
    for word in words:
        assert word in says


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"when": {"knd": ["new"]}}, ("「knd」", "「kind」")),
        ({"when": {"kind": ["newer"]}}, ("「newer」", "「new」")),
        ({"name": "tell"}, ("「tell」", "「tel」")),
        ({"name": "kind", "kind": "circle", "options": [{"value": "nwe", "w": 9}]}, ("「nwe」",)),
    ],
)
def test_names_are_held_against_the_form(change: dict[str, object], words: list[str]) -> None:
    entry = {"name": "tel", "x": 10, "y": 10, "w": 50, "h": 8, "size": 11} | change
    says = refusal({"field": [entry]}, "kofu_shinsei")
    for word in words:
        assert word in says
    copied = {"field": [FIELD], "copied": {"nmae": "applicant.name"}}
    assert "「name」" in refusal(copied, "kofu_shinsei")


def test_sheets_have_their_sizes() -> None:
    assert sheet_size({}) == (210, 297)
    assert sheet_size({"paper": "a4", "orientation": "landscape"}) == (297, 210)
    assert sheet_size({"paper": "b5"}) == sheet_size({"paper": "jis-b5"}) == (182, 257)
    assert sheet_size({"paper": [100, 210.5]}) == (100, 210.5)


def test_every_shipped_layout_is_accepted() -> None:
    for name in list_forms(FORMS):
        form = load_form(FORMS, name)
        assert checked_layout(form.layout, form) is form.layout


@pytest.mark.parametrize(
    ("value", "part", "words"),
    [
        ("1945-03-08", "era", "昭和"),
        ("1945-03-08", "year", "20"),
        ("1945-03-08", "month", "3"),
        ("1945-03-08", "day", "8"),
        ("1945-03-08", "western_year", "1945"),
        ("2019-05-01", "year", "元"),
        ("2019-04-30", "era", "平成"),
        ("0470024", "1", "047"),
        ("047-0024", "2", "0024"),
        ("090-0000-1111", "3", "1111"),
        ("09000001111", "2", "0000"),
        ("0134000000", "1", "0134000000"),
        ("0134000000", "2", ""),
        ("not a day", "year", ""),
    ],
)
def test_parts_go_to_boxes_of_their_own(value: str, part: str, words: str) -> None:
    assert part_of(value, part) == words


OFFICIAL = """
paper = "a5"
orientation = "landscape"
special = ["body_text", "body_title"]
[[line]]
x = 10
y = 60
x2 = 190
y2 = 60
dashed = true
[[box]]
x = 10
y = 62
w = 60
h = 10
fill = true
border = false
label = "見出し"
label_en = "Heading"
label_w = 20
[[field]]
name = "birth"
kind = "mark"
part = "era"
mark = "■"
d = 5
options = [{ value = "大正", x = 20, y = 10 }, { value = "昭和", x = 40, y = 10 }]
[[field]]
name = "birth"
part = "year"
align = "right"
x = 60
y = 10
w = 10
h = 6
size = 11
[[field]]
name = "zip"
kind = "digits"
cells = 7
x = 80
y = 10
w = 42
h = 6
[[field]]
name = "tel"
kind = "digits"
part = "2"
cells = 4
align = "right"
x = 130
y = 10
w = 24
h = 6
[[field]]
name = "sure"
kind = "mark"
mark = "✓"
options = [{ value = "yes", x = 160, y = 10 }, { value = "no", x = 170, y = 10 }]
[[field]]
name = "birth"
kind = "text"
tracking = 2
x = 10
y = 40
w = 60
h = 8
size = 11
[[field]]
name = "zip"
when = { sure = "no" }
x = 100
y = 40
w = 60
h = 8
size = 11
prefix = "いいえのとき"
[[field]]
name = "body_title"
x = 10
y = 76
w = 100
h = 8
size = 12
[[field]]
name = "body_text"
x = 10
y = 86
w = 180
h = {high}
size = 10
min_size = 9
"""
BODY = """---
title: お知らせの題
---
# 大きな見出し
一つ目の文です。**太い字**です。

二つ目の段落です。
- 一つ目の点
- 二つ目の点
"""


@pytest.fixture
def official(write_form: Callable[..., Path]) -> Callable[[float], Path]:
    def write(high: float) -> Path:
        forms = write_form(
            "date | birth | 生年月日 | | | | | | |",
            "text | zip | 郵便番号 | | | | | | |",
            "text | tel | 電話番号 | | | | | | |",
            "select_one yn | sure | よいですか | | | | | | |",
        )
        folder = forms / "small"
        (folder / "layout.toml").write_text(OFFICIAL.replace("{high}", str(high)), "utf-8")
        (folder / "body.ja.md").write_text(BODY, encoding="utf-8")
        (folder / "body.en.md").write_text(BODY.replace("一つ目の文", "A sentence"), "utf-8")
        if not (forms / "fonts").exists():
            (forms / "fonts").symlink_to(FORMS / "fonts")
            (forms / "print").symlink_to(FORMS / "print")
        return forms

    return write


GIVEN = {"birth": "1945-03-08", "zip": "047-0024", "tel": "0134-55-6666", "sure": "yes"}


@needs("poppler-utils")
def test_what_official_sheets_need_is_drawn(official: Callable[[float], Path]) -> None:
    forms = official(40)
    form = load_form(forms, "small")
    pdf = print_item(forms, Item(form, GIVEN), PRINTED_AT)
    text = pdf_text(pdf)
    for words in ("20", "0470024", "昭和20年3月8日", "大きな見出し", "太い字", "・一つ目の点",
                  "お知らせの題", "見出し"):  # fmt: skip
        assert words in text
    assert "**" not in text and "#" not in text and "いいえのとき" not in text
    assert "210 x" not in text and "NotoSansJP-Bold" in run_on_pdf("pdffonts", "-", pdf=pdf)
    other = pdf_text(print_item(forms, Item(form, GIVEN | {"sure": "no"}), PRINTED_AT))
    assert "いいえのとき047-0024" in other
    english = pdf_text(print_item(forms, Item(form, GIVEN, language="en"), PRINTED_AT))
    assert "Asentence" in english and "Heading" in english


@needs("poppler-utils")
def test_marks_stand_where_the_choice_is(official: Callable[[float], Path]) -> None:
    forms = official(40)
    form = load_form(forms, "small")
    dark = {}
    for birth in ("1945-03-08", "1920-03-08"):
        pdf = print_item(forms, Item(form, GIVEN | {"birth": birth}), PRINTED_AT)
        dark[birth] = [is_black(pdf, x, 12.5) for x in (22.5, 42.5)]
    assert dark == {"1945-03-08": [False, True], "1920-03-08": [True, False]}


def is_black(pdf: bytes, x: float, y: float) -> bool:
    """Whether the first page is black at a place in mm."""
    picture, _ = pages_of(pdf, 100)[0]
    at = picture.getpixel((round(x / 25.4 * 100), round(y / 25.4 * 100)))
    return max(at[:3]) < 60 if isinstance(at, tuple) else False


def test_a_text_too_long_for_its_box_is_reported_not_cut(
    official: Callable[[float], Path],
) -> None:
    forms = official(8)
    (found,) = problems(forms, "small", GIVEN)
    assert (found.kind, found.question, found.label) == ("overflow", "body_text", "本文")
    assert 20 < found.need_mm < 50
    with pytest.raises(KitError):
        print_item(forms, Item(load_form(forms, "small"), GIVEN), PRINTED_AT)


def test_a_text_without_its_file_is_told(official: Callable[[float], Path]) -> None:
    forms = official(40)
    (forms / "small" / "body.ja.md").unlink()
    with pytest.raises(BadCityData) as caught:
        print_item(forms, Item(load_form(forms, "small"), GIVEN), PRINTED_AT)
    assert "body.ja.md" in caught.value.sentence


def test_toml_keeps_the_comments_in_the_shipped_layouts() -> None:
    """Every shipped layout explains itself to the official who edits it."""
    for name in list_forms(FORMS):
        text = (FORMS / name / "layout.toml").read_text(encoding="utf-8")
        assert tomllib.loads(text) and text.lstrip().startswith("#"), name


def test_forms_check_tells_a_slip(own_forms: Path) -> None:
    path = own_forms / "kofu_shinsei" / "layout.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nmin_size", "\nminsize", 1), encoding="utf-8")
    (problem,) = check_form(own_forms, "kofu_shinsei")
    assert "「minsize」" in problem.sentence and "[[field]]" in problem.sentence
