"""kill -9 at random moments, over and over, until the job is done; then nothing is lost or doubled.

The named places of test_kill.py are those that somebody thought of. Here the clock decides: each
job is killed as often as it takes, and the city's server is killed under some of them too. The
seed is in the message of a failure. `KIT_KILLS=2000` makes it longer.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.flow import job
from tests.flow.test_kill import check_city, check_laptop, free_port, in_thread, ready, serving

__all__ = ["ready"]

KILLS = int(os.environ.get("KIT_KILLS", "320"))
MEAN = 0.25
"""Seconds that a job lives on average: about the time from the login to a few saves."""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="NOT TESTED: no fork here; a process a kill would take an hour"
)
START = multiprocessing.get_context("forkserver") if hasattr(os, "fork") else multiprocessing


def work(data: str, url: str) -> None:
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as we do
    sys.exit(job.main(data, url))


def job_until_killed(data: Path, url: str, seconds: float) -> int | None:
    """Run the job; its exit code, or None where it was still at work and was killed."""
    process = START.Process(target=work, args=(str(data), url))
    process.start()
    process.join(seconds)
    alive = process.is_alive()
    process.kill()
    process.join()
    return None if alive else process.exitcode


def test_it_survives_kills_at_random_moments(ready: Path, tmp_path: Path) -> None:
    START.set_forkserver_preload(["tests.flow.job"])  # type: ignore[attr-defined]
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    kills, rounds = 0, 0
    while kills < KILLS:
        rounds += 1
        place = tmp_path / str(rounds)
        shutil.copytree(ready, place)
        with in_thread(place / "city") as url:
            done = None
            tries = 0
            while done != 0:
                tries += 1
                assert tries < 400, f"seed {seed}: the job makes no progress"
                patience = dice.expovariate(1 / MEAN) if tries < 60 else 30.0
                done = job_until_killed(place / "kit", url, patience)
                kills += done is None
                assert done in (None, 0), f"seed {seed}, round {rounds}: exit code {done}"
            try:
                check_laptop(place, url)
                check_city(place)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, round {rounds}, {tries} starts") from error
        shutil.rmtree(place)
    print(f"{kills} kills in {rounds} jobs, seed {seed}")


def test_it_survives_kills_of_the_city_at_random_moments(ready: Path, tmp_path: Path) -> None:
    START.set_forkserver_preload(["tests.flow.job"])  # type: ignore[attr-defined]
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    shutil.copytree(ready, tmp_path / "place")
    place, port = tmp_path / "place", free_port()
    url = f"http://127.0.0.1:{port}"
    for _ in range(10):
        with serving(place / "city", port) as server:
            process = START.Process(target=work, args=(str(place / "kit"), url))
            process.start()
            time.sleep(dice.uniform(0.05, 0.8))
            server.kill()
            process.join(60)
            assert process.exitcode in (0, 3), f"seed {seed}: exit code {process.exitcode}"
    with serving(place / "city", port):
        assert job_until_killed(place / "kit", url, 120) == 0, f"seed {seed}"
        check_laptop(place, url)
    check_city(place)
