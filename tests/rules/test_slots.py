"""Booking by 001 §8(2)ア–オ: season, lead time, open days, half-day capacity, travel, windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fieldkit.citydata import CityData
from fieldkit.rules.slots import (
    Booked,
    Offer,
    SlotRequest,
    last_booking_day,
    nearest,
    offer,
    uses_facility_slot,
)
from fieldkit.rules.travel import check_travel, district_of, minutes_between
from fieldkit.rules.verdict import Allowed, Refused

TODAY = date(2026, 6, 10)
DAY = date(2026, 7, 1)


def ask(
    city: CityData, half: str = "am", booked: tuple[Booked, ...] = (), day: date = DAY, **more: Any
) -> Offer | Refused:
    today = more.pop("today", TODAY)
    return offer(SlotRequest(day, half, **more), booked, city.booking, city.days, today)


def held(half: str, *orders: int, **more: Any) -> tuple[Booked, ...]:
    return tuple(Booked(DAY, half, order, **more) for order in orders)


@pytest.mark.parametrize(
    ("half", "orders", "more", "order", "window"),
    [
        # 001 §8(2)ウ: points for the first, windows for the later visits
        ("am", (), {}, 1, "10時ごろ"),
        ("am", (1,), {"travel_min": 30}, 2, "10時30分から11時30分の間"),
        ("pm", (), {}, 1, "14時ごろ"),
        ("pm", (1,), {"travel_min": 10}, 2, "14時30分から15時30分の間"),
        ("pm", (1, 2), {"travel_min": 15, "third_ok": True}, 3, "15時から16時の間"),
        # a cancelled first visit frees its place
        ("am", (2,), {}, 1, "10時ごろ"),
        # 001 §8(2)イ: a facility of up to five is booked like a home
        ("pm", (1,), {"place": "facility", "group_size": 5}, 2, "14時30分から15時30分の間"),
        ("am", (), {"place": "facility", "group_size": 20, "today": date(2026, 6, 1)}, 1, "10時"),
        ("pm", (), {"group_size": 6}, 1, "14時ごろ"),
    ],
)
def test_it_offers_order_and_window(
    city: CityData, half: str, orders: tuple[int, ...], more: dict[str, Any], order: int,
    window: str,
) -> None:  # fmt: skip
    found = ask(city, half, held(half, *orders), **more)
    assert isinstance(found, Offer), found
    assert found.order == order
    assert window in found.says and "令和8年7月1日(水)" in found.says


@pytest.mark.parametrize(
    ("half", "booked", "more", "clause", "says"),
    [
        ("am", held("am", 1, 2), {}, "001 §8(2)イ", "2件でいっぱい"),
        ("pm", held("pm", 1, 2), {}, "001 §8(2)イ", "市と協議すれば3件まで"),
        ("pm", held("pm", 1, 2), {"third_ok": True, "travel_min": 16}, "001 §8(2)エ", "15分"),
        ("pm", held("pm", 1, 2), {"third_ok": True}, "001 §8(2)エ", "移動時間が分かりません"),
        ("pm", held("pm", 1, 2, 3), {"third_ok": True, "travel_min": 5}, "001 §8(2)イ", "3件で"),
        ("am", held("am", 1), {"travel_min": 31}, "001 §8(2)エ", "およそ30分"),
        ("am", held("am", 1), {"group_size": 6}, "001 §8(2)イ", "1件だけ"),
        ("am", held("am", 1, group_size=6), {}, "001 §8(2)イ", "6名の訪問"),
        ("am", (), {"group_size": 21, "place": "facility", "today": date(2026, 6, 1)},
         "001 §8(2)イ", "午前と午後の両方"),
    ],
)  # fmt: skip
def test_it_refuses_a_full_half_day(
    city: CityData, half: str, booked: tuple[Booked, ...], more: dict[str, Any], clause: str,
    says: str,
) -> None:  # fmt: skip
    found = ask(city, half, booked, **more)
    assert isinstance(found, Refused)
    assert found.clause == clause and says in found.sentence and found.can_override


def test_it_keeps_the_other_half_free(city: CityData) -> None:
    assert isinstance(ask(city, "pm", held("am", 1, 2)), Offer)


@pytest.mark.parametrize(
    ("today", "ok"), [("2026-06-17", True), ("2026-06-18", False), ("2026-06-30", False)]
)
def test_it_wants_about_two_weeks_for_a_home(city: CityData, today: str, ok: bool) -> None:
    found = ask(city, today=date.fromisoformat(today))
    assert isinstance(found, Offer) is ok
    if isinstance(found, Refused):
        assert found.clause == "001 §8(2)オ" and "令和8年6月17日(水)" in found.sentence


@pytest.mark.parametrize(
    ("visit", "size", "place", "last"),
    [
        ("2026-06-17", 1, "home", "2026-06-03"),
        ("2026-12-24", 1, "home", "2026-12-10"),
        ("2026-12-24", 5, "facility", "2026-12-10"),
        ("2026-07-01", 6, "facility", "2026-06-01"),
        ("2026-12-24", 6, "facility", "2026-11-24"),
        ("2026-07-31", 6, "facility", "2026-06-30"),
        ("2027-01-15", 6, "facility", "2026-12-15"),
    ],
)
def test_it_computes_the_last_booking_day(
    city: CityData, visit: str, size: int, place: str, last: str
) -> None:
    day = last_booking_day(date.fromisoformat(visit), size, place, city.booking)
    assert day.isoformat() == last


@pytest.mark.parametrize(
    ("day", "clause", "override"),
    [
        ("2026-06-16", "001 §3(2)ア(ア)", False),
        ("2026-12-25", "001 §3(2)ア(ア)", False),
        ("2026-07-20", "001 §8(2)ア※", True),
        ("2026-09-22", "001 §8(2)ア※", True),
        ("2026-07-04", "001 §8(2)ア※", True),
    ],
)
def test_it_visits_on_open_days_of_the_season(
    city: CityData, day: str, clause: str, override: bool
) -> None:
    found = ask(city, day=date.fromisoformat(day), today=date(2026, 6, 1))
    assert isinstance(found, Refused)
    assert (found.clause, found.can_override) == (clause, override)
    again = ask(city, day=date.fromisoformat(day), today=date(2026, 6, 1), override="協議済み")
    assert isinstance(again, Offer) is override


def test_it_passes_an_about_limit_with_a_reason_and_says_which(city: CityData) -> None:
    found = ask(city, today=date(2026, 6, 25), override="退院日に合わせるため市と協議")
    assert isinstance(found, Offer) and found.passed == ("001 §8(2)オ",)
    assert isinstance(ask(city, today=date(2026, 6, 25), override="  "), Refused)


def test_it_never_makes_a_third_morning_visit(city: CityData) -> None:
    found = ask(city, "am", held("am", 1, 2), override="理由", travel_min=5)
    assert isinstance(found, Refused) and not found.can_override


def test_it_names_the_nearest_free_half_days(city: CityData) -> None:
    found = ask(city, "am", held("am", 1, 2))
    assert isinstance(found, Refused)
    assert found.nearest == (
        "令和8年7月1日(水)午後（14時ごろ）",
        "令和8年7月2日(木)午前（10時ごろ）",
        "令和8年7月2日(木)午後（14時ごろ）",
    )
    near = nearest(SlotRequest(date(2026, 6, 1), "am"), (), city.booking, city.days, TODAY, 1)
    assert near[0].date == date(2026, 6, 24)


def test_it_offers_planned_days_only_once_they_are_set(city: CityData) -> None:
    planned = replace(city.booking, planned_days={DAY: "home", date(2026, 7, 8): "facility"})
    wish = SlotRequest(DAY, "am")
    assert isinstance(offer(wish, (), planned, city.days, TODAY), Offer)
    other = offer(replace(wish, date=date(2026, 7, 2)), (), planned, city.days, TODAY)
    assert isinstance(other, Refused) and "実施予定日ではありません" in other.sentence
    assert other.nearest[0].startswith("令和8年7月1日(水)午前")
    mixed = offer(replace(wish, date=date(2026, 7, 8)), (), planned, city.days, TODAY)
    assert isinstance(mixed, Refused) and "福祉施設の実施予定日" in mixed.sentence


def test_it_refuses_past_days_and_empty_groups(city: CityData) -> None:
    past = ask(city, today=date(2026, 7, 2), override="理由")
    assert isinstance(past, Refused) and "過ぎた日" in past.sentence
    assert isinstance(ask(city, group_size=0), Refused)
    assert isinstance(ask(city, "night"), Refused)


def test_it_knows_which_facilities_need_their_own_slot(city: CityData) -> None:
    assert not uses_facility_slot(5, "facility", city.booking)
    assert uses_facility_slot(6, "facility", city.booking)
    assert not uses_facility_slot(9, "home", city.booking)


@pytest.mark.parametrize(
    ("order", "minutes", "ok"),
    [(1, 90, True), (2, 30, True), (2, 31, False), (2, None, True), (3, 15, True),
     (3, 16, False), (3, None, False)],
)  # fmt: skip
def test_it_limits_travel(city: CityData, order: int, minutes: int | None, ok: bool) -> None:
    """001 §8(2)エ: about 30 minutes to the second visit, about 15 to the third."""
    assert isinstance(check_travel(order, minutes, city.booking), Allowed) is ok


def test_it_reads_travel_from_the_district_table(city: CityData) -> None:
    assert district_of("北海道汐見市朝里浜2丁目", city.booking) == "東浜"
    assert district_of("北海道汐見市どこか", city.booking) == ""
    assert minutes_between("中央", "北岬", city.booking) == 35
    assert minutes_between("北岬", "中央", city.booking) == 35
    assert minutes_between("中央", "中央", city.booking) == 10
    assert minutes_between("中央", "月", city.booking) is None
