"""The rows of the people on a slip's page: how many, whose, one more, one less."""

from __future__ import annotations

from typing import Any

from fieldkit.reserve import Slip
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web.common import kit
from sync.ids import is_id, new_id


def most() -> int:
    """So many people fit on one slip: a facility of the largest size (booking.toml)."""
    return kit().city().booking.facility_max


def count(values: dict[str, Any]) -> int:
    """How many applicants the form shows: as it was told, else as many rows as were sent."""
    told, limit = str(values.get("count", "")), most()
    rows = [i + 1 for i in range(limit) if any(n.startswith(f"applicant-{i}-") for n in values)]
    found = int(told) if told in {str(i) for i in range(1, limit + 1)} else max(rows, default=1)
    return min(limit, found)


def with_rows(values: dict[str, Any], wanted: int) -> dict[str, Any]:
    """The typed values with one row more or less; what stood in a removed row goes."""
    limit = most()
    wanted = min(limit, max(1, wanted))
    gone = tuple(f"applicant-{i}-" for i in range(wanted, limit))
    ids = {f"id-{i}" for i in range(wanted, limit)}
    kept = {n: v for n, v in values.items() if not n.startswith(gone) and n not in ids}
    return {**kept, "count": str(wanted)}


def without_row(values: dict[str, Any], index: int, shown: int) -> dict[str, Any]:
    """The typed values without one row; the rows below it move up."""
    kept = dict(values)
    for i in range(index, shown - 1):
        kept = {n: v for n, v in kept.items() if not n.startswith(f"applicant-{i}-")}
        prefix = f"applicant-{i + 1}-"
        kept |= {
            f"applicant-{i}-{n.removeprefix(prefix)}": v
            for n, v in values.items()
            if n.startswith(prefix)
        }
        kept[f"id-{i}"] = values.get(f"id-{i + 1}", "")
    return with_rows(kept, shown - 1)


def applicant_id(trip: OpenTrip, slip: Slip | None, values: dict[str, Any], index: int) -> str:
    """The same row keeps the same id, so that saving twice never doubles a person.

    The page says whose row it is: another kit may have put somebody on the slip meanwhile. An id
    that stands for another record is none.
    """
    kept = str(values.get(f"id-{index}", ""))
    if is_id(kept):
        here = slip is not None and kept in {a.id for a in slip.applicants}
        known = trip.db.one("SELECT 1 FROM record WHERE id = ?", kept)
        return kept if here or not known else new_id()
    return slip.applicants[index].id if slip and index < len(slip.applicants) else new_id()


def saved(slip: Slip, values: dict[str, Any], index: int) -> bool:
    """Whether a row of the page is somebody whose slip is already kept."""
    kept = str(values.get(f"id-{index}", ""))
    if is_id(kept):
        return kept in {a.id for a in slip.applicants}
    return index < len(slip.applicants)
