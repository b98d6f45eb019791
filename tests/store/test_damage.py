"""One bit flips in one file: the kit says which, keeps the file, and all that can go on goes on.

Every file of a data folder, at its beginning, middle, end and places between. The laptop stands
in the middle of its day, with saves and a photo that wait for the city, and with logs that a kill
left.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from fieldkit import checkout, outbox, reserve, visit
from fieldkit.city import enrol_device
from fieldkit.errors import KitError
from fieldkit.kit import Kit
from fieldkit.settings import Settings, load_settings
from fieldkit.store import ledger, opening, photos, saves
from fieldkit.store.vault import Vault
from tests.conftest import FAST, NOW, PASSPHRASE, SATO, SUZUKI, start_city
from tests.flow.test_kill import in_thread
from tests.flow.test_one_visit import DAY, NAME, take_reservation

JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 400 + b"\xff\xd9"
PLACES = (0.0, 0.003, 0.11, 0.37, 0.5, 0.83, 1.0)


@dataclass
class Day:
    """A laptop in the middle of its day: folders, and what has to be there again."""

    folder: Path
    settings: Settings
    trip: str
    secret: bytes
    photo: str

    @property
    def kit(self) -> Path:
        return self.settings.data_dir

    @property
    def trip_dir(self) -> Path:
        return self.kit / "trips" / self.trip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Made once; each test gets a copy of the laptop. The WALs are those of a killed kit."""
    folder = tmp_path_factory.mktemp("day")
    city = start_city(folder / "city")
    settings = Settings(
        data_dir=folder / "live", server_url=city.url, argon2=FAST, clock=lambda: NOW
    )
    vault, _ = opening.create(settings, SUZUKI, PASSPHRASE)
    vault.add_user(SATO, PASSPHRASE)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    person = reserve.slip(trip, reservation_id).applicants[0]
    photo_id = photos.seal(vault, trip, person.id, JPEG)
    photos.keep(vault, photo_id)
    for turn in range(3):
        visit.save_application(vault, trip, person, {"answers": {"name": NAME, "n": str(turn)}})
    shutil.copytree(folder / "live", folder / "kit")  # what a kill leaves behind
    secret = trip.secret  # zeros after the close
    vault.close()
    city.stop()  # type: ignore[operator]
    city.engine.dispose()  # type: ignore[attr-defined]
    return Day(folder, settings, trip.id, secret, photo_id)


@pytest.fixture
def day(made: Day, tmp_path: Path) -> Day:
    shutil.copytree(made.folder / "kit", tmp_path / "kit")
    return replace(made, settings=replace(made.settings, data_dir=tmp_path / "kit"))


@pytest.fixture
def online(day: Day) -> Iterator[Day]:
    """With a city of this test's own: it would refuse a second laptop of the same number."""
    folder = day.kit.parent / "city"
    shutil.copytree(day.folder / "city", folder)
    with in_thread(folder) as url:
        yield replace(day, settings=replace(day.settings, server_url=url))


def flip(path: Path, place: float) -> bytes:
    """Flip one bit at this part of the file; returns the damaged bytes."""
    data = bytearray(path.read_bytes())
    data[min(len(data) - 1, int(len(data) * place))] ^= 1 << 2
    path.write_bytes(data)
    return bytes(data)


def unlock(day: Day, who: str = "sato", minutes: int = 0) -> Vault:
    later = replace(day.settings, clock=lambda: NOW + timedelta(minutes=minutes))
    return opening.unlock(later, who, PASSPHRASE)


def refused(day: Day, who: str = "sato") -> KitError:
    with pytest.raises(KitError) as caught:
        unlock(day, who)
    return caught.value


def copies(folder: Path) -> set[bytes]:
    kept = folder / "damaged"
    return {file.read_bytes() for file in kept.iterdir()} if kept.is_dir() else set()


def works(vault: Vault, day: Day) -> None:
    """The day goes on: the trip opens and shows, a save and the sending work."""
    trip = vault.open_trip(day.trip, day.secret)
    person = reserve.slips(trip)[0].applicants[0]
    assert person.get("name") == NAME
    visit.save_application(vault, trip, person, {"answers": {"name": NAME, "n": "last"}})
    assert ledger.check(vault.book) is None


def test_an_untouched_copy_says_nothing(day: Day) -> None:
    vault = unlock(day)
    works(vault, day)
    assert vault.damage == []
    vault.close()
    assert list(day.kit.rglob("damaged")) == []


# -- the book -------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_book_is_named_kept_and_not_opened(day: Day, place: float) -> None:
    unlock(day).close()  # everything is in the file itself now
    wrong = flip(day.kit / "ledger.db", place)
    error = refused(day)
    assert error.code == "vault_damaged" and "ledger.db" in error.sentence
    assert error.action == "stop"
    assert wrong in copies(day.kit)
    assert (day.kit / "ledger.db").read_bytes() == wrong, "the only copy is as it was found"
    assert refused(day).code == "vault_damaged"
    assert len(copies(day.kit)) == 1, "one copy, however often somebody tries"


@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_log_of_the_book_never_loses_rows_in_silence(day: Day, place: float) -> None:
    log = day.kit / "ledger.db-wal"
    assert log.stat().st_size > 20_000
    wrong = flip(log, place)
    try:
        vault = unlock(day)
    except KitError as error:
        assert error.code == "vault_damaged" and "ledger.db-wal" in error.sentence
        assert log.read_bytes() == wrong
    else:  # only the last transaction can be meant: a power cut looks the same
        assert place > 0.8
        assert len(vault.damage) == 1 and "ledger.db-wal" in vault.damage[0]
        newest = [row["act"] for row in ledger.rows(vault.book, 3)]
        assert "damage_found" in newest
        works(vault, day)
        vault.close()
    assert wrong in copies(day.kit)


@pytest.mark.parametrize("left", [0, 16])
def test_a_missing_book_is_not_made_anew(day: Day, left: int) -> None:
    unlock(day).close()
    data = (day.kit / "ledger.db").read_bytes()
    (day.kit / "ledger.db").write_bytes(data[:left])
    error = refused(day)
    assert error.code in ("vault_missing", "vault_damaged") and "ledger.db" in error.sentence
    assert (day.kit / "ledger.db").stat().st_size == left


# -- a trip ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["store.db", "store.db-wal"])
def test_a_damaged_trip_does_not_stop_the_rest(online: Day, name: str, place: float) -> None:
    day = online
    file = day.trip_dir / name
    if name == "store.db":  # everything in the file itself
        vault = unlock(day)
        vault.open_trip(day.trip, day.secret)
        vault.close()
    wrong = flip(file, place)
    vault = unlock(day)
    try:
        vault.open_trip(day.trip, day.secret)
    except KitError as error:
        assert error.code == "vault_damaged" and f"trips/{day.trip}/{name}" in error.sentence
        assert file.read_bytes() == wrong
    else:
        assert name == "store.db-wal" and place > 0.5
        assert name in vault.damage[-1]
    assert wrong in copies(day.trip_dir), "the copy ends with its trip"
    desk = reserve.open_desk(vault)
    assert reserve.slips(desk) and reserve.reception_list(vault)
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}, "its saves still reach the city"
    vault.close()


def test_a_store_that_is_gone_is_not_made_anew(day: Day) -> None:
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (day.trip_dir / name).unlink(missing_ok=True)
    vault = unlock(day)
    with pytest.raises(KitError) as caught:
        vault.open_trip(day.trip, day.secret)
    assert caught.value.code == "vault_missing" and "store.db" in caught.value.sentence
    assert not (day.trip_dir / "store.db").exists()
    vault.close()


def test_a_trip_that_broke_while_locked_does_not_lock_everybody_out(online: Day) -> None:
    day = online
    kit = Kit(day.settings)
    kit.log_in("sato", PASSPHRASE, 0.0)
    kit.open_vault().open_trip(day.trip, day.secret)
    reserve.open_desk(kit.open_vault())
    kit.put_away()
    flip(day.trip_dir / "store.db", 0.5)
    kit.log_in("sato", PASSPHRASE, 0.0)
    vault = kit.open_vault()
    assert day.trip not in vault.trips and "store.db" in vault.damage[0]
    assert [t.kind for t in vault.trips.values()] == ["desk"]
    kit.put_away()


# -- what waits for the city ----------------------------------------------------------------------
@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_photo_is_parked_before_it_is_sent(online: Day, place: float) -> None:
    day = online
    file = day.trip_dir / f"{day.photo}.ph"
    wrong = flip(file, place)
    vault = unlock(day)
    works(vault, day)
    outbox.sync(vault)
    row = photos.row_of(vault, day.photo)
    assert (row["state"], row["reason"]) == ("parked", "file_damaged")
    assert file.read_bytes() == wrong, "it stays, as it was found"
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 1}, "everything else was sent"
    vault.close()


@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_save_is_parked_and_the_others_arrive(online: Day, place: float) -> None:
    day = online
    wrong = flip(day.trip_dir / saves.NAME, place)
    vault = unlock(day)
    works(vault, day)
    outbox.sync(vault)
    left = outbox.waiting(vault)
    assert left["waiting"] == 0 and left["parked"] <= 2
    reasons = {row["reason"] for row in outbox.items(vault)}
    assert reasons <= {"file_damaged", "cannot_open"}, "a changed id is found by the city's key"
    everything = (day.trip_dir / saves.NAME).read_bytes() + b"".join(
        file.read_bytes() for file in day.trip_dir.glob("saves.torn")
    )
    assert wrong[:-1] in everything or all(
        line in everything for line in wrong.split(b"\n") if line
    ), "the damaged bytes are still there"
    vault.close()


# -- keys, delays, settings -----------------------------------------------------------------------
@pytest.mark.parametrize("place", [*PLACES, 0.05, 0.2, 0.3, 0.45, 0.6, 0.7, 0.95])
def test_a_damaged_key_file_stops_nobody_but_the_one_it_hit(day: Day, place: float) -> None:
    wrong = flip(day.kit / "slots.json", place)
    came_in = []
    for who in ("suzuki", "sato"):
        try:
            vault = unlock(day, who)
        except KitError as error:
            assert error.code == "slots_damaged" and "slots.json" in error.sentence
        else:
            assert any("slots.json" in says for says in vault.damage)
            works(vault, day)
            vault.close()
            came_in.append(who)
    assert came_in, "one bit never locks out both"
    assert wrong in copies(day.kit)
    assert (day.kit / "slots.json").read_bytes() == wrong


def test_a_key_file_that_is_none_is_named_and_kept(day: Day) -> None:
    (day.kit / "slots.json").write_bytes(b"\0" * 900)
    error = refused(day)
    assert error.code == "slots_damaged" and "slots.json" in error.sentence
    assert b"\0" * 900 in copies(day.kit)


def test_adding_a_person_to_a_damaged_file_keeps_the_damaged_one(day: Day) -> None:
    wrong = flip(day.kit / "slots.json", 0.5)
    came_in = 0
    for who in ("suzuki", "sato"):
        try:
            vault = unlock(day, who)
        except KitError:
            continue
        vault.add_user(replace(SATO, id="tanaka", name="田中 実"), PASSPHRASE)
        vault.close()
        came_in += 1
    assert came_in and wrong in copies(day.kit)
    unlock(day, "tanaka").close()


@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_delay_opens_no_door(day: Day, place: float) -> None:
    file = day.kit / "login-delay.json"
    for minutes in (0, 0, 0, 1, 2):
        with pytest.raises(KitError):
            later = replace(day.settings, clock=lambda m=minutes: NOW + timedelta(minutes=m))
            opening.unlock(later, "sato", "ちがう合言葉をいれました")
    wrong = flip(file, place)
    with pytest.raises(KitError) as caught:
        unlock(day, minutes=10)
    assert caught.value.code == "wait" and "login-delay.json" in caught.value.sentence
    assert wrong in copies(day.kit)
    with pytest.raises(KitError) as caught:
        unlock(day, minutes=24)
    assert caught.value.code == "wait" and "login-delay.json" in caught.value.sentence
    unlock(day, minutes=26).close()


TOML = 'server_url = "https://ksp.example.lg.jp/"\nidle_seconds = 300\n'


@pytest.mark.parametrize("at", range(0, len(TOML), 3))
def test_a_damaged_setting_is_named_or_does_no_harm(tmp_path: Path, at: int) -> None:
    """Where a changed letter makes another valid file, the harm is bounded: the city's key is
    pinned, so a wrong server gets nothing, and the lock comes within half an hour."""
    file = tmp_path / "kit.toml"
    for bit in range(8):
        data = bytearray(TOML.encode())
        data[at] ^= 1 << bit
        file.write_bytes(data)
        try:
            found = load_settings(tmp_path)
        except KitError as error:
            assert error.code == "bad_settings" and "kit.toml" in error.sentence
        else:
            assert 30 <= found.idle_seconds <= 1800
        assert file.read_bytes() == bytes(data)


# -- what does not belong here --------------------------------------------------------------------
def test_it_notices_files_that_are_not_its_own_and_writes_no_name_down(day: Day) -> None:
    (day.kit / "渡邉さんの写真.jpg").write_bytes(JPEG)
    (day.trip_dir / "控え.txt").write_bytes(b"x")
    (day.kit / "trips" / "old").mkdir()
    vault = unlock(day)
    assert len(vault.damage) == 1 and "3件" in vault.damage[0]
    assert "渡邉さんの写真.jpg" in vault.damage[0]
    row = next(row for row in ledger.rows(vault.book) if row["act"] == "damage_found")
    assert (row["object"], row["result"]) == ("data_dir", "foreign 3")
    assert "渡邉さん" not in json.dumps(ledger.rows(vault.book), ensure_ascii=False)
    works(vault, day)
    vault.close()
