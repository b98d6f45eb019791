"""The reservation desk: one reception slip (受付票) per home, one row in the list (受付一覧表).

The slip holds personal data and lives in the desk's own container, whose secret comes from the
city server and is never on the disk. The row holds none and outlives the slip (001 §8(2)キ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldkit import container
from fieldkit.clock import day_of
from fieldkit.errors import KitError, NotFound, NotReady
from fieldkit.store import facts, heard, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail

DESK_LOCKED = KitError(
    "desk_locked",
    "受付データを開く鍵を市サーバから受け取れません。庁内の回線につなぐか、"
    "金庫の控えの26文字を入れてください。",
    "retry",
)
DESK_NONE = KitError(
    "desk_locked",
    "受付データの用意に、市サーバが要ります。庁内の回線につなぐか、「送信」から「USBで運ぶ」を"
    "開いて、受付データを頼んでください。",
    "retry",
)
WORDS = container.Words(DESK_NONE, DESK_LOCKED)


@dataclass(frozen=True)
class Slip:
    """A reservation with its applicants."""

    reservation: Record
    applicants: tuple[Record, ...]


def desk_row(vault: Vault) -> Any | None:
    """The desk container of this kit in the book, or None before its first use."""
    return container.row(vault, container.DESK)


def open_desk(vault: Vault, code: str = "") -> OpenTrip:
    """The desk's container, opened by the city's word or by the 26 characters of the safe.

    Made at its first use. KitError("desk_locked") where neither is at hand: nothing is lost, the
    desk only waits.
    """
    return container.opened(vault, container.DESK, WORDS, code)


def reserve(
    vault: Vault,
    desk: OpenTrip,
    reservation_id: str,
    fields: dict[str, Any],
    applicants: list[tuple[str, dict[str, Any]]],
    seen: int | None = None,
) -> Slip:
    """Take or change a reservation. Ids come from the draft, so a repeated save changes nothing.

    `fields` and `applicants` are the checked answers of the call screen, `seen` what it was drawn
    with (fieldkit/store/heard.py). Who was taken off the slip meanwhile stays off.
    """
    applicants = [one for one in applicants if not heard.is_removed(desk, one[0])]
    there = {one.id for one in records.find(desk, "applicant", reservation_id)}
    planned = len(there | {applicant_id for applicant_id, _ in applicants})
    today = day_of(vault.settings.clock()).isoformat()
    with vault.book.write() as conn:
        # Not INSERT OR IGNORE: a change would use up a reception number.
        conn.execute(
            "INSERT INTO reception (reservation_id, booked_on, visit_on, planned, state)"
            " SELECT ?, ?, ?, ?, 'booked'"
            " WHERE NOT EXISTS (SELECT 1 FROM reception WHERE reservation_id = ?)",
            (reservation_id, today, fields["visit_date"], planned, reservation_id),
        )
        conn.execute(
            "UPDATE reception SET visit_on = ?, planned = ? WHERE reservation_id = ?",
            (fields["visit_date"], planned, reservation_id),
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
    reservation = records.save(vault, desk, "reservation", body, reservation_id, "", seen)
    for applicant_id, one in applicants:
        records.save(vault, desk, "applicant", one, applicant_id, reservation_id, seen)
    records.drop_draft(desk, reservation_id, "desk")
    return Slip(reservation, tuple(records.find(desk, "applicant", reservation_id)))


def take_off(vault: Vault, desk: OpenTrip, reservation_id: str, applicant_id: str) -> None:
    """A person does not apply after all, before the slip goes out: off it, here and at the city.

    The last one stays: the slip is for somebody. NotReady for a slip that is out.
    """
    people = records.find(desk, "applicant", reservation_id)
    if records.get(desk, reservation_id).get("state") != "booked":
        raise NotReady("持ち出し済みの受付票からは、取り消せません。")
    if len(people) < 2 or applicant_id not in {one.id for one in people}:
        raise NotReady("受付票の最後のお一人は、取り消せません。")
    with vault.book.write() as conn:
        conn.execute("DELETE FROM member WHERE record_id = ?", (applicant_id,))
        conn.execute(
            "UPDATE reception SET planned = ? WHERE reservation_id = ?",
            (len(people) - 1, reservation_id),
        )
        vault.note("record_removed", applicant_id)
    fail.point("reserve.taken_off")
    records.remove(vault, desk, applicant_id)


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
    """The rows of 受付一覧表, in order of reception, those of other kits last. No personal data.

    `number` is what people read: the own number, or that of the kit that took it (「K02-12」).
    """
    rows = vault.book.all("SELECT * FROM reception ORDER BY no < 0, abs(no)")
    return [{**dict(row), "number": row["label"] or row["no"]} for row in rows]
