"""XForms XPath in Python: the functions that a form may use, and ODK's reading of dates.

lxml brings XPath 1.0; the functions below are the ones that XLSForm adds and that our forms
use. An unknown function makes the form refused at load, so a rule never fails at a visit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

from lxml import etree

_EPOCH = date(1970, 1, 1).toordinal()
_STRING = r"'[^']*'|\"[^\"]*\""
#: libxml's own round() takes one argument and cannot be replaced, so ours has another name.
_ROUND = "kit-round"
_NEAR = r"<=|>=|<|>|\+|-|\bdiv\b|\bmod\b|\*"


def text_of(value: Any) -> str:
    """XPath's `string()` for what lxml hands over: node lists, numbers, truth, text."""
    if isinstance(value, list):
        return str(value[0].text or "") if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)


def number_of(value: Any) -> float:
    """XPath's `number()`; blank and text are NaN, so every comparison with them is false."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, (int, float)):
        return float(value)
    text = text_of(value).strip()
    return float(text) if re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", text) else math.nan


def truth_of(value: Any) -> bool:
    """XPath's `boolean()`, with ODK's reading that the text `false` is still text."""
    if isinstance(value, float):
        return not math.isnan(value) and value != 0
    return bool(value)


def days_of(value: Any) -> float:
    """Days since 1970-01-01 of an ISO date, NaN for anything else."""
    if isinstance(value, (int, float)):
        return float(value)
    with suppress(ValueError):
        return float(date.fromisoformat(text_of(value)[:10]).toordinal() - _EPOCH)
    return math.nan


def iso_of(value: Any) -> str:
    """An ISO date from days or from text; blank when it is neither."""
    days = days_of(value)
    return "" if math.isnan(days) else date.fromordinal(int(days) + _EPOCH).isoformat()


def whole(value: Any) -> float:
    """`int()`: towards zero, NaN stays NaN (libxml would stop on it)."""
    number = number_of(value)
    return number if math.isnan(number) else float(math.trunc(number))


def rounded(value: Any, places: Any = 0) -> float:
    """`round()` with ODK's optional second argument; halves go up as in XPath."""
    number, shift = number_of(value), 10 ** int(number_of(places))
    return number if math.isnan(number) else math.floor(number * shift + 0.5) / shift


def _selected_at(value: Any, place: Any) -> str:
    """The word at `place` (from 0), blank beyond the end."""
    words, index = text_of(value).split(), int(number_of(place))
    return words[index] if 0 <= index < len(words) else ""


def functions(today: date) -> dict[tuple[None, str], Callable[..., Any]]:
    """The extension functions of one evaluation; `today` is the caller's, not the clock's."""
    table: dict[str, Callable[..., Any]] = {
        "today": lambda: today.isoformat(),
        "now": lambda: today.isoformat(),
        "date": iso_of,
        "decimal-date-time": days_of,
        "selected": lambda all_, one: text_of(one) in text_of(all_).split(),
        "selected-at": _selected_at,
        "count-selected": lambda value: float(len(text_of(value).split())),
        "regex": lambda value, pattern: bool(re.search(text_of(pattern), text_of(value))),
        "if": lambda test, yes, no: yes if truth_of(test) else no,
        "coalesce": lambda first, second: text_of(first) or text_of(second),
        "once": text_of,
        "int": whole,
        _ROUND: rounded,
        "min": lambda *values: min(number_of(v) for v in values),
        "max": lambda *values: max(number_of(v) for v in values),
        "pow": lambda base, power: number_of(base) ** number_of(power),
    }
    return {(None, name): _without_context(run) for name, run in table.items()}


def _without_context(run: Callable[..., Any]) -> Callable[..., Any]:
    """lxml passes an evaluation context first; a value that cannot be computed is blank."""

    def call(_context: Any, *values: Any) -> Any:
        try:
            return run(*values)
        except (ValueError, OverflowError):
            return ""

    return call


def with_date_numbers(expression: str, date_paths: set[str], own_is_date: bool) -> str:
    """Make dates compare and subtract as numbers, as ODK does.

    XPath 1.0 turns `'2026-07-01' <= '2026-07-02'` into NaN <= NaN. Every date question, `.`
    of a date question and `today()` that stands beside a comparison or a sum is therefore
    wrapped in `decimal-date-time()`. Quoted text is left as it is.
    """
    dates = [re.escape(path) for path in sorted(date_paths, key=len, reverse=True)]
    parts = [rf"(?:{'|'.join(dates)})(?![\w./-])"] if dates else []
    parts.append(r"\btoday\(\s*\)")
    if own_is_date:
        parts.append(r"(?<![\w.)/])\.(?![\w./])")
    operand = "|".join(parts)
    left = re.compile(rf"({_STRING})|({operand})(?=\s*(?:{_NEAR}))")
    right = re.compile(rf"({_STRING})|((?:{_NEAR})\s*)({operand})")
    out = left.sub(lambda m: m[1] or f"decimal-date-time({m[2]})", expression)
    return right.sub(lambda m: m[1] or f"{m[2]}decimal-date-time({m[3]})", out)


def compiled(expression: str, today: date) -> etree.XPath:
    """Compile one expression. Raises etree.XPathSyntaxError when it does not parse."""
    renamed = re.sub(rf"({_STRING})|\bround\(", lambda m: m[1] or f"{_ROUND}(", expression)
    return etree.XPath(renamed, extensions=functions(today))
