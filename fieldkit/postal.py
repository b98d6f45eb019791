"""Postal code → towns, for the whole country, without a network.

The table is a sorted TSV (`forms/data/postal.tsv.xz`, see the README beside it). It is unpacked
once, kept as one block of about 9 MB of bytes, and searched by bisection, so a lookup costs
microseconds and no object is made for the 146,000 rows that nobody asks about.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fieldkit.errors import BadInput, KitError
from fieldkit.rules.names import check_postal

TABLE = Path("data") / "postal.tsv.xz"


@dataclass(frozen=True)
class Town:
    """One town of a postal code. `town` is empty when the code covers the rest of a city."""

    code: str
    prefecture: str
    city: str
    town: str
    kana: str

    @property
    def address(self) -> str:
        """Prefecture, city and town in one line."""
        return f"{self.prefecture}{self.city}{self.town}"


def lookup(code: str, forms_dir: Path) -> tuple[Town, ...]:
    """Every town of `code` (〒, hyphens and full-width digits are fine).

    BadInput when the code is malformed or unknown; KitError (`postal_table`) when the table is
    missing or damaged.
    """
    digits = check_postal(code)
    table = _table(forms_dir.resolve() / TABLE)
    found = tuple(_rows(table, digits.encode("ascii")))
    if not found:
        raise BadInput(
            "postal",
            "この郵便番号は一覧にありません。番号を確かめるか、住所をそのまま入力してください。",
        )
    return found


@lru_cache(maxsize=2)
def _table(path: Path) -> bytes:
    try:
        with lzma.open(path, "rb") as packed:
            return b"\n" + packed.read()
    except (OSError, lzma.LZMAError, EOFError) as wrong:
        raise KitError(
            "postal_table",
            "郵便番号の一覧を読めません。住所はそのまま入力できます。担当者に知らせてください。",
            "ask_supervisor",
        ) from wrong


def _rows(table: bytes, code: bytes) -> list[Town]:
    """All rows that start with `code`, found by bisection over the byte positions."""
    low, high = 0, len(table) - 1
    while low < high:
        middle = table.rfind(b"\n", 0, (low + high) // 2 + 1)
        if table[middle + 1 : middle + 8] < code:
            low = table.find(b"\n", middle + 1)
        else:
            high = middle
    towns = []
    at = low + 1
    while table[at : at + 7] == code:
        end = table.find(b"\n", at)
        towns.append(Town(*table[at:end].decode("utf-8").split("\t")))
        at = end + 1
    return towns
