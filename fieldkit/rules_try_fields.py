"""How `fieldkit rules try` reads a case: typed fields, and no field that the kind does not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fieldkit.errors import BadInput
from fieldkit.rules.tables import guess
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import parse_date, wareki

Answer = dict[str, Any]
ASK = "担当課に電話で確かめる。"
_MISSING = object()
_WORDS = {str: "文字", int: "整数", bool: "true か false", list: "一覧"}


def only(case: Mapping[str, Any], known: Iterable[str], where: str = "") -> None:
    """BadInput for a field that this kind of case does not have, with the nearest one."""
    names = list(known)
    for key in case:
        if key not in names:
            word = f"「{key}」という" if key.isascii() and key.isidentifier() else "そのような"
            says = f"{where}{word}項目はありません。{guess(key, names)}"
            raise BadInput(str(key), says)


def get(case: Mapping[str, Any], key: str, kind: type, default: Any = _MISSING) -> Any:
    """The value of `key`; BadInput when it is missing without a default or of another type."""
    value = case.get(key, default)
    if value is _MISSING:
        raise BadInput(key, f"「{key}」がありません。書き足してください。")
    if value is None and default is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadInput(key, f"「{key}」は{_WORDS[kind]}で書いてください。")
    return value


def codes(case: Mapping[str, Any], key: str) -> list[str]:
    """A list of words, empty when it is not there."""
    found = get(case, key, list, [])
    if not all(isinstance(word, str) for word in found):
        raise BadInput(key, f"「{key}」は文字の一覧で書いてください。")
    return list(found)


def one_of(case: Mapping[str, Any], key: str, known: Iterable[str], default: Any = _MISSING) -> str:
    """A word out of `known`; BadInput with the nearest."""
    value, names = get(case, key, str, default), list(known)
    if value not in names and value != default:
        says = f"「{key}」は {'、'.join(names)} のどれかにしてください。"
        raise BadInput(key, f"{says}{guess(value, names)}" if value else says)
    return str(value)


def day_of(case: Mapping[str, Any], key: str) -> date:
    """A date in any form that people type."""
    return _date(get(case, key, str), key)


def maybe_day(case: Mapping[str, Any], key: str) -> date | None:
    """A date, or None where there is none."""
    text = get(case, key, str, None)
    return _date(text, key) if text else None


def _date(text: str, key: str) -> date:
    """The sentence of a wrong date names its field: a case may have several dates."""
    try:
        return parse_date(text, key)
    except BadInput as error:
        raise BadInput(key, f"「{key}」：{error.sentence}") from None


def shown(day: date | None) -> dict[str, str] | None:
    """A date for programs and for people."""
    return {"iso": day.isoformat(), "wareki": wareki(day)} if day else None


def refused(found: Refused) -> Answer:
    """A refusal as an answer; there is always something nearest to it."""
    return {
        "answer": "refused",
        "says": found.sentence,
        "clause": found.clause,
        "nearest": list(found.nearest) or [ASK],
        "can_override": found.can_override,
    }
