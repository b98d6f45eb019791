"""A trip whose store is open: its rows, and its saves that follow into `saves.rec`.

Its day secret is in memory only; the disk knows a digest of it, enough to tell a wrong code
(design §4).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from fieldkit.errors import KitError
from fieldkit.store import saves, wipe
from fieldkit.store.db import Database


def secret_digest(trip_id: str, secret: wipe.Buffer) -> str:
    """What the disk remembers of a day secret: enough to say "wrong code", no more."""
    digest = hashlib.sha256(b"fieldkit/trip-secret/v1|" + trip_id.encode() + b"|")
    digest.update(secret)
    return digest.hexdigest()


@dataclass
class OpenTrip:
    """A trip whose store is open: its rows, its city key, its secret (memory only).

    `saved` counts the sealed lines in its store, `flushed` those that are durable in `saves.rec`;
    it is `behind` when a full disk kept a line out of that file.
    """

    id: str
    kind: str
    day: str
    public: bytes
    folder: Path
    db: Database
    kept_secret: bytearray = field(repr=False)
    saved: int = 0
    flushed: int = 0
    behind: bool = False

    @property
    def secret(self) -> bytes:
        """A copy of the day secret `E`; zeros once the trip is closed."""
        return bytes(self.kept_secret)

    def flush(self) -> bool:
        """Whether every save is in `saves.rec` and on the disk, where the city's key opens it.

        False where the disk is full: the store keeps the lines, and the next flush tries again.
        """
        with self.db.read():
            if self.flushed == self.saved:
                return True
            rows = self.db.all("SELECT n, line FROM sealed WHERE n > ? ORDER BY n", self.flushed)
            try:
                saves.complete(self.folder, [row["line"] for row in rows])
            except KitError:
                return False
            self.flushed, self.behind = self.saved, False
            return True
