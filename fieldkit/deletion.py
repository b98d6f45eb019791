"""Deletion records: what was erased here, when, by whom, and what proves it (001 特記10).

Computed from what `ledger.db` keeps for ever: numbers, sealed digests, dates. Every claim is
checked at the moment it is made (fieldkit/evidence.py). A record is *proved*; or it *waits* for
something that is named; or it cannot be proved, and then says why instead of certifying anything.
Two moments count. 論理削除 is when the object went from this laptop. 暗号消去 is when no key that
opens its remains existed any more: the later of the trip's wipe here and the city's signed word
that it forgot the trip's secret. The promise: no personal data, and no digest of unsealed data.
"""

from __future__ import annotations

from fieldkit.deletion_parts import (
    applicants_of,
    frame_of,
    gathered,
    latest,
    once,
    reservation_record,
    trip_record,
)
from fieldkit.deletion_records import Record, ReservationRecord, SeasonRecord, TripRecord
from fieldkit.errors import NotFound
from fieldkit.evidence import Evidence
from fieldkit.store.vault import Vault

__all__ = [
    "applicants_of",
    "record_of_application",
    "record_of_reservation",
    "record_of_season",
    "record_of_trip",
    "records_of_trips",
    "took_part",
]


def record_of_trip(vault: Vault, trip_id: str) -> TripRecord:
    """The record of one trip; NotFound where this laptop never had it."""
    return trip_record(Evidence(vault), {}, trip_id)


def records_of_trips(vault: Vault) -> list[TripRecord]:
    """Every container that this laptop ever had, newest first."""
    look, known = Evidence(vault), dict[str, TripRecord]()
    rows = vault.book.all("SELECT id FROM trip ORDER BY made_at DESC, id DESC")
    return [trip_record(look, known, row["id"]) for row in rows]


def took_part(vault: Vault, user_id: str, trip_id: str) -> bool:
    """Whether the ledger has this person checking out, opening or ending this field trip."""
    row = vault.book.one(
        "SELECT 1 FROM ledger l JOIN trip t ON t.id = ? AND t.kind = 'field'"
        " WHERE json_extract(l.body, '$.object') = t.id"
        " AND json_extract(l.body, '$.actor') = ?"
        " AND json_extract(l.body, '$.act') IN ('checked_out', 'trip_opened', 'trip_erased')",
        trip_id,
        user_id,
    )
    return row is not None


def record_of_reservation(vault: Vault, reservation_id: str) -> ReservationRecord:
    """The record of one reception number: its objects, and every container that held its slip."""
    return reservation_record(Evidence(vault), {}, reservation_id)


def record_of_application(vault: Vault, applicant_id: str) -> ReservationRecord:
    """The record of one applicant's objects only; the containers are those of the reception."""
    row = vault.book.one("SELECT reservation_id FROM member WHERE record_id = ?", applicant_id)
    if row is None:
        raise NotFound("この申請者の記録は、この端末の台帳にありません。")
    return reservation_record(Evidence(vault), {}, row["reservation_id"], applicant_id)


def record_of_season(vault: Vault, first: str, last: str) -> SeasonRecord:
    """Everything of the days first..last (ISO): trips by their day, other containers that were in
    use in these days, receptions by their visit day."""
    look, known = Evidence(vault), dict[str, TripRecord]()
    trips = [
        trip_record(look, known, row["id"])
        for row in look.book.all(
            "SELECT id FROM trip WHERE (kind = 'field' AND day BETWEEN ?1 AND ?2)"
            " OR (kind IN ('desk', 'office') AND substr(made_at, 1, 10) <= ?2"
            " AND (erased_at IS NULL OR substr(erased_at, 1, 10) >= ?1))"
            " ORDER BY kind = 'field' DESC, kind, day, made_at, id",
            first,
            last,
        )
    ]
    receptions = [
        reservation_record(look, known, row["reservation_id"])
        for row in look.book.all(
            "SELECT reservation_id FROM reception WHERE visit_on BETWEEN ? AND ? ORDER BY no",
            first,
            last,
        )
    ]
    waits, faults = gathered(trips, "waits"), gathered(trips, "faults")
    waits += [w for r in receptions for w in r.waits]
    faults += [f for r in receptions for f in r.faults]
    parts: list[Record] = [*trips, *receptions]
    return SeasonRecord(
        frame=frame_of(look),
        things=tuple(thing for trip in trips for thing in trip.things),
        logical_at=latest([part.logical_at for part in parts]),
        crypto_at=latest([part.crypto_at for part in parts]),
        waits=once(waits),
        faults=once([look.fault] if look.fault else faults),
        first=first,
        last=last,
        trips=tuple(trips),
        receptions=tuple(receptions),
    )
