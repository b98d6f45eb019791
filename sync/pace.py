"""How much goes into one request, over how many lanes, and how long to wait after a failure.

A whole photo where the line carried the last bytes fast enough, else parts: a part that fails costs
little on a bad line, and a round trip costs little on a good one. On a bad line the number of
connections decides how much of it is used.
"""

from __future__ import annotations

from random import Random

from sync import wire
from sync.road import NoAnswer

SMALLEST = 32 * 1024
USUAL = 64 * 1024
TOGETHER, MOMENT = 4 * 1024 * 1024, 0.25
"""Whole photos go as one request up to so many bytes, where a lane carries them in so many seconds:
what a request costs by itself is then shared."""
PATIENCE = 2.0
"""Seconds that a request may take: beyond, it is cut into parts."""
FEW, MANY = 4, 8
TRIES, BRIEF_TRIES = 8, 3
FAR = 0.15
NEAR = 0.03


class Pace:
    """What one run learns of its line. `most` is the largest part that the city takes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = USUAL
        self.rate = 0.0  # bytes a second of the last request on one lane; 0: not known
        self.rtt = 0.0
        self.failures = 0

    def heard(self, rtt: float) -> None:
        """The time of a round trip, as opening a connection showed it."""
        if rtt > 0:
            self.rtt = min(self.rtt, rtt) if self.rtt else rtt

    @property
    def near(self) -> bool:
        """Whether the line is known to be short, and nothing failed on it."""
        return 0 < self.rtt <= NEAR and not self.failures

    def piece(self, left: int) -> int:
        """How many of the bytes that are left go into the next request."""
        fast = left < self.rate * PATIENCE if self.rate else self.near
        return min(left, self.most, left if fast else self.size)

    def together(self) -> int:
        """How many bytes of whole photos may go as one request; 0 where the line is not known to be
        near and fast, or failed once."""
        if not self.near:
            return 0
        return min(self.most - wire.HEAD_LIMIT, TOGETHER, int(self.rate * MOMENT))

    def good(self, sent: int, took: float) -> None:
        """A request with so many bytes was answered."""
        self.rate = sent / max(took, 0.001)
        if took < PATIENCE / 2:
            self.size = min(self.most, max(USUAL, 2 * self.size))
        elif took > 2 * PATIENCE:
            self.size = max(SMALLEST, self.size // 2)

    def bad(self) -> None:
        """A request failed: smaller parts, until the line shows that it carries more."""
        self.failures += 1
        self.rate = 0.0
        self.size = max(SMALLEST, min(self.size, USUAL) // 2)

    def too_large(self, sent: int) -> None:
        """The city says that it takes no such part."""
        self.most = max(1, min(self.most, sent) // 2)

    @property
    def lanes(self) -> int:
        return MANY if self.rtt > FAR or self.failures >= 2 else FEW


def pause(failures: int, dice: Random) -> float:
    """Seconds to wait before the next try: 0.1 s, doubled up to 30 s, with some chance in it."""
    return float(min(30.0, 0.1 * 2 ** min(failures - 1, 12)) * (0.5 + dice.random()))


def tries(error: NoAnswer) -> int:
    """How often a request is sent before the line is given up: 13 s of pauses, or half a second
    where nobody listens or somebody else answers."""
    return BRIEF_TRIES if error.brief else TRIES
