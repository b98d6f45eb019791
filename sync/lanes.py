"""Several requests on the way at once: each lane is a road of its own, and does nothing else.

What a request is and what its answer means stays with the one thread that calls (sync/sender.py).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sync.road import Answer, NoAnswer, Request, Road


@dataclass(frozen=True)
class Done:
    """A request that came to its end: its answer, or why there is none. `rtt`: of its road."""

    tag: Any
    answer: Answer | None
    error: NoAnswer | None
    took: float
    rtt: float = 0.0


class Lanes(Protocol):
    """Carries requests to the city, up to `width` of them at once."""

    width: int

    def start(self, tag: Any, request: Request) -> None:
        """Send it as soon as a lane is free; `tag` comes back with its end."""
        ...

    def finished(self, wait: float) -> list[Done]:
        """What has come to its end; waits so many seconds for the first where there is nothing."""
        ...

    def now(self) -> float:
        """Seconds of a clock that only ever goes forward."""
        ...

    def close(self) -> None: ...


class ThreadLanes:
    """A thread and a connection a lane, begun when they are first needed."""

    def __init__(self, make_road: Callable[[], Road], width: int = 4) -> None:
        self.width = width
        self._make_road = make_road
        self._jobs: queue.SimpleQueue[tuple[Any, Request] | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._flying = 0

    def start(self, tag: Any, request: Request) -> None:
        self._flying += 1
        if len(self._threads) < min(self.width, self._flying):
            thread = threading.Thread(target=self._drive, daemon=True, name="lane")
            self._threads.append(thread)
            thread.start()
        self._jobs.put((tag, request))

    def finished(self, wait: float) -> list[Done]:
        found: list[Done] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._ends.get(timeout=max(0.0, wait)))
            while True:
                found.append(self._ends.get_nowait())
        self._flying -= len(found)
        return found

    def now(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        """No further request begins. One that is on the way ends by itself, unheard."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)

    def _drive(self) -> None:
        road: Road | None = None
        while (job := self._jobs.get()) is not None:
            tag, request = job
            begun, answer, error = time.monotonic(), None, None
            try:
                road = road or self._make_road()
                answer = road.send(*request)
            except NoAnswer as why:
                error = why
            except Exception as why:  # whatever a broken line makes of an exchange
                error = NoAnswer(type(why).__name__)
            took = time.monotonic() - begun
            self._ends.put(Done(tag, answer, error, took, getattr(road, "rtt", 0.0)))
        if road is not None:
            road.close()
