"""The whole job without a screen: reserve, check out, capture, sync, erase (design §5, §6)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from fieldkit import checkout, money, outbox, reserve, tripend, visit
from fieldkit.errors import KitError
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.store import facts, ledger, numbering, photos
from fieldkit.store.vault import Vault
from sync.ids import new_id
from sync.server import store
from tests import city_rows
from tests.conftest import SUZUKI, CityServer

JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 40_000 + b"\xff\xd9"
NAME = "渡邉葛󠄀城 𠮷乃"
DAY = "2026-07-01"


def take_reservation(vault: Vault) -> str:
    desk = reserve.open_desk(vault)
    reservation_id = new_id()
    fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目"}
    reserve.reserve(
        vault, desk, reservation_id, fields, [(new_id(), {"name": NAME, "kind": "lost"})]
    )
    return reservation_id


def make_visit(vault: Vault) -> tuple[str, str, str]:
    """A visit done up to its close: (trip id, reservation id, photo id)."""
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    applicant = reserve.slip(trip, reservation_id).applicants[0]
    photo_id = photos.seal(vault, trip, applicant.id, JPEG)
    photos.keep(vault, photo_id)
    visit.save_application(vault, trip, applicant, {"photo_id": photo_id, "answers": {"a": NAME}})
    visit.confirm(vault, trip, applicant)
    visit.close_visit(vault, trip, reservation_id)
    return trip.id, reservation_id, photo_id


def every_byte(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file())


def test_it_works(vault: Vault, city: CityServer, tmp_path: Path) -> None:
    trip_id, reservation_id, photo_id = make_visit(vault)
    assert tripend.blockers(vault, trip_id)
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert photos.row_of(vault, photo_id)["state"] == "erased"
    assert tripend.blockers(vault, trip_id) == []
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    row = reserve.reception_list(vault)[0]
    assert row["erased_on"] == DAY and row["visited_on"] == DAY and row["shared_on"] == DAY
    assert not (vault.settings.data_dir / "trips" / trip_id).exists()
    assert tripend.owed(vault) == []
    assert city_rows.jpeg(city.store, photo_id) == JPEG
    assert city_rows.trips(city.store)[trip_id].secret is None
    assert city_rows.bodies(city.store)[reservation_id]["state"] == "visited"
    everything = every_byte(tmp_path)
    assert NAME.encode() not in everything
    assert b"face-bytes-face-bytes-" not in everything
    assert ledger.check(vault.book) is None


def test_it_cannot_show_a_photo_after_the_visit(vault: Vault) -> None:
    _, _, photo_id = make_visit(vault)
    with pytest.raises(KitError) as caught:
        photos.show(vault, photo_id)
    assert caught.value.code == "photo_sealed"


def test_it_loses_nothing_when_the_city_is_away(vault: Vault, city: CityServer) -> None:
    trip_id, _, photo_id = make_visit(vault)
    city.stop()  # type: ignore[operator]
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code == "no_server"
    assert photos.row_of(vault, photo_id)["state"] == "queued"
    assert outbox.waiting(vault)["waiting"] > 0
    with pytest.raises(KitError):
        tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    assert (vault.settings.data_dir / "trips" / trip_id).exists()


def test_the_ledger_file_names_the_changed_row(vault: Vault, tmp_path: Path) -> None:
    make_visit(vault)
    data = ledger.export(vault.book, vault.device)
    good = tmp_path / "ledger.jsonl"
    good.write_bytes(data)
    run = [sys.executable, "-m", "sync.verify_ledger"]
    assert subprocess.run([*run, str(good)], capture_output=True).returncode == 0
    lines = data.splitlines()
    last = max(n for n, line in enumerate(lines) if line.startswith(b'{"body"'))
    for number in (0, 3, last):
        bad = [*lines]
        bad[number] = bad[number].replace(b"sato", b"taro")
        assert bad != lines
        (tmp_path / "bad.jsonl").write_bytes(b"\n".join(bad))
        done = subprocess.run(
            [*run, str(tmp_path / "bad.jsonl")], capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 1 and f"{number + 1}行目" in done.stdout


def test_a_wiped_trip_never_opens_again(vault: Vault) -> None:
    trip_id, _, _ = make_visit(vault)
    trip = vault.trip(trip_id)
    secret, public = trip.secret, trip.public
    outbox.sync(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    with pytest.raises(KitError):
        vault.open_trip(trip_id, secret)
    with pytest.raises(KitError) as caught:
        vault.add_trip(trip_id, "field", DAY, public, secret)
    assert caught.value.code == "trip_wiped"


def test_it_sends_the_same_things_twice_without_doubling(vault: Vault, city: CityServer) -> None:
    make_visit(vault)
    outbox.sync(vault)
    with vault.book.write() as conn:
        conn.execute("UPDATE outbox SET state = 'queued', receipt = NULL")
    outbox.sync(vault)
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        ops = conn.execute(sa.select(sa.func.count()).select_from(store.op)).scalar_one()
    count = vault.book.one("SELECT count(*) AS n FROM outbox WHERE state = 'receipted'")
    assert count and ops == count["n"]


def test_it_adopts_a_sealed_save_that_a_kill_left_behind(vault: Vault) -> None:
    take_reservation(vault)
    desk = reserve.open_desk(vault)
    assert vault.unnumbered == 2
    vault.unnumbered = 0  # what a new process knows
    assert numbering.adopt_orphans(vault) == 2
    assert numbering.adopt_orphans(vault) == 0
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert desk.id in vault.trips


def test_a_refused_save_is_parked_and_can_be_sent_again(vault: Vault, city: CityServer) -> None:
    trip_id, stranger = make_visit(vault)[0], new_id()
    assert numbering.adopt_orphans(vault) > 0
    shutil.copytree(vault.trip_folder(trip_id), vault.trip_folder(stranger))
    with vault.book.write() as conn:
        conn.execute("UPDATE outbox SET trip_id = ? WHERE entity = 'application'", (stranger,))
    outbox.sync(vault)
    parked = outbox.waiting(vault)["parked"]
    reasons = {item["reason"] for item in outbox.items(vault)}
    assert parked >= 1 and reasons == {"unknown_trip"}
    assert outbox.requeue(vault) == parked
    assert outbox.waiting(vault) == {"waiting": parked, "parked": 0}


def test_somebody_who_declines_does_not_hold_up_the_visit(vault: Vault) -> None:
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    applicant = reserve.slip(trip, reservation_id).applicants[0]
    photo_id = photos.seal(vault, trip, applicant.id, JPEG)
    photos.keep(vault, photo_id)
    visit.save_application(vault, trip, applicant, {"photo_id": photo_id})
    with pytest.raises(KitError):
        visit.close_visit(vault, trip, reservation_id)
    visit.set_aside(vault, trip, applicant, "declined", "")
    row = photos.row_of(vault, photo_id)
    assert (row["state"], row["reason"]) == ("erased", "withdrawn")
    visit.close_visit(vault, trip, reservation_id)
    kinds = [fact["kind"] for fact in facts.between(vault.book, DAY, DAY)]
    assert "set_aside" in kinds and "application" not in kinds
    outbox.sync(vault)
    tripend.end_trip(vault, trip.id, ("佐藤", "鈴木"))
    assert reserve.reception_list(vault)[0]["erased_on"] == DAY


def test_a_spoiled_receipt_keeps_its_number_and_its_reason(vault: Vault) -> None:
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    applicant = reserve.slip(trip, reservation_id).applicants[0]
    fee = Fee(2000, (("カード再交付（特急発行）", 1800), ("電子証明書", 200)), "LOST", "有料です。")
    cash = Cash()
    first = money.issue_receipt(vault, trip, applicant, fee, NAME, cash=cash, paper_no="101")
    with pytest.raises(KitError) as caught:
        money.spoil_receipt(vault, trip, applicant, "区分の変更")
    assert caught.value.code == "not_allowed"
    vault.user = SUZUKI
    with pytest.raises(KitError):
        money.spoil_receipt(vault, trip, applicant, "")
    money.spoil_receipt(vault, trip, applicant, "区分の変更", "changed")
    second = money.issue_receipt(vault, trip, applicant, fee, NAME, cash=cash, paper_no="102")
    assert (first, second) == ("K01-00001", "K01-00002")
    rows = vault.book.all("SELECT no, amount, state, reason FROM money ORDER BY number")
    assert [tuple(row) for row in rows] == [  # the book outlives the trip: no typed words in it
        ("K01-00001", 2000, "spoiled", "changed"),
        ("K01-00002", 2000, "issued", ""),
    ]
    now = visit.application(trip, applicant.id)
    said = {"no": first, "reason": "区分の変更", "why": "changed"}
    assert now and now.get("spoiled") == [said]
