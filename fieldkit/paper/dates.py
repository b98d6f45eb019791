"""What travels in JSON as a date, printed by era: 令和8年7月1日(水)."""

from __future__ import annotations

from datetime import date, datetime

from fieldkit.rules.wareki import wareki


def wareki_text(value: object, weekday: bool = False) -> str:
    """The era date of ISO text, a date or a moment; blank for nothing."""
    if isinstance(value, datetime):
        return wareki(value.date(), weekday)
    if isinstance(value, date):
        return wareki(value, weekday)
    return wareki(date.fromisoformat(str(value)[:10]), weekday) if value else ""


def answered_day(value: str) -> str:
    """The era date of an answer; what a rule of a form made and is no day stays as it is."""
    try:
        return wareki_text(value)
    except ValueError:
        return value


def printed_mark(moment: datetime) -> str:
    """When a paper was printed, for its foot: 令和8年7月1日 10:42."""
    return f"{wareki(moment.date())} {moment:%H:%M}"
