"""The outbox: what waits for the city, and what the city has proved to hold.

Nothing is *done* because no error came. Done is what a receipt says that the pinned city key
signed, for this laptop, naming the digest and the size of the very bytes (sync/PROTOCOL.md §5).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from fieldkit import pull
from fieldkit.city import connect, link, said_no, untrusted
from fieldkit.errors import KitError
from fieldkit.sending import OPS_A_BATCH, Sending, clock_offset
from fieldkit.store import numbering
from fieldkit.store.vault import Vault
from sync.client import Refused
from sync.lanes import ThreadLanes
from sync.road import NoAnswer
from sync.sender import Sender
from sync.wire import WireError

__all__ = ["OPS_A_BATCH", "Progress", "items", "requeue", "sent", "sent_count", "sync",
           "told_of_room", "waiting"]  # fmt: skip

CLOCK_OFF = 120
NO_ROOM = KitError(
    "disk_full",
    "この端末のディスクに空きがなく、市との受け渡しを止めました。送るものも受領証も失われていません。"
    "不要なファイルを消してから、もう一度どうぞ。",
    "retry",
)
_at_once: WeakKeyDictionary[Vault, threading.RLock] = WeakKeyDictionary()
_guard = threading.Lock()


@dataclass
class Progress:
    """What the screen shows while a sync runs; bytes are those of photos and saves together.

    `done` counts what receipts prove, never what was merely sent. `code` is that of the KitError
    that stopped it. `usb`: a USB memory is being written, which proves nothing.
    `ended`: the time of day at which it was over.
    """

    total: int = 0
    done: int = 0
    bytes_total: int = 0
    bytes_done: int = 0
    running: bool = False
    says: str = ""
    code: str = ""
    warning: str = ""
    lanes: int = 1
    usb: bool = False
    ended: str = ""
    started: float | None = None
    bytes_there: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, total: int, bytes_total: int) -> None:
        self.total, self.bytes_total = total, bytes_total
        self.started = time.monotonic()

    def moved(self, count: int) -> None:
        """So many bytes went up."""
        with self.lock:
            self.bytes_done = min(self.bytes_total, self.bytes_done + count)

    def there(self, count: int) -> None:
        """So many bytes were at the city already."""
        with self.lock:
            self.bytes_done = min(self.bytes_total, self.bytes_done + count)
            self.bytes_there += count

    def finished(self, count: int = 1) -> None:
        with self.lock:
            self.done = min(self.total, self.done + count)

    def seconds_left(self) -> int | None:
        """How long it still takes at the speed of this run so far; None while that is unknown."""
        if self.started is None or not self.running:
            return None
        took, moved = time.monotonic() - self.started, self.bytes_done - self.bytes_there
        if took < 2 or moved <= 0:
            return None
        return math.ceil((self.bytes_total - self.bytes_done) * took / moved)


def waiting(vault: Vault) -> dict[str, int]:
    """How much is not yet proved to be at the city, and how much the city refused."""
    ops = vault.book.one("SELECT count(*) AS n FROM outbox WHERE state = 'queued'")
    pictures = vault.book.one("SELECT count(*) AS n FROM photo WHERE state = 'queued'")
    parked = vault.book.one(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 'parked')"
        " + (SELECT count(*) FROM photo WHERE state = 'parked') AS n"
    )
    assert ops and pictures and parked
    return {"waiting": ops["n"] + pictures["n"] + vault.unnumbered, "parked": parked["n"]}


def items(vault: Vault) -> list[dict[str, Any]]:
    """Everything that waits or is parked, oldest first."""
    numbering.adopt_orphans(vault)
    rows = vault.book.all(
        "SELECT op_id AS id, entity, record_id, state, reason, size, queued_at AS since, attempts"
        " FROM outbox WHERE state IN ('queued', 'parked')"
        " UNION ALL SELECT id, 'photo', id, state, reason, size, captured_at, attempts"
        " FROM photo WHERE state IN ('queued', 'parked') ORDER BY since"
    )
    return [dict(row) for row in rows]


def sent(vault: Vault, limit: int = 50) -> list[dict[str, Any]]:
    """What the city holds, a row a record and receipt, newest first; it outlives the data."""
    rows = vault.book.all(
        "SELECT o.entity, o.record_id, count(*) AS saves, sum(o.size) AS size, r.kept_at, r.seq"
        " FROM outbox o JOIN receipt r ON r.digest = o.receipt GROUP BY o.record_id, r.seq"
        " UNION ALL SELECT 'photo', p.id, 1, p.size, r.kept_at, r.seq FROM photo p"
        " JOIN receipt r ON r.digest = p.receipt ORDER BY kept_at DESC, seq DESC LIMIT ?",
        limit,
    )
    return [dict(row) for row in rows]


def sent_count(vault: Vault) -> int:
    """How many objects a kept receipt proves to be at the city."""
    row = vault.book.one(
        "SELECT (SELECT count(*) FROM outbox WHERE receipt IS NOT NULL)"
        " + (SELECT count(*) FROM photo WHERE receipt IS NOT NULL) AS n"
    )
    return row["n"] if row else 0


def one_at_a_time(vault: Vault) -> threading.RLock:
    """Held by whoever sends or takes receipts in: a second sync of the same laptop waits."""
    with _guard:
        return _at_once.setdefault(vault, threading.RLock())


@contextmanager
def told_of_room() -> Iterator[None]:
    """A full disk in words of the send: the store's own sentence speaks of a form on a screen."""
    try:
        yield
    except KitError as error:
        if error.code == NO_ROOM.code:
            raise NO_ROOM from None
        raise


def sync(vault: Vault, progress: Progress | None = None) -> Progress:
    """Send all that waits; returns what was done. KitError where the city cannot be reached.

    Saves go first, or beside the photos on a near line. Each receipt is kept before anything
    depends on it; photos that it proves are erased here. Asked twice at once, the second one waits,
    then sends what is left.
    """
    seen = progress or Progress()
    with one_at_a_time(vault), told_of_room():
        left = [i for i in items(vault) if i["state"] == "queued"]
        seen.begin(len(left), sum(i["size"] for i in left))
        client = connect(vault)
        lanes = ThreadLanes(link(vault))
        try:
            held = Sending(vault, pull.place)
            Sender(held, client, lanes, seen).run()
            while held.more:
                held.more = False
                Sender(held, client, lanes, seen).run()
        except (NoAnswer, Refused) as error:
            raise said_no(error) from None
        except WireError as error:
            raise untrusted(error.code) from None
        finally:
            lanes.close()
        vault.note("synced", vault.device_id, f"{seen.done}")
    seen.warning = clock_warning(vault)
    return seen


def clock_warning(vault: Vault) -> str:
    """A sentence where this laptop's clock and the city's are minutes apart, else nothing."""
    ahead = clock_offset(vault)
    if ahead is None or abs(ahead) <= CLOCK_OFF:
        return ""
    minutes = round(abs(ahead) / 60)
    says = f"{minutes}分" if minutes < 120 else f"約{round(minutes / 60)}時間"
    says = says if minutes < 72 * 60 else f"約{round(minutes / 60 / 24):,}日"
    way = "進んで" if ahead > 0 else "遅れて"
    return (
        f"この端末の時計は、市サーバより{says}{way}います。"
        "送信に問題はありません。時計を合わせてください。"
    )


def requeue(vault: Vault) -> int:
    """A supervisor lets parked items be sent once more; returns how many. Nothing is changed in
    them: the city answers again, and what it still refuses is parked again."""
    count = 0
    with vault.book.write() as conn:
        for table in ("outbox", "photo"):
            count += conn.execute(
                f"UPDATE {table} SET state = 'queued' WHERE state = 'parked'"
            ).rowcount
        if count:
            vault.note("requeued", vault.device_id, str(count))
    return count
