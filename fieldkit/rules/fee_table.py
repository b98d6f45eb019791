"""The city's fee table as values: dated prices and the reasons for charging or not.

Cities differ on fire, theft and the like, so every row comes from `forms/fees.toml`; this file
only checks that the table is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.papers import KINDS
from fieldkit.rules.tables import (
    Period,
    known_words,
    maybe,
    maybe_date,
    need,
    no_twins,
    rows,
    words,
)
from fieldkit.rules.wareki import age_on

CHARGES = ("yes", "no", "ask")


@dataclass(frozen=True)
class Price(Period):
    """Yen for one period. `express_card` is None while there is no express issue."""

    normal_card: int
    express_card: int | None
    certificate: int


@dataclass(frozen=True)
class Reason:
    """Why a card is issued: charged or not, proof to be seen, express ground and its clock.

    With `instead_of` it takes the place of that reason for people under `under_age`; `kinds` are
    the kinds of application that it is offered for (empty: all).
    """

    code: str
    label: str
    charge: str
    evidence: str
    express: bool
    clock: str
    old_card: bool
    says: str
    under_age: int | None = None
    instead_of: str = ""
    kinds: tuple[str, ...] = ()

    def offered_for(self, kind: str) -> bool:
        """Whether this reason is on the list for `kind`."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class FeeTable:
    """Everything `fee_for` needs; city-editable (`forms/fees.toml`)."""

    prices: tuple[Price, ...]
    reasons: Mapping[str, Reason]
    kind_reason: Mapping[str, str]
    express_start: date
    express_days: int
    carry_change: str
    account_line: str

    def price_on(self, day: date) -> Price | None:
        """The price row in force on `day`."""
        return next((price for price in self.prices if price.covers(day)), None)

    def reason_for(self, kind: str, birth: date | None, day: date) -> str:
        """The code that counts while no reason is chosen, or "" (other): by kind, and by age."""
        code = self.kind_reason.get(kind, "")
        if not code or birth is None or birth > day:
            return code
        age = age_on(birth, day)
        young = (r.code for r in self.reasons.values() if r.instead_of == code)
        return next((c for c in young if age < (self.reasons[c].under_age or 0)), code)


def table_from(data: Mapping[str, Any], file: str = "fees.toml") -> FeeTable:
    """Build the table; BadCityData names the file and the key of what is wrong."""
    prices = tuple(_price(row, file, f"price[{i}]") for i, row in _numbered(data, "price", file))
    for before, after in zip(prices, prices[1:], strict=False):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            raise BadCityData(file, "price", "期間が重なっています。古い順に、重ならないように。")
    reasons = [_reason(row, file, f"reason[{i}]") for i, row in _numbered(data, "reason", file)]
    no_twins([reason.code for reason in reasons], "reason", file)
    by_code = {reason.code: reason for reason in reasons}
    kinds = need(data, "kind_reason", dict, file)
    for kind, code in kinds.items():
        if code not in by_code:
            raise BadCityData(file, f"kind_reason.{kind}", f"理由「{code}」が表にありません。")
    for reason in reasons:
        if reason.instead_of and (reason.instead_of not in by_code or not reason.under_age):
            says = "表にある理由の code を書き、under_age も書いてください。"
            raise BadCityData(file, f"reason.{reason.code}.instead_of", says)
    express = need(data, "express", dict, file)
    return FeeTable(
        prices=prices,
        reasons=by_code,
        kind_reason=dict(kinds),
        express_start=need(express, "start", date, file, "express"),
        express_days=need(express, "window_days", int, file, "express"),
        carry_change=maybe(data, "carry_change", "職員はつり銭を持っていません。", file),
        account_line=maybe(data, "account_line", "", file),
    )


def _numbered(data: Mapping[str, Any], key: str, file: str) -> Any:
    return enumerate(rows(data, key, file), start=1)


def _price(row: Mapping[str, Any], file: str, at: str) -> Price:
    for key in ("normal_card", "express_card"):
        if row.get(key) == 0:
            says = "0円にはできません。無料にするのは、理由（[[reason]] の charge）で決めます。"
            raise BadCityData(file, f"{at}.{key}", says)
    return Price(
        valid_from=need(row, "valid_from", date, file, at),
        valid_to=maybe_date(row, "valid_to", file, at),
        normal_card=need(row, "normal_card", int, file, at),
        express_card=need(row, "express_card", int, file, at) if "express_card" in row else None,
        certificate=need(row, "certificate", int, file, at),
    )


def _reason(row: Mapping[str, Any], file: str, at: str) -> Reason:
    charge = need(row, "charge", str, file, at)
    if charge not in CHARGES:
        raise BadCityData(file, f"{at}.charge", "yes / no / ask のどれかにしてください。")
    kinds = words(row, "kinds", file, at)
    known_words(kinds, KINDS, "区分", file, f"{at}.kinds")
    return Reason(
        code=need(row, "code", str, file, at),
        label=need(row, "label", str, file, at),
        charge=charge,
        evidence=maybe(row, "evidence", "", file, at),
        express=need(row, "express", bool, file, at),
        clock=maybe(row, "clock", "", file, at),
        old_card=maybe(row, "old_card", False, file, at),
        says=need(row, "says", str, file, at),
        under_age=maybe(row, "under_age", 0, file, at) or None,
        instead_of=maybe(row, "instead_of", "", file, at),
        kinds=kinds,
    )
