"""`saves.rec`: what a kill, a torn end, a flipped bit and a full disk leave of it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import outbox
from fieldkit.errors import KitError
from fieldkit.kit import Kit
from fieldkit.store import numbering, opening, records, saves
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import new_id
from sync.packet import open_record
from sync.wire import new_sealing_key
from tests.conftest import PASSPHRASE, SATO

SECRET = b"1" * 16
PRIVATE, PUBLIC = new_sealing_key()


@pytest.fixture
def trip(vault: Vault) -> OpenTrip:
    return vault.add_trip(new_id(), "field", "2026-07-01", PUBLIC, SECRET)


def save(vault: Vault, trip: OpenTrip, note: str, record_id: str | None = None) -> str:
    return records.save(vault, trip, "application", {"note": note}, record_id).id


def notes(trip: OpenTrip) -> list[str]:
    """What the city could read from the file alone, with the trip's private key."""
    found = saves.after(trip.folder, None)
    return [
        open_record(PRIVATE, trip.id, s.op, s.sealed)["set"]["note"] if s.op else "damaged"
        for s in found
    ]


def after_a_power_cut(vault: Vault, trip: OpenTrip, folder: Path) -> tuple[Vault, Path]:
    """The disk as it is now, in a new process; nothing was closed."""
    shutil.copytree(vault.settings.data_dir, folder)
    return opening.unlock(
        replace(vault.settings, data_dir=folder), SATO.id, PASSPHRASE
    ), folder / "trips" / trip.id / saves.NAME


def test_it_holds_every_save_in_order(vault: Vault, trip: OpenTrip) -> None:
    first = save(vault, trip, "一")
    save(vault, trip, "二", first)
    save(vault, trip, "三")
    assert notes(trip) == ["一", "二", "三"] and vault.unnumbered == 3
    assert numbering.adopt_orphans(vault) == 3 and trip.flushed == trip.saved == 3
    rows = vault.book.all("SELECT * FROM outbox ORDER BY n")
    assert [row["n"] for row in rows] == [1, 2, 3]
    for row in rows:
        sealed = numbering.sealed_bytes(vault, row)
        assert sealed and open_record(PRIVATE, trip.id, row["op_id"], sealed)


def test_a_line_that_a_power_cut_kept_out_of_the_file_comes_back(
    vault: Vault, trip: OpenTrip, tmp_path: Path
) -> None:
    first = save(vault, trip, "一")
    trip.flush()
    whole = (trip.folder / saves.NAME).stat().st_size
    save(vault, trip, "二", first)
    save(vault, trip, "三", first)
    again, file = after_a_power_cut(vault, trip, tmp_path / "cut")
    with file.open("r+b") as f:
        f.truncate(whole + 40)  # the second line is torn, the third never reached the disk
    assert again.left_open(trip.id)
    opened = again.open_trip(trip.id, SECRET)
    assert notes(opened) == ["一", "二", "三"]
    assert (opened.folder / saves.TORN).exists()
    again.close()
    assert not again.left_open(trip.id)


def test_zeros_at_the_end_are_put_aside(vault: Vault, trip: OpenTrip, tmp_path: Path) -> None:
    save(vault, trip, "一")
    trip.flush()
    again, file = after_a_power_cut(vault, trip, tmp_path / "cut")
    with file.open("ab") as f:
        f.write(bytes(3000))  # what some file systems leave of an append
    opened = again.open_trip(trip.id, SECRET)
    save(again, opened, "二")
    assert notes(opened) == ["一", "二"]
    again.close()


def test_a_hole_is_filled_with_all_that_follows_it(
    vault: Vault, trip: OpenTrip, tmp_path: Path
) -> None:
    """A disk may write back a later block first: an old value must not come behind a newer one."""
    first = save(vault, trip, "一")
    trip.flush()
    whole = (trip.folder / saves.NAME).stat().st_size
    save(vault, trip, "二", first)
    save(vault, trip, "三", first)
    again, file = after_a_power_cut(vault, trip, tmp_path / "cut")
    with file.open("r+b") as f:
        f.seek(whole + 40)
        f.write(bytes(200))
    assert numbering.adopt_orphans(again) == 1, "what the hole hit is not sent out of order"
    opened = again.open_trip(trip.id, SECRET)
    assert notes(opened) == ["一", "二", "三"]
    assert numbering.adopt_orphans(again) == 2
    assert outbox.waiting(again) == {"waiting": 3, "parked": 0}
    again.close()


def test_a_missing_line_end_is_added(vault: Vault, trip: OpenTrip, tmp_path: Path) -> None:
    save(vault, trip, "一")
    trip.flush()
    again, file = after_a_power_cut(vault, trip, tmp_path / "cut")
    with file.open("r+b") as f:
        f.truncate(file.stat().st_size - 1)
    opened = again.open_trip(trip.id, SECRET)
    assert notes(opened) == ["一"] and not (opened.folder / saves.TORN).exists()
    again.close()


@pytest.mark.parametrize("where", [5, 100, 700])
def test_a_flipped_bit_parks_one_save_and_no_other(
    vault: Vault, trip: OpenTrip, where: int
) -> None:
    save(vault, trip, "一" * 300)
    save(vault, trip, "二" * 300)
    trip.flush()
    file = trip.folder / saves.NAME
    data = bytearray(file.read_bytes())
    data[where] ^= 4
    file.write_bytes(bytes(data))
    assert notes(trip)[1] == "二" * 300
    assert numbering.adopt_orphans(vault) == 2
    told = {item["state"]: item["reason"] for item in outbox.items(vault)}
    assert told == {"parked": "file_damaged", "queued": ""}
    assert outbox.waiting(vault) == {"waiting": 1, "parked": 1}


def test_damage_after_numbering_is_seen_before_sending(vault: Vault, trip: OpenTrip) -> None:
    save(vault, trip, "一" * 300)
    numbering.adopt_orphans(vault)
    file = trip.folder / saves.NAME
    data = bytearray(file.read_bytes())
    data[300] ^= 1
    file.write_bytes(bytes(data))
    row = vault.book.one("SELECT * FROM outbox")
    assert numbering.sealed_bytes(vault, row) is None


def test_older_and_newer_saves_keep_their_order_over_two_trips(
    vault: Vault, trip: OpenTrip
) -> None:
    other = vault.add_trip(new_id(), "field", "2026-07-02", PUBLIC, SECRET)
    for number in range(6):
        save(vault, (trip, other)[number % 2], str(number))
    numbering.adopt_orphans(vault)
    rows = vault.book.all("SELECT op_id FROM outbox ORDER BY n")
    ops = [row["op_id"] for row in rows]
    assert ops == sorted(ops) and len(ops) == 6


def test_the_running_kit_makes_lines_durable_by_itself(vault: Vault) -> None:
    vault.close()
    kit = Kit(vault.settings)
    kit.log_in(SATO.id, PASSPHRASE, time.monotonic())
    opened = kit.open_vault().add_trip(new_id(), "field", "2026-07-01", PUBLIC, SECRET)
    kit.watch_idle(every=0.05)
    save(kit.open_vault(), opened, "一")
    for _ in range(200):
        if opened.flushed == opened.saved:
            break
        time.sleep(0.02)
    assert opened.flushed == opened.saved == 1
    kit.put_away()


def test_a_full_disk_does_not_keep_the_kit_open(vault: Vault) -> None:
    vault.close()
    kit = Kit(vault.settings)
    kit.log_in(SATO.id, PASSPHRASE, 0.0)
    with kit.open_vault().book.read() as conn:
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
        conn.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own "disk is full"
    with pytest.raises(KitError) as caught:
        for number in range(1000):
            kit.open_vault().note("view", str(number))
    assert caught.value.code == "disk_full"
    assert kit.lock_if_idle(10_000.0) and kit.vault is None


@pytest.mark.skipif(os.name == "nt", reason="NOT TESTED: rights are those of the user's folder")
def test_the_data_folder_is_for_one_user_alone(vault: Vault) -> None:
    assert vault.settings.data_dir.stat().st_mode & 0o777 == 0o700
