"""What people type: `fieldkit sync --folder`, `sync.server import`, and the watched folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fieldkit import cli, cli_carry
from fieldkit.errors import BadInput
from fieldkit.store import opening
from sync.server.__main__ import main as city_command
from sync.server.folder import Watch
from sync.server.handle import Handler
from sync.server.init import initialise
from tests.conftest import PASSPHRASE, SATO
from tests.flow.job import settings_of
from tests.flow.test_one_visit import NAME
from tests.test_cli import run
from tests.usb.conftest import Trip

FILE = "KSP-01999-K01-1.kspb"
Out = pytest.CaptureFixture[str]


def test_the_kit_and_the_city_on_the_command_line(trip: Trip, capsys: Out) -> None:
    waits = trip.waiting()
    with pytest.raises(BadInput):
        cli_carry.run(trip.vault, trip.stick, "", False)
    assert cli_carry.run(trip.vault, trip.stick, "USB-03", False) == 0
    assert f"{FILE} に{waits}件を書き" in capsys.readouterr().out
    assert city_command(["import", str(trip.city.folder), str(trip.stick)]) == 0
    told = capsys.readouterr().out
    assert "端末K01の1番" in told and "返事を書きました" in told and NAME not in told
    assert city_command(["import", str(trip.stick / FILE), "--server", str(trip.city.folder)]) == 0
    capsys.readouterr()
    assert cli_carry.run(trip.vault, trip.stick, "", True) == 0
    told = capsys.readouterr().out
    assert f"新しく{waits}件" in told and "ファイル2件を消し" in told and "残り0件" in told
    assert list(trip.stick.iterdir()) == []
    assert "sync" in cli.COMMANDS


def test_the_city_says_what_is_wrong(trip: Trip, tmp_path: Path, capsys: Out) -> None:
    home = str(trip.city.folder)
    assert city_command(["import", home]) == 1
    assert "包み（*.kspb）がありません" in capsys.readouterr().out
    (trip.city.folder / "usb" / FILE).write_bytes(b"\0" * 5000)
    assert city_command(["import", home]) == 1
    assert "途中で切れたか" in capsys.readouterr().out
    assert city_command(["import", home, str(tmp_path / "nowhere")]) == 1
    assert "読み書きできません" in capsys.readouterr().out
    assert city_command(["import", str(tmp_path / "no-server"), str(trip.stick)]) == 2
    trip.write()
    trip.write()
    data = bytearray((trip.stick / FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (trip.stick / FILE).write_bytes(data)
    assert city_command(["import", home, str(trip.stick)]) == 1
    told = capsys.readouterr().out
    assert "壊れて読めないものが1件" in told and told.count("返事を書きました") == 2


def test_a_watched_folder_takes_what_is_whole_once(trip: Trip, tmp_path: Path) -> None:
    store, drop = trip.city.store, tmp_path / "drop"
    drop.mkdir()

    def watching() -> Watch:
        return Watch(store, Handler(store), drop, trip.city.folder)

    trip.write()
    whole = (trip.stick / FILE).read_bytes()
    watch = watching()
    assert watch.look() == []
    (drop / f"{FILE}.part").write_bytes(whole)
    (drop / FILE).write_bytes(whole[:10_000])  # somebody is copying it
    assert watch.look() == []
    (drop / FILE).write_bytes(whole)
    assert watch.look() == []
    assert [t.code for t in watch.look()] == [""]
    assert watch.look() == [] and watch.look() == []
    assert {p.name for p in drop.iterdir()} == {FILE, f"{FILE}.part", "KSP-01999-K01-1.kspr"}
    again = watching()  # after a restart
    assert again.look() == [] and again.look() == []
    (drop / "KSP-01999-K01-1.kspr").unlink()  # the reply was lost before it was read
    fresh = watching()
    assert fresh.look() == [] and [t.code for t in fresh.look()] == [""]
    shutil.rmtree(drop)
    assert fresh.look() == []


def test_a_laptop_is_enrolled_by_file_on_the_command_line(tmp_path: Path, capsys: Out) -> None:
    """Every command of the kit in a process of its own; no address anywhere."""
    data, stick, home = tmp_path / "kit", tmp_path / "stick", tmp_path / "city"
    stick.mkdir()
    initialise(home, "01999", "汐見市")
    assert city_command(["enrol", str(home), "--profile", "desk", "--file", str(stick)]) == 0
    mark = re.search(r"指紋: ([0-9A-F-]+)", capsys.readouterr().out)
    (file,) = stick.glob("enrol-*.json")
    words = PASSPHRASE + "\n"
    made, _ = opening.create(settings_of(data, ""), SATO, PASSPHRASE)  # `init`: tests/test_cli.py
    made.close()
    me = ("--data", data, "--user", "sato")
    none = run("enrol", *me, said=words)
    assert none.returncode == 1 and "--file" in none.stderr
    asked = run("enrol", *me, "--file", file, said=words)
    assert asked.returncode == 0 and mark and mark[1] in asked.stdout, asked.stderr
    assert "もう一度このコマンド" in asked.stdout and len(list(stick.glob("*.kspe"))) == 1
    assert city_command(["import", str(home), str(stick)]) == 0
    assert "端末K01を登録しました" in capsys.readouterr().out
    done = run("enrol", *me, "--file", file, "--fingerprint", mark[1], said=words)
    assert done.returncode == 0 and "端末 K01 として登録しました" in done.stdout, done.stderr
    sent = run("sync", *me, "--folder", stick, "--medium", "USB-01", said=words)
    assert sent.returncode == 0, sent.stderr
    away = run("sync", *me, said=words)
    assert away.returncode == 1 and "市サーバにつながりません" in away.stderr
    assert city_command(["import", str(home), str(stick)]) == 0
    read = run("sync", *me, "--folder", stick, "--medium", "USB-01", "--erase", said=words)
    assert read.returncode == 0 and "を確かめました" in read.stdout, read.stderr
    gone = run("sync", *me, "--folder", tmp_path / "none", "--medium", "USB-01", said=words)
    assert gone.returncode == 1 and "抜けていないか" in gone.stderr
