"""Travel time between two visits of the same half day (001 §8(2)エ).

There is no map in the kit: minutes come from the city's table of districts, or from the
operator's own estimate, which is then recorded on the slip.
"""

from __future__ import annotations

from fieldkit.rules.booking import BookingRules
from fieldkit.rules.verdict import Allowed, Refused

CLAUSE = "001 §8(2)エ"


def district_of(address: str, rules: BookingRules) -> str:
    """The district whose town name the address contains (the longest name wins), or ""."""
    hits = [
        (len(town), name)
        for name, towns in rules.districts.items()
        for town in towns
        if town and town in address
    ]
    return max(hits)[1] if hits else ""


def minutes_between(first: str, second: str, rules: BookingRules) -> int | None:
    """Minutes from district to district by the city's table; None when it does not say."""
    if first == second:
        return rules.within.get(first)
    return rules.between.get(frozenset((first, second)))


def check_travel(order: int, minutes: int | None, rules: BookingRules) -> Allowed | Refused:
    """May the visit of `order` (2 or 3 in its half day) follow after `minutes` of travel?

    The limits are about 30 minutes to the second and about 15 to the third; a third visit with
    unknown travel time is not accepted, a second one only with a reminder.
    """
    if order <= 1:
        return Allowed()
    limit = rules.travel_second if order == 2 else rules.travel_third
    leg = f"{order - 1}件目から{order}件目"
    if minutes is None and order == 2:
        return Allowed(f"{leg}への移動時間（およそ{limit}分以内）を確かめてください。")
    if minutes is None:
        return Refused(
            f"{leg}への移動時間が分かりません。およそ{limit}分以内と確かめられたときだけ"
            "受け付けられます。",
            CLAUSE,
            can_override=True,
        )
    if minutes > limit:
        return Refused(
            f"{leg}への移動が{minutes}分かかり、およそ{limit}分を超えます。", CLAUSE,
            can_override=True,
        )  # fmt: skip
    return Allowed(f"{leg}への移動は{minutes}分です。")
