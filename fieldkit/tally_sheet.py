"""What the receipts of one officer's day say: counts and yen by kind, numbers, spoiled numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from fieldkit.money import REASONS
from fieldkit.rules.cash import KINDS, fee_kind
from fieldkit.rules.fee_table import FeeTable
from fieldkit.store import facts
from fieldkit.store.cash import INTERRUPTED
from fieldkit.store.vault import Vault

FREE = "免除（0円）"


@dataclass(frozen=True)
class Line:
    """One kind of fee: its words, the price of one (None where they differ), pieces and yen."""

    label: str
    unit: int | None
    count: int
    yen: int


@dataclass(frozen=True)
class Spoiled:
    """A spoiled number with the kit's words of why; `paper_no` of the paper book or ""."""

    no: str
    paper_no: str
    yen: int
    why: str


@dataclass(frozen=True)
class Sheet:
    """One officer's day. `count` and `yen` are the issued receipts; `first` and `last` and the
    `paper_` ones include the spoiled numbers. `open` are numbers that no trip could settle yet.
    `mark` changes with every receipt and every spoiling."""

    day: str
    officer: str
    lines: tuple[Line, ...]
    count: int
    yen: int
    first: str
    last: str
    paper_first: str
    paper_last: str
    spoiled: tuple[Spoiled, ...]
    open: tuple[str, ...]
    numbers: tuple[str, ...]
    mark: tuple[int, int, int]

    @property
    def free(self) -> int:
        """How many exemptions it counts."""
        return sum(line.count for line in self.lines if line.label == FREE)

    def plain(self) -> dict[str, Any]:
        """As it is kept in a tally (JSON)."""
        return asdict(self)


def kept(data: Mapping[str, Any]) -> Sheet:
    """The sheet that `plain()` had written."""
    return Sheet(
        **{
            **data,
            "lines": tuple(Line(**line) for line in data["lines"]),
            "spoiled": tuple(Spoiled(**one) for one in data["spoiled"]),
            **{name: tuple(data[name]) for name in ("open", "numbers", "mark")},
        }
    )


def numbers_of(vault: Vault, day: str, officer: str) -> list[str]:
    """All receipt numbers of one officer's day."""
    return [row["no"] for row in _rows(vault, day, officer)]


def _rows(vault: Vault, day: str, officer: str) -> list[Any]:
    return vault.book.all(
        "SELECT * FROM money WHERE substr(issued_at, 1, 10) = ? AND officer = ? ORDER BY number",
        day,
        officer,
    )


def sheet_of(
    vault: Vault, day: str, officer: str, fees: FeeTable, paid: Sequence[Sheet] = ()
) -> Sheet:
    """Count the rows of `money` of one officer's day; exemptions come from the visits' facts.

    What stands in the sheets of `paid` is not counted again.
    """
    done = {no for one in paid for no in one.numbers}
    rows = [row for row in _rows(vault, day, officer) if row["no"] not in done]
    issued = [row for row in rows if row["state"] == "issued"]
    yen = sum(row["amount"] for row in issued)
    again = _used_again(vault)
    papers = sorted((str(row["paper_no"]) for row in rows if row["paper_no"]), key=_natural)
    return Sheet(
        day=day,
        officer=officer,
        lines=_lines(vault, issued, day, officer, fees, sum(one.free for one in paid)),
        count=len(issued),
        yen=yen,
        first=rows[0]["no"] if rows else "",
        last=rows[-1]["no"] if rows else "",
        paper_first=papers[0] if papers else "",
        paper_last=papers[-1] if papers else "",
        spoiled=tuple(
            Spoiled(
                row["no"],
                ""
                if row["reason"] == INTERRUPTED and row["paper_no"] in again
                else row["paper_no"] or "",
                row["amount"],
                REASONS.get(row["reason"], ""),
            )
            for row in rows
            if row["state"] == "spoiled"
        ),
        open=tuple(row["no"] for row in rows if row["state"] == "begun"),
        numbers=tuple(row["no"] for row in rows),
        mark=(len(rows), len(issued), yen),
    )


def _lines(
    vault: Vault, issued: list[Any], day: str, officer: str, fees: FeeTable, told: int
) -> tuple[Line, ...]:
    """Every kind of the day's price list, also with no receipt, then the exemptions but for the
    `told` ones."""
    price = fees.price_on(date.fromisoformat(day))
    sums: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for row in issued:
        parts = [(str(label), int(part)) for label, part in json.loads(row["breakdown"])]
        sums[fee_kind(parts, price)].append(row["amount"])
    units: dict[str, int | None] = dict.fromkeys(KINDS)
    if price is not None:
        units |= {"normal": price.normal_card, "normal_cert": price.normal_card + price.certificate}
        if price.express_card is not None:
            units |= {
                "express": price.express_card,
                "express_cert": price.express_card + price.certificate,
            }
    lines = [
        Line(KINDS[kind], units[kind], len(amounts), sum(amounts))
        for kind, amounts in sums.items()
        if amounts or units[kind] is not None
    ]
    free = [
        fact
        for fact in facts.between(vault.book, day, day)
        if fact["kind"] == "fee_free" and fact["dims"].get("officer") == officer
    ]
    return (*lines, Line(FREE, 0, max(0, len(free) - told), 0))


def _used_again(vault: Vault) -> set[str]:
    """Sheets of the paper book of a number that a stop cut off, used again for the next number:
    they are no spoiled ones."""
    found = vault.book.all(
        "SELECT a.paper_no AS no FROM money a JOIN money b ON a.paper_no = b.paper_no"
        " WHERE a.reason = ? AND b.reason <> ?",
        INTERRUPTED,
        INTERRUPTED,
    )
    return {row["no"] for row in found}


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort "9" before "10": digits count as numbers."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", text)]
