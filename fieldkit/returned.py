"""写真の差し戻し: photos that J-LIS returned, as tasks of the desk: a new visit for a new photo.

The city makes the task and takes it away (sync/server/retakes.py); it comes down with the slips of
the desk. The new visit has records of its own. Its applicant names, as `retake_of`, the application
whose photo came back: that is all that links them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit import desk as call
from fieldkit import reserve
from fieldkit.errors import NotFound, NotReady
from fieldkit.rules.wareki import wareki
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync.ids import new_id

KIND, LINK, DRAFT = "retake", "retake_of", "desk"
OPEN, BOOKED, VISITED = "open", "booked", "visited"
MARK = "写真の撮り直し（受付番号"
"""How the note begins that a new booking carries; that of an earlier one is replaced."""


@dataclass(frozen=True)
class Task:
    """A returned photo. `booked` is the number of the new booking, where it is known here."""

    record: Record
    state: str
    booked: str

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def application(self) -> str:
        return self.record.parent

    @property
    def waits(self) -> bool:
        """Whether somebody has to do something: there is no booking that is still to come."""
        return self.state != BOOKED


def tasks(vault: Vault) -> list[Task]:
    """The tasks of the desk's container, oldest first; none while it is closed."""
    row = reserve.desk_row(vault)
    trip = vault.trips.get(row["id"]) if row is not None else None
    return tasks_of(trip) if trip is not None else []


def waiting(vault: Vault) -> int:
    """How many returned photos have no new booking."""
    return sum(task.waits for task in tasks(vault))


def tasks_of(trip: OpenTrip) -> list[Task]:
    """The tasks of one container, oldest first."""
    rows = records.find(trip, KIND)
    own = _own_bookings(trip) if rows else {}
    found = []
    for row in sorted(rows, key=lambda r: (str(r.get("on")), r.id)):
        here = own.get(row.parent)
        found.append(Task(row, BOOKED if here else str(row.get("state")), here or ""))
    return found


def _own_bookings(trip: OpenTrip) -> dict[str, str]:
    """{application: the number of the new booking} of what was taken here and is still to come:
    the city need not have heard of it."""
    homes = {r.id: r for r in records.find(trip, "reservation")}
    found = {}
    for person in records.find(trip, "applicant"):
        home = homes.get(person.parent)
        if person.get(LINK) and home and home.get("state") in ("booked", "shared"):
            found[str(person.get(LINK))] = str(home.get("reception_no"))
    return found


def begin(vault: Vault, trip: OpenTrip, task_id: str) -> str:
    """A slip that is filled in as far as the city knows it; the id of the draft. Pressed twice, it
    is the same draft."""
    task = next((one for one in tasks_of(trip) if one.id == task_id), None)
    if task is None:
        raise NotFound("この差し戻しは、もうありません。予約受付を開き直してください。")
    if not task.waits:
        raise NotReady("撮り直しの訪問は、もう予約されています。")
    begun = trip.db.all(
        "SELECT record_id FROM draft WHERE form = ? AND record_id NOT IN (SELECT id FROM record)",
        DRAFT,
    )
    for row in begun:
        values = records.draft(trip, row["record_id"], DRAFT) or {}
        if values.get(f"applicant-0-{LINK}") == task.application:
            return str(row["record_id"])
    rid = new_id()
    records.save_draft(vault, trip, rid, DRAFT, prefilled(task))
    return rid


def prefilled(task: Task) -> dict[str, Any]:
    """The fields of the call screen; the day and whatever else is missing are asked for there."""
    slip, person = task.record.get("slip", {}), task.record.get("person", {})
    values: dict[str, Any] = {n: slip[n] for n in call.RESERVATION_FIELDS if slip.get(n)}
    why = f"{MARK}{task.record.get('reception_no')}。理由：{task.record.get('reason')}）"
    kept = [x for x in str(slip.get("notes") or "").splitlines() if not x.startswith(MARK)]
    values |= {"place": slip.get("place") or "home", "count": "1"}
    values["notes"] = "\n".join([why, *kept])
    for name in (*call.APPLICANT_FIELDS, "id_papers"):
        if person.get(name):
            values[f"applicant-0-{name}"] = person[name]
    for name in ("birth", "loss_report_date"):
        if person.get(name):
            values[f"applicant-0-{name}"] = _said(str(person[name]))
    return {**values, f"applicant-0-{LINK}": task.application}


def _said(iso: str) -> str:
    try:
        return wareki(date.fromisoformat(iso))
    except ValueError:
        return iso


def link(trip: OpenTrip, values: Mapping[str, Any], index: int) -> dict[str, str]:
    """What a row of the call screen adds to its applicant: the application whose photo it is for,
    where there is such a task."""
    named = str(values.get(f"applicant-{index}-{LINK}", ""))
    there = {row.parent for row in records.find(trip, KIND)} if named else set()
    return {LINK: named} if named in there else {}
