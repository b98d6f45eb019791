"""The receipts of photos: kept in groups, and what they prove is erased group by group.

One group costs one forced write, and is done while the other photos are still going up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync import fail
from sync.exchange import Seen
from sync.held import Held, HeldPhoto, unnamed
from sync.receipt import Receipt
from sync.road import NoAnswer
from sync.wire import WireError

GROUP, GROUP_SECONDS = 8, 2.0


class Proofs:
    """Verified receipts that are here and not kept yet. `now`: seconds, as the lanes count them."""

    def __init__(self, held: Held, seen: Seen, now: Callable[[], float]) -> None:
        self.held, self.seen, self._now = held, seen, now
        self._group: list[tuple[Receipt, dict[str, Any]]] = []
        self._since = 0.0

    def add(self, photo: HeldPhoto, made: Receipt, value: dict[str, Any]) -> None:
        """A verified receipt for a photo: watched now, kept with its group. One that does not speak
        of it (somebody played it back) is no answer."""
        self.held.watch(made, value)
        if unnamed(value, [(photo.id, photo.sha256, photo.size)]):
            raise NoAnswer("other_receipt", brief=True)
        fail.point("sync.photo_answered")
        if not self._group:
            self._since = self._now()
        if all(made != other for other, _ in self._group):
            self._group.append((made, value))

    def due(self) -> float:
        """Seconds until the receipts that are here have to be kept."""
        if len(self._group) >= GROUP:
            return 0.0
        return self._since + GROUP_SECONDS - self._now() if self._group else 1.0

    def settle(self) -> None:
        """Keep the receipts that came, then erase what they prove."""
        if not self._group:
            return
        group, self._group = [one for one in self._group if self._stands_yet(*one)], []
        self.seen.finished(self.held.keep(group))
        fail.point("sync.photo_receipted")
        self.held.erase()

    def _stands_yet(self, made: Receipt, value: dict[str, Any]) -> bool:
        """Whether a receipt that waited in the group still counts: the city may have said since
        that its store was set back. What it named is then asked for again."""
        try:
            self.held.watch(made, value)
        except WireError:
            return False
        return True
