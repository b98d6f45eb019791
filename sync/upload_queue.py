"""The photos of one declaration that have not got their receipt, and which of them go next.

In parts, whole, or several whole ones together, as the line carries them (sync/pace.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.client import Client
from sync.held import Held, HeldPhoto
from sync.pace import Pace
from sync.road import Request

IN_MEMORY = 32 * 1024 * 1024
FEWEST = 3
"""So many small photos are worth one request, also where a lane would stand idle."""


@dataclass
class Upload:
    """One photo on its way. `offset`: so much is there; `failures` since the last progress."""

    photo: HeldPhoto
    offset: int = 0
    failures: int = 0
    stalled: int = 0
    rewound: int = 0
    not_before: float = 0.0
    data: bytes | None = None
    sent: int = 0

    @property
    def fresh(self) -> bool:
        """Nothing of it is there, and nothing went wrong with it."""
        return not (self.offset or self.failures or self.stalled or self.rewound)


class Queue:
    """`all` by id until their receipts are here; `ready` to go, the next one first."""

    def __init__(self, held: Held, client: Client, pace: Pace, photos: Sequence[HeldPhoto]) -> None:
        self.held, self.client, self.pace = held, client, pace
        self.all = {photo.id: Upload(photo) for photo in photos}
        self.ready: list[Upload] = []

    def has_room(self) -> bool:
        """Whether the bytes of one more may be held in memory."""
        return sum(len(one.data) for one in self.all.values() if one.data) < IN_MEMORY

    def next(self, lanes: int) -> list[Upload]:
        """What goes next: a photo, or several whole ones that the line carries in a moment."""
        room = self.pace.together() if self.client.v > 1 else 0
        most = max(FEWEST, -(-len(self.ready) // lanes))  # the last ones are spread over the lanes
        chosen = [self.ready.pop(0)]
        room -= chosen[0].photo.size
        while self.ready and len(chosen) < most and chosen[0].fresh and self.ready[0].fresh:
            room -= self.ready[0].photo.size
            if room < 0:
                break
            chosen.append(self.ready.pop(0))
        return chosen

    def read(self, one: Upload) -> bool:
        """Bring a photo's bytes into memory."""
        if one.data is None:
            one.data = self.held.photo_bytes(one.photo)
        if one.data is None:  # it became damaged: parked, and nothing of it goes
            self.all.pop(one.photo.id, None)
        return one.data is not None

    def request(self, ups: list[Upload]) -> Request:
        """What carries them; their bytes were read before."""
        if len(ups) == 1:
            return self._part(ups[0])
        whole = [(one.photo.id, one.photo.sha256, one.data or b"") for one in ups]
        for one in ups:
            one.sent = one.photo.size
        return self.client.whole(whole)

    def _part(self, one: Upload) -> Request:
        assert one.data is not None
        piece = one.data[one.offset : one.offset + self.pace.piece(one.photo.size - one.offset)]
        one.sent = len(piece)
        digest = one.photo.sha256 if one.sent == one.photo.size else ""
        return self.client.part(one.photo.id, piece, one.offset, digest)
