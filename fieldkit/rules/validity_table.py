"""The city's validity table as values: dated rows for cards, certificates, renewals and PINs.

The next card changes several of these (merged PINs, longer certificates, a window of one year),
so each rule is a row with its own dates in `forms/validity.toml`; this file only checks that the
table is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

from fieldkit.errors import BadCityData
from fieldkit.rules.tables import Period, known_words, maybe, maybe_date, need, no_twins, rows

FILE = "validity.toml"
LEAP = ("02-28", "03-01")
PIN_FOR = ("sign", "auth", "card")


@dataclass(frozen=True)
class CardRow:
    """Years count birthdays after the day of issue; `no_photo_age` None: no such card then."""

    period: Period
    adult_age: int
    adult_years: int
    minor_years: int
    no_photo_age: int | None


@dataclass(frozen=True)
class CertificateRow:
    """Birthdays after the issue, the least age for the signature certificate, and wards."""

    period: Period
    years: int
    sign_min_age: int
    sign_for_ward: bool


@dataclass(frozen=True)
class RenewalRow:
    """Months before the expiry: the window, and when the notice is mailed (from, to)."""

    period: Period
    window_months: int
    notice_months: tuple[int, int]


@dataclass(frozen=True)
class PinBox:
    """One empty box of the PIN sheet. The kit knows which box is needed, never what is in it."""

    no: int
    code: str
    label: str
    needed_for: str
    rule: str
    lock_after: int


@dataclass(frozen=True)
class PinRow:
    """The boxes of the sheet for cards issued in the period."""

    period: Period
    boxes: tuple[PinBox, ...]


@dataclass(frozen=True)
class ValidityTable:
    """Everything that rules.validity needs; city-editable (`forms/validity.toml`)."""

    cards: tuple[CardRow, ...]
    certificates: tuple[CertificateRow, ...]
    renewals: tuple[RenewalRow, ...]
    pins: tuple[PinRow, ...]
    leap_day: str
    issue_days: int


class _Dated(Protocol):
    @property
    def period(self) -> Period: ...


R = TypeVar("R", bound=_Dated)


def row_on(found: Sequence[R], day: date) -> R | None:
    """The row in force on `day`, or None."""
    return next((row for row in found if row.period.covers(day)), None)


def table_from(data: Mapping[str, Any], file: str = FILE) -> ValidityTable:
    """Build the table; BadCityData names the file and the key of what is wrong."""
    leap = need(data, "leap_birthday", str, file)
    if leap not in LEAP:
        says = f"{' または '.join(LEAP)} と書いてください。"
        raise BadCityData(file, "leap_birthday", says)
    return ValidityTable(
        cards=_in_order([_card(*each) for each in _each(data, "card", file)], "card", file),
        certificates=_in_order(
            [_certificate(*each) for each in _each(data, "certificate", file)], "certificate", file
        ),
        renewals=_in_order(
            [_renewal(*each) for each in _each(data, "renewal", file)], "renewal", file
        ),
        pins=_in_order([_pins(*each) for each in _each(data, "pin", file)], "pin", file),
        leap_day=leap,
        issue_days=need(data, "issue_days", int, file),
    )


def _each(data: Mapping[str, Any], key: str, file: str) -> list[tuple[Any, str, str]]:
    return [(row, file, f"{key}[{i}]") for i, row in enumerate(rows(data, key, file), start=1)]


def _in_order(found: list[R], key: str, file: str) -> tuple[R, ...]:
    for before, after in zip(found, found[1:], strict=False):
        last = before.period.valid_to
        if last is None or last >= after.period.valid_from:
            raise BadCityData(file, key, "期間が重なっています。古い順に、重ならないように。")
    return tuple(found)


def _period(row: Mapping[str, Any], file: str, at: str) -> Period:
    first, last = need(row, "valid_from", date, file, at), maybe_date(row, "valid_to", file, at)
    if last is not None and last < first:
        raise BadCityData(file, f"{at}.valid_to", "valid_from より前の日です。")
    return Period(first, last)


def _years(row: Mapping[str, Any], key: str, file: str, at: str) -> int:
    years = need(row, key, int, file, at)
    if not 1 <= years <= 99:
        raise BadCityData(file, f"{at}.{key}", "1から99までの数で書いてください。")
    return years


def _card(row: Mapping[str, Any], file: str, at: str) -> CardRow:
    keys = ("adult_age", "adult_years", "minor_years")
    age, adult, minor = (_years(row, key, file, at) for key in keys)
    young = _years(row, "no_photo_age", file, at) if "no_photo_age" in row else None
    return CardRow(_period(row, file, at), age, adult, minor, young)


def _certificate(row: Mapping[str, Any], file: str, at: str) -> CertificateRow:
    return CertificateRow(
        period=_period(row, file, at),
        years=_years(row, "years", file, at),
        sign_min_age=need(row, "sign_min_age", int, file, at),
        sign_for_ward=need(row, "sign_for_ward", bool, file, at),
    )


def _renewal(row: Mapping[str, Any], file: str, at: str) -> RenewalRow:
    months = maybe(row, "notice_months", [0, 0], file, at)
    whole = [m for m in months if isinstance(m, int) and not isinstance(m, bool) and m >= 0]
    if len(months) != 2 or len(whole) != 2 or whole[0] < whole[1]:
        says = "[3, 2] のように、先の月から書いてください。"
        raise BadCityData(file, f"{at}.notice_months", says)
    window = _years(row, "window_months", file, at)
    return RenewalRow(_period(row, file, at), window, (whole[0], whole[1]))


def _pins(row: Mapping[str, Any], file: str, at: str) -> PinRow:
    where, boxes = f"{at}.pins", []
    for entry in rows(row, "pins", f"{file} の {at}"):
        needed = need(entry, "for", str, file, where)
        known_words([needed], PIN_FOR, "for の値", file, f"{where}.for")
        code, label, rule = (need(entry, k, str, file, where) for k in ("code", "label", "rule"))
        number, lock = (need(entry, k, int, file, where) for k in ("no", "lock_after"))
        boxes.append(PinBox(number, code, label, needed, rule, lock))
    no_twins([box.code for box in boxes], where, file)
    no_twins([str(box.no) for box in boxes], where, file)
    return PinRow(_period(row, file, at), tuple(boxes))
