"""Whether a save is about what its trip holds, or about what its own device began.

A save may begin a record, and change what the trip holds: a reservation that was handed out with
it, what is below one, what this device brought first. Anything else is somebody else's, and the
save is refused (`out_of_scope`). What the city does not know yet is nobody's: parents come late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.server import closing, retakes
from sync.server.shelf import Device, Place, Shelf

DEPTH = 6
CITYS = {"reservation": (closing.FIELD,), "application": ("jlis",)}
"""Fields that the city alone sets."""


def citys_own(save: Mapping[str, Any], kind: str) -> bool:
    """Whether a save of a record of this kind says what only the city says."""
    made = retakes.KIND in (kind, save["entity"])
    return made or any(name in save["set"] for name in CITYS.get(kind, ()))


@dataclass(frozen=True)
class Belongs:
    """What one batch is judged by: where its records stand in the city's store, and which parents
    its own new records name."""

    device: str
    places: Mapping[str, Place]
    fresh: Mapping[str, str]
    torn: frozenset[str] = frozenset()
    """Records of which the batch names two parents: nobody knows which one is meant."""

    def refusal(self, save: Mapping[str, Any]) -> str:
        """ "out_of_scope" where a save is about somebody else's record, else ""."""
        if save["trip_kind"] == "office":
            return ""
        one, held = str(save["id"]), save["trip_records"]
        for _ in range(DEPTH):
            if not one or one in held:
                return ""
            place = self.places.get(one)
            if place is None and one in self.torn:
                return "out_of_scope"
            if place is None:
                one = self.fresh.get(one, "")
            elif place.owner in ("", self.device):
                return ""
            elif not place.parent:
                return "out_of_scope"
            else:
                one = place.parent
        return "out_of_scope"


def of_batch(shelf: Shelf, device: Device, saves: Iterable[Mapping[str, Any]]) -> Belongs:
    """Look up all records of a batch and what is above them: one question for each level.

    After the city was restored from a backup nobody is asked: who brought a record first is not
    known of what was lost and came again.
    """
    asked = [] if shelf.city().epoch > 1 else list(saves)
    fresh: dict[str, str] = {}
    torn: set[str] = set()
    for save in asked:
        one, parent = str(save["id"]), str(save.get("parent") or "")
        if parent and fresh.get(one, parent) not in ("", parent):
            torn.add(one)
        fresh[one] = parent or fresh.get(one, "")
    places: dict[str, Place] = {}
    ids = {*fresh, *fresh.values()}
    for _ in range(DEPTH):
        ids -= {"", *places}
        if not ids:
            break
        found = shelf.places(ids)
        places |= found
        ids = {place.parent for place in found.values() if place.owner not in ("", device.id)}
    return Belongs(device.id, places, fresh, frozenset(torn))
