"""A form without a layout prints as a list of its questions and answers."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from fieldkit.__main__ import main
from fieldkit.errors import BadInput
from fieldkit.forms import load_form
from fieldkit.paper import CannotPrint, Item, print_item, problems
from tests.forms.form_cases import pdf_text
from tests.needs import needs

pytestmark = needs("poppler-utils")

NOW = datetime(2026, 7, 1, 10, 0)
FORM = """| survey |
| | type | name | label | relevant |
| | text | nm | 📷 氏名 | |
| | date | d | 生年月日 | |
| | select_one k | k | 区分 | |
| | text | why | わけ | ${k} = '2' |
| | note | n | ${nm} さんのこと | |
| | begin repeat | r | 家族 | |
| | text | who | 名前 | |
| | end repeat | | | |
| choices |
| | list_name | name | label |
| | k | 1 | 甲 |
| | k | 2 | 乙 |
"""
ANSWERS = {"nm": "葛󠄀城　𠮷田", "d": "昭和20年3月5日", "k": "1", "why": "かくす"}


@pytest.fixture
def plain(own_forms: Path) -> Path:
    (own_forms / "よその様式").mkdir()
    (own_forms / "よその様式" / "form.md").write_text(FORM, encoding="utf-8")
    return own_forms


def words_of(pdf: bytes) -> str:
    return re.sub(r"\s", "", pdf_text(pdf))


def printed(
    capsys: pytest.CaptureFixture[str], forms: Path, folder: Path, answers: str
) -> tuple[int, str, str]:
    (folder / "a.json").write_text(answers, encoding="utf-8")
    files = ["--answers", str(folder / "a.json"), "--out", str(folder / "o.pdf")]
    code = main(["forms", "print", "よその様式", *files, "--forms", str(forms)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_lists_what_is_asked_with_the_printed_words(plain: Path) -> None:
    form = load_form(plain, "よその様式")
    answers = {**ANSWERS, "r": "2", "who[1]": "汐見", "who[2]": "小樽"}
    words = words_of(print_item(plain, Item(form, answers), NOW))
    for told in ("葛󠄀城𠮷田", "昭和20年3月5日", "区分甲", "家族2名前小樽", "𠮷田さんのこと"):
        assert told in words
    assert "わけ" not in words and "📷" not in words


def test_a_blank_list_has_every_question_and_boxes_to_tick(plain: Path) -> None:
    words = words_of(print_item(plain, Item(load_form(plain, "よその様式"), {}, blank=True), NOW))
    assert "□甲□乙" in words and "わけ" in words and "名前" in words


@pytest.mark.parametrize("answer", ["A1b2" * 200, "漢字" * 1500, "https://a.example/" + "9" * 300])
def test_nothing_is_cut_off_however_long(plain: Path, answer: str) -> None:
    words = words_of(print_item(plain, Item(load_form(plain, "よその様式"), {"nm": answer}), NOW))
    assert sum(words.count(char) for char in set(answer)) >= len(answer)


def test_it_stops_at_a_character_without_a_font(plain: Path) -> None:
    form = load_form(plain, "よその様式")
    with pytest.raises(CannotPrint, match=r"U\+E000"):
        print_item(plain, Item(form, {"nm": "\ue000"}), NOW)
    assert [found.question for found in problems(plain, form, {"nm": "\ue000"})] == ["nm", "n"]
    assert problems(plain, form, ANSWERS) == []
    with pytest.raises(BadInput, match="28日まで"):
        print_item(plain, Item(form, {"d": "2026-02-30"}), NOW)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ('{"who": "x"}', "繰り返し「r」の中"),
        ('{"nm[1]": "x"}', "繰り返しの中ではない"),
        ('{"k": "3"}', "1（甲）・2（乙）"),
        ('{"mn": "x"}', "もしかして「n」"),
    ],
)
def test_answers_that_would_be_lost_are_refused(
    plain: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answers: str,
    words: str,
) -> None:
    code, _, wrong = printed(capsys, plain, tmp_path, answers)
    assert code == 1 and words in wrong and not (tmp_path / "o.pdf").exists()


def test_a_day_by_its_era_is_no_remark(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = printed(capsys, plain, tmp_path, '{"d": "昭和20年3月5日"}')
    assert code == 0 and "注意" not in out and "一覧として" in out
