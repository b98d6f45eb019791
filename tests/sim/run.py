"""Run many schedules; say what was wrong with a seed and how to see it again."""

from __future__ import annotations

import gc
import hashlib
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from fieldkit import city, outbox
from fieldkit.store import files
from sync import disk as sync_disk
from sync import fail, ids, pace, sender, wire
from sync.receipt import Receipt
from sync.server import blobs, publish, receipts, together
from tests.sim import cheap, disk, kernel
from tests.sim.cheap import swapped
from tests.sim.invariants import problems
from tests.sim.kernel import Now, SimLock
from tests.sim.laptop import Line
from tests.sim.world import World


@dataclass(frozen=True)
class Wrong:
    """A schedule that ended wrongly."""

    seed: int
    words: tuple[str, ...]
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        again = f"python -m tests.sim --seed {self.seed} --trace"
        return "\n".join([f"seed {self.seed}:", *self.words, f"again: {again}"])


class _Ids:
    """Ids that follow from the schedule; they rise, as the real ones do."""

    def __init__(self) -> None:
        self.count = itertools.count(1)

    def new_id(self, now_ms: int | None = None) -> str:
        return f"00000000-0000-7000-a000-{next(self.count):012d}"

    def token_hex(self, size: int) -> str:
        return f"{next(self.count):0{2 * size}x}"

    def token_bytes(self, size: int) -> bytes:
        return hashlib.sha256(b"%d" % next(self.count)).digest()[:size]


_ids = _Ids()


def _now() -> str:
    return "2026-07-01T00:00:00+00:00"


@contextmanager
def simulated() -> Iterator[None]:
    """Within: the real code stands on the simulated world. Everything is put back at the end."""
    undo: list[tuple[Any, str, Any]] = []

    def put(module: Any, name: str, value: Any) -> None:
        undo.append((module, name, getattr(module, name)))
        setattr(module, name, value)

    with ExitStack() as stack:
        stack.enter_context(swapped(*cheap.SWAPS))
        stack.enter_context(swapped((fail.point, kernel.point), (receipts.now, _now)))
        stack.enter_context(swapped((ids.new_id, _ids.new_id)))
        put(publish, "newest", lambda _shelf: None)  # settings lie in SQL; none are pushed here
        put(Receipt, "value", property(cheap.value_of))
        put(outbox, "ThreadLanes", Line.lanes)
        put(city, "link", Line.link)
        put(outbox, "link", Line.link)
        put(sender, "Random", lambda: Now.kernel.dice)
        put(pace, "SMALLEST", 32)
        put(pace, "USUAL", 96)
        put(wire, "PART_LIMIT", 256)
        put(files, "os", disk.OS)
        put(sync_disk, "os", disk.OS)
        put(blobs, "os", disk.OS)
        put(blobs, "secrets", _ids)
        put(together, "threading", type("Threading", (), {"Lock": SimLock}))
        try:
            yield
        finally:
            for module, name, value in reversed(undo):
                setattr(module, name, value)


def run(seed: int, trace: bool = False, never: frozenset[str] = frozenset()) -> Wrong | None:
    """One schedule; None where everything held."""
    _ids.count = itertools.count(1)
    disk.OS.open_files.clear()
    world = World(seed, never, trace)
    try:
        world.run()
        words = tuple(problems(world))
        said = tuple(Now.kernel.trace or ())
    finally:
        world.close()
    return Wrong(seed, words, said) if words or trace else None


@contextmanager
def _no_collector() -> Iterator[None]:
    """Garbage is collected between schedules: a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was:
            gc.enable()


def many(start: int, count: int, stop_at: int = 3) -> list[Wrong]:
    """So many schedules from a seed on; stops at some that were wrong."""
    wrong: list[Wrong] = []
    with simulated(), _no_collector():
        for seed in range(start, start + count):
            found = run(seed)
            if seed % 200 == 0:
                gc.collect()
            if found:
                wrong.append(found)
                if len(wrong) >= stop_at:
                    break
    return wrong
