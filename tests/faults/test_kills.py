"""kill -9 at random moments, of the laptop and of the city at the same time, while a day is sent.

The named places are killed at elsewhere (tests/flow/test_kill.py and the tests that its ELSEWHERE
stands for); test_every_name_is_killed_at looks whether every name has its test. The seed is in the
message of a failure. `KIT_KILLS=2000` makes it longer.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from fieldkit import outbox, tripend
from fieldkit.errors import KitError
from fieldkit.kit import Kit
from fieldkit.store import photos
from sync import pace
from sync.fail import EXIT_CODE
from sync.server import serve
from tests.conftest import start_city
from tests.faults.day import look, new_laptop, sync, unlocked
from tests.faults.matrix import Cell
from tests.flow.job import PASSPHRASE, USER, settings_of
from tests.flow.test_kill import ELSEWHERE, NAMES, POINT, ROOT, free_port

KILLS = int(os.environ.get("KIT_KILLS", "160"))
START = multiprocessing.get_context("forkserver") if hasattr(os, "fork") else multiprocessing
NO_FORK = "NOT TESTED: no fork here; a process a kill would take an hour"


def be_laptop(data: str, url: str) -> None:
    """Log in, which finishes what a kill left half done, and sync."""
    pace.pause = lambda failures, dice: 0.02  # type: ignore[assignment]
    pace.NEAR = 0.0 if os.getpid() % 2 else 10.0  # in parts, or whole
    kit = Kit(settings_of(Path(data), url))
    kit.log_in(USER, PASSPHRASE, 0.0)
    try:
        code = sync(kit.open_vault())
    except KitError:
        code = "?"
    os._exit(3 if code else 0)


def be_city(folder: str, port: int) -> None:
    """`python -m sync.server serve`, without the time that Python takes to start."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    given = Namespace(dir=Path(folder), host="127.0.0.1", port=port, cert=None, key=None,
                      behind_proxy=False, plain=False)  # fmt: skip
    sys.exit(serve.run(given))


class KilledCity(threading.Thread):
    """Serves, and is killed at any moment, and serves again, until it is told to live."""

    def __init__(self, folder: Path, port: int, dice: random.Random, kills: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.port, self.dice, self.wanted = folder, port, dice, kills
        self.kills, self.over = 0, threading.Event()
        self.process: Any = None

    def run(self) -> None:
        while not self.over.is_set():
            self.process = START.Process(target=be_city, args=(str(self.folder), self.port))
            self.process.start()
            if self.kills >= self.wanted:
                self.over.wait()
            else:
                if self.dice.random() < 0.9:  # else it may die while it starts
                    self.listening()
                self.over.wait(self.dice.expovariate(1 / 0.1))
            self.kills += not self.over.is_set()
            self.process.kill()
            self.process.join()

    def listening(self) -> None:
        while not self.over.is_set() and self.process.is_alive():
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.002)


@pytest.mark.cell("012", "kill -9 at random moments", "laptop and city at the same time")
@pytest.mark.skipif(not hasattr(os, "fork"), reason=NO_FORK)
def test_both_are_killed_at_random_moments(cell: Cell, tmp_path: Path) -> None:
    START.set_forkserver_preload(["tests.faults.test_kills"])  # type: ignore[attr-defined]
    seed = int(os.environ.get("KIT_SEED", "0")) or random.randrange(1, 1 << 30)
    dice = random.Random(seed)
    city = start_city(tmp_path / "city")
    laptop = new_laptop(tmp_path / "kit", city)
    truth, secret, trip = laptop.truth, laptop.trip.secret, laptop.trip.id
    city.engine.dispose()
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    served = KilledCity(city.folder, port, random.Random(seed + 1), KILLS)
    kills, rounds, begun = 0, 0, time.monotonic()
    while kills < KILLS or served.kills < KILLS:
        rounds += 1
        laptop.capture(pictures=24, saves=30, size=dice.choice([3_000, 30_000, 100_000]))
        laptop.vault.close()
        if rounds == 1:
            served.start()
        done, tries = None, 0
        while done != 0:
            tries += 1
            assert tries < 3000, f"seed {seed}: no progress"
            wanted = kills < KILLS
            process = START.Process(target=be_laptop, args=(str(tmp_path / "kit"), url))
            process.start()
            process.join(dice.expovariate(1 / 0.08) if wanted else 30.0)
            killed = process.is_alive()
            process.kill()
            process.join()
            kills += killed
            done = None if killed else process.exitcode
            assert done in (None, 0, 3), f"seed {seed}: exit code {done}"
        with unlocked(tmp_path / "kit", url) as vault:
            tripend.run_owed(vault)
            cell.ended(look(vault, city.folder, truth, deep=True), f"seed {seed}, round {rounds}")
        laptop.reopen(url, trip, secret)
    laptop.vault.close()
    served.over.set()
    served.join()
    took = time.monotonic() - begun
    print(f"{kills} + {served.kills} kills in {rounds} rounds, {took:.0f} s, seed {seed}")
    cell.write("waits until it is proved; then nothing waits", cases=f"{KILLS} + {KILLS}")


GIVE_UP = """
import sys
from pathlib import Path
from fieldkit import giveup
from fieldkit.store import opening
from tests.conftest import SUZUKI
from tests.flow.job import PASSPHRASE, settings_of
vault = opening.unlock(settings_of(Path(sys.argv[1]), ""), "sato", PASSPHRASE)
vault.user = SUZUKI
giveup.give_up(vault, "paper")
"""


def test_it_survives_a_kill_while_a_thing_is_given_up(tmp_path: Path, quick: None) -> None:
    """The one name that no other test killed at."""
    city = start_city(tmp_path / "city")
    laptop = new_laptop(tmp_path / "kit", city)
    (one,) = laptop.capture(pictures=1, saves=1)
    file = photos.files_of(laptop.vault, laptop.trip.id, one)[0]
    file.write_bytes(file.read_bytes()[:-1])
    assert laptop.sync() == "" and outbox.waiting(laptop.vault)["parked"] == 1
    laptop.vault.close()
    run = [sys.executable, "-c", GIVE_UP, str(tmp_path / "kit")]
    killed = subprocess.run(run, cwd=ROOT, env={**os.environ, "KIT_FAIL": "giveup.noted"})
    assert killed.returncode == EXIT_CODE and file.exists()
    with unlocked(tmp_path / "kit", city.url) as vault:
        assert outbox.waiting(vault)["parked"] == 1, "it is still asked for a decision"
    assert subprocess.run(run, cwd=ROOT).returncode == 0
    with unlocked(tmp_path / "kit", city.url) as vault:
        assert outbox.waiting(vault) == {"waiting": 0, "parked": 0} and not file.exists()
        assert photos.row_of(vault, one)["reason"] == "damaged"
    city.engine.dispose()
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]


@pytest.mark.cell("011", "kill -9 at every numbered step", "laptop, city, USB, backup, upgrade …")
def test_every_name_is_killed_at(cell: Cell) -> None:
    """Each `fail.point` in the source is killed at by tests/flow/test_kill.py, or stands in another
    test, or has a prefix whose names another test reads from the source as well."""
    here = [p for top in ("fieldkit", "sync") for p in (ROOT / top).rglob("*.py")]
    names = {name for p in here for name in POINT.findall(p.read_text(encoding="utf-8"))}
    tests = [p for p in (ROOT / "tests").rglob("*.py") if p != ROOT / "tests/flow/test_kill.py"]
    said = [p.read_text(encoding="utf-8") for p in tests]
    missing = []
    for name in sorted(names - set(NAMES)):
        assert name.startswith(ELSEWHERE), name
        prefix = name.partition(".")[0] + "."
        by_name = re.compile(rf'"{re.escape(name)}[:"]')
        read = [text for text in said if "POINT" in text and prefix in text]
        missing += [] if read or any(map(by_name.search, said)) else [name]
    assert missing == []
    cell.write("→ tests/flow/test_kill.py and its ELSEWHERE", cases="every `fail.point`")
