"""What goes wrong in a schedule: which kinds, how often, and how many in all.

Each schedule allows only some kinds (what always happens together hides what happens alone), and
ends: when the number of its faults is used up, the weather is fine.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.sim.kernel import Kernel

# kind: chance each time that there is an occasion
KINDS = {
    "kill laptop": 0.008,
    "kill city": 0.012,
    "power laptop": 0.8,  # of a kill
    "power city": 0.8,
    "request lost": 0.10,
    "answer lost": 0.15,
    "sent twice": 0.15,
    "sent late": 0.10,
    "answer cut": 0.06,
    "answer flipped": 0.10,
    "request flipped": 0.06,
    "old answer": 0.10,
    "portal": 0.06,
    "answer of another": 0.10,
    "forged": 0.10,
    "full laptop": 0.02,
    "full city": 0.02,
    "restore": 0.006,
    "put back": 0.006,
    "new key": 0.006,
    "clock": 0.002,
    "stick copied": 0.3,
    "stick old": 0.3,
    "stick lost": 0.4,
    "stick damaged": 0.15,
    "stick pulled": 0.15,
}
TAMPERS = {"answer flipped", "request flipped", "old answer", "portal", "answer of another",
           "forged", "restore", "put back", "new key", "stick damaged"}  # fmt: skip
ALLOWED = 0.45


class Storm:
    """`strikes(kind)`: whether it happens now; each time uses up one of the schedule's faults."""

    def __init__(self, kernel: Kernel, dice: Random, never: frozenset[str] = frozenset()) -> None:
        self.kernel, self.dice = kernel, dice
        some = dice.random() * 2 * ALLOWED
        self.kinds = {k: p for k, p in KINDS.items() if dice.random() < some and k not in never}
        self.left = 1 + int(dice.random() ** 2 * 9)
        self.seen: list[str] = []

    def strikes(self, kind: str, times: float = 1.0) -> bool:
        if not self.left:
            return False
        chance = self.kinds.get(kind)
        if chance is None or self.dice.random() >= chance * times:
            return False
        self.left -= kind != "clock"
        if not self.left:
            self.kernel.danger = None
        self.seen.append(kind)
        self.kernel.say("FAULT", kind)
        return True

    @property
    def tampered(self) -> bool:
        """Whether anything happened of which the people at a laptop may have to be told."""
        return not TAMPERS.isdisjoint(self.seen)

    def counted(self) -> Counter[str]:
        """How often each kind struck."""
        return Counter(self.seen)

    def only(self, *kinds: str) -> None:
        """Allow just these."""
        self.kinds = {kind: KINDS[kind] for kind in kinds}

    def over(self) -> None:
        self.left = 0
        self.kernel.danger = None
