"""The kit against somebody else's floor: a folder with `workload.py`, `floor_server.py` and
`floor_client.py`, named by `KIT_SYNCBENCH`.

    KIT_SYNCBENCH=DIR python -m tests.bench.sync given --work season

`workload.py WORK OUT` makes the applications, which the kit sends too. The floor's client is a
program that ends: the time of a second run of it, which finds everything answered, is taken off.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.sync_free import CONNECTIONS, kit_round
from tests.bench.sync_work import Process, calm, free_port, load


def _floor(scripts: Path, folder: Path, made: Path) -> float:
    """Seconds of the floor for the work in `made`, without the start of its client."""
    port, program = str(free_port()), [sys.executable]
    server = Process(
        subprocess.Popen(
            [*program, scripts / "floor_server.py", folder / "floor", port, "fsync"], text=True
        )
    )
    client = [*program, scripts / "floor_client.py", made, folder / "answered", "127.0.0.1", port]
    try:
        time.sleep(1)
        took = []
        for _ in range(2):
            begun = time.perf_counter()
            subprocess.run([*client, str(CONNECTIONS), "-", "-"], check=True, capture_output=True)
            took.append(time.perf_counter() - begun)
        return took[0] - took[1]
    finally:
        server.stop()


def given(work: str, rounds: int) -> None:
    """Interleaved rounds; the medians and their ratio."""
    named = os.environ.get("KIT_SYNCBENCH", "")
    if not named:
        print("given: KIT_SYNCBENCH names no folder")
        return
    floors, kits = [], []
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "work"
        make = [sys.executable, str(Path(named) / "workload.py"), work, str(made)]
        subprocess.run(make, check=True, capture_output=True)
        for number in range(rounds + 1):
            folder = Path(name) / f"round{number}"
            folder.mkdir()
            calm()
            floors.append(_floor(Path(named), folder, made))
            kits.append(kit_round(folder, str(made))["wall"])
    floor, kit = statistics.median(floors[1:]), statistics.median(kits[1:])
    fastest = min(kits[1:]) / min(floors[1:])
    print(
        f"given floor, {work:<8} floor {floor:6.3f} s   kit {kit:6.3f} s   x{kit / floor:.2f}"
        f" (fastest x{fastest:.2f})   wanted: 1.5   {rounds} rounds, {load()}",
        flush=True,
    )
