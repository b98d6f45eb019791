"""What people do in a schedule: who saves which field of which record, photographs, and sends."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

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
)


@dataclass(frozen=True)
class Deed:
    """One thing that somebody does: `save`, `photo`, `fact`, `send`, `look` (at the records as the
    city has them), `restore` (the city's backup)."""

    what: str
    entity: str = ""
    record: str = ""
    field: str = ""
    value: Any = None


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


def day(dice: Random, name: str) -> list[Deed]:
    """The deeds of one laptop. Few fields, so that two laptops meet in them."""
    rand = dice.random
    pool = [FIELDS[int(rand() * len(FIELDS))] for _ in range(2)]
    deeds: list[Deed] = [Deed("send")] if rand() < 0.15 else []
    for i in range(1 + int(rand() ** 2 * 3)):
        if rand() < 0.3:
            deeds.append(Deed("look"))
        entity, record, field = pool[int(rand() * 2)]
        value: Any = f"{name}-{i}"
        if field == "consents":
            value = [{"at": f"2026-07-01T0{i}:00:00+09:00", "text": value}]
        deeds.append(Deed("save", entity, record_id(record), field, value))
        if rand() < 0.2:
            deeds.append(Deed("send"))
    for i in range(int(rand() ** 2 * 3.5)):
        jpeg = f"jpeg {name} {i} ".encode() * (1 + int(rand() * 30))
        deeds.insert(int(rand() * (len(deeds) + 1)), Deed("photo", value=jpeg))
    if rand() < 0.2:
        deeds.append(Deed("fact", value=f"fact-of-{name}"))
    return [*deeds, Deed("send")]


def said(field: str, value: Any) -> dict[str, Any]:
    """The `set` of a save: a key of a map travels inside its map."""
    top, dot, rest = field.partition(".")
    return {top: {rest: value}} if dot else {field: value}
