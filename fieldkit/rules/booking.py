"""The city's booking numbers as values: season, capacity, windows, lead time, travel.

001 §8(2) says "about" with most of them and lets the procedure change by agreement, so every
number comes from `forms/booking.toml`; this file only checks that the table is whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.tables import maybe, need, rows, words

HALVES = {"am": "午前", "pm": "午後"}


@dataclass(frozen=True)
class Window:
    """When to tell the caller that staff will arrive. A point has equal ends."""

    start: time
    end: time

    @property
    def says(self) -> str:
        """10時ごろ, or 10時30分から11時30分の間 (never a point for a later visit)."""
        if self.start == self.end:
            return f"{_clock(self.start)}ごろ"
        return f"{_clock(self.start)}から{_clock(self.end)}の間"


@dataclass(frozen=True)
class BookingRules:
    """Everything the slot and travel rules need; city-editable (`forms/booking.toml`)."""

    visit_from: date
    visit_to: date
    desk_from: date
    desk_to: date
    home_capacity: Mapping[str, int]
    pm_max: int
    big_group_from: int
    facility_capacity: Mapping[str, int]
    facility_min: int
    facility_max: int
    lead_days: int
    facility_lead_months: int
    travel_second: int
    travel_third: int
    windows: Mapping[tuple[str, str, int], Window]
    planned_days: Mapping[date, str]
    districts: Mapping[str, tuple[str, ...]]
    within: Mapping[str, int]
    between: Mapping[frozenset[str], int]


def booking_from(data: Mapping[str, Any], file: str = "booking.toml") -> BookingRules:
    """Build the table; BadCityData names the file and the key of what is wrong."""
    season = need(data, "season", dict, file)
    home = need(data, "home", dict, file)
    facility = need(data, "facility", dict, file)
    lead = need(data, "lead", dict, file)
    travel = need(data, "travel", dict, file)
    rules = BookingRules(
        visit_from=need(season, "visit_from", date, file, "season"),
        visit_to=need(season, "visit_to", date, file, "season"),
        desk_from=need(season, "desk_from", date, file, "season"),
        desk_to=need(season, "desk_to", date, file, "season"),
        home_capacity={half: need(home, half, int, file, "home") for half in HALVES},
        pm_max=need(home, "pm_max", int, file, "home"),
        big_group_from=need(home, "big_group_from", int, file, "home"),
        facility_capacity={half: need(facility, half, int, file, "facility") for half in HALVES},
        facility_min=need(facility, "min_group", int, file, "facility"),
        facility_max=need(facility, "max_group", int, file, "facility"),
        lead_days=need(lead, "home_days", int, file, "lead"),
        facility_lead_months=need(lead, "facility_months", int, file, "lead"),
        travel_second=need(travel, "first_to_second", int, file, "travel"),
        travel_third=need(travel, "second_to_third", int, file, "travel"),
        windows=_windows(data, file),
        planned_days=_planned(maybe(data, "visit_days", {}, file), file),
        districts=_districts(data, file),
        within={row["name"]: maybe(row, "within", 15, file, "district") for row in _rows(data)},
        between=_between(data, file),
    )
    _check(rules, file)
    return rules


def _check(rules: BookingRules, file: str) -> None:
    if rules.visit_from > rules.visit_to:
        raise BadCityData(file, "season.visit_to", "始まりより前の日です。")
    if rules.pm_max < rules.home_capacity["pm"]:
        raise BadCityData(file, "home.pm_max", "home.pm より小さくできません。")
    for half in HALVES:
        most = rules.pm_max if half == "pm" else rules.home_capacity[half]
        for order in range(1, most + 1):
            if ("home", half, order) not in rules.windows:
                raise BadCityData(file, "window", f"{HALVES[half]}{order}件目の時刻がありません。")
        if ("facility", half, 1) not in rules.windows:
            raise BadCityData(file, "window", f"施設の{HALVES[half]}の時刻がありません。")


def _windows(data: Mapping[str, Any], file: str) -> dict[tuple[str, str, int], Window]:
    found: dict[tuple[str, str, int], Window] = {}
    for i, row in enumerate(rows(data, "window", file), start=1):
        at = f"window[{i}]"
        half = need(row, "half", str, file, at)
        if half not in HALVES:
            raise BadCityData(file, f"{at}.half", "am か pm にしてください。")
        window = Window(_time(row, "from", file, at), _time(row, "to", file, at))
        if window.start > window.end:
            raise BadCityData(file, f"{at}.to", "from より前の時刻です。")
        place = need(row, "place", str, file, at)
        found[(place, half, need(row, "order", int, file, at))] = window
    return found


def _time(row: Mapping[str, Any], key: str, file: str, at: str) -> time:
    text = need(row, key, str, file, at)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise BadCityData(file, f"{at}.{key}", "時刻は「10:30」の形で書いてください。")
    return time.fromisoformat(text)


def _planned(data: Mapping[str, Any], file: str) -> dict[date, str]:
    found: dict[date, str] = {}
    for place in ("home", "facility"):
        listed: list[object] = maybe(data, place, [], file, "visit_days")
        for day in listed:
            if not isinstance(day, date):
                raise BadCityData(file, f"visit_days.{place}", "日付（2026-06-17）の一覧です。")
            if found.get(day, place) != place:
                raise BadCityData(file, f"visit_days.{place}", f"{day} が2回書かれています。")
            found[day] = place
    return found


def _rows(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in data.get("district", []) if isinstance(row, dict) and "name" in row]


def _districts(data: Mapping[str, Any], file: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for i, row in enumerate(data.get("district", []), start=1):
        name = need(row, "name", str, file, f"district[{i}]")
        found[name] = words(row, "towns", file, f"district[{i}]")
    return found


def _between(data: Mapping[str, Any], file: str) -> dict[frozenset[str], int]:
    known = set(_districts(data, file))
    found: dict[frozenset[str], int] = {}
    for i, row in enumerate(data.get("between", []), start=1):
        pair = words(row, "districts", file, f"between[{i}]")
        if len(set(pair)) != 2 or not set(pair) <= known:
            raise BadCityData(
                file, f"between[{i}].districts", "[[district]] にある地区を2つ書いてください。"
            )
        found[frozenset(pair)] = need(row, "minutes", int, file, f"between[{i}]")
    return found


def _clock(moment: time) -> str:
    return f"{moment.hour}時" + (f"{moment.minute}分" if moment.minute else "")
