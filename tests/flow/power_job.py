"""The job on a disk whose power will fail; after each act it says what was acknowledged, and when.

    python -m tests.flow.power_job DATA URL LOG TOLD [careless]

A line of TOLD (outside the disk) is what the kit shows at that moment, and `at`: how long the log
of the disk's writes was (tests/erase/block_log.py). A cut later than `at` may not take any of it
back. `careless` is the control: from the check-out on nothing is forced to the disk.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from fieldkit import erase, outbox, reserve, tripend, visit
from fieldkit.kit import Kit
from fieldkit.store import ledger, photos, records, saves
from fieldkit.store.keyslots import User
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from tests.flow import job

OTHER = User("suzuki", "鈴木 一郎", "supervisor")
OLD, NEW = "ゆきどけ ながれる かわべ", "さざなみ とまりぎ ほたるび"


class Told:
    """What somebody who stood beside the laptop knows."""

    def __init__(self, log: Path, told: Path) -> None:
        self.log = log
        self.file = told.open("a", encoding="utf-8")
        self.opens: list[str] = []  # which words open OTHER's slot
        self.secrets: dict[str, str] = {}

    def __call__(self, vault: Vault, act: str) -> None:
        at = self.log.stat().st_size
        for trip in vault.trips.values():
            self.secrets[trip.id] = trip.secret.hex()
        now = {"at": at, "act": act, "opens": self.opens, "secrets": self.secrets, **shown(vault)}
        self.file.write(json.dumps(now, ensure_ascii=False) + "\n")
        self.file.flush()


def shown(vault: Vault) -> dict[str, Any]:
    """Everything that the kit shows, or has to remember, of what was saved."""
    pictures = vault.book.all("SELECT id, trip_id, state FROM photo")
    return {
        "trips": {row["id"]: row["state"] for row in vault.book.all("SELECT * FROM trip")},
        "open": {trip.id: contents(trip) for trip in vault.trips.values()},
        "photos": {row["id"]: dict(row) for row in pictures},
        "money": [tuple(r) for r in vault.book.all("SELECT no, application_id FROM money")],
        "receipts": len(vault.book.all("SELECT digest FROM receipt")),
        "reception": {r["reservation_id"]: r["state"] for r in reserve.reception_list(vault)},
        "head": ledger.head(vault.book),
    }


def contents(trip: OpenTrip) -> dict[str, Any]:
    drafts = trip.db.all("SELECT record_id || ' ' || form AS id, body FROM draft")
    return {
        "records": {r["id"]: json.loads(r["body"]) for r in trip.db.all("SELECT * FROM record")},
        "drafts": {r["id"]: json.loads(r["body"]) for r in drafts},
        "ops": [save.op for save in saves.after(trip.folder, None)],
    }


def people(vault: Vault, told: Told) -> None:
    """A second person comes, and changes her passphrase."""
    vault.add_user(OTHER, OLD)
    told.opens = [OLD]
    told(vault, "user added")
    vault.change_passphrase(OTHER.id, NEW)
    told.opens = [NEW]
    told(vault, "passphrase changed")


def take_calls(vault: Vault, desk: OpenTrip, told: Told) -> None:
    for order, (home, person) in enumerate(job.PEOPLE.items(), start=1):
        for typed in (job.NAME[:3], job.NAME):
            records.save_draft(vault, desk, home, "desk", {"name": typed})
            told(vault, "call typed")
        fields = {"visit_date": job.DAY, "half": "am", "order": order, "address": f"汐見市{order}"}
        reserve.reserve(vault, desk, home, fields, [(person, {"name": job.NAME, "kind": "lost"})])
        told(vault, "call saved")


def form(vault: Vault, trip: OpenTrip, person: Record, told: Told) -> None:
    answers: dict[str, str] = {}
    for number in range(6):
        answers = {**answers, "name": job.NAME, f"memo{number}": f"{job.NAME}は{number}回目です"}
        records.save_draft(vault, trip, person.id, "form", answers)
        told(vault, "form typed")
        visit.save_application(vault, trip, person, {"answers": answers})
        told(vault, "form saved")
    records.drop_draft(trip, person.id, "form")


def picture(vault: Vault, trip: OpenTrip, person: Record, told: Told) -> str:
    photo_id = photos.seal(vault, trip, person.id, job.JPEG)
    told(vault, "photo taken")
    photos.keep(vault, photo_id)
    told(vault, "photo kept")
    visit.save_application(vault, trip, person, {"photo_id": photo_id})
    told(vault, "photo saved")
    return photo_id


def home(vault: Vault, trip: OpenTrip, found: reserve.Slip, told: Told) -> None:
    """One visit; in the first home the photo is taken twice, and the first one is erased."""
    person = found.applicants[0]
    form(vault, trip, person, told)
    if found.reservation.id == job.FIRST:
        first = picture(vault, trip, person, told)
        picture(vault, trip, person, told)
        assert erase.erase_photo(vault, first, "retaken")
        told(vault, "photo erased")
    job.receive(vault, trip, person)
    told(vault, "fee taken")
    visit.confirm(vault, trip, person)
    told(vault, "confirmed")
    visit.close_visit(vault, trip, found.reservation.id)
    told(vault, "visit closed")


def work(vault: Vault, told: Told, careless: bool) -> None:
    told(vault, "login")
    people(vault, told)
    desk = reserve.open_desk(vault)
    told(vault, "desk opened")
    take_calls(vault, desk, told)
    trip = job.open_day(vault, desk)
    told(vault, "checked out")
    if careless:
        be_careless(vault)
    for found in reserve.slips(trip):
        home(vault, trip, found, told)
        outbox.sync(vault)
        told(vault, "sent")
    vault.forget_trip(trip.id)
    told(vault, "day closed")
    tripend.end_trip(vault, trip.id, job.WITNESSES)
    told(vault, "trip ended")


def be_careless(vault: Vault) -> None:
    """What many programs do: write, and leave it to the system when it reaches the disk."""
    for db in (vault.book, *(trip.db for trip in vault.trips.values())):
        with db.read() as conn:
            conn.execute("PRAGMA synchronous = OFF")
    os.fsync = lambda fd: None


def main(data: str, url: str, log: str, told: str, how: str = "") -> None:
    kit = Kit(job.settings_of(Path(data), url))
    kit.log_in(job.USER, job.PASSPHRASE, 0.0)
    work(kit.open_vault(), Told(Path(log), Path(told)), how == "careless")
    kit.put_away()


if __name__ == "__main__":
    main(*sys.argv[1:])
