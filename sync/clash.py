"""What the rules of merging speak of: a revision, a record, two values that clash.

Plain values; sync/merge.py and sync/decide.py work on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sync.field_kinds import path_of, value_at

WAITING, RULED = "waiting", "ruled"


@dataclass(frozen=True)
class Rev:
    """Who changed a field last: the city's number of that save, the device, its kind of trip.

    `n`: the device's own number of the save (0: not known). `also`: who else said the same value
    since, as (number, device, kind of trip): only who has seen them all may change it unasked.
    """

    seq: int
    device: str
    trip_kind: str = ""
    actor: str = ""
    at: str = ""
    n: int = 0
    also: tuple[tuple[int, str, str], ...] = ()

    def others(self, device: str) -> list[Rev]:
        """Everybody but this device who said the value."""
        said = [self, *(Rev(*one) for one in self.also)]
        return [rev for rev in said if rev.device != device]

    def by(self, device: str) -> bool:
        """Whether this device said the value."""
        return device == self.device or any(device == one[1] for one in self.also)


@dataclass(frozen=True)
class Doc:
    """A record as the city holds it. `state` is `live` or `removed` (a tombstone: empty body)."""

    id: str
    kind: str
    parent: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    revs: dict[str, Rev] = field(default_factory=dict)
    rev: int = 0
    state: str = "live"
    actor: str = ""
    at: str = ""

    def get(self, name: str) -> Any:
        """The value of a field (with dots for a key of a map); None where there is none."""
        return value_at(self.body, path_of(self.kind, name))


@dataclass(frozen=True)
class Clash:
    """Two values of one field (or of one group of fields that only make sense together).

    `names` are the fields; `kept` and `other` map them to the two values (None: not there),
    `kept_by` and `other_by` say who, when and at which revision. `kept` is what the record says.
    `state`: `waiting` for a person, or `ruled` (settled by the kind's rule, shown as history).
    """

    record: str
    op_id: str
    names: tuple[str, ...]
    kept: dict[str, Any]
    other: dict[str, Any]
    kept_by: Rev
    other_by: Rev
    rule: str
    state: str = WAITING


def newest(revs: Iterable[Rev]) -> Rev:
    """The latest in the city's order."""
    return max(revs, key=lambda rev: rev.seq)
