"""The shapes of deletion records (fieldkit/deletion.py makes them). Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldkit.evidence import LedgerRow, Word
from fieldkit.rules.wareki import wareki

METHOD = "crypto-erase/v1"
KINDS = {
    "reservation": "受付",
    "applicant": "申請者",
    "application": "申請",
    "decision": "食い違いの判断",
    "twin_decision": "同じ人かどうかの判断",
    "custody": "預かり",
    "support": "支援",
    "photo": "写真",
    "": "記録",
}


@dataclass(frozen=True)
class Frame:
    """What every record states of itself: the laptop, the kit and the ledger it was made from."""

    device: str
    public: str
    city: str
    version: str
    made_at: str
    head_seq: int
    head_hash: str


@dataclass(frozen=True)
class Thing:
    """One sealed object. `fault` says why its deletion is not proved; times are "" while open."""

    kind: str
    id: str
    trip_id: str
    sha256: str
    size: int
    word: Word
    reason: str
    logical_at: str
    crypto_at: str
    row: LedgerRow | None
    fault: str = ""


@dataclass(frozen=True)
class Record:
    """What all records share. `waits`: not erased yet, and why. `faults`: why nothing is proved."""

    frame: Frame
    things: tuple[Thing, ...]
    logical_at: str
    crypto_at: str
    waits: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def state(self) -> str:
        """`proved`, `open` or `unproved`."""
        return "unproved" if self.faults else "open" if self.waits else "proved"

    @property
    def size(self) -> int:
        return sum(thing.size for thing in self.things)


@dataclass(frozen=True)
class TripRecord(Record):
    """The end of one trip or desk container. `secret_sha256` is of its day secret, as kept."""

    trip_id: str
    kind: str
    day: str
    numbers: tuple[int | str, ...]
    actor: str
    shredded_by: str
    secret_sha256: str
    row: LedgerRow | None
    forgot_at: str
    forgot: Word
    method: str = METHOD


@dataclass(frozen=True)
class ReservationRecord(Record):
    """One reception number (or one applicant of it) in every container that ever held it."""

    number: int | str
    reservation_id: str
    applicant_id: str
    booked_on: str
    visit_on: str
    trips: tuple[TripRecord, ...]
    row: LedgerRow | None
    method: str = METHOD


@dataclass(frozen=True)
class SeasonRecord(Record):
    """Every container and every reception of the days first..last."""

    first: str
    last: str
    trips: tuple[TripRecord, ...]
    receptions: tuple[ReservationRecord, ...]
    method: str = METHOD


def label(trip: TripRecord) -> str:
    """A container in words, the same wherever it is named."""
    day = wareki(date.fromisoformat(trip.day)) if trip.day else ""
    if trip.kind == "field":
        return f"{day}の訪問"
    return f"{'全体の状況' if trip.kind == 'office' else '受付データ'}（{day}から）"
