"""What the application form asks, demands and refuses (001 §9(3)ア)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from fieldkit.forms import load_form
from tests.forms.form_cases import TODAY

ID_23 = "12345678901234567890123"


def sample(forms_dir: Path, **changes: str) -> dict[str, str]:
    return dict(load_form(forms_dir, "kofu_shinsei").sample) | changes


def test_it_accepts_the_filled_example(forms_dir: Path) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    state = form.evaluate(form.sample, TODAY)
    assert state.complete
    assert state.values["age"] == "81"


def test_it_has_pages_of_a_few_questions(forms_dir: Path) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    assert len(form.questions) >= 40
    for page in form.pages:
        asked = [n for n in page.questions if form.question(n).type != "note"]
        assert 1 <= len(asked) <= 6, page.title


def test_it_never_asks_for_the_individual_number(forms_dir: Path) -> None:
    for question in load_form(forms_dir, "kofu_shinsei").questions:
        words = question.label + question.name
        assert "個人番号" not in words.replace("個人番号カード", "")
        assert "暗証番号" not in words.replace("（暗証番号なし）", "")


@pytest.mark.parametrize(
    ("changes", "asked", "not_asked"),
    [
        ({"kind": "new"}, ["express"], ["reason", "police_no"]),
        ({"kind": "renew"}, [], ["reason", "express"]),
        ({"kind": "reissue", "reason": "lost"}, ["reason", "police_no"], []),
        ({"kind": "reissue", "reason": "damaged"}, ["reason"], ["police_no"]),
        ({"face_only": "yes"}, ["face_explained"], ["no_sign_cert", "no_auth_cert"]),
        ({"face_only": "no"}, ["no_sign_cert", "no_auth_cert"], ["face_explained"]),
        ({"birth": "2011-07-02"}, ["child_note"], ["no_sign_cert"]),
        ({"birth": "2011-07-01"}, ["no_sign_cert"], ["child_note"]),
        ({"send_kind": "facility"}, ["send_addr", "send_name"], []),
        ({"send_kind": "home"}, [], ["send_addr", "send_name"]),
        ({"foreign": "yes"}, ["stay_until"], []),
        ({"alt_char": "yes"}, ["alt_name"], []),
        ({"has_agent": "yes"}, ["agent_name", "agent_rel", "agent_addr", "agent_tel"], []),
        ({"scribed": "no"}, [], ["scribe", "scribe_rel", "scribe_note"]),
    ],
)
def test_it_asks_only_what_matters(
    forms_dir: Path, changes: dict[str, str], asked: list[str], not_asked: list[str]
) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    state = form.evaluate(sample(forms_dir, **changes), TODAY)
    assert set(asked) <= state.relevant
    assert not set(not_asked) & state.relevant


@pytest.mark.parametrize(
    ("changes", "sign_off", "auth_off"),
    [
        ({"no_sign_cert": "yes"}, "yes", "no"),
        ({"no_sign_cert": "no", "no_auth_cert": "yes"}, "no", "yes"),
        ({"face_only": "yes", "no_sign_cert": "no", "no_auth_cert": "yes"}, "yes", "no"),
        ({"birth": "2015-01-01", "no_sign_cert": "no"}, "yes", "no"),
    ],
)
def test_it_forces_the_certificates_of_children_and_face_only_cards(
    forms_dir: Path, changes: dict[str, str], sign_off: str, auth_off: str
) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    values = form.evaluate(sample(forms_dir, **changes), TODAY).values
    assert (values["sign_off"], values["auth_off"]) == (sign_off, auth_off)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("form_id", "1" * 22, "23けた"),
        ("form_id", ID_23, ""),
        ("form_id", "123456789012", "マイナンバー"),
        ("form_id", "１２３４ ５６７８ ９０１２", "マイナンバー"),
        ("birth", "2026-07-02", "今日より前"),
        ("birth", "2026-07-01", ""),
        ("birth", "令和8年", "年月日"),
        ("kana", "しおみ", "カタカナ"),
        ("kana", "ヴォルフ・ゼーゲン", ""),
        ("zip", "0470024", ""),
        ("zip", "047", "郵便番号"),
        ("tel", "0134-00-0000", ""),
        ("tel", "090-0000-0000", ""),
        ("tel", "00-0000", "市外局番"),
        ("kind", "free", "選び直して"),
        ("name", "𠮷田　葛󠄀子", ""),
        ("name", "あ" * 61, "60文字"),
        ("name", "太\ue000郎", "外字"),
        ("name", "太\u0007郎", "見えない"),
        ("address", "花園\x00", "見えない"),
        ("address", "花園 123456789018", "個人番号"),
        ("send_kind", "facility", "住民登録地にだけ"),
    ],
)
def test_it_says_what_is_wrong(forms_dir: Path, name: str, value: str, words: str) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    answers = sample(forms_dir, **{name: value})
    found = dict(form.evaluate(answers, TODAY).violations).get(name, "")
    assert words in found
    assert bool(words) == bool(found)


def test_it_refuses_a_child_without_a_legal_representative(forms_dir: Path) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    state = form.evaluate(sample(forms_dir, birth="2020-01-01"), TODAY)
    assert "法定代理人" in dict(state.violations)["has_agent"]


def test_it_lists_what_is_missing_in_the_order_of_the_sheet(forms_dir: Path) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    state = form.evaluate(form.defaults(), TODAY)
    assert state.missing[:3] == ("name", "kana", "birth")
    assert "agree" in state.missing
    assert "reason" not in state.missing
    assert not state.violations


def test_it_counts_blanks_as_missing(forms_dir: Path) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    assert "name" in form.evaluate(sample(forms_dir, name="　"), TODAY).missing


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("2011-07-02", date(2026, 7, 1), "14"),
        ("2011-07-01", date(2026, 7, 1), "15"),
        ("1945-03-08", date(2026, 3, 7), "80"),
        ("2024-02-29", date(2025, 2, 28), "0"),
        ("2024-02-29", date(2025, 3, 1), "1"),
        ("", date(2026, 7, 1), ""),
    ],
)
def test_it_counts_the_age_to_the_day(forms_dir: Path, birth: str, day: date, age: str) -> None:
    form = load_form(forms_dir, "kofu_shinsei")
    assert form.evaluate({"birth": birth}, day).values["age"] == age


def test_it_reads_what_is_not_relevant_as_blank(write_form: Callable[..., Path]) -> None:
    folder = write_form(
        "select_one yn | a | A | | | | | |",
        "text | b | B | | ${a} = 'yes' | | | |",
        "text | c | C | | ${b} = 'x' | | | |",
        "calculate | d | | | | | | if(${c} = '', 'blank', 'kept') |",
    )
    form = load_form(folder, "small")
    typed = {"b": "x", "c": "y"}
    open_ = form.evaluate(typed | {"a": "yes"}, TODAY)
    shut = form.evaluate(typed | {"a": "no"}, TODAY)
    assert (open_.values["c"], open_.values["d"]) == ("y", "kept")
    assert (shut.values["b"], shut.values["c"], shut.values["d"]) == ("", "", "blank")


def test_it_hides_a_group_with_all_it_holds(write_form: Callable[..., Path]) -> None:
    folder = write_form(
        "select_one yn | a | A | yes | | | | |",
        "begin_group | g | G | | ${a} = 'yes' | | | |",
        "text | b | B | yes | | | | |",
        "end_group | | | | | | | |",
    )
    form = load_form(folder, "small")
    assert [page.name for page in form.evaluate({"a": "no"}, TODAY).pages] == ["a"]
    assert form.evaluate({"a": "no"}, TODAY).missing == ()
    assert form.evaluate({"a": "yes"}, TODAY).missing == ("b",)


@pytest.mark.parametrize(
    ("constraint", "value", "good"),
    [
        (". < today()", "2026-06-30", True),
        (". < today()", "2026-07-01", False),
        ("today() >= .", "2026-07-01", True),
        (". <= today() + 30", "2026-07-31", True),
        (". <= today() + 30", "2026-08-01", False),
        (". > ${other}", "2026-01-02", True),
        (". > ${other}", "2025-12-31", False),
        ("${other} != .", "2026-01-01", False),
        ("decimal-date-time(.) - decimal-date-time(${other}) = 1", "2026-01-02", True),
    ],
)
def test_it_compares_dates_as_numbers(
    write_form: Callable[..., Path], constraint: str, value: str, good: bool
) -> None:
    folder = write_form(
        "date | other | O | | | | | |", f"date | d | D | | | {constraint} | だめ | |"
    )
    form = load_form(folder, "small")
    state = form.evaluate({"other": "2026-01-01", "d": value}, TODAY)
    assert (not state.violations) is good


@pytest.mark.parametrize(
    ("expression", "value", "result"),
    [
        ("count-selected(${t})", "a b c", "3"),
        ("selected(${t}, 'b')", "a b c", "true"),
        ("selected-at(${t}, 1)", "a b c", "b"),
        ("coalesce(${t}, 'none')", "", "none"),
        ("string-length(${t})", "𠮷田", "2"),
        ("int(7.9)", "", "7"),
        ("int(-7.9)", "", "-7"),
        ("round(2.5)", "", "3"),
        ("round(3.14159, 2)", "", "3.14"),
        ("if(not(${t} = 'x'), 1, 2)", "x", "2"),
        ("regex(${t}, '^[0-9]+$')", "12", "true"),
        ("max(1, 5, 3)", "", "5"),
        ("concat(${t}, '様')", "港", "港様"),
        ("date('2026-07-01')", "", "2026-07-01"),
    ],
)
def test_it_knows_the_functions_of_xlsform(
    write_form: Callable[..., Path], expression: str, value: str, result: str
) -> None:
    folder = write_form("text | t | T | | | | | |", f"calculate | r | | | | | | {expression} |")
    assert load_form(folder, "small").evaluate({"t": value}, TODAY).values["r"] == result
