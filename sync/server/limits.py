"""How often one address or one device may ask: token buckets in memory, per process.

Enrolment codes and console logins are hard to try in numbers; a normal sync (eight connections and
many parts) never meets a limit. Per process is enough: a second process at most doubles a number
that is far from useful to anybody who guesses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MANY = 20_000
"""Buckets kept at most; the full ones (nobody asked for a while) go first."""


@dataclass(frozen=True)
class Rule:
    """`burst` requests at once, then `rate` a second."""

    burst: float
    rate: float


RULES = {
    "enrol": Rule(10, 1 / 6),
    "login": Rule(10, 1 / 6),
    "page": Rule(120, 10),
    "device": Rule(4000, 400),
    "address": Rule(20_000, 2000),
}


class Limits:
    """Buckets by (rule, who). `clock` is `time.monotonic` outside tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def wait(self, rule: str, who: str) -> float:
        """0 where this request may pass (and is counted), else seconds until the next one may."""
        told, now = RULES[rule], self._clock()
        with self._lock:
            left, at = self._left.get((rule, who), (told.burst, now))
            left = min(told.burst, left + (now - at) * told.rate)
            if left < 1:
                return (1 - left) / told.rate
            if len(self._left) >= MANY:
                self._forget(now)
            self._left[rule, who] = (left - 1, now)
        return 0.0

    def _forget(self, now: float) -> None:
        full = [
            key
            for key, (left, at) in self._left.items()
            if left + (now - at) * RULES[key[0]].rate >= RULES[key[0]].burst
        ]
        oldest = sorted(self._left, key=lambda key: self._left[key][1])[: MANY // 10]
        for key in full or oldest:
            del self._left[key]
