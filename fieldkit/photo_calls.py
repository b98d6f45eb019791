"""Telephone calls that a declared photo exception still owes: who to call, and that it was done.

Why: with the online and the counter channel a reason counts only after somebody has called with
the 申請書ID (福祉施設団体向けマニュアル 資料編 p.21). A call that is open never holds up a visit:
offices have hours, bedsides have not. It is shown as owed on the visit's last page and on the
day's page until it is logged, and the application carries it to the city either way.

Promise: of a call only the time and the member of staff are kept. It can be logged after the
visit is closed, until the trip is erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fieldkit import visit
from fieldkit.errors import NotReady
from fieldkit.reserve import Slip
from fieldkit.rules.photo_exceptions import Channel, PhotoExceptions
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault


@dataclass(frozen=True)
class Call:
    """One call of one applicant. `done` is empty, or {"at", "by"}."""

    slip: Slip
    applicant: Record
    channel: Channel
    form_id: str
    done: dict[str, str]


def call_of(
    trip: OpenTrip, found: Slip, applicant: Record, table: PhotoExceptions
) -> Call | None:
    """The call that this applicant's photo needs; None where it needs none."""
    now = visit.application(trip, applicant.id)
    if now is None or now.get("state") in ("declined", "postponed") or not now.get("photo_id"):
        return None
    exception = now.get("photo_exception") or {}
    channel = table.channels.get(str(exception.get("channel", "")))
    if channel is None or not channel.task:
        return None
    form_id = str((now.get("answers") or {}).get("form_id", ""))
    return Call(found, applicant, channel, form_id, exception.get("call") or {})


def owed(pairs: Iterable[tuple[OpenTrip, Slip]], table: PhotoExceptions) -> list[Call]:
    """The calls of these visits that nobody has logged."""
    found = [call_of(trip, slip, a, table) for trip, slip in pairs for a in slip.applicants]
    return [call for call in found if call is not None and not call.done]


def log(vault: Vault, trip: OpenTrip, found: Slip, applicant: Record, table: PhotoExceptions,
        made: bool) -> None:
    """Record that the call was made now by the person at the keyboard, or take that back."""
    call = call_of(trip, found, applicant, table)
    now = visit.application(trip, applicant.id)
    if call is None or now is None:
        raise NotReady("この申請の写真には、電話の要る特例がありません。")
    done: dict[str, Any] = {"at": vault.now(), "by": vault.user.id} if made else {}
    exception = {**now.get("photo_exception"), "call": done}
    fields = {"photo_exception": exception}
    records.save(vault, trip, "application", fields, now.id, applicant.id)
