"""What people do in a schedule: who saves which field of which record, photographs, and sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Field = tuple[str, int, str]
# (entity, record, field): each kind of conflict rule that both laptops can run into
FIELDS = (
    ("reservation", 0, "phone"),  # the desk's value wins
    ("reservation", 0, "place"),  # one of a group
    ("reservation", 0, "address"),
    ("application", 1, "answers.phone"),  # the visit's value wins
    ("application", 1, "answers.mail"),
    ("application", 1, "id_check"),  # a person decides
    ("application", 1, "consents"),  # a list: nothing is taken out
    ("support", 2, "what"),  # the default kind
    ("applicant", 3, "name"),  # one of a group: a person decides
    ("application", 1, "fee"),  # money: the first stays
    ("reservation", 0, "reception_no"),  # never changed by another
    ("reservation", 0, "state"),  # a ladder, and what leaves it
    ("application", 1, "state"),  # confirmed, and not
)
STATES = {
    "reservation": ("booked", "shared", "visited", "cancelled"),
    "application": ("doing", "confirmed"),
}


@dataclass(frozen=True)
class Deed:
    """One thing that somebody does: `save`, `photo`, `fact`, `send`, `decide`, `remove`, `look` (at
    the records as the city has them, and at what waits for a person), `export` and `replies` (the
    stick), `import` (the stick, at the city), `restore` (the city's backup)."""

    what: str
    entity: str = ""
    record: str = ""
    field: str = ""
    value: Any = None


def some_fields(dice: Random) -> tuple[Field, Field]:
    """Two fields, in which two laptops can meet."""
    return FIELDS[int(dice.random() * len(FIELDS))], FIELDS[int(dice.random() * len(FIELDS))]


def record_id(number: int) -> str:
    return f"00000000-0000-7000-9000-{number:012d}"


def duel(dice: Random, first: bool) -> list[Deed]:
    """Two laptops and one field, and a city that is set back between look and save: the first
    writes all the time, the other one looks once and writes once."""
    entity, record, field = FIELDS[-1]
    send, rand = Deed("send"), dice.random
    if first:
        deeds = []
        for i in range(4):
            deeds += [Deed("save", entity, record_id(record), field, f"first-{i}")]
            deeds += [send] * int(rand() * 2)
        return [*deeds, send]
    other = Deed("save", *FIELDS[0][:1], record_id(0), FIELDS[0][2], "other")
    mine = Deed("save", entity, record_id(record), field, "second")
    waits = [send] * int(rand() * 3)
    return [*waits, other, send, Deed("look"), Deed("restore"), *waits, mine, send]


def quarrel(dice: Random, name: str, pool: Sequence[Field]) -> list[Deed]:
    """Two laptops say the same fields without having seen each other; supervisors at both decide,
    perhaps differently, perhaps on what has changed since."""
    rand = dice.random
    deeds: list[Deed] = []
    for round_ in range(1 + int(rand() * 2)):
        some = [pool[int(rand() * len(pool))] for _ in range(1 + int(rand() * 2))]
        deeds += [_save(rand, one, f"{name}-q{round_}") for one in some]
        deeds += [Deed("send")] * (rand() < 0.8) + [Deed("look")] * (rand() < 0.8)
        if rand() < 0.4:
            deeds += [_save(rand, some[0], f"{name}-r{round_}")]
        deeds += [Deed("decide")] * (rand() < 0.7) + [Deed("send")]
    return [*deeds, Deed("look"), Deed("decide"), Deed("send")]


def _save(rand: Callable[[], float], what: Field, text: str) -> Deed:
    entity, record, field = what
    value: Any = text
    if field == "state":
        value = STATES[entity][int(rand() * len(STATES[entity]))]
    elif field == "consents":
        value = [{"at": f"2026-07-01T0{int(rand() * 9)}:00:00+09:00", "text": value}]
    return Deed("save", entity, record_id(record), field, value)


def day(dice: Random, name: str) -> list[Deed]:
    """The deeds of one laptop. Few fields, so that two laptops meet in them."""
    rand = dice.random
    pool = [FIELDS[int(rand() * len(FIELDS))] for _ in range(2)]
    deeds: list[Deed] = [Deed("send")] if rand() < 0.15 else []
    for i in range(1 + int(rand() ** 2 * 3)):
        if rand() < 0.3:
            deeds.append(Deed("look"))
        deeds.append(_save(rand, pool[int(rand() * 2)], f"{name}-{i}"))
        if rand() < 0.2:
            deeds.append(Deed("send"))
    for i in range(int(rand() ** 2 * 3.5) + (2 + int(rand() * 6)) * (rand() < 0.08)):
        jpeg = f"jpeg {name} {i} ".encode() * (1 + int(rand() * 30))
        deeds.insert(int(rand() * (len(deeds) + 1)), Deed("photo", value=jpeg))
    if rand() < 0.2:
        deeds.append(Deed("fact", value=f"fact-of-{name}"))
    if rand() < 0.03:
        deeds.insert(int(rand() * len(deeds)), Deed("remove", "support", record_id(2)))
    if rand() < 0.12:
        deeds = _with_stick(rand, deeds)
    return [*deeds, Deed("send")]


def _with_stick(rand: Callable[[], float], deeds: list[Deed]) -> list[Deed]:
    """The same day, on which the stick goes to the city and back once or more, beside the line."""
    at = 0
    for _ in range(1 + int(rand() * 2.5)):
        for what in ("export", "import", "replies"):
            at += int(rand() * (len(deeds) + 1 - at) * 0.7)
            if rand() < 0.9:
                deeds.insert(at, Deed(what))
                at += 1
    return deeds


def said(field: str, value: Any) -> dict[str, Any]:
    """The `set` of a save: a key of a map travels inside its map."""
    top, dot, rest = field.partition(".")
    return {top: {rest: value}} if dot else {field: value}
