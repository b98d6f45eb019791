"""Open days of the desk and of the visits (001 §8(1)エ): Monday to Friday, except national
holidays and December 29 to January 3, and days the city closes by itself.

Pure: the set of holidays comes in as a value. Which days are holidays is loaded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from fieldkit.rules.wareki import WEEKDAYS, wareki

_FAR = 60


@dataclass(frozen=True)
class YearlyClosing:
    """Closed each year between two (month, day), both included; may pass the new year."""

    first: tuple[int, int]
    last: tuple[int, int]
    name: str

    def covers(self, day: date) -> bool:
        """True when `day` lies in the closing."""
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True)
class OpenDays:
    """The calendar: holidays and single closings by name, yearly closings, open weekdays.

    `years` are the years that `holidays` is known for; asking about another year is answered
    by weekdays alone, and `known` tells so.
    """

    holidays: Mapping[date, str]
    yearly: tuple[YearlyClosing, ...] = ()
    closed: Mapping[date, str] = field(default_factory=dict)
    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    years: frozenset[int] = frozenset()

    def known(self, day: date) -> bool:
        """True when the national holidays of that year were loaded."""
        return day.year in self.years


def why_closed(day: date, days: OpenDays) -> str:
    """The reason in Japanese why `day` is closed; empty when it is open."""
    if day in days.closed:
        return days.closed[day]
    if day in days.holidays:
        return days.holidays[day]
    for closing in days.yearly:
        if closing.covers(day):
            return closing.name
    return "" if day.weekday() in days.weekdays else f"{WEEKDAYS[day.weekday()]}曜日"


def is_open(day: date, days: OpenDays) -> bool:
    """True on a working day."""
    return not why_closed(day, days)


def next_open(day: date, days: OpenDays) -> date:
    """`day` itself when open, else the first open day after it."""
    return _walk(day, 1, days)


def previous_open(day: date, days: OpenDays) -> date:
    """`day` itself when open, else the last open day before it."""
    return _walk(day, -1, days)


def open_days(first: date, last: date, days: OpenDays) -> Iterator[date]:
    """Every open day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if is_open(day, days):
            yield day


def add_open_days(day: date, count: int, days: OpenDays) -> date:
    """The `count`-th open day after `day` (day itself is not counted)."""
    for _ in range(count):
        day = next_open(day + timedelta(days=1), days)
    return day


def closed_sentence(day: date, days: OpenDays) -> str:
    """令和8年7月20日(月)は海の日のため、お休みです。 Empty when open."""
    why = why_closed(day, days)
    return f"{wareki(day, weekday=True)}は{why}のため、お休みです。" if why else ""


def share_deadline(visit_day: date, days: OpenDays, weekday: int = 1) -> date:
    """By when a visit week's slips go to the city: `weekday` (Tuesday) of the week before
    (001 §9(1)); the previous open day when that one is closed (city-editable choice)."""
    monday = visit_day - timedelta(days=visit_day.weekday())
    return previous_open(monday - timedelta(days=7 - weekday), days)


def _walk(day: date, step: int, days: OpenDays) -> date:
    for _ in range(_FAR):
        if is_open(day, days):
            return day
        day += timedelta(days=step)
    raise ValueError("no open day within two months: the calendar closes everything")
