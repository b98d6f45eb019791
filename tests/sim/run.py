"""Run many schedules; say what was wrong with a seed and how to see it again."""

from __future__ import annotations

import builtins
import gc
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from fieldkit import carry_asks, city, citysettings, outbox
from fieldkit.store import files
from sync import bundle_file, exchange, fail, ids, medium, pace, wire
from sync import disk as sync_disk
from sync.receipt import Receipt
from sync.server import blobs, conflicts, epochs, publish, receipts, scope, together
from tests.sim import cheap, citystore, kernel, paths
from tests.sim.cheap import swapped
from tests.sim.city import found_out
from tests.sim.disk import HANDLES
from tests.sim.invariants import problems
from tests.sim.kernel import Now, SimLock
from tests.sim.lanes import SimPace
from tests.sim.laptop import Line
from tests.sim.storm import KINDS
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
happened: Counter[str] = Counter()
"""What happened in the schedules of this process, by kind."""
USUAL = {"whole", "part", "parcel", "part after parcel", "bundle", "import", "reply", "copy",
         "old after newer", "lost .kspb", "lost .kspr", "decided", "removed",
         *KINDS} - {"power laptop", "power city"}  # fmt: skip
"""What must have happened in some thousand of them: what never happens is not tested."""


def _now() -> str:
    return "2026-07-01T00:00:00+00:00"


@contextmanager
def simulated() -> Iterator[None]:
    """Within: the real code stands on the simulated world. Everything is put back at the end."""
    undo: list[tuple[Any, str, Any]] = []

    def put(module: Any, name: str, value: Any) -> None:
        undo.append((module, name, getattr(module, name, builtins.open)))
        assert hasattr(module, name) or name == "open", f"nobody uses {name} of {module}"
        setattr(module, name, value)

    with ExitStack() as stack:
        stack.enter_context(swapped(*cheap.SWAPS))
        stack.enter_context(swapped((fail.point, kernel.point), (receipts.now, _now)))
        stack.enter_context(swapped((ids.new_id, _ids.new_id)))
        put(publish, "newest", lambda _shelf: None)  # settings lie in SQL; none are pushed here
        put(epochs, "held", citystore.held)
        put(epochs, "found_out", found_out)
        put(conflicts, "row_of", citystore.clash_row)
        put(conflicts, "read", lambda _shelf, row: row.clash)
        put(conflicts, "settled", citystore.settled)
        put(conflicts, "renewed", citystore.renewed)
        put(scope, "holds", lambda _shelf, _trip, _record: True)
        put(Receipt, "value", property(cheap.value_of))
        put(outbox, "ThreadLanes", Line.lanes)
        put(city, "link", Line.link)
        put(outbox, "link", Line.link)
        put(exchange, "Random", lambda: Now.kernel.dice)
        put(pace, "SMALLEST", 32)
        put(pace, "USUAL", 96)
        put(wire, "PART_LIMIT", 4096)
        put(exchange, "Pace", SimPace)
        put(files, "os", paths.OS)
        put(sync_disk, "os", paths.OS)
        put(blobs, "os", paths.OS)
        put(blobs, "open", paths.open_file)
        put(blobs, "Path", paths.Path.of)
        put(medium, "os", paths.OS)
        put(medium, "shutil", paths.Shutil)
        put(bundle_file, "SEALED", 5 + 12)  # as cheap.hpke_seal does it
        put(citysettings, "requests", lambda _vault, _client: [])
        put(carry_asks, "for_renewal", lambda _vault: None)
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
    HANDLES.clear()
    world = World(seed, never, trace)
    try:
        world.run()
        happened.update(world.net.kinds + world.stick.kinds + world.storm.counted())
        happened["decided"] += len(world.city.rows["word"])
        docs = world.city.rows["doc"].values()
        happened["removed"] += sum(one.state == "removed" for one in docs)
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
