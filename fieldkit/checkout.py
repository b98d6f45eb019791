"""Check-out: the reservations of one day come onto this laptop as a *trip* with its own secret.

The city makes the trip's keys. Its day secret is printed on the visit sheet as QR and 26
characters and is never written to the laptop's disk (design §4).
"""

from __future__ import annotations

import threading

from fieldkit import outbox, reserve, tripend
from fieldkit.city import NO_SERVER, asking, connect
from fieldkit.clock import day_of
from fieldkit.errors import KitError
from fieldkit.reserve import Slip
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id
from sync.wire import sha256

ONE_AT_A_TIME = threading.Lock()  # a trip that is being made has no reception yet


def waiting_days(desk: OpenTrip) -> dict[str, list[Slip]]:
    """The days that still have reservations to check out: `{ISO day: slips}`."""
    days: dict[str, list[Slip]] = {}
    for slip in reserve.slips(desk):
        if slip.reservation.get("state") == "booked":
            days.setdefault(str(slip.reservation.get("visit_date")), []).append(slip)
    return days


def check_out(vault: Vault, desk: OpenTrip, day: str) -> OpenTrip:
    """Take the day's reservations onto this laptop; returns the open trip.

    The request is written down first: after a kill the same request gets the same trip back, and
    nothing is checked out twice. What an earlier one left that no visit belongs to ends here.
    """
    with ONE_AT_A_TIME:
        trip = _check_out(vault, desk, day)
        tripend.drop_unused(vault)
        return trip


def _check_out(vault: Vault, desk: OpenTrip, day: str) -> OpenTrip:
    begun = _finish_begun(vault, desk, day)
    slips = waiting_days(desk).get(day, [])
    if begun and not slips:
        return begun
    if not slips:
        raise KitError(
            "nothing_to_check_out", "この日に持ち出す予約はありません。日を選び直してください。"
        )
    ids = [slip.reservation.id for slip in slips]
    request_id = _request(vault, day, ids)
    fail.point("checkout.request")
    outbox.sync(vault)
    fail.point("checkout.synced")
    _refuse_unsent(vault, desk)
    with asking():
        made = connect(vault).make_trip(request_id, "field", day, ids)
    fail.point("checkout.made")
    trip = vault.add_trip(made.id, "field", day, made.public, made.secret)
    for record in made.records:
        records.place(trip, record)
        fail.point("checkout.placed")
    today = day_of(vault.settings.clock()).isoformat()
    with vault.book.write() as conn:
        for reservation_id in ids:
            conn.execute(
                "UPDATE reception SET shared_on = coalesce(shared_on, ?), trip_id = ?,"
                " state = 'shared' WHERE reservation_id = ?",
                (today, trip.id, reservation_id),
            )
        vault.note("checked_out", trip.id)
    fail.point("checkout.listed")
    for slip in slips:
        records.save(vault, desk, "reservation", {"state": "shared"}, slip.reservation.id)
        fail.point("checkout.told")
    return trip


def _finish_begun(vault: Vault, desk: OpenTrip, day: str) -> OpenTrip | None:
    """End a check-out that a kill cut off after 受付一覧表 was written; returns its trip.

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
    if not trip_id:
        return None
    with asking():
        secret = connect(vault).fetch_secret(trip_id)
    return vault.open_trip(trip_id, secret)


def _request(vault: Vault, day: str, ids: list[str]) -> str:
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
