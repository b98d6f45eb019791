"""Wrong sticks, typed folders, more than one file holds, and a kill at every place of an ask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit import carry, carry_asks, carry_letters, carry_place, cli_carry, outbox, reserve
from fieldkit.carry_enrol import enrol_by_file
from fieldkit.carry_reply import take_replies
from fieldkit.errors import BadInput, KitError
from fieldkit.store import facts, ledger, opening, photos
from sync import fail, medium
from sync.fail import EXIT_CODE
from sync.server import stick as at_city
from sync.server.__main__ import main as city_command
from sync.server.init import initialise
from sync.server.sqlstore import open_store
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO
from tests.erase.mounts import run as mount
from tests.erase.mounts import run_quietly
from tests.flow.job import settings_of
from tests.flow.test_one_visit import DAY, JPEG, take_reservation
from tests.usb.conftest import Trip
from tests.usb.test_kill import opened

# -- the wrong medium ------------------------------------------------------------------------------
Said = pytest.CaptureFixture[str]


def other_citys_stick(trip: Trip, tmp_path: Path) -> Path:
    """A stick with a request for the city next door."""
    initialise(tmp_path / "city2", "01888", "隣の市")
    there = tmp_path / "there"
    there.mkdir()
    assert city_command(["enrol", str(tmp_path / "city2"), "--file", str(there)]) == 0
    made, _ = opening.create(settings_of(tmp_path / "laptop2", ""), SATO, PASSPHRASE)
    enrol_by_file(made, there, "隣")
    made.close()
    return there


def test_another_citys_stick_is_a_sentence_and_nothing_changes(
    trip: Trip, tmp_path: Path, capsys: Said
) -> None:
    there = other_citys_stick(trip, tmp_path)
    before, waits = sorted(there.iterdir()), trip.waiting()
    for act in (
        lambda: carry.export(trip.vault, there, "USB-01"),
        lambda: cli_carry.run(trip.vault, there, "USB-01", True),
    ):
        with pytest.raises(KitError) as caught:
            act()
        assert caught.value.code == "other_city_medium" and "ほかの市" in caught.value.sentence
    assert sorted(there.iterdir()) == before and carry.log(trip.vault) == []
    assert trip.waiting() == waits
    (request,) = there.glob("*.kspe")
    shutil.copy(request, trip.stick / "KSP-01999-K01-1.kspr")
    assert [(r.code) for r in trip.read()] == ["other_city"]
    shutil.copy(request, trip.stick / request.name)
    capsys.readouterr()
    assert city_command(["import", str(trip.city.folder), str(trip.stick)]) == 1
    assert "ほかの市の包み" in capsys.readouterr().out


def test_a_missing_folder_and_a_locked_stick_are_sentences(trip: Trip, tmp_path: Path) -> None:
    waits = trip.waiting()
    with pytest.raises(KitError) as caught:
        cli_carry.run(trip.vault, tmp_path / "nowhere", "USB-01", False)
    assert caught.value.code == "no_medium"
    locked = tmp_path / "locked"
    locked.mkdir()
    if not run_quietly("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", locked):
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(KitError) as caught:
            cli_carry.run(trip.vault, locked, "USB-01", False)
    finally:
        mount("umount", "-l", locked)
    assert caught.value.code == "medium_locked" and "書き込み禁止" in caught.value.sentence
    assert trip.waiting() == waits and trip.photo_file().exists()


def test_a_typed_folder_is_remembered_and_never_the_kits_own(trip: Trip, tmp_path: Path) -> None:
    share = tmp_path / "共有"
    share.mkdir()
    assert carry_place.remembered(trip.vault) == ""
    data = trip.vault.settings.data_dir
    for text in ("share", "", "x" * 600, f"{share}\0", str(share / "none"), str(data), "../../tmp"):
        with pytest.raises(KitError):
            carry_place.typed(trip.vault, text)
    with pytest.raises(KitError) as caught:
        carry_place.typed(trip.vault, str(data / "trips"))
    assert caught.value.code == "own_medium" and carry_place.remembered(trip.vault) == ""
    assert carry_place.typed(trip.vault, str(share)) == share
    shutil.rmtree(share)
    assert carry_place.remembered(trip.vault) == str(share)
    with pytest.raises(BadInput) as missing:
        carry_place.typed(trip.vault, str(share))
    assert "つながっているか" in missing.value.sentence


# -- more than one group, more than one file -------------------------------------------------------
def test_all_groups_of_facts_go_at_once(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "A_GROUP", 2)
    with trip.vault.book.write() as conn:
        conn.execute("UPDATE fact SET batch = ''")
        for i in range(5):
            facts.note(trip.vault.book, f"f{i}", "call", DAY, {})
    count = trip.vault.book.one("SELECT count(*) AS n FROM fact WHERE receipt IS NULL")
    assert count is not None and len(facts.groups(trip.vault.book)) == -(-count["n"] // 2)
    trip.write()
    trip.at_city()
    trip.read()
    assert facts.groups(trip.vault.book) == [] == facts.group(trip.vault.book)


def more_photos(trip: Trip, count: int) -> list[str]:
    """Photos of another day that wait too."""
    desk = reserve.open_desk(trip.vault)
    home = take_reservation(trip.vault)
    carry_asks.for_day(trip.vault, desk, DAY)
    trip.write()
    trip.at_city()
    (told,) = [told for one in trip.read() for told in one.told]
    made = trip.vault.trips[told.url.rpartition("=")[2]]
    applicant = reserve.slip(made, home).applicants[0]
    ids = [photos.seal(trip.vault, made, applicant.id, JPEG) for _ in range(count)]
    with trip.vault.book.write() as conn:  # as if each were somebody's
        conn.execute("UPDATE photo SET state = 'queued' WHERE state = 'sealed'")
    for file in trip.stick.iterdir():
        file.unlink()
    return ids


def test_more_than_one_file_holds_goes_in_several(
    trip: Trip, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    more_photos(trip, 3)
    monkeypatch.setattr(carry_letters, "ROOM", len(JPEG) + 1000)
    waits = trip.waiting()
    done = trip.write()
    assert (len(done.files), done.items, done.left, done.damaged) == (3, waits, 0, 0)
    assert "3個に分けました" in "".join(cli_carry.written(done))
    assert [(one.code, one.refused) for one in trip.at_city()] == [("", 0)] * 3
    assert sum(one.proved for one in trip.read()) == waits and trip.waiting() == 0


def test_a_stick_that_is_full_after_the_first_file_says_what_is_left(
    trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_photos(trip, 3)
    room = iter([1 << 40, 1 << 40, 10])
    usage = lambda _: type("room", (), {"free": next(room)})  # noqa: E731
    with monkeypatch.context() as now:
        now.setattr(carry_letters, "ROOM", len(JPEG) + 1000)
        now.setattr(medium.shutil, "disk_usage", usage)
        done = trip.write()
    assert (len(done.files), done.left) == (2, 1) and "空きが足りません" in done.why
    assert "写真1枚は入りませんでした" in "".join(cli_carry.written(done))
    trip.at_city()
    trip.read()
    assert trip.waiting() == 1


# -- kills -----------------------------------------------------------------------------------------
def step(place: Path, kill: str, act: Callable[[Path], None]) -> int:
    child = os.fork()
    if child == 0:
        code = 99
        try:
            fail._name, fail._left = f"usb.{kill}" if kill else "", 1
            act(place)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ask_and_write(place: Path) -> None:
    vault = opened(place)
    carry_asks.for_list(vault, DAY)
    carry.export(vault, place / "stick", "USB-01")
    vault.close()


def read_answer(place: Path) -> None:
    vault = opened(place)
    take_replies(vault, place / "stick")
    vault.close()


def import_all(place: Path) -> None:
    city_command(["import", str(place / "city"), str(place / "stick")])


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT CHECKED: no fork here")


@needs_fork
@pytest.mark.parametrize("kill", ["ask_kept", "ask_taken"])
def test_an_ask_survives_a_kill(place: Path, kill: str) -> None:
    for act, point in ((ask_and_write, "ask_kept"), (import_all, ""), (read_answer, "ask_taken")):
        if kill == point:
            assert step(place, kill, act) == EXIT_CODE
        assert step(place, "", act) == 0
    vault = opened(place)
    assert carry_asks.waiting(vault) == [] and ledger.check(vault.book) is None
    assert outbox.waiting(vault)["waiting"] == 0
    vault.close()


@needs_fork
@pytest.mark.parametrize("kill", ["enrol_begun", "enrolled", "enrol_kept"])
def test_an_enrolment_survives_a_kill(tmp_path: Path, kill: str) -> None:
    (tmp_path / "stick").mkdir()
    initialise(tmp_path / "city", "01999", "汐見市")
    assert city_command(["enrol", str(tmp_path / "city"), "--file", str(tmp_path / "stick")]) == 0
    opening.create(settings_of(tmp_path / "kit", ""), SATO, PASSPHRASE)[0].close()

    def enrol(place: Path) -> None:
        vault = opening.unlock(settings_of(place / "kit", ""), SATO.id, PASSPHRASE)
        if vault.device is None:
            enrol_by_file(vault, place / "stick", "訪問用A")
        vault.close()

    for act, point in ((enrol, "enrol_begun"), (import_all, "enrolled"), (enrol, "enrol_kept")):
        if kill == point:
            assert step(tmp_path, kill, act) == EXIT_CODE
        assert step(tmp_path, "", act) == 0
    vault = opening.unlock(settings_of(tmp_path / "kit", ""), SATO.id, PASSPHRASE)
    assert vault.device_id == "K01"
    vault.close()
    store = open_store(tmp_path / "city")
    with store.read() as shelf:
        assert shelf.device("K01") is not None and shelf.device("K02") is None
    assert city_rows.chain_problem(store) is None
    store.close()
    assert at_city.ENDINGS == (".kspe", ".kspb")
