"""受付一覧表 of the book, kept in step with records: who belongs to a number, how far each is.

Numbers and states only, in the caller's transaction. What the city said is put in place before
(fieldkit/pull.py), and what was checked out (fieldkit/checkout.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldkit import slips
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault

Told = dict[str, Any]


def update(vault: Vault, trip: OpenTrip, book: Any, words: list[Told]) -> None:
    """After these words of the city. Worked out from what is there, so it may repeat."""
    for told in words:
        if told["removed"]:
            _unlist(vault, book, told)
    homes = {t["id"] for t in words if t["kind"] == "reservation" and not t["removed"]}
    homes |= {t["parent"] for t in words if t["kind"] == "applicant"}
    for home in homes:
        if trip.db.one("SELECT 1 FROM record WHERE id = ?", home):
            enlist(trip, book, home)
    for told in words:
        if told["kind"] == "reservation" and told["id"] in homes:
            day = str(told["body"].get(slips.CLOSED) or told["at"])[:10]
            _state(book, told["id"], told["body"], day)


def enlist(trip: OpenTrip, book: Any, reservation_id: str) -> None:
    """Write down who belongs to a reservation, and how many they are."""
    people = records.find(trip, "applicant", reservation_id)
    for person in people:
        book.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (person.id, reservation_id))
    book.execute(
        "UPDATE reception SET planned = ? WHERE reservation_id = ?", (len(people), reservation_id)
    )


def _unlist(vault: Vault, book: Any, told: Told) -> None:
    gone = book.execute("DELETE FROM member WHERE record_id = ?", (told["id"],)).rowcount
    gone += book.execute(
        "UPDATE reception SET state = 'cancelled' WHERE reservation_id = ?"
        " AND state NOT IN ('cancelled', 'visited')",
        (told["id"],),
    ).rowcount
    if gone:
        vault.note("removed_elsewhere", told["id"])


def _state(book: Any, reservation_id: str, body: Mapping[str, Any], day: str) -> None:
    """How far a reservation is, as another kit has brought it there."""
    changes = {
        "shared": "shared_on = coalesce(shared_on, :day), state = 'shared'",
        "visited": "shared_on = coalesce(shared_on, :day), visited_on = coalesce(visited_on, :day),"
        " state = 'visited'",
        "cancelled": "state = 'cancelled'",
    }
    before = {"shared": "booked", "visited": "booked shared", "cancelled": "booked shared"}
    state = str(body.get("state"))
    if state in changes:
        book.execute(
            f"UPDATE reception SET {changes[state]}"
            " WHERE reservation_id = :id AND instr(:before, state) > 0",
            {"day": day, "id": reservation_id, "before": before[state]},
        )
