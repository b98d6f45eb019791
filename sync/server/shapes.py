"""Which values a save may bring for the fields that the city, or another kit, reckons with.

Anything else in a save is text of a form, kept as it came. A kit of ours never sends these; one
that did would stop the lists of everybody who reads its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS: dict[str, tuple[str, ...]] = {
    "reservation": ("state", "visit_date", "half", "place", "district", "postal", "address",
                    "katagaki"),
    "applicant": ("name", "kana", "birth", "sex", "kind", "retake_of"),
    "application": ("state", "photo_id"),
}  # fmt: skip
"""A text, or nothing."""
NUMBERS: dict[str, tuple[str, ...]] = {"reservation": ("order", "reception_no")}
"""A number, or its text (a number of reception may have letters), or nothing."""
HIGHEST = 10**9


def odd(kind: str, said: Mapping[str, Any]) -> bool:
    """Whether a save of a record of this kind sets one of these fields to what it cannot be."""
    words = (said.get(name) for name in WORDS.get(kind, ()))
    numbers = (said.get(name) for name in NUMBERS.get(kind, ()))
    return (
        any(not isinstance(one, str | None) for one in words)
        or any(not _number(one) for one in numbers)
        or not _order(said.get("order") if kind == "reservation" else None)
    )


def _number(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str | None) or (whole and 0 <= value <= HIGHEST)


def _order(value: Any) -> bool:
    """Kits sort by it, as a number."""
    return value in (None, "") or str(value).isdecimal() and len(str(value)) < 10
