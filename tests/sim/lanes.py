"""Several requests of one laptop on the way at once (sync/lanes.py), in an order of the dice.

Time is a number here: a request takes as long as the dice say, and nobody waits for it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sync import exchange, pace
from sync.lanes import Done
from sync.road import Answer, NoAnswer, Request
from tests.sim.kernel import Cell, Now, Process
from tests.sim.road import Network, SimRoad

TOOK = (0.01, 0.02, 0.4, 3.0, 20.0)
MOODS = ("real", "parts", "whole", "parcels", "parcels", "mixed")


class SimPace(pace.Pace):
    """The real pace in a mood of the dice: what the line could have taught it, in any order."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.mood = MOODS[int(Now.kernel.dice.random() * len(MOODS))]
        together = self.mood in ("parcels", "mixed")
        widths = (1, 1, 2, pace.FEW) if together else (1, 2, pace.FEW, pace.MANY)
        self.width = widths[int(Now.kernel.dice.random() * 4)]

    def _now(self) -> str:
        if self.mood == "mixed":
            return MOODS[int(Now.kernel.dice.random() * 5)]
        return self.mood

    def piece(self, left: int) -> int:
        mood = self._now()
        if mood == "parts":
            return min(left, self.size)
        if mood in ("whole", "parcels") and not self.failures:
            return min(left, self.most)
        return super().piece(left)

    def together(self) -> int:
        mood = self._now()
        if mood in ("parts", "whole"):
            return 0
        if mood == "parcels" and (not self.failures or self.mood == "mixed"):
            return self.most
        return super().together()

    @property
    def lanes(self) -> int:
        return self.width


assert exchange.Pace is pace.Pace and callable(pace.Pace.piece) and callable(pace.Pace.together)


class SimLanes:
    """Lanes of a laptop's process."""

    def __init__(self, net: Network, laptop: str, process: Process, width: int = 4) -> None:
        self.width = width
        self.net, self.laptop, self.process = net, laptop, process
        self.time = 0.0
        self.rtt = (0.0, 0.01, 0.3)[int(net.storm.dice.random() * 3)]
        self.jobs: list[tuple[Any, Request]] = []
        self.ends: list[Done] = []
        self.flying = 0
        self.bell = Cell()
        self.closed = False

    def start(self, tag: Any, request: Request) -> None:
        self.jobs.append((tag, request))
        self._next()

    def _next(self) -> None:
        while self.jobs and self.flying < self.width and not self.closed:
            tag, request = self.jobs.pop(0)
            self.flying += 1
            self.net.kernel.spawn(self.process, partial(self._fly, tag, request))

    def _fly(self, tag: Any, request: Request) -> None:
        answer: Answer | None = None
        error: NoAnswer | None = None
        try:
            answer = SimRoad(self.net, self.laptop).send(*request)
        except NoAnswer as why:
            error = why
        took = TOOK[int(self.net.storm.dice.random() * len(TOOK))]
        self.flying -= 1
        self.ends.append(Done(tag, answer, error, took, self.rtt))
        self.bell.put(True)
        self._next()

    def finished(self, wait: float) -> list[Done]:
        self.net.kernel.pause()
        if not self.ends and (self.flying or self.jobs) and self.net.storm.dice.random() < 0.95:
            self.bell = Cell()
            self.net.kernel.wait(self.bell)
        elif not self.ends:
            self.time += wait
        found, self.ends = self.ends, []
        self.time += max([one.took for one in found], default=0.0)
        return found

    def now(self) -> float:
        return self.time

    def close(self) -> None:
        self.closed = True
        self.jobs.clear()
