"""How a typed answer is stored, by type: ODK's codecs. What is no such value is stored blank."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from fieldkit.forms.binds import Bind
from fieldkit.forms.expr.dates import local_of
from fieldkit.forms.expr.strings import words_of
from fieldkit.forms.expr.values import number_text, plain_number

_INT = 2**31
_STRICT = r"\d{2}:\d{2}:\d{2}(?:\.\d+)?"
_OFFSET = r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?)?", re.A)
_TIME = re.compile(rf"({_STRICT}){_OFFSET}?", re.A)
_MOMENT = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}T{_STRICT}{_OFFSET}?", re.A)


def _int(text: str) -> str:
    number = plain_number(text)
    if not math.isfinite(number) or not -_INT - 1 < number < _INT:
        return ""
    return str(math.trunc(number))


def _decimal(text: str) -> str:
    number = plain_number(text)
    if not math.isfinite(number):
        return ""
    found = number_text(number)
    if "e" in found:
        found = f"{number:.20f}".rstrip("0")
        return found + "0" if found.endswith(".") else found
    return found if "." in found else found + ".0"


def _date(text: str) -> str:
    found = _DAY.fullmatch(text)
    return found[1] if found and local_of(found[1]) else ""


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    return text if found and local_of(f"1970-01-01T{found[1]}") else ""


def _moment(text: str) -> str:
    return text if _MOMENT.fullmatch(text) and local_of(text) else ""


CODECS = {"int": _int, "decimal": _decimal, "date": _date, "time": _time, "dateTime": _moment}


def stored(bind: Bind, text: str) -> str:
    """What the form holds after `text` was entered; choices are looked at by `picked`."""
    if not text:
        return ""
    if bind.control == "trigger":
        return "OK" if text.lower() == "ok" else ""
    if bind.type not in CODECS:
        return text
    if not text.strip():
        return ""
    found = CODECS[bind.type](text)
    if bind.bounds and found and not bind.bounds[0] <= float(found) <= bind.bounds[1]:
        return ""
    return found


def picked(bind: Bind, text: str, offered: Sequence[str]) -> str:
    """What of the chosen is offered now: a choice that a filter removed reads as blank."""
    if bind.control == "select1":
        return text if text in offered else ""
    chosen = set(words_of(text))
    return " ".join(dict.fromkeys(name for name in offered if name in chosen))
