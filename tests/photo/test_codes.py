"""The published table of codes says what the rows say."""

from __future__ import annotations

import re
from pathlib import Path

from fieldkit import photo
from fieldkit.rules.photo_checks import ASKS, DEFAULT_CHECKS, NEVER_OVERRIDABLE

TABLE = (Path(photo.__file__).parent / "CODES.md").read_text(encoding="utf-8")
ROWS = [line.split("|") for line in TABLE.splitlines() if line.startswith("| `")]


def first_codes(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", re.sub(r"\(.*\)", "", cell))


def documented() -> dict[str, list[str]]:
    """Cells of the row, by code."""
    return {code: row for row in ROWS for code in first_codes(row[1])}


def test_it_lists_every_code_in_the_order_of_the_rows() -> None:
    assert list(documented()) == list(dict.fromkeys(c.code for c in DEFAULT_CHECKS))


def test_it_says_which_defects_are_never_lifted() -> None:
    never = {code for code, row in documented().items() if row[5].strip() == "never"}
    assert never == NEVER_OVERRIDABLE
    lifted = {c.code for c in DEFAULT_CHECKS if c.reasons}
    assert {code for code, row in documented().items()
            if row[5].strip() not in ("never", "none")} == lifted


def test_it_says_what_is_asked() -> None:
    asked = {code: set(re.findall(r"`(\w+)`", row[6])) for code, row in documented().items()}
    for code, pictures in asked.items():
        assert pictures == {c.ask for c in DEFAULT_CHECKS if c.code == code and c.ask}
        assert pictures <= ASKS


def test_it_gives_every_limit() -> None:
    for check in DEFAULT_CHECKS:
        limits = documented()[check.code][4]
        for limit in (check.advise, check.stop):
            shown = {float(number) for number in re.findall(r"-?\d+\.?\d*", limits)}
            assert limit is None or limit in shown, check.key
