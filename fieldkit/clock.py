"""The one place that reads the time. Passed in everywhere, so that tests stand at one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, in Japan, with its offset."""
    return datetime.now(JST)


def stamp(moment: datetime) -> str:
    """ISO 8601 to the second, with offset: what rows and receipts carry."""
    return moment.astimezone(JST).isoformat(timespec="seconds")


def day_of(moment: datetime) -> date:
    return moment.astimezone(JST).date()


def say(moment: datetime) -> str:
    """A moment as it is shown in a sentence: 2026年7月1日 9時30分."""
    at = moment.astimezone(JST)
    return f"{at.year}年{at.month}月{at.day}日 {at.hour}時{at.minute:02}分"


def is_sane(moment: datetime) -> bool:
    """Whether the clock can be right at all; a dead battery shows 1970 or 2099."""
    return 2025 <= moment.year <= 2060
