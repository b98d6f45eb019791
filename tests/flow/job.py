"""The whole job as a program that can be killed anywhere and started again.

    python -m tests.flow.job DATA URL

It keeps no notes of its own: like a person after a power cut it looks at what the kit shows and
goes on from there. The day secret comes from "the sheet", which here is the city's second way.
Exit codes: 0 the job is done, 3 the city did not answer (its code is printed), 137 killed.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from fieldkit import checkout, money, outbox, reserve, tripend, visit
from fieldkit.city import connect
from fieldkit.clock import JST
from fieldkit.errors import KitError
from fieldkit.kit import Kit
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.settings import Argon2, Settings
from fieldkit.store import photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import pace
from sync.road import NoAnswer

# The cast of tests/conftest.py; importing that would load the whole city server at every start.
USER, PASSPHRASE = "sato", "あおいうみのみえるまち汐見"
CHEAP = Argon2(memory_kib=64, iterations=1, lanes=1)
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=JST)

DAY = "2026-07-01"
NAME = "渡邉葛󠄀城 𠮷乃"
JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 30_000 + b"\xff\xd9"
FIRST = "019f0000-0000-7000-8000-00000000000a"
SECOND = "019f0000-0000-7000-8000-00000000000b"
PEOPLE = {FIRST: FIRST[:-1] + "1", SECOND: SECOND[:-1] + "2"}
FEE = Fee(1000, (("再交付手数料", 1000),), "lost", "1,000円です。")
WITNESSES = ("佐藤", "鈴木")


def settings_of(data: Path, url: str) -> Settings:
    return Settings(data_dir=data, server_url=url, argon2=CHEAP, clock=lambda: NOW)


def shown(vault: Vault, reservation_id: str) -> str:
    """The state in 受付一覧表, the one list that outlives everything; "" before the call."""
    rows = reserve.reception_list(vault)
    return next((str(r["state"]) for r in rows if r["reservation_id"] == reservation_id), "")


def take_calls(vault: Vault, desk: OpenTrip) -> None:
    """Both reservations; a draft that is still there says that a save was not acknowledged."""
    for order, (reservation_id, applicant_id) in enumerate(PEOPLE.items(), start=1):
        state = shown(vault, reservation_id)
        if state == "":
            records.save_draft(vault, desk, reservation_id, "desk", {"name": NAME})
        elif state != "booked" or records.draft(desk, reservation_id, "desk") is None:
            continue
        fields = {"visit_date": DAY, "half": "am", "order": order, "address": f"汐見市{NAME}"}
        people = [(applicant_id, {"name": NAME, "kind": "lost"})]
        reserve.reserve(vault, desk, reservation_id, fields, people)


def open_day(vault: Vault, desk: OpenTrip) -> OpenTrip:
    """Check out what waits; otherwise open the day that is on the laptop, with its sheet."""
    if checkout.waiting_days(desk).get(DAY):
        return checkout.check_out(vault, desk, DAY)
    row = vault.book.one("SELECT id FROM trip WHERE kind = 'field' AND state = 'out'")
    assert row is not None
    return vault.open_trip(row["id"], connect(vault).fetch_secret(row["id"]))


def receive(vault: Vault, trip: OpenTrip, applicant: Record) -> str:
    """The fee against a sheet of the paper book, the same sheet after a kill."""
    sheet = f"A-{applicant.id[-1]}"
    return money.issue_receipt(vault, trip, applicant, FEE, NAME, cash=Cash(), paper_no=sheet)


def serve(vault: Vault, trip: OpenTrip, found: reserve.Slip) -> None:
    """One home: form, photo (first home only), money, the check of the answers, the close."""
    if found.reservation.get("state") == "visited":
        return
    applicant = found.applicants[0]

    def now(name: str) -> str:
        saved: Record | None = visit.application(trip, applicant.id)
        return str(saved.get(name)) if saved else ""

    if not now("answers"):
        visit.save_application(vault, trip, applicant, {"answers": {"name": NAME}})
    if found.reservation.id == FIRST and not now("photo_id"):
        photo_id = photos.seal(vault, trip, applicant.id, JPEG)
        photos.keep(vault, photo_id)
        visit.save_application(vault, trip, applicant, {"photo_id": photo_id})
    if not now("receipt_no"):
        receive(vault, trip, applicant)
    if now("state") != "confirmed":
        visit.confirm(vault, trip, applicant)
    visit.close_visit(vault, trip, found.reservation.id)


def work(vault: Vault) -> None:
    desk = reserve.open_desk(vault)
    take_calls(vault, desk)
    if any(shown(vault, r) in ("booked", "shared", "visited") and not ended(vault) for r in PEOPLE):
        trip = open_day(vault, desk)
        for found in reserve.slips(trip):
            serve(vault, trip, found)
        outbox.sync(vault)
        tripend.end_trip(vault, trip.id, WITNESSES)
    outbox.sync(vault)
    tripend.run_owed(vault)
    tripend.tell_city(vault)


def ended(vault: Vault) -> bool:
    """Whether the day's data is gone from the laptop."""
    row = vault.book.one("SELECT count(*) AS n FROM trip WHERE kind = 'field' AND state = 'wiped'")
    return bool(row and row["n"])


def main(data: str, url: str) -> int:
    pace.NEAR = 0.0  # a photo goes in parts, however near the city is: each place of it is passed
    kit = Kit(settings_of(Path(data), url))
    try:
        kit.log_in(USER, PASSPHRASE, 0.0)
        work(kit.open_vault())
    except KitError as error:
        print(error.code)
        return 3
    except NoAnswer:  # "the sheet" is the city's second way here
        print("no_server")
        return 3
    kit.put_away()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
