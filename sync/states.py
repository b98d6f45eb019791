"""States of a record: what may follow what, and which of two unseen states stands. Pure tables."""

from __future__ import annotations

from typing import Any

from sync.clash import RULED, WAITING

DOING, CONFIRMED = "doing", "confirmed"
LADDER = {"reservation": ("booked", "shared", "visited")}
"""Each state is what becomes of the one before: of two unseen ones the further stands."""
ALLOWED = {
    "reservation": {
        "booked": {"shared", "visited", "cancelled"},
        "shared": {"booked", "visited", "cancelled"},
        "cancelled": {"booked", "visited"},
        "visited": set[str](),
    }
}
"""What may follow a state that was seen; a state that is not here may become anything."""
BEATS = {
    "reservation": {
        ("visited", "cancelled"): WAITING,
        ("cancelled", "shared"): RULED,
        ("cancelled", "booked"): RULED,
    },
    "application": {(DOING, CONFIRMED): WAITING},
}
"""(stands, gives way) of two unseen states, and whether a person is told."""


def may_follow(entity: str, now: Any, value: Any) -> bool:
    """Whether somebody who has seen `now` may set `value`."""
    return now is None or value in ALLOWED.get(entity, {}).get(str(now), {value})


def meet(entity: str, now: Any, value: Any) -> tuple[bool, str]:
    """Two states that did not know of each other: does the new one stand, and what becomes of the
    other: "" (passed on the ladder), `ruled` or `waiting`."""
    ladder, beats = LADDER.get(entity, ()), BEATS.get(entity, {})
    if now in ladder and value in ladder:
        return ladder.index(value) > ladder.index(now), ""
    if (value, now) in beats:
        return True, beats[value, now]
    return False, beats.get((now, value), WAITING)
