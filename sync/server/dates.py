"""Moments of the store (UTC) as people at the city write them: the era's year, Japan's time."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9))
REIWA = date(2019, 5, 1)


def here(at: str) -> datetime:
    """A moment of the store, in Japan's time."""
    return datetime.fromisoformat(at).astimezone(JST)


def day(at: str) -> str:
    """令和8年7月1日; before that era (a clock that is years off) the western year."""
    moment = here(at)
    if moment.date() < REIWA:
        return f"{moment.year}年{moment.month}月{moment.day}日"
    year = moment.year - REIWA.year + 1
    return f"令和{'元' if year == 1 else year}年{moment.month}月{moment.day}日"


def moment(at: str) -> str:
    """令和8年7月1日 10:42"""
    return f"{day(at)} {here(at):%H:%M}"
