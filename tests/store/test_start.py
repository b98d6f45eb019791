"""Where the kit refuses to start, in which words; what it does for itself first; full disks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from fieldkit import citydata, harden, helpline
from fieldkit.clock import JST
from fieldkit.errors import KitError
from fieldkit.settings import Settings, asset_dir
from fieldkit.store import delay, ledger, migrations, opening, photos, records, saves, startcheck
from fieldkit.store.db import Database
from fieldkit.store.startcheck import check_place
from fieldkit.store.vault import Vault
from sync import wire
from sync.ids import new_id
from tests.conftest import FAST, NOW, PASSPHRASE, SATO, SUZUKI
from tests.needs import ROOT

WORDS = PASSPHRASE + "二"
PHONE = citydata.load(asset_dir("forms")).phone("supervisor")
WRONG = "ちがう合言葉をいれました"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "kit", argon2=FAST, clock=lambda: NOW)


@pytest.fixture
def kit(settings: Settings) -> Settings:
    """A laptop with a supervisor and one of the field staff, closed."""
    vault, _ = opening.create(settings, SUZUKI, PASSPHRASE)
    vault.add_user(SATO, WORDS)
    vault.close()
    return settings


def refusal(settings: Settings) -> KitError:
    with pytest.raises(KitError) as caught:
        check_place(settings)
    return caught.value


def at(settings: Settings, moment: datetime) -> Settings:
    return replace(settings, clock=lambda: moment)


# -- cannot write, erase, encrypt -----------------------------------------------------------------
def mounted(folder: Path, options: str) -> None:
    folder.mkdir(exist_ok=True)
    tool = shutil.which("mount")
    run = [tool or "false", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(run, capture_output=True).returncode:
        pytest.skip("NOT TESTED: may not mount a disk here (needs root on Linux)")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 6 MB."""
    mounted(tmp_path / "disk", "size=6m")
    yield tmp_path / "disk"
    subprocess.run(["umount", "-l", str(tmp_path / "disk")], check=True)


def test_it_does_not_start_on_a_disk_that_is_read_only(disk: Path, settings: Settings) -> None:
    here = replace(settings, data_dir=disk / "kit")
    vault, _ = opening.create(here, SATO, PASSPHRASE)
    vault.close()
    before = {p.name: p.read_bytes() for p in here.data_dir.iterdir() if p.is_file()}
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    error = refusal(here)
    assert (error.code, error.action) == ("cannot_write", "stop")
    assert "読み取り専用" in error.sentence
    with pytest.raises(KitError) as caught:
        opening.unlock(here, SATO.id, PASSPHRASE)
    assert caught.value.code == "cannot_write"
    assert {p.name: p.read_bytes() for p in here.data_dir.iterdir() if p.is_file()} == before


def test_it_does_not_start_where_nothing_can_be_erased(settings: Settings) -> None:
    settings.data_dir.mkdir()
    tool = shutil.which("chattr") or "false"
    if subprocess.run([tool, "+a", str(settings.data_dir)], capture_output=True).returncode:
        pytest.skip("NOT TESTED: no folder here in which files can be made but not removed")
    try:
        error = refusal(settings)
    finally:
        subprocess.run([tool, "-a", str(settings.data_dir)], check=True)
    assert error.action == "stop" and error.code in ("cannot_erase", "cannot_write")


def test_it_does_not_start_where_the_file_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startcheck, "remove", lambda path: None)
    error = refusal(settings)
    assert (error.code, error.action) == ("cannot_erase", "stop")
    assert "消去できません" in error.sentence


def test_it_does_not_start_when_the_folder_is_a_file(settings: Settings) -> None:
    settings.data_dir.write_text("", encoding="utf-8")
    assert refusal(settings).code == "cannot_write"


class Plain(sqlite3.Connection):
    """SQLite in the place of SQLCipher: takes a key and does nothing with it."""

    def set_key(self, key: str) -> None:
        return None


def test_it_does_not_start_where_the_store_does_not_encrypt(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbapi2, "connect", lambda path: sqlite3.connect(path, factory=Plain))
    error = refusal(settings)
    assert (error.code, error.action) == ("not_encrypted", "stop")
    assert "暗号化されていません" in error.sentence
    assert list(settings.data_dir.iterdir()) == [], "and leaves nothing behind"


@pytest.mark.parametrize("part", ["argon2id", "hpke", "aes_gcm"])
def test_it_does_not_start_with_a_broken_part(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken() -> tuple[bool, str]:
        raise ImportError("gone")

    monkeypatch.setattr(startcheck.selftest, part, broken)
    assert refusal(settings).code == "not_encrypted"


def test_the_check_leaves_nothing_and_does_not_mind_what_a_kill_left(settings: Settings) -> None:
    (settings.data_dir / startcheck.PROBE).mkdir(parents=True)
    (settings.data_dir / startcheck.PROBE / "canary.db").write_bytes(b"half")
    (settings.data_dir / "write-test").write_bytes(b"field")
    check_place(settings)
    assert list(settings.data_dir.iterdir()) == []


# -- the clock ------------------------------------------------------------------------------------
@pytest.mark.parametrize("year", [1970, 2024, 2061, 2099])
def test_it_does_not_start_with_an_absurd_clock(kit: Settings, year: int) -> None:
    assert refusal(at(kit, datetime(year, 1, 1, tzinfo=JST))).code == "clock"


def test_a_clock_set_back_is_told_with_both_times(kit: Settings) -> None:
    opening.unlock(at(kit, NOW - timedelta(minutes=10)), "sato", WORDS).close()
    opening.unlock(kit, "sato", WORDS).close()
    with pytest.raises(KitError) as caught:
        opening.unlock(at(kit, NOW - timedelta(minutes=11)), "sato", WORDS)
    assert caught.value.code == "clock_back"
    assert "2026年7月1日 9時19分" in caught.value.sentence
    assert "2026年7月1日 9時30分" in caught.value.sentence
    opening.unlock(kit, "sato", WORDS).close()


def test_only_a_supervisor_may_say_that_the_clock_is_right(kit: Settings) -> None:
    opening.unlock(at(kit, NOW + timedelta(days=30)), "sato", WORDS).close()  # it was wrong then
    with pytest.raises(KitError) as caught:
        opening.unlock(kit, "sato", WORDS, clock_confirmed=True)
    assert caught.value.code == "clock_back"
    with pytest.raises(KitError):
        opening.unlock(kit, "suzuki", PASSPHRASE)
    vault = opening.unlock(kit, "suzuki", PASSPHRASE, clock_confirmed=True)
    acts = [(row["act"], row["actor"]) for row in ledger.rows(vault.book, 2)]
    assert acts == [("login", "suzuki"), ("clock_confirmed", "suzuki")]
    assert ledger.check(vault.book) is None
    vault.close()
    opening.unlock(kit, "sato", WORDS).close()  # from now on the right clock counts


# -- whom to call ---------------------------------------------------------------------------------
def test_a_refusal_at_the_terminal_names_the_supervisors_number(tmp_path: Path) -> None:
    (tmp_path / "kit").write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "fieldkit", "serve", "--data", str(tmp_path / "kit")],
        cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and f"監督者の電話：{PHONE}" in done.stderr


def test_the_number_is_that_of_the_citys_own_forms(tmp_path: Path) -> None:
    shutil.copytree(asset_dir("forms"), tmp_path / "forms")
    file = tmp_path / "forms" / "offices.toml"
    text = file.read_text(encoding="utf-8").replace(PHONE, "0999-99-9999")
    file.write_text(text, encoding="utf-8")
    data = tmp_path / "kit"
    data.mkdir()
    (data / "kit.toml").write_text('forms_dir = "../forms"\n', encoding="utf-8")
    assert helpline.line(data) == "監督者の電話：0999-99-9999"
    (data / "kit.toml").write_bytes(b"\xff\xfe broken")
    assert helpline.line(data) == f"監督者の電話：{PHONE}", "the shipped one, rather than none"
    file.write_text("broken", encoding="utf-8")
    assert helpline.supervisor_phone(tmp_path / "forms") == ""


# -- the process ----------------------------------------------------------------------------------
CRASH = """
import os, resource, signal, sys
if "harden" in sys.argv:
    from fieldkit.harden import harden
    assert harden() == [], harden()
secret = bytearray(b"a page of memory")
os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NOT TESTED: cores of Linux")
@pytest.mark.parametrize("way", ["harden", "plain"])
def test_a_crash_leaves_no_core_file(tmp_path: Path, way: str) -> None:
    """The plain one is the control: it says whether this machine writes cores at all."""
    run = f'ulimit -c unlimited && exec "{sys.executable}" -c "$CRASH" {way}'
    done = subprocess.run(
        ["bash", "-c", run], cwd=tmp_path, capture_output=True, encoding="utf-8",
        env={**os.environ, "CRASH": CRASH, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == -11, done.stderr
    left = list(tmp_path.iterdir())
    if way == "harden":
        assert left == []
    elif not left:
        pytest.skip("NOT SHOWN: this machine writes no core files here, hardened or not")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NOT TESTED: limits of Linux")
def test_a_served_kit_is_hardened(kit: Settings) -> None:
    """`serve` itself: its limits, and whether the system lets anybody look into it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fieldkit", "serve", "--no-browser", "--data", str(kit.data_dir)],
        cwd=ROOT, env={**os.environ, "PYTHONUTF8": "1"}, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    try:
        assert process.stdout is not None and "画面" in process.stdout.readline()
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        core = next(line for line in limits.splitlines() if line.startswith("Max core"))
        assert core.split()[4:6] == ["0", "0"]
        if os.getuid():  # the folder of a process that may not be dumped belongs to root
            assert Path(f"/proc/{process.pid}/mem").stat().st_uid == 0
    finally:
        process.terminate()
        process.wait(20)


def test_what_another_system_does_not_have_is_named_not_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert harden.harden() == ["quiet_errors", "no_error_report"]


# -- a full disk ----------------------------------------------------------------------------------
def fill(disk: Path) -> Path:
    filler = disk / "filler"
    stat = os.statvfs(disk)
    filler.write_bytes(b"\0" * (stat.f_bavail * stat.f_frsize))
    return filler


@pytest.fixture
def full(disk: Path, settings: Settings) -> Iterator[tuple[Settings, Vault, Path]]:
    """A laptop with one open trip of its own on a disk with room; `fill` takes the room."""
    here = replace(settings, data_dir=disk / "kit")
    vault, _ = opening.create(here, SUZUKI, PASSPHRASE)
    trip_id = new_id()
    _, public = wire.new_sealing_key()
    vault.add_trip(trip_id, "field", "2026-07-01", public, bytes(16))
    yield here, vault, disk
    (disk / "filler").unlink(missing_ok=True)
    vault.close()


def code_of(act: object, *args: object) -> str:
    try:
        act(*args)  # type: ignore[operator]
    except KitError as error:
        return error.code
    return ""


def test_a_full_disk_leaves_keys_and_delays_as_they_were(
    full: tuple[Settings, Vault, Path],
) -> None:
    settings, vault, disk = full
    vault.add_user(SATO, WORDS)
    slots = (settings.data_dir / "slots.json").read_bytes()
    for _ in range(2):
        delay.note_failure(settings.data_dir / "login-delay.json", NOW)
    counted = (settings.data_dir / "login-delay.json").read_bytes()
    filler = fill(disk)
    assert code_of(vault.add_user, replace(SATO, id="tanaka"), WORDS) == "disk_full"
    assert (settings.data_dir / "slots.json").read_bytes() == slots
    for _ in range(3):  # no free guesses on a full disk
        assert code_of(opening.unlock, settings, "sato", WRONG) == "disk_full"
    assert (settings.data_dir / "login-delay.json").read_bytes() == counted
    assert code_of(opening.unlock, settings, "sato", WORDS) == "disk_full"
    filler.unlink()
    opening.unlock(settings, "sato", WORDS).close()
    assert not list(settings.data_dir.glob("*.part"))


def test_a_full_disk_leaves_saves_drafts_photos_and_ledger_as_they_were(
    full: tuple[Settings, Vault, Path],
) -> None:
    _, vault, disk = full
    trip = next(iter(vault.trips.values()))
    record = records.save(vault, trip, "applicant", {"name": "甲"})
    records.save_draft(vault, trip, record.id, "form", {"name": "甲"})
    head = ledger.head(vault.book)
    lines = (trip.folder / saves.NAME).read_bytes()
    filler = fill(disk)
    big = "あ" * 40_000
    assert code_of(records.save, vault, trip, "applicant", {"name": big}, record.id) == "disk_full"
    assert code_of(records.save_draft, vault, trip, record.id, "form", {"name": big}) == "disk_full"
    assert code_of(photos.seal, vault, trip, record.id, b"\xff\xd8" + bytes(90_000)) == "disk_full"
    noted = 0
    while noted < 2000 and not code_of(vault.note, "view", record.id):
        noted += 1
    assert noted < 2000, "the ledger said that the disk is full"
    assert records.get(trip, record.id).get("name") == "甲"
    assert records.draft(trip, record.id, "form") == {"name": "甲"}
    assert (trip.folder / saves.NAME).read_bytes() == lines
    assert not list(trip.folder.glob("*.ph")) and not vault.photo_keys
    assert ledger.head(vault.book)["seq"] == head["seq"] + noted
    assert ledger.check(vault.book) is None
    filler.unlink()
    records.save(vault, trip, "applicant", {"name": big}, record.id)
    assert records.get(trip, record.id).get("name") == big
    vault.note("view", record.id)
    assert ledger.check(vault.book) is None


ONE = ("CREATE TABLE a (x TEXT);",)
TWO = (*ONE, "CREATE TABLE b (x TEXT); INSERT INTO b SELECT x FROM a;")


@pytest.mark.parametrize("room", [0, 8192, 300_000, 700_000])
def test_a_full_disk_stops_a_migration_and_the_old_version_opens(disk: Path, room: int) -> None:
    """The disk ends in the copy, or in the step itself."""
    path, key = disk / "store.db", bytes(32)
    db = Database(path, key)
    migrations.migrate(db, ONE)
    with db.write() as conn:
        conn.execute("INSERT INTO a VALUES (?)", ("x" * 500_000,))
    db.close()
    filler = fill(disk)
    os.truncate(filler, filler.stat().st_size - room)
    with pytest.raises(KitError) as caught:
        migrations.migrate(Database(path, key), TWO)
    assert caught.value.code == "disk_full"
    filler.unlink()
    db = Database(path, key)
    assert migrations.version_of(db) == 1
    migrations.migrate(db, TWO)
    row = db.one("SELECT length(x) AS n FROM b")
    assert row is not None and row["n"] == 500_000
    db.close()
    assert json.dumps([p.name for p in disk.iterdir()]) == '["store.db"]'
