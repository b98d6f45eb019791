"""Everything a city edits in `forms/*.toml`, read once, checked, and frozen.

Reading is all-or-nothing: one wrong key stops the load with a Japanese sentence that names the
file and the key, so a half-edited table is never used for money or dates.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jpholiday

from fieldkit.errors import BadCityData
from fieldkit.rules import (
    booking,
    cash,
    fee_table,
    form_id,
    gifts,
    idpapers,
    papers,
    photo_exceptions,
    photo_limits,
    validity_table,
)
from fieldkit.rules.holidays import OpenDays, YearlyClosing
from fieldkit.rules.tables import known_words, maybe, need, no_twins, rows, words
from fieldkit.rules.wareki import WEEKDAYS
from fieldkit.store import phrasebook

REQUIRED = (
    "fees",
    "id_papers",
    "booking",
    "closed_days",
    "offices",
    "enquiries",
    "retention",
    "photo_exceptions",
    "papers",
    "validity",
)
LATER = ("papers", "validity")
"""Tables that folders of earlier versions do not have: the sentence says where to get them."""


@dataclass(frozen=True)
class Enquiry:
    """One category of calls (000 別紙1 §3). `complaint` marks the one laid over the others."""

    code: str
    label: str
    hint: str = ""
    complaint: bool = False


@dataclass(frozen=True)
class RetentionClass:
    """What is deleted when: all of `when` (or all of `or_when`), why, and what remains."""

    code: str
    label: str
    wipe: bool
    when: tuple[str, ...]
    or_when: tuple[str, ...]
    basis: str
    remains: str


@dataclass(frozen=True)
class CityData:
    """One city's tables. `offices` and `raw` are read-only views of the parsed files, `raw` by
    file stem (so a screen can read a table that has no class of its own)."""

    city_name: str
    offices: Mapping[str, Any]
    fees: fee_table.FeeTable
    id_papers: idpapers.PaperTable
    booking: booking.BookingRules
    days: OpenDays
    enquiries: tuple[Enquiry, ...]
    retention: Mapping[str, RetentionClass]
    script: Mapping[str, tuple[str, ...]]
    photo: photo_exceptions.PhotoExceptions
    photo_limits: photo_limits.Limits
    form_id_hosts: tuple[str, ...]
    papers: papers.PapersTable
    validity: validity_table.ValidityTable
    cash: cash.Cash
    gift: gifts.Gift | None
    raw: Mapping[str, Mapping[str, Any]]

    def phone(self, table: str) -> str:
        """The `phone` of a table of offices.toml, e.g. `supervisor`."""
        return str(self.offices[table]["phone"])


def load(forms_dir: Path) -> CityData:
    """Read every `*.toml` of `forms_dir`; BadCityData names the file and key that is wrong."""
    raw = {path.stem: _parse(path) for path in sorted(forms_dir.glob("*.toml"))}
    for stem in REQUIRED:
        if stem not in raw:
            says = "ファイルがありません。元に戻してください。"
            if stem in LATER:
                says = (
                    "ファイルがありません。この版から要る表です。"
                    "配布されたキットの forms フォルダから写してください。"
                )
            raise BadCityData(f"{stem}.toml", "", says)
    phrasebook.load(forms_dir)
    offices = raw["offices"]
    city = need(offices, "city", dict, "offices.toml")
    for table in ("office", "supervisor", "desk"):
        entry = need(offices, table, dict, "offices.toml")
        need(entry, "phone", str, "offices.toml", table)
    limits = photo_limits.limits_from(raw.get("photo", {}))
    return CityData(
        city_name=need(city, "name", str, "offices.toml", "city"),
        offices=_frozen(offices),
        fees=fee_table.table_from(raw["fees"]),
        id_papers=idpapers.table_from(raw["id_papers"]),
        booking=booking.booking_from(raw["booking"]),
        days=open_days_from(raw["closed_days"]),
        enquiries=_enquiries(raw["enquiries"]),
        retention=MappingProxyType(_retention(raw["retention"])),
        script=MappingProxyType(_script(raw.get("script", {}))),
        photo=photo_exceptions.exceptions_from(raw["photo_exceptions"], limits.reasons),
        photo_limits=limits,
        form_id_hosts=form_id.hosts_from(raw.get("form_id", {})),
        papers=_papers(raw),
        validity=validity_table.table_from(raw["validity"]),
        cash=cash.cash_from(raw.get("cash", {})),
        gift=gifts.gift_from(raw.get("incentive", {})),
        raw=_frozen(raw),
    )


def open_days_from(data: Mapping[str, Any], file: str = "closed_days.toml") -> OpenDays:
    """National holidays of the listed years (by jpholiday), changed and completed by the file."""
    years = need(data, "years", list, file)
    if not years or not all(isinstance(year, int) and 1949 <= year <= 2099 for year in years):
        raise BadCityData(file, "years", "西暦の年を [2026, 2027] のように書いてください。")
    source = jpholiday.JPHoliday()
    holidays = {found.date: found.name for year in years for found in source.year_holidays(year)}
    holidays |= _named_days(data, "holiday", file)
    for row in data.get("not_holiday", []):
        holidays.pop(need(row, "date", date, file, "not_holiday"), None)
    letters = words(data, "weekdays", file, default=tuple("月火水木金"))
    if not letters or not set(letters) <= set(WEEKDAYS):
        raise BadCityData(file, "weekdays", "曜日は「月」から「日」までの1文字で書いてください。")
    return OpenDays(
        holidays=MappingProxyType(holidays),
        yearly=tuple(_yearly(row, file) for row in data.get("yearly", [])),
        closed=MappingProxyType(_named_days(data, "closed", file)),
        weekdays=frozenset(WEEKDAYS.index(letter) for letter in letters),
        years=frozenset(years),
    )


def _papers(raw: Mapping[str, Any]) -> papers.PapersTable:
    """The table of forms; its reasons of a lost card must be reasons of fees.toml."""
    table = papers.table_from(raw["papers"])
    codes = fee_table.table_from(raw["fees"]).reasons
    known_words(table.gone_reasons, codes, "理由", papers.FILE, "card.gone_reasons")
    return table


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as wrong:
        raise BadCityData(path.name, "", "文字コードが UTF-8 ではありません。") from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise BadCityData(path.name, "", f"書き方に誤りがあります（{wrong}）。") from wrong
    except RecursionError:
        raise BadCityData(path.name, "", "かっこの入れ子が深すぎます。") from None
    except OSError:
        says = "ファイルを開けません。置き場所と権限を確かめてください。"
        raise BadCityData(path.name, "", says) from None


def _frozen(value: Any) -> Any:
    """Dictionaries become read-only views and lists tuples, all the way down."""
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(inner) for key, inner in value.items()})
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _named_days(data: Mapping[str, Any], key: str, file: str) -> dict[date, str]:
    return {
        need(row, "date", date, file, key): need(row, "name", str, file, key)
        for row in data.get(key, [])
    }


def _yearly(row: Mapping[str, Any], file: str) -> YearlyClosing:
    ends = []
    for key in ("from", "to"):
        text = need(row, key, str, file, "yearly")
        try:
            day = date.fromisoformat(f"2024-{text}")
        except ValueError as wrong:
            say = "月日は「12-29」の形で書いてください。"
            raise BadCityData(file, f"yearly.{key}", say) from wrong
        ends.append((day.month, day.day))
    return YearlyClosing(ends[0], ends[1], need(row, "name", str, file, "yearly"))


def _enquiries(data: Mapping[str, Any], file: str = "enquiries.toml") -> tuple[Enquiry, ...]:
    found = []
    for i, row in enumerate(rows(data, "enquiry", file), start=1):
        at = f"enquiry[{i}]"
        code, label = (need(row, key, str, file, at) for key in ("code", "label"))
        hint = maybe(row, "hint", "", file, at)
        found.append(Enquiry(code, label, hint, maybe(row, "complaint", False, file, at)))
    no_twins([enquiry.code for enquiry in found], "enquiry", file)
    return tuple(found)


def _retention(data: Mapping[str, Any], file: str = "retention.toml") -> dict[str, RetentionClass]:
    found = []
    for i, row in enumerate(rows(data, "class", file), start=1):
        at = f"class[{i}]"
        one = RetentionClass(
            code=need(row, "code", str, file, at),
            label=need(row, "label", str, file, at),
            wipe=need(row, "wipe", bool, file, at),
            when=words(row, "when", file, at),
            or_when=words(row, "or_when", file, at),
            basis=maybe(row, "basis", "", file, at),
            remains=maybe(row, "remains", "", file, at),
        )
        if not one.when:
            raise BadCityData(file, f"{at}.when", "消す条件を1つ以上書いてください。")
        found.append(one)
    no_twins([one.code for one in found], "class", file)
    return {one.code: one for one in found}


def _script(data: Mapping[str, Any], file: str = "script.toml") -> dict[str, tuple[str, ...]]:
    return {kind: words(data, kind, file) for kind in data}
