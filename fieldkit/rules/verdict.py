"""The two decision values that several rules share.

A rule never answers with a bare `False`: it answers with what is wrong, under which clause, and
what the nearest thing is that would work.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    """The rule has nothing against it. `says` is the Japanese sentence for the screen."""

    says: str = ""


@dataclass(frozen=True)
class Refused:
    """The rule says no.

    `sentence` is shown as it is; `clause` is the rule it serves (empty when the reason is plain
    sense); `nearest` lists what would work instead; `can_override` tells whether a person may
    still go on with a written reason (the specification says "about" with most limits).
    """

    sentence: str
    clause: str = ""
    nearest: tuple[str, ...] = ()
    can_override: bool = False
