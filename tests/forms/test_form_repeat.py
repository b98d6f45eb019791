"""Repeats, choice filters, nested groups and languages: keys, pages, what is offered now."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from fieldkit.clock import JST
from fieldkit.errors import BadInput
from fieldkit.forms import Form, flatten, load_form
from tests.forms.form_cases import TODAY

TABLE = """
| survey |
| | type | name | label | required | relevant | calculation | choice_filter | repeat_count |default|
| | text | head | 世帯主 | yes | | | | | |
| | begin_group | home | 住まい | | | | | | |
| | select_one pref | pref | 都道府県 | | | | | | |
| | select_one city | city | 市 | yes | ${pref} != '' | | pref = ${pref} | | |
| | begin_repeat | members | 家族 | | | | | | |
| | text | m_name | 氏名 | yes | | | | | |
| | begin_group | more | くわしく | | ${m_name} != '' | | | | |
| | integer | m_age | 年齢 | | | | | | |
| | calculate | place | | | | position(../..) | | | |
| | end_group | | | | | | | | |
| | begin_repeat | phones | 電話 | | | | | | |
| | text | tel | 番号 | | | | | | |
| | end_repeat | | | | | | | | |
| | end_repeat | | | | | | | | |
| | text | note_text | 備考 | | | | | | |
| | end_group | | | | | | | | |
| | integer | n | 人数 | | | | | | |
| | begin_repeat | cards | カード | | | | | ${n} | |
| | text | card | 名義（${head}） | | | | | | |
| | end_repeat | | | | | | | | |
| | calculate | ages | | | | sum(${m_age}) | | | |
| | date | asked | 聞いた日 | | | | | | today() |
| choices |
| | list_name | name | label | pref |
| | pref | hk | 北海道 | |
| | pref | ao | 青森県 | |
| | city | ot | 小樽市 | hk |
| | city | am | 青森市 | ao |
| settings |
| | form_title | version |
| | 家族の様式 | 1 |
"""


@pytest.fixture
def form(tmp_path: Path) -> Form:
    (tmp_path / "family").mkdir()
    (tmp_path / "family" / "form.md").write_text(TABLE.lstrip(), encoding="utf-8")
    return load_form(tmp_path, "family")


def test_it_keeps_answers_by_the_number_of_their_instance(form: Form) -> None:
    typed = {"members": "2", "m_name[1]": "太郎", "m_name[2]": "花子", "m_age[2]": "40"}
    state = form.evaluate(typed | {"phones[2]": "2", "tel[2][2]": "0134"}, TODAY)
    assert (state.values["m_name[2]"], state.values["place[2]"]) == ("花子", "2")
    assert (state.values["members"], state.values["phones[1]"]) == ("2", "1")
    assert (state.values["tel[2][2]"], state.values["tel[2][1]"]) == ("0134", "")
    assert state.missing == ("head",)
    assert form.question("tel[2][2]").repeat == "phones"


def test_a_repeat_is_asked_once_until_people_say_otherwise(form: Form) -> None:
    state = form.evaluate({}, TODAY)
    assert state.values["members"] == "1"
    assert "m_name[1]" in state.missing
    assert form.evaluate({"members": "0"}, TODAY).missing == ("head",)


def test_it_counts_a_repeat_that_the_form_counts(form: Form) -> None:
    assert form.evaluate({"n": "3"}, TODAY).values["cards"] == "3"
    assert form.evaluate({}, TODAY).values["cards"] == "0"
    state = form.evaluate({"n": "100000"}, TODAY)
    assert state.values["cards"] == "100"
    assert "100まで" in dict(state.violations)["cards"]
    assert form.question("cards").type == "repeat"


def test_it_gives_every_instance_its_page(form: Form) -> None:
    assert [(p.name, p.repeat) for p in form.pages if p.repeat] == [
        ("members", "members"),
        ("phones", "phones"),
        ("cards", "cards"),
    ]
    state = form.evaluate({"members": "2", "m_name[2]": "花子", "phones[1]": "2", "n": "1"}, TODAY)
    assert [(p.name, p.title) for p in state.pages] == [
        ("head", "世帯主"),
        ("home", "住まい"),
        ("members[1]", "家族 1"),
        ("phones[1][1]", "電話 1-1"),
        ("phones[1][2]", "電話 1-2"),
        ("members[2]", "家族 2"),
        ("phones[2][1]", "電話 2-1"),
        ("home", "住まい"),
        ("n", "人数"),
        ("cards[1]", "カード 1"),
        ("asked", "聞いた日"),
    ]
    assert state.pages[5].questions == ("m_name[2]", "m_age[2]")


def test_it_offers_what_the_filter_leaves(form: Form) -> None:
    state = form.evaluate({"pref": "hk", "city": "ot"}, TODAY)
    assert [choice.name for choice in state.choices_of("city")] == ["ot"]
    assert state.values["city"] == "ot"
    moved = form.evaluate({"pref": "ao", "city": "ot"}, TODAY)
    assert [choice.label for choice in moved.choices_of("city")] == ["青森市"]
    assert moved.values["city"] == ""
    assert "city" in moved.missing and "city" not in dict(moved.violations)
    assert "city" in dict(form.evaluate({"pref": "ao", "city": "xx"}, TODAY).violations)


def test_it_calculates_a_default_on_the_day_it_is_asked(form: Form) -> None:
    assert form.defaults(TODAY) == {"asked": "2026-07-01"}
    assert form.evaluate({}, TODAY).values["asked"] == "2026-07-01"
    assert form.evaluate({"asked": ""}, TODAY).values["asked"] == ""
    late = datetime(2026, 7, 1, 23, 59, tzinfo=JST)
    assert form.evaluate({}, late).values["asked"] == "2026-07-01"


def test_it_says_the_values_of_a_label(form: Form) -> None:
    state = form.evaluate({"head": "汐見", "n": "1"}, TODAY)
    assert state.said(form.question("card").label, "card[1]") == "名義（汐見）"
    names = form.evaluate({"members": "2", "m_name[1]": "太郎", "m_name[2]": "花子"}, TODAY)
    assert names.said("${m_name}", "m_age[2]") == "花子"


def test_it_flattens_what_people_write(form: Form) -> None:
    raw = {
        "head": "汐見",
        "home": {"pref": "hk", "city": "ot"},
        "members": [
            {"m_name": "太郎", "more": {"m_age": 3}, "phones": [{"tel": "1"}, {"tel": "2"}]},
            {"m_name": "花子"},
        ],
        "n": 0,
    }
    found = flatten(form, raw)
    assert found == {
        "head": "汐見",
        "pref": "hk",
        "city": "ot",
        "members": "2",
        "m_name[1]": "太郎",
        "m_age[1]": "3",
        "phones[1]": "2",
        "tel[1][1]": "1",
        "tel[1][2]": "2",
        "m_name[2]": "花子",
        "n": "0",
    }
    assert form.evaluate(found, TODAY).complete
    assert flatten(form, {"m_name[3]": "三郎"})["members"] == "3"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "{ } の中"),
        ({"head": ["a"]}, "繰り返しの名前ではありません"),
        ({"head": {"a": "b"}}, "繰り返しの名前ではありません"),
        ({"head": True}, "文字か数"),
        ({"members": ["太郎"]}, "1番目は { } の中"),
        ({"members": [{"head": "x"}]}, "「members」の中に「head」という質問はありません"),
        ({"members": "1", "m_name[2]": "花子"}, "数を合わせて"),
    ],
)
def test_it_says_what_cannot_be_an_answer(form: Form, raw: object, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        flatten(form, raw)
    assert words in caught.value.sentence
