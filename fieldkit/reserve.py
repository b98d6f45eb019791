"""The reservation desk: one reception slip (受付票) per home, one row in the list (受付一覧表).

The slip holds personal data and lives in the desk's own container, whose secret comes from the
city server and is never on the disk. The row holds none and outlives the slip (001 §8(2)キ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldkit.city import connect, refusal
from fieldkit.clock import day_of
from fieldkit.errors import KitError, NotFound
from fieldkit.store import facts, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.records import Record
from fieldkit.store.vault import Vault
from sync import fail
from sync.client import Refused
from sync.ids import new_id, secret_of
from sync.road import NoAnswer
from sync.wire import WireError


@dataclass(frozen=True)
class Slip:
    """A reservation with its applicants."""

    reservation: Record
    applicants: tuple[Record, ...]


def desk_row(vault: Vault) -> Any | None:
    """The desk container of this kit in the book, or None before its first use."""
    return vault.book.one("SELECT * FROM trip WHERE kind = 'desk' AND state = 'out'")


def open_desk(vault: Vault, code: str = "") -> OpenTrip:
    """The desk's container, opened by the city's word or by the 26 characters of the safe.

    Made at its first use. KitError("desk_locked") where neither is at hand: nothing is lost, the
    desk only waits.
    """
    row = desk_row(vault)
    if row is not None and row["id"] in vault.trips:
        return vault.trips[row["id"]]
    try:
        if row is None:
            return _first_desk(vault)
        if code:
            return vault.open_trip(row["id"], secret_of(code))
        return vault.open_trip(row["id"], connect(vault).fetch_secret(row["id"]))
    except NoAnswer:
        raise KitError(
            "desk_locked",
            "受付データを開く鍵を市サーバから受け取れません。庁内の回線につなぐか、"
            "金庫の控えの26文字を入れてください。",
            "retry",
        ) from None
    except Refused as error:
        raise refusal(error.code) from None
    except (WireError, ValueError):
        raise KitError(
            "wrong_code", "26文字を確かめて、もう一度入れてください。", "retry"
        ) from None


def _first_desk(vault: Vault) -> OpenTrip:
    """Ask the city for the container once; a repeated request gets the same one."""
    with vault.book.write() as conn:
        conn.execute("INSERT OR IGNORE INTO meta VALUES ('desk_request', ?)", (new_id(),))
    request = vault.book.one("SELECT value FROM meta WHERE key = 'desk_request'")
    assert request is not None
    fail.point("desk.request")
    made = connect(vault).make_trip(request["value"], "desk", vault.now()[:10], [])
    fail.point("desk.made")
    return vault.add_trip(made.id, "desk", made.day, made.public, made.secret)


def reserve(
    vault: Vault,
    desk: OpenTrip,
    reservation_id: str,
    fields: dict[str, Any],
    applicants: list[tuple[str, dict[str, Any]]],
) -> Slip:
    """Take or change a reservation. Ids come from the draft, so a repeated save changes nothing.

    `fields` and `applicants` are the checked answers of the call screen.
    """
    today = day_of(vault.settings.clock()).isoformat()
    with vault.book.write() as conn:
        # Not INSERT OR IGNORE: a change would use up a reception number.
        conn.execute(
            "INSERT INTO reception (reservation_id, booked_on, visit_on, planned, state)"
            " SELECT ?, ?, ?, ?, 'booked'"
            " WHERE NOT EXISTS (SELECT 1 FROM reception WHERE reservation_id = ?)",
            (reservation_id, today, fields["visit_date"], len(applicants), reservation_id),
        )
        conn.execute(
            "UPDATE reception SET visit_on = ?, planned = ? WHERE reservation_id = ?",
            (fields["visit_date"], len(applicants), reservation_id),
        )
        row = conn.execute(
            "SELECT no FROM reception WHERE reservation_id = ?", (reservation_id,)
        ).fetchone()
        for applicant_id, _ in applicants:
            conn.execute(
                "INSERT OR IGNORE INTO member VALUES (?, ?)", (applicant_id, reservation_id)
            )
        old = desk.db.one("SELECT id FROM record WHERE id = ?", reservation_id)
        vault.note("reservation_changed" if old else "reserved", reservation_id)
        dims = {"place": fields.get("place", "home")}
        facts.note(vault.book, f"{reservation_id}:reservation", "reservation", today, dims)
    fail.point("reserve.listed")
    start = {} if old else {"state": "booked"}
    body = {**start, "place": "home", **fields, "reception_no": row["no"]}
    reservation = records.save(vault, desk, "reservation", body, reservation_id)
    saved = [
        records.save(vault, desk, "applicant", a, applicant_id, reservation_id)
        for applicant_id, a in applicants
    ]
    records.drop_draft(desk, reservation_id, "desk")
    return Slip(reservation, tuple(saved))


def slip(trip: OpenTrip, reservation_id: str) -> Slip:
    reservation = records.get(trip, reservation_id)
    if reservation.kind != "reservation":
        raise NotFound("この受付票はこの端末にありません。")
    return Slip(reservation, tuple(records.find(trip, "applicant", reservation_id)))


def slips(trip: OpenTrip) -> list[Slip]:
    """Every reservation of a container, by visit day and order."""
    found = [slip(trip, r.id) for r in records.find(trip, "reservation")]
    return sorted(found, key=lambda s: visit_order(s.reservation))


def visit_order(reservation: Record) -> tuple[str, str, int]:
    return (
        str(reservation.get("visit_date")),
        str(reservation.get("half")),
        int(reservation.get("order", 0) or 0),
    )


def reception_list(vault: Vault) -> list[dict[str, Any]]:
    """The rows of 受付一覧表, in order of reception. No personal data in it."""
    return [dict(row) for row in vault.book.all("SELECT * FROM reception ORDER BY no")]
