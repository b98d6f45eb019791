"""How a day of cash and a tally are shown: names, words and moments instead of codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldkit import people, tally
from fieldkit.tally_days import Day
from fieldkit.web.common import say_moment, vault


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


def names_of() -> dict[str, str]:
    """The people of this laptop by their numbers."""
    return {user.id: user.name for user in people.everybody(vault())}


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
