"""How a city takes cash (`forms/cash.toml`), by the municipal cash rules of domain.md §5.5.

Only appointed officers take cash (C1). The bound paper book is the legal record (C5) unless the
treasurer has approved printed receipts (C15). The day's cash is counted by denomination and paid
in on the same or the next open day (C10); its loss is told to the treasurer at once (C13).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.fee_table import Price
from fieldkit.rules.names import half_width_digits, half_width_number
from fieldkit.rules.tables import maybe, need, no_twins
from fieldkit.rules.wareki import wareki

BOOK, PRINTED = "book", "printed"
COINS = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1)
"""Denominations in yen, as they lie in the hand safe."""
KINDS = {
    "express_cert": "特急発行・電子証明書あり",
    "express": "特急発行・電子証明書なし",
    "normal_cert": "通常発行・電子証明書あり",
    "normal": "通常発行・電子証明書なし",
    "other": "そのほかの金額",
}
_FILE = "cash.toml"
_PIECES = re.compile("[0-9]{1,4}|[0-9][,，][0-9]{3}")
_PAPER_NO = re.compile(r"[0-9A-Za-z-]{1,20}")


@dataclass(frozen=True)
class Officer:
    """Somebody whom the city appointed to take cash, by the number of the login."""

    user: str
    title: str


@dataclass(frozen=True)
class Book:
    """The receipt book in hand: its numbers are `prefix` and a number from `first` to `last`."""

    prefix: str
    first: int
    last: int

    def number(self, value: int) -> str:
        """The number as it stands on the paper, filled up with zeros to the last one's length."""
        return f"{self.prefix}{value:0{len(str(self.last))}d}"


@dataclass(frozen=True)
class Cash:
    """One city's rules for cash; the default is a paper book and no officer named."""

    mode: str = BOOK
    approval: str = ""
    approved_on: date | None = None
    officers: tuple[Officer, ...] = ()
    book: Book | None = None
    treasurer: str = "会計管理者"
    treasurer_phone: str = ""
    pay_in_days: int = 1

    def may_take(self, user: str) -> bool:
        """True for an appointed officer; for everybody while the city names none."""
        return not self.officers or any(one.user == user for one in self.officers)

    def title_of(self, user: str, otherwise: str = "") -> str:
        """The title of an officer as the receipt carries it."""
        return next((one.title for one in self.officers if one.user == user), otherwise)


def approval_line(cash: Cash) -> str:
    """The treasurer's approval as a printed receipt carries it; "" with a paper book."""
    if cash.mode != PRINTED or cash.approved_on is None:
        return ""
    return f"承認 {cash.approval}（{wareki(cash.approved_on)}）"


def cash_from(data: Mapping[str, Any], file: str = _FILE) -> Cash:
    """Build the rules; BadCityData names the key: printing without an approval, twin officers."""
    mode = maybe(data, "mode", BOOK, file)
    if mode not in (BOOK, PRINTED):
        raise BadCityData(file, "mode", f"「{BOOK}」か「{PRINTED}」にしてください。")
    approval, approved_on = "", None
    if mode == PRINTED:
        approval = need(data, "approval", str, file).strip()
        approved_on = need(data, "approved_on", date, file)
        if not approval:
            say = "領収書を印刷するには、会計管理者の承認の文書番号が要ります。"
            raise BadCityData(file, "approval", say)
    officers = _officers(data, file)
    treasurer: dict[str, Any] = maybe(data, "treasurer", {}, file)
    return Cash(
        mode=mode,
        approval=approval,
        approved_on=approved_on,
        officers=officers,
        book=_book(data, file) if "book" in data else None,
        treasurer=maybe(treasurer, "title", "会計管理者", file, "treasurer"),
        treasurer_phone=maybe(treasurer, "phone", "", file, "treasurer"),
        pay_in_days=maybe(data, "pay_in_days", 1, file),
    )


def _officers(data: Mapping[str, Any], file: str) -> tuple[Officer, ...]:
    rows: list[Any] = maybe(data, "officer", [], file)
    if not all(isinstance(row, dict) for row in rows):
        raise BadCityData(file, "officer", "[[officer]] の形で書いてください。")
    found = []
    for i, row in enumerate(rows, start=1):
        at = f"officer[{i}]"
        found.append(Officer(need(row, "user", str, file, at), need(row, "title", str, file, at)))
    no_twins([one.user for one in found], "officer", file)
    return tuple(found)


def _book(data: Mapping[str, Any], file: str) -> Book:
    row = need(data, "book", dict, file)
    book = Book(
        maybe(row, "prefix", "", file, "book"),
        need(row, "from", int, file, "book"),
        need(row, "to", int, file, "book"),
    )
    if book.prefix and not _PAPER_NO.fullmatch(book.prefix):
        raise BadCityData(file, "book.prefix", "半角の英数字とハイフンで書いてください。")
    if book.first > book.last:
        raise BadCityData(file, "book.to", "つづりの終わりの番号が、始めの番号より前です。")
    return book


def check_paper_no(text: str, cash: Cash, field: str = "paper_receipt_no") -> str:
    """The number of a paper receipt as it stands in the book; BadInput where it cannot be one.

    Never words: it outlives the visit. With a book series a number outside of it is refused.
    """
    plain = half_width_number(unicodedata.normalize("NFKC", text)).strip()
    if not plain:
        say = "お渡しした紙の領収書の番号を入れてください（領収書つづりに印刷された番号です）。"
        raise BadInput(field, say)
    if not _PAPER_NO.fullmatch(plain):
        say = "紙の領収書番号は、数字・英字・ハイフンの20文字までで入れてください。"
        raise BadInput(field, say)
    if cash.book is None:
        return plain
    book = cash.book
    leads = (book.prefix.upper(), book.prefix.upper().strip("-"))
    lead = next((one for one in leads if one and plain.upper().startswith(one)), "")
    rest = plain[len(lead) :]
    if not rest.isdecimal() or not book.first <= int(rest) <= book.last:
        say = f"いまの領収書つづりの番号は{book.number(book.first)}から"
        say += f"{book.number(book.last)}までです。番号を確かめてください。"
        raise BadInput(field, say)
    return book.number(int(rest))


def same_paper_no(text: str) -> str:
    """What makes two typed numbers the same sheet: zeros in front, small letters and a hyphen
    beside a letter do not. A hyphen between digits does: 1-01 is not 101."""
    plain = re.sub("-+", "-", text.upper()).strip("-")
    plain = re.sub("(?<=[A-Z])-|-(?=[A-Z])", "", plain)
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", plain)


def fee_kind(breakdown: Sequence[tuple[str, int]], price: Price | None) -> str:
    """A key of KINDS: what the card's own line costs says normal or express, a second line says
    that a certificate was paid for."""
    card = breakdown[0][1] if breakdown else 0
    if price is not None and card == price.normal_card:
        kind = "normal"
    elif price is not None and card == price.express_card:
        kind = "express"
    else:
        return "other"
    return f"{kind}_cert" if len(breakdown) > 1 else kind


def counted(coins: Mapping[int, int]) -> int:
    """The yen of so many pieces of each denomination."""
    return sum(coin * pieces for coin, pieces in coins.items())


def read_coins(typed: Mapping[str, str]) -> tuple[dict[int, int], list[BadInput]]:
    """Pieces by denomination from the fields `c10000` … `c1`; blank is none.

    The errors name each field that is no whole number of up to four digits.
    """
    coins, errors = {}, []
    for coin in COINS:
        text = re.sub(r"[枚\s]", "", half_width_digits(typed.get(f"c{coin}", "")))
        if text and not _PIECES.fullmatch(text):
            say = f"{coin:,}円の枚数は、4けたまでの数字で入れてください。"
            errors.append(BadInput(f"c{coin}", say))
        else:
            coins[coin] = int(re.sub("[,，]", "", text) or "0")
    return coins, errors
