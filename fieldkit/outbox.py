"""The outbox: what waits for the city, and what the city has proved to hold.

Nothing is *done* because no error came. Done is what a receipt says that the pinned city key
signed, for this laptop, naming the digest and the size of the very bytes (sync/PROTOCOL.md §5).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from fieldkit import anchor, erase
from fieldkit.city import NO_SERVER, connect, refusal, untrusted
from fieldkit.store import numbering, photos
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import fail
from sync import receipt as receipts
from sync.client import Client, Refused
from sync.receipt import Receipt
from sync.road import NoAnswer
from sync.wire import BATCH_LIMIT, WireError, b64

OPS_A_BATCH = 100


@dataclass
class Progress:
    """What the screen shows while a sync runs; bytes are those of photos and saves together."""

    total: int = 0
    done: int = 0
    bytes_total: int = 0
    bytes_done: int = 0
    running: bool = False
    says: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def moved(self, count: int) -> None:
        with self.lock:
            self.bytes_done = min(self.bytes_total, self.bytes_done + count)

    def finished(self) -> None:
        with self.lock:
            self.done = min(self.total, self.done + 1)


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


def sync(vault: Vault, progress: Progress | None = None) -> Progress:
    """Send all that waits; returns what was done. KitError where the city cannot be reached.

    Saves go first, then photos, oldest first. Each receipt is kept before anything depends on it;
    photos that it proves are erased here.
    """
    seen = progress or Progress()
    left = items(vault)
    seen.total = len([i for i in left if i["state"] == "queued"])
    seen.bytes_total = sum(i["size"] for i in left if i["state"] == "queued")
    client = connect(vault)
    try:
        _send_ops(vault, client, seen)
        _send_photos(vault, client, seen)
        anchor.send_rest(vault, client)
    except NoAnswer:
        raise NO_SERVER from None
    except Refused as error:
        raise refusal(error.code) from None
    except WireError as error:
        raise untrusted(error.code) from None
    finally:
        client.road.close()
    vault.note("synced", vault.device_id, f"{seen.done}")
    return seen


def _next_ops(vault: Vault) -> list[Any]:
    """The next batch in order of number, within the size that the city takes."""
    chosen: list[Any] = []
    size = 0
    for row in vault.book.all(
        "SELECT * FROM outbox WHERE state = 'queued' ORDER BY n LIMIT ?", OPS_A_BATCH
    ):
        size += row["size"] * 4 // 3 + 400
        if chosen and size > BATCH_LIMIT:
            break
        chosen.append(row)
    return chosen


def _send_ops(vault: Vault, client: Client, seen: Progress) -> None:
    while rows := _next_ops(vault):
        ops, there = [], []
        for row in rows:
            sealed = numbering.sealed_bytes(vault, row)
            if sealed is None:
                _park(vault, "outbox", "op_id", row["op_id"], "file_damaged")
                continue
            there.append(row)
            ops.append(
                {
                    "op_id": row["op_id"],
                    "n": row["n"],
                    "trip": row["trip_id"],
                    "rec": b64(sealed),
                }
            )
        if ops:
            fail.point("sync.begin")
            answer = anchor.send_batch(vault, client, ops, [])
            fail.point("sync.answered")
            _apply_ops(vault, answer["receipt"], answer["value"], there, seen)


def _apply_ops(
    vault: Vault, made: Receipt, value: dict[str, Any], rows: list[Any], seen: Progress
) -> None:
    with vault.book.write() as conn:
        kept.keep(vault, made)
        for row in rows:
            if receipts.proves(value, row["op_id"], row["sha256"], row["size"]):
                conn.execute(
                    "UPDATE outbox SET state = 'receipted', receipt = ?, reason = '',"
                    " attempts = attempts + 1 WHERE op_id = ?",
                    (made.digest, row["op_id"]),
                )
                seen.finished()
                seen.moved(row["size"])
            else:
                reason = receipts.reason_for(value, row["op_id"])
                _park(vault, "outbox", "op_id", row["op_id"], reason)
    fail.point("sync.receipt_kept")


def _park(vault: Vault, table: str, key: str, object_id: str, reason: str) -> None:
    """What the city refuses stays here, visible, with its reason. Never deleted."""
    with vault.book.write() as conn:
        conn.execute(
            f"UPDATE {table} SET state = 'parked', reason = ?, attempts = attempts + 1"
            f" WHERE {key} = ?",
            (reason, object_id),
        )
        vault.note("refused", object_id, reason)


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


def _send_photos(vault: Vault, client: Client, seen: Progress) -> None:
    rows = {
        row["id"]: row
        for row in vault.book.all("SELECT * FROM photo WHERE state = 'queued' ORDER BY captured_at")
    }
    if not rows:
        return
    declared = []
    for row in rows.values():
        try:
            sealed_key, _ = photos.whole_parts(vault, row)
        except photos.Unsendable as fault:
            _park(vault, "photo", "id", row["id"], fault.reason)
            continue
        declared.append(
            {
                "id": row["id"],
                "trip": row["trip_id"],
                "sha256": row["sha256"],
                "size": row["size"],
                "seal": b64(sealed_key),
            }
        )
    fail.point("sync.photo_begin")
    answer = anchor.send_batch(vault, client, [], declared)
    with vault.book.write():
        kept.keep(vault, answer["receipt"])
    fail.point("sync.photo_declared")
    for state in answer["photos"]:
        row = rows.get(str(state["id"]))
        if row is None:
            continue
        _send_photo(vault, client, row, state, seen)
        seen.finished()


def _send_photo(
    vault: Vault, client: Client, row: Any, state: dict[str, Any], seen: Progress
) -> None:
    """One photo to its receipt, then its files are erased against that receipt."""
    if "receipt" in state:
        made, value = client.checked(state["receipt"])
    else:
        try:
            _, data = photos.whole_parts(vault, row)
        except photos.Unsendable as fault:
            _park(vault, "photo", "id", row["id"], fault.reason)
            return
        offset = int(state["offset"])
        seen.moved(offset)
        made, value = client.send_photo(row["id"], data, offset, seen.moved)
    if not receipts.proves(value, row["id"], row["sha256"], row["size"]):
        with vault.book.write():
            kept.keep(vault, made)
            _park(vault, "photo", "id", row["id"], receipts.reason_for(value, row["id"]))
        return
    fail.point("sync.photo_answered")
    with vault.book.write() as conn:
        kept.keep(vault, made)
        conn.execute(
            "UPDATE photo SET state = 'receipted', receipt = ?, reason = '' WHERE id = ?",
            (made.digest, row["id"]),
        )
    fail.point("sync.photo_receipted")
    erase.erase_photo(vault, row["id"], "receipt")
