"""謝礼 for an application (003 §4(1)): one a person, at most 2,000 yen each, off by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.tables import maybe, need

CLAUSE = "003 §4(1)"
HIGHEST = 2_000
"""Yen for one person (003 §4(1))."""


@dataclass(frozen=True)
class Gift:
    """What is handed over, its worth in whole yen, and how many this laptop's bag holds."""

    name: str
    yen: int
    stock: int


def gift_from(data: Mapping[str, Any], file: str = "incentive.toml") -> Gift | None:
    """The gift, or None while it is not enabled. BadCityData above the limit, with the clause."""
    if not maybe(data, "enabled", False, file):
        return None
    limit = maybe(data, "limit_yen", HIGHEST, file)
    if limit > HIGHEST:
        say = f"1人あたりの上限は{HIGHEST:,}円です（{CLAUSE}）。{HIGHEST:,}以下にしてください。"
        raise BadCityData(file, "limit_yen", say)
    gift = Gift(
        need(data, "name", str, file).strip(),
        need(data, "yen", int, file),
        need(data, "stock", int, file),
    )
    if not gift.name:
        raise BadCityData(file, "name", "謝礼の品名を書いてください。")
    if not 0 < gift.yen <= limit:
        say = f"謝礼は1円から{limit:,}円まで（{CLAUSE}）です。金額を直してください。"
        raise BadCityData(file, "yen", say)
    return gift
