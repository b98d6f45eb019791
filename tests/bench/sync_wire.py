"""What crosses the line: bytes for the payload, bytes sent again after a cut, an empty sync."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.bench.sync_proxy import Proxy, proxy
from tests.bench.sync_work import city, fill, load, payload, spawn

SLOW = 250_000.0  # bytes/s: a photo takes longer than a second


def _sync(folder: Path, through: Proxy, *more: str) -> dict[str, Any]:
    client = spawn(["-m", "tests.bench.sync_kit", str(folder), through.url, *more])
    client.wait_ready()
    return client.go()


def wire(work: str) -> None:
    """Bytes of a whole sync, and of the ones after it that find nothing to do."""
    with tempfile.TemporaryDirectory() as name, city(Path(name) / "city") as made:
        fill(Path(name) / "kit", made, work)
        with proxy(made.port) as line:
            _sync(Path(name) / "kit", line)
            up, down, requests = line.counted.now()
            print(
                f"bytes, {work:<9} up {up / 1e6:.3f} MB = x{up / payload(work):.4f} of the"
                f" payload   wanted: 1.03   down {down / 1e3:.0f} KB, {requests} requests",
                flush=True,
            )
            for turn in ("first", "second", "third"):
                before = line.counted.now()
                _sync(Path(name) / "kit", line)
                up, down, requests = line.counted.since(before)
                print(
                    f"nothing to do, {turn:<7} {requests} round trip(s), up {up} B, down {down} B"
                    "   wanted: 1 round trip, 2 KB",
                    flush=True,
                )


def cuts(work: str, rate: float = 0.0) -> None:
    """Bytes that are sent again after each cut, for each stream that was cut."""
    whole = _uncut(work, rate)
    with tempfile.TemporaryDirectory() as name, city(Path(name) / "city") as made:
        fill(Path(name) / "kit", made, work)
        with proxy(made.port, rate) as line:
            line.cut_every(whole["up"] // 10, seed=1)
            told = _sync(Path(name) / "kit", line, "--times", "200")
            again, seen = line.counted.up - whole["up"], line.counted
    streams = max(1, seen.streams_cut)
    print(
        f"cuts, {work:<9} {'slow line' if rate else 'free line'}   {seen.cuts} cuts,"
        f" {seen.streams_cut} streams: {again / 1e3:.0f} KB sent again ="
        f" {again / max(1, seen.cuts) / 1e3:.1f} KB a cut, {again / streams / 1e3:.1f} KB a"
        f" stream   wanted: at most one part a stream   left {told['waiting']}, {load()}",
        flush=True,
    )


def _uncut(work: str, rate: float) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as name, city(Path(name) / "city") as made:
        fill(Path(name) / "kit", made, work)
        with proxy(made.port, rate) as line:
            _sync(Path(name) / "kit", line)
            return {"up": line.counted.up, "requests": line.counted.requests}
