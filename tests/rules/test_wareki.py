"""Era dates: what people type, what papers show, and which dates never existed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.errors import BadInput
from fieldkit.rules.wareki import age_on, birth_text, is_under_1, parse_date, turns, wareki


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("昭和20年3月5日", "1945-03-05"),
        ("昭和20年03月05日生", "1945-03-05"),
        ("S20.3.5", "1945-03-05"),
        ("S20・3・5", "1945-03-05"),
        ("昭20.3.5", "1945-03-05"),
        ("令元年5月1日", "2019-05-01"),
        ("s20/3/5", "1945-03-05"),
        ("Ｓ２０．３．５", "1945-03-05"),
        ("S200305", "1945-03-05"),
        ("昭和　２０年 ３月 ５日", "1945-03-05"),
        ("昭和二十年三月五日", "1945-03-05"),
        ("昭和三十一年十二月三十日", "1956-12-30"),
        ("㍼20年3月5日", "1945-03-05"),
        ("1945-03-05", "1945-03-05"),
        ("1945－03－05", "1945-03-05"),
        ("1945年3月5日", "1945-03-05"),
        ("西暦1945年3月5日", "1945-03-05"),
        ("一九四五年三月五日", "1945-03-05"),
        ("19450305", "1945-03-05"),
        ("１９４５０３０５", "1945-03-05"),
        ("令和元年5月1日", "2019-05-01"),
        ("R元.5.1", "2019-05-01"),
        ("R1/5/1", "2019-05-01"),
        ("令和8年7月1日(水)", "2026-07-01"),
        ("令和8年2月28日（土）", "2026-02-28"),
        ("令和6年2月29日", "2024-02-29"),
    ],
)
def test_it_reads_what_people_type(text: str, iso: str) -> None:
    assert parse_date(text).isoformat() == iso


BORDERS = [
    ("1912-07-29", "明治45年7月29日"),
    ("1912-07-30", "大正元年7月30日"),
    ("1926-12-24", "大正15年12月24日"),
    ("1926-12-25", "昭和元年12月25日"),
    ("1989-01-07", "昭和64年1月7日"),
    ("1989-01-08", "平成元年1月8日"),
    ("2019-04-30", "平成31年4月30日"),
    ("2019-05-01", "令和元年5月1日"),
    ("1873-01-01", "明治6年1月1日"),
]


@pytest.mark.parametrize(("iso", "text"), BORDERS)
def test_it_knows_the_borders_of_the_eras_to_the_day(iso: str, text: str) -> None:
    assert wareki(date.fromisoformat(iso)) == text
    assert parse_date(text).isoformat() == iso


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("令和元年4月1日", "令和元年は5月1日からです。平成31年4月1日ではありませんか。"),
        ("昭和64年2月1日", "昭和64年は1月7日までです。平成元年2月1日ではありませんか。"),
        ("平成32年1月1日", "平成は31年4月30日までです。令和2年1月1日ではありませんか。"),
        ("平成31年5月1日", "平成31年は4月30日までです。令和元年5月1日ではありませんか。"),
        ("昭和元年12月24日", "昭和元年は12月25日からです。大正15年12月24日ではありませんか。"),
        ("大正15年12月25日", "大正15年は12月24日までです。昭和元年12月25日ではありませんか。"),
        ("大正元年7月29日", "大正元年は7月30日からです。明治45年7月29日ではありませんか。"),
        ("明治45年7月30日", "明治45年は7月29日までです。大正元年7月30日ではありませんか。"),
        ("昭和20年2月30日", "1945年2月は28日までです。30日はありません。昭和20年2月28日"),
        ("2026-02-29", "2026年2月は28日までです。"),
        ("2026-04-31", "2026年4月は30日までです。"),
        ("2026-13-01", "13月はありません。"),
        ("2026-00-10", "0月はありません。"),
        ("2026-01-00", "0日はありません。"),
        ("昭和0年1月1日", "昭和の年は元年（1年）からです。"),
        ("明治5年1月1日", "旧暦"),
        ("令和999年1月1日", "遠すぎます"),
        ("1066-10-14", "1800年から"),
        ("", "日付が空です。"),
        ("　", "日付が空です。"),
        ("きのう", "日付として読み取れません。"),
        ("3/5", "日付として読み取れません。"),
        ("450305", "日付として読み取れません。"),
    ],
)
def test_it_refuses_dates_that_never_existed_and_says_why(text: str, says: str) -> None:
    with pytest.raises(BadInput) as wrong:
        parse_date(text, "birth")
    assert says in wrong.value.sentence
    assert (wrong.value.code, wrong.value.field, wrong.value.action) == (
        "bad_input", "birth", "retry",
    )  # fmt: skip


@given(st.dates(date(1873, 1, 1), date(2199, 12, 31)))
def test_it_reads_back_what_it_writes(day: date) -> None:
    assert parse_date(wareki(day)) == day
    assert parse_date(wareki(day, weekday=True)) == day
    assert parse_date(day.isoformat()) == day


@given(st.text(max_size=20))
def test_it_answers_any_text_with_a_date_or_a_sentence(text: str) -> None:
    try:
        assert isinstance(parse_date(text), date)
    except BadInput as wrong:
        assert wrong.sentence.endswith(("。", "か。"))


def test_it_shows_the_weekday_and_old_dates_in_the_western_form() -> None:
    assert wareki(date(2026, 7, 1), weekday=True) == "令和8年7月1日(水)"
    assert wareki(date(1850, 1, 1)) == "1850年1月1日"


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("1945-03-05", "2026-07-01", 81),
        ("1945-03-05", "2026-03-04", 80),
        ("1945-03-05", "2026-03-05", 81),
        ("2024-02-29", "2025-02-28", 0),
        ("2024-02-29", "2025-03-01", 1),
        ("2025-07-02", "2026-07-01", 0),
        ("2025-07-01", "2026-07-01", 1),
    ],
)
def test_it_counts_full_years(birth: str, day: str, age: int) -> None:
    born, on = date.fromisoformat(birth), date.fromisoformat(day)
    assert age_on(born, on) == age
    assert is_under_1(born, on) is (age == 0)
    assert age_on(born, turns(born, 15)) == 15


def test_it_reads_a_birth_date_back_as_the_desk_says_it() -> None:
    assert birth_text(date(1945, 3, 5), date(2026, 7, 1)) == "昭和20年3月5日（1945年・81歳）"


def test_it_refuses_a_birth_in_the_future() -> None:
    with pytest.raises(BadInput, match="bad_input"):
        age_on(date(2026, 7, 2), date(2026, 7, 1))
