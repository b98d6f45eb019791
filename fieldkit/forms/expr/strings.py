"""The functions of XForms on text. Characters are counted as people count them: 𠮷 is one."""

from __future__ import annotations

import base64
import hashlib
import math
import re

from fieldkit.forms.expr.calls import MANY, Function, own, plain
from fieldkit.forms.expr.dates import formatted
from fieldkit.forms.expr.numbers import half_up
from fieldkit.forms.expr.regex import js_regex
from fieldkit.forms.expr.values import XML_BLANK, Value, each, number_of, text_of, truth_of

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"}
_HASHES |= {"SHA-512": "sha512"}


def words_of(value: Value) -> list[str]:
    """A list of choices as its names; of blank it is one blank name, as in ODK."""
    return re.split(f"[{XML_BLANK}]+", text_of(value).strip(XML_BLANK))


def leading_whole(value: Value) -> int | None:
    """JavaScript's `parseInt`: the whole number that a text begins with."""
    found = re.match(r"\s*([+-]?[0-9]+)", text_of(value))
    return int(found[1]) if found else None


def _selected_at(value: Value, place: Value) -> str:
    words, index = words_of(value), leading_whole(place)
    return words[index] if index is not None and 0 <= index < len(words) else ""


def _count_selected(value: Value) -> float:
    return float(len(words_of(value))) if text_of(value).strip(XML_BLANK) else 0.0


def _matches(value: Value, pattern: Value) -> bool:
    try:
        return bool(js_regex(text_of(pattern)).search(text_of(value)))
    except re.error:
        return False


def _substring(value: Value, start: Value, length: Value = math.inf) -> str:
    """Characters from `start` (from 1), `length` of them, both rounded (XPath 1.0 §4.2)."""
    text, begin = text_of(value), half_up(number_of(start))
    end = begin + half_up(number_of(length))
    if math.isnan(begin) or math.isnan(end):
        return ""
    return "".join(one for place, one in enumerate(text, start=1) if begin <= place < end)


def _substr(value: Value, start: Value, end: Value | None = None) -> str:
    """`substr()`: from 0, the end left out, negative numbers from the back."""
    text = text_of(value)
    size = len(text)
    bounds = []
    for bound in (leading_whole(start), size if end is None else leading_whole(end)):
        place = 0 if bound is None else bound
        bounds.append(min(max(0, size + place if place < 0 else place), size))
    return text[bounds[0] : bounds[1]]


def _before(value: Value, mark: Value) -> str:
    head, found, _ = _cut(text_of(value), text_of(mark))
    return head if found else ""


def _after(value: Value, mark: Value) -> str:
    text, word = text_of(value), text_of(mark)
    return _cut(text, word)[2] if word else text


def _cut(text: str, mark: str) -> tuple[str, bool, str]:
    place = text.find(mark)
    return text[: max(place, 0)], place >= 0, text[place + len(mark) :] if place >= 0 else ""


def _translate(value: Value, these: Value, those: Value) -> str:
    new = text_of(those)
    table: dict[str, str] = {}
    for place, one in enumerate(text_of(these)):
        table.setdefault(one, new[place] if place < len(new) else "")
    return "".join(table.get(one, one) for one in text_of(value))


def _all_texts(values: tuple[Value, ...]) -> list[str]:
    return [text_of(one) for value in values for one in each(value)]


def _digest(value: Value, name: Value, encoding: Value = "base64") -> str:
    """The hash of a text; blank for a name of a hash that ODK does not know."""
    if text_of(name) not in _HASHES:
        return ""
    made = hashlib.new(_HASHES[text_of(name)], text_of(value).encode(), usedforsecurity=False)
    if text_of(encoding) == "hex":
        return made.hexdigest()
    return base64.b64encode(made.digest()).decode()


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(text_of(value), validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


def _normal(value: Value) -> str:
    return " ".join(part for part in words_of(value) if part)


def _ticked(low: float, high: float, weights: list[tuple[bool, float]]) -> bool:
    """The ticks together weigh at least `low` and at most `high` (-1: no limit)."""
    if high == -1:
        if low < 1:
            return True
        high = math.inf
    found = 0.0
    for ticked, weight in weights:
        found += weight if ticked else 0
        if found > high:
            return False
    return found >= low


def _checklist(low: Value, high: Value, *values: Value) -> bool:
    ticks = [(_tick(one), 1.0) for value in values for one in each(value)]
    return _ticked(number_of(low), number_of(high), ticks)


def _weighted(low: Value, high: Value, *values: Value) -> bool:
    """`weighted-checklist()`: values and weights in turn; a weight without a value fails it."""
    ticks: list[tuple[bool, float]] = []
    for value, weight in zip(values[::2], values[1::2], strict=False):
        ones, weights = each(value), each(weight)
        if len(weights) > len(ones):
            return False
        ticks += [(_tick(a), number_of(b)) for a, b in zip(ones, weights, strict=False)]
    return _ticked(number_of(low), number_of(high), ticks)


def _tick(value: Value) -> bool:
    """One node of a list counts when it holds something."""
    return bool(text_of(value).strip(XML_BLANK)) if isinstance(value, list) else truth_of(value)


FUNCTIONS: dict[str, Function] = {
    "string": own(text_of),
    "string-length": own(lambda value: float(len(text_of(value)))),
    "normalize-space": own(_normal),
    "concat": plain(0, lambda *values: "".join(_all_texts(values)), MANY),
    "join": plain(1, lambda glue, *values: text_of(glue).join(_all_texts(values)), MANY),
    "contains": plain(2, lambda text, part: text_of(part) in text_of(text)),
    "starts-with": plain(2, lambda text, part: text_of(text).startswith(text_of(part))),
    "ends-with": plain(2, lambda text, part: text_of(text).endswith(text_of(part))),
    "substring": plain(2, _substring, 3),
    "substr": plain(2, _substr, 3),
    "substring-before": plain(2, _before),
    "substring-after": plain(2, _after),
    "translate": plain(3, _translate),
    "regex": plain(2, _matches),
    "selected": plain(2, lambda all_, one: text_of(one).strip(XML_BLANK) in words_of(all_)),
    "selected-at": plain(2, _selected_at),
    "count-selected": plain(1, _count_selected),
    "format-date": plain(2, lambda value, how: formatted(text_of(value), text_of(how), True)),
    "format-date-time": plain(2, lambda value, how: formatted(text_of(value), text_of(how), True)),
    "boolean-from-string": plain(1, lambda value: text_of(value) in ("1", "true")),
    "checklist": plain(2, _checklist, MANY),
    "weighted-checklist": plain(2, _weighted, MANY),
    "digest": plain(2, _digest, 3),
    "base64-decode": plain(1, _decoded),
}
