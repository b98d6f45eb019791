"""Check-out: the reservations of one day come onto this laptop as a *trip* with its own secret.

The city makes the trip's keys. Its day secret is printed on the visit sheet as QR and 26
characters and is never written to the laptop's disk (design §4).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from fieldkit import outbox, pull, reception_list, reserve, tripend
from fieldkit.city import NO_SERVER, asking, connect
from fieldkit.clock import day_of
from fieldkit.errors import KitError
from fieldkit.reserve import Slip
from fieldkit.store import record_rows, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.asking import Trip
from sync.ids import new_id
from sync.wire import sha256

LABEL = 20
ONE_AT_A_TIME = threading.Lock()  # a trip that is being made has no reception yet


def waiting_days(desk: OpenTrip) -> dict[str, list[Slip]]:
    """The days that still have reservations to check out: `{ISO day: slips}`."""
    days: dict[str, list[Slip]] = {}
    for slip in reserve.slips(desk):
        if slip.reservation.get("state") == "booked":
            days.setdefault(str(slip.reservation.get("visit_date")), []).append(slip)
    return days


def of_day(vault: Vault, day: str) -> list[dict[str, Any]]:
    """What the city lets this laptop take out on a day and its own desk does not hold: to be chosen
    from, kept nowhere. Each with the words of its number and whether another laptop has it out."""
    with asking():
        found = connect(vault).days(day)
    return listed(vault, found)


def listed(vault: Vault, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`of_day` for the city's verified answer."""
    rows = vault.book.all(
        "SELECT reservation_id AS id FROM reception WHERE state = 'booked' OR trip_id <> ''"
    )
    here, own = {row["id"] for row in rows}, vault.device_id
    rest = [one for one in found if one["state"] in ("booked", "shared") and one["id"] not in here]
    return [
        {
            **one,
            "label": ("" if one["owner"] == own else f"{one['owner']}-") + str(one["reception_no"]),
            "out_by": [other for other in one["out_by"] if other != own],
        }
        for one in sorted(rest, key=lambda one: (str(one["half"]), int(one["order"] or 0)))
    ]


def check_out(
    vault: Vault, desk: OpenTrip | None, day: str, others: Sequence[str] = (), share: bool = False
) -> OpenTrip:
    """Take the day's reservations onto this laptop; returns the open trip.

    Those of this laptop's own desk (None where it has none), and `others` that were chosen from
    `of_day`. `share`: another laptop may have them out too. The request is written down first:
    after a kill the same request gets the same trip back, and nothing is checked out twice. What an
    earlier one left that no visit belongs to ends here.
    """
    with ONE_AT_A_TIME:
        trip = _check_out(vault, desk, day, sorted(others), share)
        tripend.drop_unused(vault)
        return trip


def _check_out(
    vault: Vault, desk: OpenTrip | None, day: str, others: list[str], share: bool
) -> OpenTrip:
    begun = _finish_begun(vault, desk, day) if desk else None
    slips = waiting_days(desk).get(day, []) if desk else []
    ids = [slip.reservation.id for slip in slips] + others
    if begun and not ids:
        return begun
    if not ids:
        raise KitError(
            "nothing_to_check_out", "この日に持ち出す予約はありません。日を選び直してください。"
        )
    request_id = request_for(vault, day, ids)
    fail.point("checkout.request")
    outbox.sync(vault)
    fail.point("checkout.synced")
    if desk:
        _refuse_unsent(vault, desk)
    with asking():
        made = connect(vault).make_trip(request_id, "field", day, ids, share)
    fail.point("checkout.made")
    return accept(vault, made, desk)


def accept(vault: Vault, made: Trip, desk: OpenTrip | None) -> OpenTrip:
    """Take in a verified trip of the city, also one that comes later, on a USB memory.

    Repeating it changes nothing. Where the desk's container is closed, `desk` is None: its slips
    are told at the next check-out (`_finish_begun`).
    """
    trip = vault.add_trip(made.id, "field", made.day, made.public, made.secret)
    told = pull.labelled(made.records, vault.device_id)
    for record in told:
        other = record.get("device", vault.device_id)
        record_rows.place(trip, record, other if other != vault.device_id else "")
        fail.point("checkout.placed")
    homes = [record for record in told if record["kind"] == "reservation"]
    for home in homes:  # before they are listed here: one that was not told can be chosen again
        if _is_foreign(vault, home):
            _tell(vault, trip, home["id"])
    with vault.book.write() as conn:
        for home in homes:
            _receive(vault, conn, trip, home)
        vault.note("checked_out", trip.id)
    fail.point("checkout.listed")
    for home in homes:
        if desk is not None and not _is_foreign(vault, home):
            _tell(vault, desk, home["id"])
    return trip


def _is_foreign(vault: Vault, home: dict[str, Any]) -> bool:
    """Whether another kit's desk took this reservation."""
    return bool(home.get("owner", vault.device_id) != vault.device_id)


def _tell(vault: Vault, container: OpenTrip, reservation_id: str) -> None:
    """Say that a reservation is out, in the container that holds it and where it still waits."""
    row = container.db.one("SELECT 1 FROM record WHERE id = ?", reservation_id)
    if row is not None and records.get(container, reservation_id).get("state") == "booked":
        records.save(vault, container, "reservation", {"state": "shared"}, reservation_id)
        fail.point("checkout.told")


def _receive(vault: Vault, conn: Any, trip: OpenTrip, home: dict[str, Any]) -> None:
    """A reservation's row in 受付一覧表; one of another kit gets a row that says so by its label.

    Such a row has a negative number: the own numbers go on without a gap.
    """
    today = day_of(vault.settings.clock()).isoformat()
    body = home["body"]
    conn.execute(
        "INSERT INTO reception (no, reservation_id, booked_on, visit_on, planned, state, label)"
        " SELECT (SELECT min(0, coalesce(min(no), 0)) - 1 FROM reception), ?, ?, ?, 0, 'booked', ?"
        " WHERE NOT EXISTS (SELECT 1 FROM reception WHERE reservation_id = ?)",
        (
            home["id"],
            str(home["at"])[:10],
            str(body.get("visit_date") or trip.day),
            str(body.get("reception_no") or "")[:LABEL],
            home["id"],
        ),
    )
    reception_list.enlist(trip, conn, home["id"])
    conn.execute(
        "UPDATE reception SET shared_on = coalesce(shared_on, ?), trip_id = ?, state = 'shared'"
        " WHERE reservation_id = ? AND state IN ('booked', 'shared')",
        (today, trip.id, home["id"]),
    )


def _finish_begun(vault: Vault, desk: OpenTrip, day: str) -> OpenTrip | None:
    """End a check-out that a kill cut off after 受付一覧表 was written; returns its trip."""
    trip_id = tell_begun(vault, desk, day)
    if not trip_id:
        return None
    with asking():
        secret = connect(vault).fetch_secret(trip_id)
    return vault.open_trip(trip_id, secret)


def tell_begun(vault: Vault, desk: OpenTrip, day: str) -> str:
    """Tell the slips of a day that are out already, by 受付一覧表; the id of their trip, or "".

    That list is one transaction, the desk's slips are not: without this a slip that was not told
    would be checked out a second time.
    """
    trip_id = ""
    for slip in waiting_days(desk).get(day, []):
        row = vault.book.one(
            "SELECT trip_id FROM reception WHERE reservation_id = ?"
            " AND state IN ('shared', 'visited')",
            slip.reservation.id,
        )
        if row:
            trip_id = row["trip_id"]
            records.save(vault, desk, "reservation", {"state": "shared"}, slip.reservation.id)
    return trip_id


def request_for(vault: Vault, day: str, ids: list[str]) -> str:
    """The id of this check-out: the same as long as the same reservations wait."""
    key = f"checkout:{day}:{sha256('|'.join(sorted(ids)).encode())}"
    with vault.book.write() as conn:
        conn.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, new_id()))
        row = conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row["value"])


def _refuse_unsent(vault: Vault, desk: OpenTrip) -> None:
    left = vault.book.one(
        "SELECT count(*) AS n FROM outbox WHERE trip_id = ?"
        " AND state NOT IN ('receipted', 'given_up')",
        desk.id,
    )
    if left and left["n"]:
        raise NO_SERVER
