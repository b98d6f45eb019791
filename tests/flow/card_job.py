"""A card's whole custody as a program that can be killed anywhere and started again.

    KIT_MEDIA=CARD python -m tests.flow.card_job DATA URL

It keeps no notes of its own: it looks at what the kit shows and goes on from there. One card is
imported, emptied and signed back; another one is lost.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fieldkit import cards, cards_import, checkout, reserve
from fieldkit.cards_import import Reader
from fieldkit.city import connect
from fieldkit.kit import Kit
from fieldkit.reserve import slips
from fieldkit.rules.photo_limits import Limits
from fieldkit.store.vault import Vault
from tests.flow import card
from tests.flow.job import DAY, FIRST, NOW, PASSPHRASE, PEOPLE, USER, settings_of

PICTURES = ("portrait", "wall", "wall2")


def picture(name: str) -> bytes:
    """What was shot: made by the test, so that this program need not draw it."""
    return (Path(os.environ["CARD_PICTURES"]) / name).read_bytes()


def day_open(vault: Vault) -> str:
    """One reservation, checked out and open; returns the trip's id."""
    desk = reserve.open_desk(vault)
    if not reserve.reception_list(vault):
        fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目"}
        reserve.reserve(vault, desk, FIRST, fields, [(PEOPLE[FIRST], {"name": "𠮷乃"})])
    if checkout.waiting_days(desk).get(DAY):
        return checkout.check_out(vault, desk, DAY).id
    row = vault.book.one("SELECT id FROM trip WHERE kind = 'field' AND state = 'out'")
    assert row is not None
    return vault.open_trip(row["id"], connect(vault).fetch_secret(row["id"])).id


def work(vault: Vault, place: Path) -> None:
    trip_id = day_open(vault)
    rows = {row["label"]: row for row in cards.board(vault)}
    if "カード1" not in rows:
        cards.take_out(vault, trip_id, "カード1", card.drive(place))
        card.shoot(place, *(picture(name) for name in PICTURES))
    if "カード2" not in rows:
        cards.take_out(vault, trip_id, "カード2", None)
    rows = {row["label"]: row for row in cards.board(vault)}
    if rows["カード2"]["state"] == "out":
        cards.report_lost(vault, rows["カード2"]["id"], "missing")
    finish(vault, trip_id, rows["カード1"]["id"], place)


def finish(vault: Vault, trip_id: str, card_id: str, place: Path) -> None:
    if cards.row_of(vault, card_id)["state"] == "out":
        if not list(place.rglob("*.JPG")):  # killed before the visit
            card.shoot(place, *(picture(name) for name in PICTURES))
        cards_import.read(vault, card_id, card.drive(place), Reader())
    person = slips(vault.trip(trip_id))[0].applicants[0]
    for shot in cards.shots_of(vault, card_id):
        if shot["state"] == "found" and shot["sha256"] == card.sha(picture("portrait")):
            data = picture("portrait")
            cards_import.take_in(vault, card_id, shot["sha256"], data, person, Limits())
        elif shot["state"] == "found":
            cards_import.set_aside(vault, card_id, [shot["sha256"]], "not_portrait")
    if cards.row_of(vault, card_id)["state"] not in ("emptied", "back"):
        card.empty(vault, card_id, place)
    if cards.row_of(vault, card_id)["state"] == "emptied":
        cards.give_back(vault, card_id)


def main(data: str, url: str) -> int:
    kit = Kit(settings_of(Path(data), url))
    kit.log_in(USER, PASSPHRASE, NOW.timestamp())
    try:
        work(kit.open_vault(), Path(os.environ["KIT_MEDIA"]))
    finally:
        kit.put_away()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
