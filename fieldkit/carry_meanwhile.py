"""What the desk said between a check-out that was asked for by USB memory and its answer.

The city made the trip without it, and does not tell a device what that device said itself. So it
is said in the trip as well: the same values, by the same person's hand, as saves of the trip.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fieldkit.store import numbering, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.asking import Trip
from sync.field_kinds import path_of


@dataclass(frozen=True)
class Later:
    """One record of a slip: the fields that the city has not heard; None where it was removed."""

    kind: str
    id: str
    parent: str
    fields: dict[str, Any] | None


def waits(vault: Vault, made: Trip) -> dict[str, set[str]]:
    """The desk's saves on the slips of a new trip that wait for the city: `{record: saves}`."""
    numbering.adopt_orphans(vault)
    known = {str(one["id"]) for one in made.records}
    found: dict[str, set[str]] = {}
    for row in vault.book.all(
        "SELECT o.record_id, o.op_id, m.reservation_id AS home FROM outbox o"
        " JOIN trip t ON t.id = o.trip_id LEFT JOIN member m ON m.record_id = o.record_id"
        " WHERE t.kind = 'desk' AND o.state = 'queued'"
    ):
        if {row["record_id"], row["home"]} & known:
            found.setdefault(row["record_id"], set()).add(row["op_id"])
    return found


def said(desk: OpenTrip, made: Trip, waiting: dict[str, set[str]]) -> list[Later]:
    """What those saves said, as it stands in the open desk now."""
    found = []
    for record_id, ops in waiting.items():
        row = desk.db.one("SELECT * FROM record WHERE id = ?", record_id)
        if row is not None:
            names = [name for name, op in json.loads(row["mine"]).items() if op in ops]
            body = json.loads(row["body"])
            roots = {path_of(row["kind"], name)[0] for name in names}
            fields = {root: body.get(root) for root in roots}
            found.append(Later(row["kind"], record_id, row["parent"], fields))
        elif any(one["id"] == record_id and one["kind"] == "applicant" for one in made.records):
            found.append(Later("applicant", record_id, "", None))
    return sorted(found, key=lambda one: one.kind != "reservation")


def say(vault: Vault, trip: OpenTrip, later: list[Later]) -> None:
    """Say it in the trip too; what stands there already is not said twice."""
    for one in later:
        if one.fields is None:
            records.remove(vault, trip, one.id)
        else:
            records.save(vault, trip, one.kind, one.fields, one.id, one.parent)
