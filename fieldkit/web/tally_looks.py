"""How a day of cash and a tally are shown: names, words and moments instead of codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fieldkit import tally, tally_days
from fieldkit.errors import BadCityData, NotFound
from fieldkit.tally_days import Day
from fieldkit.web.common import kit, names_of, say_moment, today, vault


def rows_of(days: Sequence[Day]) -> list[dict[str, Any]]:
    """Officers' days for the lists, with the address of each."""
    names = names_of()
    return [
        {
            "day": one.day, "url": f"/tally/{one.day}/{one.place}", "count": one.count,
            "officer": names.get(one.officer, one.officer), "yen": one.yen,
            "spoiled": one.spoiled, "owed": one.owed, "paid_in_on": one.paid_in_on,
            "slip_no": one.slip_no, "tag": "done" if not one.owed else "todo",
            "state_ja": "作り直し" if one.stale else tally.STATE_JA[one.state],
        }
        for one in days
    ]  # fmt: skip


def limit_of(day: str) -> date:
    """The last day to pay in the cash of a day, by the city's calendar."""
    city = kit().city()
    return tally.pay_in_by(day, city.cash.pay_in_days, city.days)


def late_deposits() -> list[dict[str, Any]]:
    """The checked days whose cash lies here past its limit, oldest first; none while a table of
    the city is broken: the page itself has to open."""
    try:
        found = tally_days.days(vault())
        late = [one for one in found if one.unpaid and limit_of(one.day) < today()]
    except BadCityData:
        return []
    return rows_of(late[::-1])


def strangers() -> list[str]:
    """The officers of cash.toml who are nobody on this laptop, by the numbers written there."""
    known = names_of()
    return [one.user for one in kit().city().cash.officers if one.user not in known]


def shown(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """One tally with its people, moments and codes in words."""

    def name(key: str) -> str:
        return names.get(row[key], row[key] or "")

    return {
        **row,
        "counter": name("made_by"),
        "checker": name("checked_by"),
        "undone_by": name("replaced_by"),
        "difference": row["counted"] - row["expected"],
        "why_ja": tally.WHY.get(row["why"], ""),
        "undone_ja": tally.REPLACED.get(row["replaced_why"], ""),
        "made": say_moment(row["made_at"]),
        "checked": say_moment(row["checked_at"]) if row["checked_at"] else "",
        "undone": say_moment(row["replaced_at"]) if row["replaced_at"] else "",
    }


def month_of(text: str) -> date:
    """The first day of `2026-07`; NotFound for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NotFound("この月の画面はありません。日計表の一覧を開き直してください。") from None


def other_month(first: date, by: int) -> str:
    """The month `by` months on, as addresses carry it."""
    month = first.year * 12 + first.month - 1 + by
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
