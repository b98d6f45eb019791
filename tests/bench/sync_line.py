"""Sync over a bad line (1 Mbit/s, 300 ms, 5 % loss) against the floor with as many connections.

Floor and kit run at the same time, each on a line of its own with the same dice, so that a round
takes as long as its slower half. The line decides here, not the processor.
"""

from __future__ import annotations

import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.line import SERVER, cannot, line
from tests.bench.sync_work import City, fill, load, payload, spawn

PORT = 5700


def floor_on_line(folder: Path, work: str, connections: int, seed: int) -> dict[str, Any]:
    with line(f"f{connections}", "--seed", str(seed)) as bad:
        module = ["-m", "tests.bench.sync_floor"]
        server = spawn([*module, "serve", str(folder / "floor"), SERVER, str(PORT)], bad.server)
        try:
            server.wait_ready()
            client = spawn(
                [*module, "send", work, SERVER, str(PORT), str(connections),
                 str(folder / "marks")],
                bad.client,
            )  # fmt: skip
            client.wait_ready()
            told = client.go()
        finally:
            server.stop()
        return {**told, "up": bad.counters()["up"]["bytes"]}


def kit_on_line(folder: Path, work: str, connections: int, seed: int) -> dict[str, Any]:
    made = City(folder / "city")
    made.start()
    try:
        fill(folder / "kit", made, work)
    finally:
        made.stop()
    made.host, made.port = SERVER, PORT
    with line(f"k{connections}", "--seed", str(seed)) as bad:
        made.start(bad.server)
        try:
            client = spawn(
                ["-m", "tests.bench.sync_kit", str(folder / "kit"), made.url,
                 "--connections", str(connections), "--times", "100"],
                bad.client,
            )  # fmt: skip
            client.wait_ready()
            told = client.go()
        finally:
            made.stop()
        if told["waiting"] or told["parked"]:
            raise RuntimeError(f"not everything is at the city: {told}")
        return {**told, "up": bad.counters()["up"]["bytes"]}


def bad(work: str, rounds: int, connections: tuple[int, ...] = (4, 8)) -> None:
    """`rounds` rounds for each number of connections; the medians and their ratios."""
    why = cannot()
    if why:
        print(f"bad line: LEFT OUT, this machine cannot show it: {why}")
        return
    for count in connections:
        floors, kits = [], []
        for number in range(rounds):
            with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as crew:
                floor = crew.submit(floor_on_line, Path(name), work, count, number)
                kit = crew.submit(kit_on_line, Path(name), work, count, number)
                floors.append(floor.result())
                kits.append(kit.result())
        _say(work, count, floors, kits)


def _say(
    work: str, count: int, floors: list[dict[str, Any]], kits: list[dict[str, Any]]
) -> None:
    floor, kit = _median(floors, "wall"), _median(kits, "wall")
    sent, least = _median(kits, "up"), _median(floors, "up")
    tries = sum(one["tries"] for one in kits)
    print(
        f"bad line, {work:<9} {count} connections   floor {floor:6.1f} s   kit {kit:6.1f} s"
        f"   x{kit / floor:.2f}   wanted: 1.1   up {sent / 1e6:.2f} MB = x{sent / least:.3f} of"
        f" the floor, x{sent / payload(work):.3f} of the payload   {len(kits)} rounds,"
        f" {tries} tries, {load()}",
        flush=True,
    )


def _median(rounds: list[dict[str, Any]], name: str) -> float:
    return statistics.median(one[name] for one in rounds)
