"""The USB memory: carried between laptops and city, copied, kept too long, damaged, pulled out.

The real export (fieldkit/carry.py), import (sync/server/stick.py) and the real reading of replies
run over a folder of a simulated disk. Everybody uses the same stick, beside the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fieldkit import carry, carry_reply
from sync.medium import Full, Unsound
from sync.server import folder
from sync.server import stick as at_city
from tests.sim.city import City
from tests.sim.disk import Disk, Node
from tests.sim.kernel import Kernel, Process
from tests.sim.laptop import Laptop
from tests.sim.paths import Path
from tests.sim.road import flipped
from tests.sim.storm import Storm

TROUBLE = (OSError, Full, Unsound)


class Stick:
    """One stick. `old` are copies of every bundle and reply that ever lay on it."""

    def __init__(self, kernel: Kernel, storm: Storm, wrong: Callable[[str], None]) -> None:
        self.kernel, self.storm, self.wrong = kernel, storm, wrong
        self.disk = Disk(kernel, "stick")
        self.disk.folders.add("stick")
        self.folder: Any = Path(self.disk, "stick")
        self.old: dict[tuple[str, int], bytes] = {}
        self.newest: dict[str, int] = {}
        self.kinds: Counter[str] = Counter()
        self._in: Process | None = None

    @contextmanager
    def plugged(self) -> Iterator[None]:
        """It is in one machine at a time, until that is done with it or dies."""
        while self._in is not None and self._in.alive:
            self.kernel.hub.switch()
        self._in = self.kernel.process()
        try:
            yield
        finally:
            if self._in is self.kernel.process():
                self._in = None

    # -- the laptop's people ----------------------------------------------------------------------
    def export(self, laptop: Laptop) -> None:
        """Write all that waits; what is written stays where it waits."""
        with self.plugged():
            done = carry.export(laptop.vault, self.folder, "1")
            self.kinds["bundle"] += 1
            for name in done.files:
                self._remember(name)
            self._mishaps(".kspb")

    def take_replies(self, laptop: Laptop) -> None:
        with self.plugged():
            self._mishaps(".kspr")
            for taken in carry_reply.take_replies(laptop.vault, self.folder, asks=False):
                self.kernel.say(laptop.name, "took", taken)
                self.kinds["reply"] += not taken.code
                if f"-{laptop.name}-" in taken.file:  # a renamed copy of another's does not open
                    self._judge(f"{laptop.name} took a reply", taken.code, taken.refused)

    # -- the city's people ------------------------------------------------------------------------
    def import_(self, city: City) -> None:
        """`python -m sync.server import`: every bundle that lies there."""
        try:
            with self.plugged():
                for path in folder.bundles(self.folder):
                    self._taken(at_city.take(city.store, city.handler, path))  # type: ignore[arg-type]
        except TROUBLE as error:
            self.kernel.say("city cannot import:", type(error).__name__)

    def _taken(self, one: at_city.Taken) -> None:
        self.kernel.say("city imports", one)
        self.kinds["import"] += not one.code
        newest = self.newest.get(one.device, 0)
        self.kinds["old after newer"] += not one.code and one.n < newest
        self.newest[one.device] = max(one.n, newest)
        self._judge("the city took a bundle", one.code, [*one.damaged, *one.held])
        for name in list(self.disk.names):
            self._remember(name.rpartition("/")[2])

    def _judge(self, what: str, code: str, refused: list[str]) -> None:
        if (code or refused) and not self.storm.tampered:
            self.wrong(f"I5: {what} and says {code} {refused}")

    # -- what happens to sticks -------------------------------------------------------------------
    def _remember(self, name: str) -> None:
        node = self.disk.names.get(f"stick/{name}")
        if node is not None and name.endswith((".kspb", ".kspr")):
            self.old.setdefault((name, hash(node.data)), node.data)

    def _mishaps(self, ending: str) -> None:
        storm, dice = self.storm, self.storm.dice
        there = sorted(name for name in self.disk.names if name.endswith(ending))
        older = [one for one in self.old.items() if one[0][0].endswith(ending)]
        if storm.strikes("stick pulled"):
            self.disk.power_cut(dice)
            there = [name for name in there if name in self.disk.names]
        if there and storm.strikes("stick copied"):
            name = there[int(dice.random() * len(there))]
            self.put(f"copy-{name[6:]}", self.disk.names[name].data)
            self.kinds["copy"] += 1
        if older and storm.strikes("stick old"):
            (name, _), data = older[int(dice.random() * len(older))]
            self.put(f"old-{name}", data)
        if there and storm.strikes("stick damaged"):
            node = self.disk.names[there[int(dice.random() * len(there))]]
            node.data = node.forced = flipped(node.data, dice.random())
        if there and storm.strikes("stick lost"):
            self.drop(there[int(dice.random() * len(there))])
            self.kinds[f"lost {ending}"] += 1

    def put(self, name: str, data: bytes) -> None:
        """Somebody copies a file onto it."""
        node = Node()
        node.data = node.forced = data
        self.disk.names[f"stick/{name}"] = self.disk.plate[f"stick/{name}"] = node

    def drop(self, path: str) -> None:
        self.disk.names.pop(path, None)
        self.disk.plate.pop(path, None)

    def all_again(self) -> None:
        """Every copy that anybody ever kept turns up once more."""
        for number, ((name, _), data) in enumerate(sorted(self.old.items())):
            self.put(f"{number}-{name}", data)
