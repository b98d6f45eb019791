"""The days on which cash was taken, officer by officer, and how far their tallies are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import NotFound
from fieldkit.store.vault import Vault


@dataclass(frozen=True)
class Day:
    """One officer's day in a list: what was taken, and how far its tally is."""

    day: str
    officer: str
    place: int
    count: int
    yen: int
    spoiled: int
    state: str
    stale: bool
    slip_no: str
    paid_in_on: str

    @property
    def owed(self) -> bool:
        """No checked tally fits the receipts of this day."""
        return self.state != "checked" or self.stale

    @property
    def unpaid(self) -> bool:
        """Its cash was checked and still lies in the hand safe."""
        return not self.owed and self.yen > 0 and not self.paid_in_on


def days(vault: Vault, first: str = "", last: str = "9999") -> list[Day]:
    """Every officer's days from `first` to `last` (ISO) with receipt numbers, newest day first.

    `place` numbers the officers of one day by their first receipt: it never changes.
    """
    rows = vault.book.all(
        "SELECT substr(issued_at, 1, 10) AS day, officer, count(*) AS n, min(number) AS first,"
        " sum(state = 'issued') AS issued, sum(state = 'spoiled') AS spoiled,"
        " sum(CASE state WHEN 'issued' THEN amount ELSE 0 END) AS yen"
        " FROM money GROUP BY 1, 2 HAVING day BETWEEN ? AND ? ORDER BY day DESC, first",
        first,
        last,
    )
    made: dict[tuple[str, str], list[Any]] = {}
    for row in vault.book.all("SELECT * FROM tally WHERE state <> 'replaced' ORDER BY rowid"):
        made.setdefault((row["day"], row["officer"]), []).append(row)
    found: list[Day] = []
    for row in rows:
        place = found[-1].place + 1 if found and found[-1].day == row["day"] else 1
        mark = [row["n"], row["issued"], row["yen"]]
        found.append(
            Day(row["day"], row["officer"], place, row["issued"], row["yen"], row["spoiled"],
                *_tally(made.get((row["day"], row["officer"]), []), mark))
        )  # fmt: skip
    return found


def owed(vault: Vault) -> list[Day]:
    """The days whose receipts stand in no checked tally, oldest first."""
    return [day for day in reversed(days(vault)) if day.owed]


def officer_at(vault: Vault, day: str, place: int) -> str:
    """Who the `place`-th officer of a day is; NotFound where there are no such receipts."""
    for row in days(vault, day, day):
        if row.place == place:
            return row.officer
    raise NotFound("この日の領収書はありません。日計表の一覧を開き直してください。")


def _tally(made: Sequence[Any], mark: list[int]) -> tuple[str, bool, str, str]:
    """State, stale, slip numbers and day of the deposit of the tallies of one officer's day.

    The day of the deposit stands there only when everything was paid in.
    """
    slips = "・".join(row["slip_no"] for row in made if row["paid_in_on"])
    told = [sum(part) for part in zip(*(json.loads(x["sheet"])["mark"] for x in made), strict=True)]
    last = next((row for row in made if not row["paid_in_on"]), None)
    if last is not None:
        return last["state"], told != mark, slips, ""
    if not made or told != mark:  # receipts came after the deposit: a further tally
        return "", False, slips, ""
    return "checked", False, slips, made[-1]["paid_in_on"]
