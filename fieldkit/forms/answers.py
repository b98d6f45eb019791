"""Answers as people write them, and as the forms keep them.

The forms keep one text for each key: `name`, in a repeat `name[2]`, in a repeat of a repeat
`name[2][1]`; the repeat's own key holds how many instances it has. People may also write
`{"members": [{"m_name": "…"}]}`, several choices as a list, and numbers as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fieldkit.errors import BadInput

if TYPE_CHECKING:
    from fieldkit.forms.form import Form

_KEY = re.compile(r"([^\[\]]+)((?:\[[1-9][0-9]{0,2}\])*)")


def flatten(form: Form, raw: Any) -> dict[str, str]:
    """The answers of `raw`, a JSON value, by their keys.

    Names that the form does not have are kept as they are (they are ignored when the form is
    evaluated). Raises BadInput naming the key for what cannot be an answer.
    """
    if not isinstance(raw, Mapping):
        raise BadInput("", "「項目名: 答え」の組を { } の中に書いてください。")
    found: dict[str, str] = {}
    _into(found, form, raw, "", "")
    _count(found, form)
    return found


def _into(
    found: dict[str, str], form: Form, raw: Mapping[str, Any], numbers: str, repeat: str
) -> None:
    """Add what one level of the JSON holds; `numbers` are those of the instance around it."""
    groups = {bind.name for bind in form.rules.binds if bind.is_group and not bind.is_repeat}
    repeats = {one.name: one for one in form.repeats}
    for key, value in raw.items():
        name = str(key)
        if name in repeats and isinstance(value, list):
            _list(found, form, name, value, numbers)
        elif name in groups and isinstance(value, Mapping):
            _into(found, form, value, numbers, repeat)
        else:
            if repeat and name not in repeats:
                _demand_inside(form, name, repeat)
            found[name + numbers] = _text(form, name, value)


def _list(found: dict[str, str], form: Form, name: str, entries: list[Any], numbers: str) -> None:
    """A repeat as a list: one `{ }` for each instance."""
    found[name + numbers] = str(len(entries))
    for place, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            says = f"「{name}」の{place}番目は {{ }} の中に「項目名: 答え」の組で書いてください。"
            raise BadInput(name, says)
        _into(found, form, entry, f"{numbers}[{place}]", name)


def _demand_inside(form: Form, name: str, repeat: str) -> None:
    if not any(q.name == name and q.repeat == repeat for q in form.questions):
        says = f"「{repeat}」の中に「{name}」という質問はありません。項目名を確かめてください。"
        raise BadInput(name, says)


def _text(form: Form, name: str, value: Any) -> str:
    """One answer as text; several choices may stand in a list, an acknowledgement as true."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    kind = next((q.type for q in form.questions if q.name == name.partition("[")[0]), "")
    if kind == "acknowledge" and isinstance(value, bool):
        return "OK" if value else ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    several = kind == "select_multiple" and isinstance(value, list)
    if several and all(isinstance(one, str) for one in value):
        return " ".join(value)
    if isinstance(value, list | Mapping):
        says = f"「{name}」は繰り返しの名前ではありません。答えは文字か数で書いてください。"
        raise BadInput(name, says)
    raise BadInput(name, f"「{name}」の答えは文字か数で書いてください。")


def _count(found: dict[str, str], form: Form) -> None:
    """A repeat whose keys are written as `name[2]` has at least so many instances.

    Raises BadInput when its own key says less: the answers beyond it would be lost.
    """
    inside = {q.name: q.repeat for q in form.questions}
    inside |= {one.name: one.repeat for one in form.repeats}
    counted = {one.name for one in form.repeats if one.count_expr}
    for key in list(found):
        parts = _KEY.fullmatch(key)
        repeat = inside.get(parts[1], "") if parts else ""
        numbers = parts[2] if parts else ""
        while repeat and numbers:
            outer, _, place = numbers.removesuffix("]").rpartition("[")
            own, had = repeat + outer, found.get(repeat + outer, "")
            if had.isdigit() and int(had) < int(place) and repeat not in counted:
                says = f"「{own}」は{had}ですが、「{key}」があります。数を合わせてください。"
                raise BadInput(key, says)
            if not had:
                found[own] = str(_most(found, inside, repeat, outer))
            repeat, numbers = inside.get(repeat, ""), outer


def _most(found: Mapping[str, str], inside: Mapping[str, str], repeat: str, outer: str) -> int:
    """The highest number among the keys of a repeat's instances."""
    places = [1]
    for key in found:
        parts = _KEY.fullmatch(key)
        if parts and inside.get(parts[1]) == repeat and parts[2].startswith(outer + "["):
            places.append(int(parts[2].removeprefix(outer)[1:].partition("]")[0]))
    return max(places)
