"""Open days (001 §8(1)エ) and the weekly share deadline (001 §9(1)); forms/closed_days.toml."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fieldkit.citydata import CityData, open_days_from
from fieldkit.errors import BadCityData
from fieldkit.rules.holidays import (
    add_open_days,
    closed_sentence,
    is_open,
    next_open,
    open_days,
    previous_open,
    share_deadline,
    why_closed,
)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-07-20", "海の日"),
        ("2026-08-11", "山の日"),
        ("2026-09-21", "敬老の日"),
        ("2026-09-22", "国民の休日"),
        ("2026-09-23", "秋分の日"),
        ("2026-10-12", "スポーツの日"),
        ("2026-11-03", "文化の日"),
        ("2026-11-23", "勤労感謝の日"),
        ("2026-12-29", "年末年始"),
        ("2026-12-31", "年末年始"),
        ("2027-01-01", "元日"),
        ("2027-01-03", "年末年始"),
        ("2027-01-11", "成人の日"),
        ("2026-07-04", "土曜日"),
        ("2026-07-05", "日曜日"),
        ("2026-12-28", ""),
        ("2027-01-04", ""),
        ("2026-07-01", ""),
    ],
)
def test_it_knows_the_closed_days(city: CityData, day: str, why: str) -> None:
    assert why_closed(date.fromisoformat(day), city.days) == why


def test_it_counts_the_days_of_the_contract(city: CityData) -> None:
    """001 §3: 141 open days of the desk, 129 days that a visit can fall on."""
    rules, days = city.booking, city.days
    assert len(list(open_days(rules.desk_from, rules.desk_to, days))) == 141
    assert len(list(open_days(rules.visit_from, rules.visit_to, days))) == 129


@pytest.mark.parametrize(
    ("visit", "deadline"),
    [
        ("2026-07-01", "2026-06-23"),
        ("2026-08-17", "2026-08-10"),
        ("2026-08-21", "2026-08-10"),
        ("2026-09-28", "2026-09-18"),
        ("2026-11-09", "2026-11-02"),
    ],
)
def test_it_shares_by_tuesday_of_the_week_before(
    city: CityData, visit: str, deadline: str
) -> None:
    assert share_deadline(date.fromisoformat(visit), city.days).isoformat() == deadline


def test_it_walks_over_closed_days(city: CityData) -> None:
    assert next_open(date(2026, 9, 19), city.days) == date(2026, 9, 24)
    assert previous_open(date(2026, 9, 23), city.days) == date(2026, 9, 18)
    assert add_open_days(date(2026, 9, 18), 1, city.days) == date(2026, 9, 24)
    assert next_open(date(2026, 12, 29), city.days) == date(2027, 1, 4)
    assert closed_sentence(date(2026, 7, 1), city.days) == ""
    assert "海の日のため" in closed_sentence(date(2026, 7, 20), city.days)
    assert city.days.known(date(2026, 7, 1)) and not city.days.known(date(2030, 7, 1))


def test_it_lets_the_city_add_and_remove_days() -> None:
    days = open_days_from(
        {
            "years": [2026],
            "closed": [{"date": date(2026, 8, 14), "name": "庁舎の停電"}],
            "holiday": [{"date": date(2026, 8, 12), "name": "臨時の祝日"}],
            "not_holiday": [{"date": date(2026, 8, 11)}],
        }
    )
    assert why_closed(date(2026, 8, 14), days) == "庁舎の停電"
    assert why_closed(date(2026, 8, 12), days) == "臨時の祝日"
    assert is_open(date(2026, 8, 11), days)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "years"),
        ({"years": []}, "years"),
        ({"years": ["2026"]}, "years"),
        ({"years": [2026], "weekdays": ["Mon"]}, "weekdays"),
        ({"years": [2026], "yearly": [{"name": "年末", "from": "13-01", "to": "01-03"}]},
         "yearly.from"),
        ({"years": [2026], "closed": [{"date": "2026-08-14", "name": "停電"}]}, "closed.date"),
    ],
)  # fmt: skip
def test_it_names_the_key_that_is_wrong(data: dict[str, Any], key: str) -> None:
    with pytest.raises(BadCityData) as wrong:
        open_days_from(data)
    assert (wrong.value.file, wrong.value.key) == ("closed_days.toml", key)
