"""Random steps with cash, the same for one seed, as a program that can be killed anywhere.

    python -m tests.flow.cash_random_job DATA SEED FROM TO

One line a step goes to standard output once the step is over: what the kit answered.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path

from fieldkit import money, visit
from fieldkit.errors import KitError
from fieldkit.kit import Kit
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import wire
from tests.flow.job import DAY, NOW, PASSPHRASE, settings_of
from tests.flow.money_job import BOSS, SECRET, TRIP

PEOPLE = [f"019f0000-0000-7000-8000-00000000a{at:03x}" for at in range(20)]
HOME = "019f0000-0000-7000-8000-00000000b000"
YEN = (800, 1000, 1800, 2000)


@dataclass(frozen=True)
class Step:
    """One thing that an officer does to one person."""

    act: str
    person: int
    yen: int
    sheet: int


def steps(seed: int, count: int) -> list[Step]:
    dice = random.Random(seed)
    acts = ["take"] * 6 + ["spoil"] * 3 + ["free", "aside", "back", "back"]
    return [
        Step(dice.choice(acts), dice.randrange(len(PEOPLE)), dice.choice(YEN), dice.randrange(400))
        for _ in range(count)
    ]


def fee_of(yen: int) -> Fee:
    return Fee(yen, (("カード再交付", yen),), "LOST", "有料です。")


def open_day(vault: Vault) -> OpenTrip:
    if vault.book.one("SELECT 1 FROM trip WHERE id = ?", TRIP):
        return vault.open_trip(TRIP, SECRET)
    trip = vault.add_trip(TRIP, "field", DAY, wire.new_sealing_key()[1], SECRET)
    home = {"visit_date": DAY, "reception_no": 1, "state": "shared"}
    records.save(vault, trip, "reservation", home, HOME)
    for person in PEOPLE:
        records.save(vault, trip, "applicant", {"name": "森 進", "kind": "lost"}, person, HOME)
    return trip


def do(vault: Vault, trip: OpenTrip, step: Step) -> str:
    person: Record = records.get(trip, PEOPLE[step.person])
    try:
        if step.act == "take":
            return money.issue_receipt(
                vault,
                trip,
                person,
                fee_of(step.yen),
                "森 進",
                cash=Cash(),
                paper_no=str(step.sheet),
            )
        if step.act == "spoil":
            money.spoil_receipt(vault, trip, person, "まちがい", "other")
        elif step.act == "free":
            money.receive_nothing(vault, trip, person, Fee(0, (("盗難", 0),), "STOLEN", "無料"))
        else:
            outcome = "declined" if step.act == "aside" else "doing"
            visit.set_aside(vault, trip, person, outcome, "")
    except KitError:
        return "no"
    return "yes"


def main(data: str, seed: str, first: str, last: str) -> int:
    kit = Kit(settings_of(Path(data), ""))
    kit.log_in(BOSS, PASSPHRASE, NOW.timestamp())
    try:
        vault = kit.open_vault()
        trip = open_day(vault)
        for step in steps(int(seed), int(last))[int(first) :]:
            print(do(vault, trip, step), flush=True)
    finally:
        kit.put_away()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
