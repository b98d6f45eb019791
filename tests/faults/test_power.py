"""The power of the city's server fails at any moment; it is switched on again: what a receipt names
is there.

The disk is that of tests/flow/power.py: after a cut it holds what was flushed, and of the rest what
the dice say. The laptop of that moment goes on with the city that is left. A careless city, served
on the same disk, has to be found out: else this would find nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fieldkit import outbox
from sync import pace
from sync.lanes import Done
from sync.road import NoAnswer
from sync.server import keyfile, verify_things
from sync.server.__main__ import make_http
from sync.server.app import create_server
from tests import city_rows
from tests.conftest import start_city
from tests.erase import disks
from tests.erase.mounts import run
from tests.faults.day import Look, Truth, look, new_laptop, sync, unlocked
from tests.faults.matrix import Cell
from tests.faults.procs import serving
from tests.flow import power
from tests.needs import needs
from tests.server import kit
from tests.server.kit import make_city

pytestmark = needs("e2fsprogs", "fuse3")
PAGE = 4096
CUTS = int(os.environ.get("KIT_CUTS", "12"))
CONTROL_CUTS = 80
SEED = int(os.environ.get("KIT_SEED", "0")) or random.randrange(1, 1 << 30)


@pytest.fixture(autouse=True)
def allowed() -> None:
    why = disks.refused("never-forgets")
    if why:
        pytest.skip(f"!! NOT TESTED, what a power cut leaves on the city's disk: {why}")


def plain_disk(image: Path, size: int) -> None:
    """A file system without a journal: forcing down one file takes no other's name along."""
    with image.open("wb") as file:
        file.truncate(size)
    options = ("-b", "4096", "-O", "^has_journal", "-E", "lazy_itable_init=0,nodiscard")
    run("mkfs.ext4", "-q", "-F", *options, image)


class OneLane:
    """One request after the other, in the thread that asks: while it waits, the laptop stands
    still, and `before` may copy it."""

    before: Any = staticmethod(lambda: None)
    after: Any = staticmethod(lambda: None)

    def __init__(self, make_road: Any, width: int = 1) -> None:
        self.width, self._waiting, self._road = width, [], make_road()  # type: ignore[var-annotated]

    def start(self, tag: Any, request: Any) -> None:
        self._waiting.append((tag, request))

    def finished(self, wait: float) -> list[Done]:
        if not self._waiting:
            return []
        tag, request = self._waiting.pop(0)
        self.before()
        try:
            answer, error = self._road.send(*request), None
        except NoAnswer as why:
            answer, error = None, why
        self.after()
        return [Done(tag, answer, error, 0.001, self._road.rtt)]

    def now(self) -> float:
        return 0.0

    def close(self) -> None:
        self._road.close()


@dataclass
class Moment:
    """The log of the city's disk was so long when this copy of the laptop asked or had heard."""

    at: int
    laptop: Path
    heard: bool


@dataclass
class Story:
    """A day that was sent once, undisturbed."""

    disk: power.Disk
    truth: Truth
    moments: list[Moment] = field(default_factory=list)

    def chosen(self, dice: random.Random, count: int) -> list[tuple[int, Path]]:
        """Half of them anywhere, half in the moment when a laptop had just heard an answer."""
        heard = [one for one in self.moments if one.heard]
        found = [(one.at, one.laptop) for one in dice.choices(heard, k=count - count // 2)]
        for at in dice.sample(self.disk.moments(self.moments[0].at), count // 2):
            before = [one for one in self.moments if one.at <= at]
            found.append((at, before[-1].laptop if before else self.moments[0].laptop))
        return sorted(found, key=lambda one: one[0])


def live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str = "", plain: bool = False
) -> Story:
    """Send a day to a city whose disk keeps a log."""
    folder = tmp_path / "story"
    city = start_city(folder / "city")
    laptop = new_laptop(folder / "kit", city)
    city.engine.dispose()
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
    moments: list[Moment] = []
    if plain:
        monkeypatch.setattr(disks, "make_ext4", plain_disk)
    with disks.mounted(disks.never_forgets("")) as disk:
        assert isinstance(disk, disks.LoggedDisk)
        there = disk.folder / "city"
        shutil.move(folder / "city", there)
        with city_rows.opened(there) as store, serving(there, how) as (url, _):
            grow(store)
            subprocess.run(["sync", "-f", disk.folder], check=True)

            def remember(heard: bool) -> None:
                at = disk.log.stat().st_size
                copy = folder / f"kit{len(moments)}"
                shutil.copytree(folder / "kit", copy, ignore=shutil.ignore_patterns("*-shm"))
                if heard and moments:
                    moments[-1] = Moment(moments[-1].at, copy, True)
                moments.append(Moment(at, copy, False))

            def answered() -> None:
                moments.append(Moment(disk.log.stat().st_size, folder, False))

            monkeypatch.setattr(OneLane, "before", staticmethod(lambda: remember(True)))
            monkeypatch.setattr(OneLane, "after", staticmethod(answered))
            monkeypatch.setattr(outbox, "ThreadLanes", OneLane)
            monkeypatch.setattr(pace, "MOMENT", 60.0)
            laptop.vault.settings = settings_at(laptop, url)
            for number in range(4):
                monkeypatch.setattr(pace, "NEAR", (10.0, 0.0)[number % 2])
                laptop.capture(pictures=4, saves=2, size=(8_000, 90_000)[number % 2])
                assert laptop.sync() == ""
            remember(True)
            laptop.vault.close()
        disk.eject()
        made = power.Disk(disk.first, disk.log)
        shutil.copyfile(disk.first, folder / "first")
        made.steps = [(end, at, bytes(data)) for end, at, data in made.steps]
        made.first = folder / "first"
    monkeypatch.undo()
    return Story(made, laptop.truth, [one for one in moments if one.laptop != folder])


def settings_at(laptop: Any, url: str) -> Any:
    from dataclasses import replace

    return replace(laptop.vault.settings, server_url=url)


def grow(store: Any) -> None:
    """As in a city that has been working for a while: its log has its full size already, and a
    commit writes over what lies there (so that it does not carry a file's new name along)."""
    with store.engine.execution_options(write=True).begin() as conn:
        conn.exec_driver_sql("CREATE TABLE filler (data BLOB)")
        conn.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(2000000))")
    with store.engine.execution_options(write=True).begin() as conn:
        conn.exec_driver_sql("DROP TABLE filler")
    with store.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)").fetchall()
        conn.exec_driver_sql("BEGIN")


@contextmanager
def after_cut(
    story: Story, at: int, laptop: Path, dice: random.Random, folder: Path
) -> Iterator[tuple[Path, Path, power.Cut]]:
    """The city switched on again, and a copy of the laptop of that moment."""
    folder.mkdir()
    try:
        cut = story.disk.cut(at, folder / "image", dice)
        subprocess.run(["e2fsck", "-f", "-y", folder / "image"], capture_output=True)
        shutil.copytree(laptop, folder / "kit")
        with power.switched_on(folder / "image", folder / "disk") as disk:
            yield disk / "city", folder / "kit", cut
    finally:
        shutil.rmtree(folder)


def both_ends(city: Path, kit: Path, truth: Truth) -> tuple[Look, Look]:
    """What is there after the cut, and when the laptop has gone on with it."""
    app = create_server(city)
    store, server = app.extensions["city"], make_http(app, "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        with unlocked(kit, f"http://127.0.0.1:{server.bind_addr[1]}") as vault:
            known = known_here(vault, truth)
            first = look(vault, store, known, deep=True)
            said = [sync(vault) for _ in range(2)]
            assert said[-1] == "", said
            return first, look(vault, store, known, deep=True)
    finally:
        store.close()
        threading.Thread(target=server.stop).start()


def known_here(vault: Any, truth: Truth) -> Truth:
    """What was captured when this copy of the laptop was made."""
    ops = {row["op_id"] for row in vault.book.all("SELECT op_id FROM outbox")}
    ids = {row["id"] for row in vault.book.all("SELECT id FROM photo")}
    return Truth(
        {i: d for i, d in truth.saves.items() if i in ops},
        {i: d for i, d in truth.pictures.items() if i in ids},
    )


@pytest.mark.cell("021", "power cut (only what was flushed survives)", "the city's disk")
def test_what_a_receipt_names_is_there(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(SEED)
    lost = 0
    for number in range(CUTS):
        if number in (0, CUTS // 2):
            plain, there = number > 0, tmp_path / f"disk{number}"
            story = live(there, monkeypatch, plain=plain)
            chosen = story.chosen(dice, CUTS - CUTS // 2)
        at, laptop = chosen.pop()
        where = there / f"cut{number}"
        with after_cut(story, at, laptop, dice, where) as (city, kit, cut):
            lost += cut.lost
            case = f"seed {SEED}, cut {number} at {at}: {cut}"
            try:
                now, then = both_ends(city, kit, story.truth)
            except Exception as error:
                raise AssertionError(case) from error
            cell.saw(now, case)
            cell.ended(then, case)
    assert lost, "the disk lost nothing: this would find nothing"
    print(f"{CUTS} cuts, seed {SEED}, {lost} sectors lost")
    cell.write("what is not proved waits; then nothing waits", cases=CUTS)


@pytest.mark.parametrize("how", ["no-commit-sync", "normal", "no-blob-sync", "no-folder-sync"])
def test_a_careless_city_loses_something(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    dice = random.Random(SEED)
    story = live(tmp_path, monkeypatch, how, plain=how == "no-folder-sync")
    heard = [one for one in story.moments if one.heard][2:]
    found = ""
    for number in range(CONTROL_CUTS):  # how much a cut takes is up to the dice: until one shows it
        if number % len(heard) == 0:
            dice.shuffle(heard)
        one, where = heard[number % len(heard)], tmp_path / f"cut{number}"
        with after_cut(story, one.at, one.laptop, dice, where) as (city, kit, _):
            try:
                now, _ = both_ends(city, kit, story.truth)
                found = str(now) if now.wrong or now.erased or now.lost else ""
            except Exception as error:
                found = repr(error)
        if found:
            break
    print(f"{how}: cut {number}: {found}")
    assert found, f"seed {SEED}, {how}: the test would not notice a loss"


def in_log(file: Path) -> set[int]:
    """The numbers of the pages whose newest copy stands in the write-ahead log."""
    log = file.with_name(f"{file.name}-wal").read_bytes()
    frames = range(32, len(log), 24 + PAGE)
    return {int.from_bytes(log[at : at + 4], "big") for at in frames}


def test_a_torn_page_whose_copy_is_in_the_log_is_no_damage(tmp_path: Path) -> None:
    """A cut in the middle of a checkpoint, which `verify` must not call damage (it looks at the
    file itself); the same tear where no copy is left is."""
    folder = make_city(tmp_path / "city")
    with city_rows.opened(folder) as store:
        grow(store)
        laptop = kit.Laptop(store)
        laptop.send(laptop.take_trip().save())
        file = folder / keyfile.DATABASE
        (torn, *_) = sorted(in_log(file) - {1})

        def tear(page: int) -> None:
            with file.open("r+b") as data:
                data.seek((page - 1) * PAGE + 512)
                data.write(os.urandom(512))

        tear(torn)
        assert verify_things.look(store, folder).wrong == []
        tear(torn)
        assert "データベースのファイルが壊れています。" in verify_things.look(store, folder).wrong


@pytest.mark.cell("022", "power cut (only what was flushed survives)", "the laptop's disk")
def test_of_the_laptop(cell: Cell) -> None:
    from tests.flow import test_power_cut

    assert test_power_cut.test_nothing_acknowledged_is_lost
    assert test_power_cut.test_a_careless_kit_loses_them
    cell.write("→ tests/flow/test_power_cut.py", cases=f"{test_power_cut.CUTS}")
