"""Cash from the first number to the gift, as a program that can be killed anywhere and restarted.

    python -m tests.flow.money_job DATA

It keeps no notes of its own: it looks at what the kit shows and goes on from there. A supervisor
takes a fee against a sheet of the paper book, spoils it, takes it again with the next sheet, and
hands over a gift twice, taking it back in between.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fieldkit import incentive, money, visit
from fieldkit.kit import Kit
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.rules.gifts import Gift
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import wire
from tests.flow.job import DAY, FIRST, NAME, NOW, PASSPHRASE, PEOPLE, settings_of

BOSS = "suzuki"
TRIP = "019f0000-0000-7000-8000-0000000000ff"
SECRET = bytes(range(16))
FEE = Fee(2000, (("カード再交付（特急発行）", 1800), ("電子証明書", 200)), "LOST", "有料です。")
GIFT = Gift("商品券", 2000, 3)


def open_day(vault: Vault) -> tuple[OpenTrip, Record]:
    """The day's trip with one home and one person; made at the first start."""
    if vault.book.one("SELECT 1 FROM trip WHERE id = ?", TRIP):
        trip = vault.open_trip(TRIP, SECRET)
    else:
        _, public = wire.new_sealing_key()
        trip = vault.add_trip(TRIP, "field", DAY, public, SECRET)
    home: dict[str, Any] = {"visit_date": DAY, "reception_no": 1, "state": "shared"}
    if not records.find(trip, "reservation"):
        records.save(vault, trip, "reservation", home, FIRST)
    if not records.find(trip, "applicant"):
        fields = {"name": NAME, "kind": "lost"}
        records.save(vault, trip, "applicant", fields, PEOPLE[FIRST], FIRST)
    return trip, records.get(trip, PEOPLE[FIRST])


def work(vault: Vault) -> None:
    trip, person = open_day(vault)

    def now(name: str) -> Any:
        found = visit.application(trip, person.id)
        return found.get(name) if found else ""

    def take(sheet: str) -> None:
        money.issue_receipt(vault, trip, person, FEE, NAME, cash=Cash(), paper_no=sheet)

    if not now("spoiled"):
        if not now("receipt_no"):
            take("A-101")
        money.spoil_receipt(vault, trip, person, f"{NAME}様", "wrong_payer")
    if not now("receipt_no"):
        take("A-102")
    if now("state") != "confirmed":
        visit.confirm(vault, trip, person)
    undone = vault.book.one("SELECT 1 FROM incentive WHERE state = 'undone'")
    if not undone:
        incentive.give(vault, trip, person, GIFT)
        incentive.undo(vault, person.id, "returned")
    incentive.give(vault, trip, person, GIFT)


def main(data: str) -> int:
    kit = Kit(settings_of(Path(data), ""))
    kit.log_in(BOSS, PASSPHRASE, NOW.timestamp())
    try:
        work(kit.open_vault())
    finally:
        kit.put_away()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
