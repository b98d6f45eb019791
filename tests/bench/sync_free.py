"""Sync over a free line (loopback) against the floor with the same number of connections."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.sync_work import City, calm, cpu_seconds, fill, free_port, load, spawn

CONNECTIONS = 4


def floor_round(folder: Path, work: str, connections: int) -> dict[str, Any]:
    """One round of the floor, client and server as processes of their own."""
    port = free_port()
    module = ["-m", "tests.bench.sync_floor"]
    server = spawn([*module, "serve", str(folder / "floor"), "127.0.0.1", str(port)])
    try:
        server.wait_ready()
        client = spawn(
            [*module, "send", work, "127.0.0.1", str(port), str(connections),
             str(folder / "marks")]
        )  # fmt: skip
        client.wait_ready()
        before = cpu_seconds(server.popen.pid)
        told = client.go()
        told["cpu_server"] = cpu_seconds(server.popen.pid) - before
        return told
    finally:
        server.stop()


def kit_round(folder: Path, work: str) -> dict[str, Any]:
    """One round of the kit: a new city, a new laptop, everything that it holds to its receipts."""
    made = City(folder / "city")
    made.start()
    assert made.process is not None
    try:
        fill(folder / "kit", made, work)
        client = spawn(["-m", "tests.bench.sync_kit", str(folder / "kit")])
        client.wait_ready()
        before = cpu_seconds(made.process.popen.pid)
        told = client.go()
        told["cpu_server"] = cpu_seconds(made.process.popen.pid) - before
    finally:
        made.stop()
    if told["waiting"] or told["parked"]:
        raise RuntimeError(f"not everything is at the city: {told}")
    return told


def free(work: str, rounds: int) -> None:
    """Interleaved rounds; the medians and their ratio."""
    floors, kits = [], []
    for _ in range(rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            calm()
            floors.append(floor_round(Path(name), work, CONNECTIONS))
            kits.append(kit_round(Path(name), work))
    floor, kit = _median(floors[1:]), _median(kits[1:])
    print(
        f"free line, {work:<9} floor {floor['wall']:6.3f} s (processor {floor['cpu']:.2f} +"
        f" {floor['cpu_server']:.2f})   kit {kit['wall']:6.3f} s (processor {kit['cpu']:.2f} +"
        f" {kit['cpu_server']:.2f})   x{kit['wall'] / floor['wall']:.2f}"
        f" (fastest x{_fastest(kits[1:]) / _fastest(floors[1:]):.2f})   wanted: 1.5"
        f"   {rounds} rounds, {load()}",
        flush=True,
    )


def _fastest(rounds: list[dict[str, Any]]) -> float:
    return float(min(one["wall"] for one in rounds))


def _median(rounds: list[dict[str, Any]]) -> dict[str, float]:
    return {
        name: statistics.median(one[name] for one in rounds)
        for name in ("wall", "cpu", "cpu_server")
    }
