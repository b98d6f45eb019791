"""Dates and times of XForms XPath: days since 1970 in Japan's time, and back to text.

ODK counts a date from midnight where the form is filled, so 2026-07-01 is 20634.625 in Japan.
The hours of the summers of 1948 to 1951 come from the time zone table, as in a browser.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"(\d{2})(?::(\d{2}))?(?::(\d{2}))?(?:\.(\d+))?"
_LIKE = re.compile(rf"({_DATE})(?:T{_TIME}(Z|[+-]\d{{2}}:\d{{2}})?)?", re.A)
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d", re.A)
_CLOCK = re.compile(r"\d{2}:\d{2}(:[0-5]\d)?(\.\d+)?(Z|[-+]\d{2}:\d{2})?", re.A)
_UNPADDED = re.compile(r"(\d{4})-([1-9]|\d{2})-([1-9]|\d{2})(T.*)?", re.A)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(maxsize=1)
def zone() -> ZoneInfo:
    """Japan. Kept back until the first date, so that the start does not read the table."""
    return ZoneInfo("Asia/Tokyo")


class Moment(float):
    """Days since 1970-01-01 UTC, with the text that ODK shows for it."""

    text: str

    def __new__(cls, days: float, text: str) -> Moment:
        made = super().__new__(cls, days)
        made.text = text
        return made


NO_MOMENT = Moment(math.nan, "Invalid Date")


def at(moment: datetime) -> Moment:
    """The value of a moment in Japan: midnight is written as a date alone."""
    local = moment.astimezone(zone())
    passed = local.astimezone(UTC) - _EPOCH
    ms = (passed.days * 86_400_000_000 + passed.seconds * 1_000_000 + passed.microseconds) // 1000
    return Moment(ms / DAY_MS, _text(local))


def _text(local: datetime) -> str:
    day = f"{local.year:04}-{local.month:02}-{local.day:02}"
    clock = f"{local.hour:02}:{local.minute:02}:{local.second:02}"
    if clock == "00:00:00" and not local.microsecond:
        return day
    part = f"{local.microsecond:06}".rstrip("0")[:3] if local.microsecond else "000"
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{day}T{clock}.{part}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def local_of(text: str) -> datetime | None:
    """The moment that an ISO date, or date and time, names in Japan; None for other text."""
    found = _LIKE.fullmatch(text)
    if not found or (found[5] and found[4] is None):
        return None
    day, hour, minute, second, part, offset = found.groups()
    if offset and offset != "Z" and (not _OFFSET.fullmatch(offset) or minute is None):
        return None
    micro = int(f"{part or '0':0<6}"[:6])
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(day).replace(
            hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0), microsecond=micro
        )
        if offset == "Z":
            return moment.replace(tzinfo=UTC).astimezone(zone())
        if offset:
            away = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
            utc = moment - away if offset[0] == "+" else moment + away
            return utc.replace(tzinfo=UTC).astimezone(zone())
        return moment.replace(tzinfo=zone())
    return None


def moment_of(text: str) -> Moment | None:
    """The days of an ISO date, or date and time; None for anything else."""
    local = local_of(text)
    return None if local is None else at(local)


def moment_of_days(days: float) -> Moment:
    """The moment that many days after 1970-01-01 UTC; no moment for NaN."""
    if math.isnan(days) or math.isinf(days):
        return NO_MOMENT
    try:
        return at(_EPOCH + timedelta(milliseconds=math.floor(days * DAY_MS + 0.5)))
    except OverflowError:
        return NO_MOMENT


def date_value(text: str) -> Moment:
    """`date()` of a text: `2026-7-1` counts too, anything else is no moment."""
    if found := _UNPADDED.fullmatch(text):
        text = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}{found[4] or ''}"
    return moment_of(text) or NO_MOMENT


def clock_days(text: str) -> float:
    """`decimal-time()`: the part of a day that has passed at `HH:MM[:SS]` in Japan."""
    if not _CLOCK.fullmatch(text):
        return math.nan
    local = local_of(f"1970-01-01T{text}")
    if local is None:
        return math.nan
    midnight = datetime.combine(local.date(), time(), tzinfo=local.tzinfo)
    return (local - midnight) / timedelta(days=1)


def formatted(text: str, pattern: str, with_time: bool) -> str:
    """`format-date()` and `format-date-time()`: the codes of the XForms specification."""
    local = local_of(text)
    if local is None:
        return ""
    codes = {
        "%Y": f"{local.year:04}",
        "%y": f"{local.year:04}"[2:],
        "%m": f"{local.month:02}",
        "%n": str(local.month),
        "%b": _MONTHS[local.month - 1],
        "%d": f"{local.day:02}",
        "%e": str(local.day),
        "%a": _DAYS[local.weekday()],
    }
    if with_time:
        codes |= {
            "%H": f"{local.hour:02}",
            "%h": str(local.hour),
            "%M": f"{local.minute:02}",
            "%S": f"{local.second:02}",
            "%3": f"{local.microsecond // 1000:03}",
        }
    return re.sub("|".join(codes), lambda code: codes[code[0]], pattern)
