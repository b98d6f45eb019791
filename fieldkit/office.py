"""A kit of the office: all that the kits sent, in a container of its own, and what it adds up to.

The container begins empty and is told everything by and by (fieldkit/pull.py); it is renewed once
a week as the desk's is (fieldkit/renew.py) and erased for good at the season's end. What is shown
of it are numbers: whoever needs a person goes through 食い違い or the desk.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fieldkit import conflicts, container, kits_told, returned
from fieldkit.errors import KitError, NotFound
from fieldkit.kits_told import OtherKit
from fieldkit.returned import Task
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault

WORDS = container.Words(
    none=KitError(
        "office_locked",
        "全体の状況の用意に、市サーバが要ります。庁内の回線につなぐか、「送信」から「USBで運ぶ」を"
        "開いて、全体の状況のデータを頼んでください。",
        "retry",
    ),
    locked=KitError(
        "office_locked",
        "全体の状況を開く鍵を市サーバから受け取れません。庁内の回線につなぐか、"
        "金庫の控えの26文字を入れてください。",
        "retry",
    ),
)
NOT_HERE = "この画面は、庁内用として登録した端末で使います。"
DONE = ("confirmed", "declined", "postponed")


@dataclass(frozen=True)
class Day:
    """The reservations of a day by state, the people in them, their applications by state."""

    day: str
    states: dict[str, int]
    people: int
    applications: dict[str, int]

    @property
    def undone(self) -> int:
        """How many people have no application that is finished."""
        return self.people - sum(self.applications.get(state, 0) for state in DONE)


@dataclass(frozen=True)
class Out:
    """What one kit has out of one day: the numbers of the reservations."""

    kit: str
    day: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Overview:
    """全体の状況. `told_at` is the moment of what the city last said of the kits."""

    days: tuple[Day, ...]
    out: tuple[Out, ...]
    unknown_out: int
    clashes: int
    twins: int
    tasks: tuple[Task, ...]
    kits: tuple[OtherKit, ...]
    told_at: str


def is_office(vault: Vault) -> bool:
    """Whether the city enrolled this kit for the office."""
    device = vault.device
    return device is not None and device["profile"] == container.OFFICE


def open_office(vault: Vault, code: str = "") -> OpenTrip:
    """The container of all records, opened by the city's word or by its 26 characters.

    Made at its first use. KitError("office_locked") where neither is at hand.
    """
    if not is_office(vault):
        raise NotFound(NOT_HERE)
    return container.opened(vault, container.OFFICE, WORDS, code)


def overview(vault: Vault, trip: OpenTrip) -> Overview:
    """What all kits sent, as far as it has come down."""
    homes = {r.id: r for r in records.find(trip, "reservation")}
    told = kits_told.last(vault)
    out, unknown = _out(homes, told.kits)
    return Overview(
        days=_days(trip, homes),
        out=out,
        unknown_out=unknown,
        clashes=sum(case.waits for case in conflicts.clashes(vault)),
        twins=sum(case.waits for case in conflicts.twins(vault)),
        tasks=tuple(returned.tasks_of(trip)),
        kits=told.kits,
        told_at=told.at,
    )


def _days(trip: OpenTrip, homes: dict[str, Record]) -> tuple[Day, ...]:
    """Newest first. Who is on a cancelled slip is not counted."""
    states: dict[str, Counter[str]] = {}
    for home in homes.values():
        states.setdefault(_day(home), Counter())[str(home.get("state"))] += 1
    people: dict[str, str] = {}
    for person in records.find(trip, "applicant"):
        home_of = homes.get(person.parent)
        if home_of is not None and home_of.get("state") != "cancelled":
            people[person.id] = _day(home_of)
    done: dict[str, Counter[str]] = {}
    for application in records.find(trip, "application"):
        if application.parent in people:
            day = people[application.parent]
            done.setdefault(day, Counter())[str(application.get("state"))] += 1
    count = Counter(people.values())
    return tuple(
        Day(day, dict(states[day]), count[day], dict(done.get(day, {})))
        for day in sorted(states, reverse=True)
    )


def _out(homes: dict[str, Record], kits: tuple[OtherKit, ...]) -> tuple[tuple[Out, ...], int]:
    """(what each kit has out by day, how many of those have not come down to here)."""
    found: dict[tuple[str, str], list[str]] = {}
    unknown = 0
    for kit in kits:
        for one in kit.out:
            if one in homes:
                number = str(homes[one].get("reception_no"))
                found.setdefault((kit.id, _day(homes[one])), []).append(number)
            else:
                unknown += 1
    rows = (
        Out(kit, day, tuple(sorted(found[kit, day], key=_by_number))) for kit, day in sorted(found)
    )
    return tuple(rows), unknown


def _by_number(number: str) -> tuple[int, str]:
    return len(number), number


def _day(home: Record) -> Any:
    return str(home.get("visit_date") or "")
