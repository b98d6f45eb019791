"""Small readers for city-editable tables: every mistake names the file and the key.

The functions take what a TOML parser returned. They never touch a disk, so the rule modules can
build their own tables from plain dictionaries, in tests too.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from fieldkit.errors import BadCityData

T = TypeVar("T")

_WORDS: dict[type, str] = {
    str: '文字（"…" で囲む）',
    int: "整数",
    bool: "true か false",
    list: "一覧（[ … ]）",
    dict: "表（[見出し]）",
    date: "日付（2026-06-17 の形）",
}


@dataclass(frozen=True)
class Period:
    """From `valid_from` to `valid_to`, both ends included; no end means until further notice."""

    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        """True when `day` lies in the period."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def need(data: Mapping[str, Any], key: str, kind: type[T], file: str, at: str = "") -> T:
    """The value of `key`, of type `kind`; BadCityData when absent or of another type.

    `at` is the path of the table inside the file, e.g. `price[2]`.
    """
    where = f"{at}.{key}" if at else key
    if key not in data:
        raise BadCityData(file, where, "この項目がありません。書き足してください。")
    return _typed(data[key], kind, file, where)


def maybe(
    data: Mapping[str, Any], key: str, default: T, file: str, at: str = "", kind: Any = None
) -> T:
    """Like `need`, but an absent key gives `default` (whose type decides unless `kind` is set)."""
    if key not in data:
        return default
    where = f"{at}.{key}" if at else key
    wanted: type[T] = kind or type(default)
    return _typed(data[key], wanted, file, where)


def maybe_date(data: Mapping[str, Any], key: str, file: str, at: str = "") -> date | None:
    """An optional date: absent means "no limit"."""
    return need(data, key, date, file, at) if key in data else None


def rows(data: Mapping[str, Any], key: str, file: str) -> tuple[Mapping[str, Any], ...]:
    """An array of tables `[[key]]`, at least one row."""
    found = need(data, key, list, file)
    if not found or not all(isinstance(row, dict) for row in found):
        raise BadCityData(file, key, f"[[{key}]] を1つ以上書いてください。")
    return tuple(found)


def words(
    data: Mapping[str, Any], key: str, file: str, at: str = "", default: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """An optional list of strings."""
    found = maybe(data, key, list(default), file, at)
    where = f"{at}.{key}" if at else key
    return tuple(_typed(word, str, file, where) for word in found)


def no_twins(codes: list[str], key: str, file: str) -> None:
    """BadCityData when a code is listed twice."""
    for code in codes:
        if codes.count(code) > 1:
            raise BadCityData(file, key, f"「{code}」が2回書かれています。1つにしてください。")


def months_after(day: date, months: int) -> date:
    """The same day `months` later (negative: earlier), clipped to the end of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The known word that `word` most resembles, or ""; `cutoff` from 0 to 1, 1 is the same."""
    found = get_close_matches(word, sorted(set(known)), n=1, cutoff=cutoff)
    return found[0] if found else ""


def perhaps(word: str, known: Iterable[str]) -> str:
    """「（もしかして「…」）」 behind a sentence, for a slip of the keyboard; else ""."""
    found = nearest(word, known, 0.6)
    return f"（もしかして「{found}」）" if found else ""


def guess(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known word, else all of them."""
    names = list(known)
    if found := nearest(word, names):
        return f"「{found}」ではありませんか。"
    return f"使えるのは {'、'.join(names)} です。"


def known_words(given: Iterable[str], known: Iterable[str], what: str, file: str, key: str) -> None:
    """BadCityData for a word that is not known; the sentence offers the nearest."""
    names = list(known)
    for word in given:
        if word not in names:
            says = f"{what}「{word}」はありません。{guess(word, names)}"
            raise BadCityData(file, key, says)


def _typed(value: Any, kind: type[T], file: str, where: str) -> T:
    is_bool_for_int = kind is int and isinstance(value, bool)
    is_time_for_date = kind is date and isinstance(value, datetime)
    if not isinstance(value, kind) or is_bool_for_int or is_time_for_date:
        raise BadCityData(file, where, f"{_WORDS.get(kind, kind.__name__)}で書いてください。")
    if kind is int and isinstance(value, int) and value < 0:
        raise BadCityData(file, where, "0以上の数で書いてください。")
    return value
