"""The table of fields: of which kind is each field of a record, and which fields belong together.

Pure data and a few functions over it; sync/merge.py keeps the rules. A field that is not here is of
the default kind: two different values wait for a person. A map (the answers of a form) is no value
of its own: each of its keys is a field, named with dots (`answers.phone`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sync.wire import canonical

FIELD = frozenset({"field", "booth"})
"""Kinds of trip whose people stand before the applicant."""
DESK = frozenset({"desk", "office"})
SUPERVISOR = "supervisor"
"""Stands as the kind of trip in the revision of a supervisor's decision: no rule overrides it."""


@dataclass(frozen=True)
class Kind:
    """How two values of a field become one.

    `rule`: `keep` (the city's stays, the other waits), `ruled` (the city's stays, the other is
    history), `once`, `status`, `list`, `stamp`, `map` (only a value that is no map has it).
    `group`: the fields that are one unit with it. `wins`: kinds of trip that win without a person.
    `shown`: the applicant confirms it; a confirmation that had not seen it does not count.
    `blank_yields`: an empty answer gives way to one that is not (forms send every box).
    """

    name: str
    rule: str = "keep"
    group: str = ""
    wins: frozenset[str] = frozenset()
    shown: bool = False
    blank_yields: bool = False

    @property
    def alone(self) -> bool:
        """Whether a value of it is judged by itself, and by nothing but what was said before."""
        return self.rule in ("keep", "ruled") and not self.group


OTHER = Kind("other")
FREE = Kind("other", shown=True)
FACT = Kind("visit_fact", wins=FIELD, shown=True, blank_yields=True)
NOTE = Kind("visit_fact", wins=FIELD)
BOOKING = Kind("booking", wins=DESK)
WHERE = Kind("booking", group="where", wins=DESK)
SLOT = Kind("slot", group="slot", wins=DESK)
PERSON = Kind("identity", group="person")
ID_CHECK = Kind("evidence", group="id_check", shown=True)
CONSENT = Kind("evidence", group="consent", shown=True)
PHOTO = Kind("evidence", group="photo", shown=True)
MONEY = Kind("money", group="money", shown=True)
ONCE = Kind("once", "once")
STATUS = Kind("status", "status")
LIST = Kind("list", "list")
STAMP = Kind("stamp", "stamp")
PRINTED = Kind("printed", "ruled")
MAP = Kind("map", "map")

FIELDS: dict[str, dict[str, Kind]] = {
    "reservation": {
        "state": STATUS,
        "reception_no": ONCE,
        "closed": ONCE,
        **dict.fromkeys(("visit_date", "half", "order"), SLOT),
        **dict.fromkeys(("place", "postal", "district", "address", "katagaki"), WHERE),
        **dict.fromkeys(
            ("caller_name", "caller_relation", "phone", "reason_cannot_go", "parking", "notes",
             "caution"),
            BOOKING,
        ),
    },
    "applicant": {
        **dict.fromkeys(("name", "kana", "birth", "sex"), PERSON),
        **dict.fromkeys(
            ("kind", "photo_ok", "can_write", "helper", "uses_as_insurance", "has_shikaku",
             "id_papers", "loss_report_date"),
            BOOKING,
        ),
    },
    "application": {
        "state": STATUS,
        "answers": MAP,
        "papers_printed": MAP,
        "id_check": ID_CHECK,
        "consent": CONSENT,
        "consents": LIST,
        "spoiled": LIST,
        **dict.fromkeys(
            ("photo_id", "photo_checked", "photo_exception", "no_photo_reason"), PHOTO
        ),
        **dict.fromkeys(
            ("receipt_no", "paper_receipt_no", "payer_name", "fee", "fee_choice"), MONEY
        ),
        "form_version": NOTE,
        "outcome_note": NOTE,
        "jlis": OTHER,
    },
}  # fmt: skip
"""What records hold today. `custody` and `support` have no fields yet: the default kind."""

SHEET = "sheet_"
MANY = 4096
"""Names of fields whose kind is remembered: every save names the same ones."""


@lru_cache(MANY)
def kind_of(entity: str, name: str) -> Kind:
    """The kind of a field; `name` with dots for a key of a map."""
    table = FIELDS.get(entity, {})
    if name in table:
        return table[name]
    if entity != "application":
        return OTHER
    if is_map(entity, name):
        return MAP
    root, dot, rest = name.partition(".")
    if not dot:
        return FREE
    if root.startswith(SHEET):
        return STAMP if rest == "at" else FACT
    return {"answers": FACT, "papers_printed": PRINTED, "id_check": ID_CHECK}.get(root, FREE)


@lru_cache(MANY)
def is_map(entity: str, name: str) -> bool:
    """Whether the value of this name is a map, whose keys are fields of their own."""
    if entity != "application":
        return False
    root, dot, rest = name.partition(".")
    if root.startswith(SHEET):
        return not dot or rest == "answers"
    return name in ("answers", "papers_printed")


@lru_cache(MANY)
def path_of(entity: str, name: str) -> tuple[str, ...]:
    """Where a name stands in a record's body."""
    root, dot, rest = name.partition(".")
    if not dot or not is_map(entity, root):
        return (name,)
    first, more, last = rest.partition(".")
    if more and is_map(entity, f"{root}.{first}"):
        return (root, first, last)
    return (root, rest)


def leaves(entity: str, name: str, value: Any) -> dict[str, Any]:
    """`{name: value}`, with a map taken apart into its keys."""
    if not is_map(entity, name) or not isinstance(value, dict):
        return {name: value}
    found: dict[str, Any] = {}
    for key, one in value.items():
        found |= leaves(entity, f"{name}.{key}", one)
    return found


def group_names(entity: str, group: str, names: Iterable[str]) -> list[str]:
    """The fields of a group: those of the table, and those among `names`."""
    known = [name for name, kind in FIELDS.get(entity, {}).items() if kind.group == group]
    return sorted({*known, *(n for n in names if kind_of(entity, n).group == group)})


def value_at(body: Any, path: tuple[str, ...]) -> Any:
    """The value at a path; None where there is none."""
    for step in path:
        if not isinstance(body, dict) or step not in body:
            return None
        body = body[step]
    return body


def with_value(body: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of a body with another value at the path."""
    if len(path) == 1:
        return {**body, path[0]: value}
    inner = body.get(path[0])
    return {
        **body,
        path[0]: with_value(inner if isinstance(inner, dict) else {}, path[1:], value),
    }


def without(body: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy of a body with nothing at the path."""
    if len(path) == 1:
        return {name: value for name, value in body.items() if name != path[0]}
    inner = body.get(path[0])
    return {**body, path[0]: without(inner, path[1:])} if isinstance(inner, dict) else dict(body)


def to_send(
    entity: str, before: Mapping[str, Any], after: Mapping[str, Any], changed: Mapping[str, Any]
) -> dict[str, Any]:
    """What a laptop says of a save: of a map only the keys that changed, of a group all fields.

    A map as a whole would claim keys that its author never touched; a part of a group could become
    half of one author's and half of another's.
    """
    old: dict[str, Any] = {}
    for name in changed:
        old |= leaves(entity, name, before.get(name))
    new: dict[str, Any] = {}
    for name, value in changed.items():
        new |= leaves(entity, name, value)
    new = {n: v for n, v in new.items() if n not in old or not same(old[n], v)}
    for group in {kind_of(entity, n).group for n in new} - {""}:
        for name in group_names(entity, group, after):
            value = value_at(after, path_of(entity, name))
            if value is not None:
                new[name] = value
    said: dict[str, Any] = {}
    for name, value in new.items():
        said = with_value(said, path_of(entity, name), value)
    return said


def same(one: Any, other: Any) -> bool:
    """The same value (1 is not True)."""
    return type(one) is type(other) and bool(one == other)


def joined(one: list[Any], two: list[Any]) -> list[Any]:
    """Both lists; nothing is taken out. Where one goes on from the other, in its order."""
    if one == [x for x in two if x in one]:
        return two
    if two == [x for x in one if x in two]:
        return one
    both = {canonical(x): x for x in [*one, *two]}
    return sorted(both.values(), key=lambda x: (_when(x), canonical(x)))


def _when(entry: Any) -> str:
    return str(entry.get("at", "")) if isinstance(entry, dict) else ""
