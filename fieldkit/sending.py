"""What this laptop holds for the city, and how a receipt settles it (sync/held.py: Held).

A receipt settles whatever it names by id, digest and size, whichever request it answered: over the
line, from a USB memory, today or late. One commit a group, and nothing is erased before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fieldkit import anchor, erase, kits_told, restored, settings_told
from fieldkit.store import facts, numbering, photos
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import fail, packet
from sync.held import HeldOp, HeldPhoto, Kept
from sync.receipt import Receipt
from sync.statements import News
from sync.wire import BATCH_LIMIT, unb64

OPS_A_BATCH = 100
CLOCK = "clock_offset"
Changes = Callable[[Vault, str, int, dict[str, Any]], None]


class Sending:
    """`Held` over an open vault, for one run.

    `changes` takes what is new of an open trip: `(vault, trip id, cursor, {"records", "clashes",
    "twins"})`; without it nothing is asked for. `late`: receipts from a medium.
    """

    def __init__(self, vault: Vault, changes: Changes | None = None, late: bool = False) -> None:
        self.vault, self.book = vault, vault.book
        self._changes = changes
        self._late = late
        self._proved: list[str] = []
        self.more = False
        """Whether the last news were not all: another run brings the rest."""

    # -- what waits -------------------------------------------------------------------------------
    def next_ops(self) -> list[HeldOp]:
        while True:
            found: list[HeldOp] = []
            damaged, size = [], 0
            for row in self.book.all(
                "SELECT * FROM outbox WHERE state = 'queued' ORDER BY n LIMIT ?", OPS_A_BATCH
            ):
                size += row["size"] * 4 // 3 + 400
                if found and size > BATCH_LIMIT:
                    break
                sealed = numbering.sealed_bytes(self.vault, row)
                if sealed is None:
                    damaged.append(row["op_id"])
                    continue
                told = [row[name] for name in ("op_id", "n", "trip_id", "sha256", "size")]
                found.append(HeldOp(*(*told, sealed)))
            self._park(damaged, "file_damaged")
            if found or not damaged:
                return found

    def next_photos(self) -> list[HeldPhoto]:
        found = []
        for row in self.book.all("SELECT * FROM photo WHERE state = 'queued' ORDER BY captured_at"):
            try:
                seal = photos.whole_seal(self.vault, row)
            except photos.Unsendable as fault:
                self._park([row["id"]], fault.reason)
                continue
            found.append(HeldPhoto(row["id"], row["trip_id"], row["sha256"], row["size"], seal))
        return found

    def photo_bytes(self, photo: HeldPhoto) -> bytes | None:
        try:
            return photos.whole_parts(self.vault, photos.row_of(self.vault, photo.id))[1]
        except photos.Unsendable as fault:
            self._park([photo.id], fault.reason)
            return None

    def next_facts(self) -> list[dict[str, str]]:
        return facts.group(self.book)

    def ledger(self) -> dict[str, Any]:
        return anchor.to_send(self.vault)

    def pull(self) -> dict[str, int]:
        if self._changes is None:
            return {}
        rows = self.book.all("SELECT id, cursor FROM trip WHERE state = 'out'")
        return {row["id"]: row["cursor"] for row in rows if row["id"] in self.vault.trips}

    def about(self) -> dict[str, Any]:
        return {"epoch": kept.city(self.book)["epoch"], "settings": settings_told.held(self.vault)}

    def shows(self, whole: bool = False) -> dict[str, Any]:
        return {"shows": kept.shown(self.book, whole)}

    # -- what the city proved ---------------------------------------------------------------------
    def newest(self) -> int:
        return int(kept.city(self.book)["seq"])

    def has(self, made: Receipt) -> bool:
        return kept.has(self.book, made)

    def watch(self, made: Receipt, value: dict[str, Any]) -> None:
        anchor.watch(self.vault, made, value, self._late)

    def keep(self, kept_: Kept) -> int:
        proved = 0
        with self.book.write() as conn:
            for made, value in kept_:
                kept.keep(self.vault, made)
                for item in value["items"]:
                    proved += self._settle(conn, made, value.get("kind"), item)
        return proved

    def _settle(self, conn: Any, made: Receipt, kind: Any, item: dict[str, Any]) -> int:
        """One line of a receipt; 1 where it proves something that waited."""
        exact = (str(item.get("id")), item.get("sha256"), item.get("size"))
        if kind == "ledger":
            self.vault.note("refused", self.vault.device_id, str(item.get("reason")))
        elif kind == "ops" and exact[0] == "facts":
            if item.get("answer") in ("taken", "already"):
                facts.proved(self.book, str(item.get("sha256")), made.digest)
        elif kind in ("ops", "photo") and item.get("answer") in ("taken", "already"):
            return self._proof(conn, made, exact)
        elif kind in ("ops", "photo") and item.get("answer") == "refused":
            self._refusal(conn, exact, str(item.get("reason") or "no_proof"))
        return 0

    def _proof(self, conn: Any, made: Receipt, exact: tuple[str, Any, Any]) -> int:
        done = conn.execute(
            "UPDATE outbox SET state = 'receipted', receipt = ?, reason = '',"
            " attempts = attempts + 1, tried_at = ?"
            " WHERE op_id = ? AND sha256 = ? AND size = ?"
            " AND state IN ('queued', 'parked', 'handed', 'superseded')",
            (made.digest, self.vault.now(), *exact),
        )
        if done.rowcount:
            return 1
        done = conn.execute(
            "UPDATE photo SET state = 'receipted', receipt = ?, reason = ''"
            " WHERE id = ? AND sha256 = ? AND size = ? AND state IN ('queued', 'parked', 'handed')",
            (made.digest, *exact),
        )
        if done.rowcount:
            self._proved.append(exact[0])
        else:
            restored.proved_again(conn, made.digest, exact)
        return int(done.rowcount)

    def _refusal(self, conn: Any, exact: tuple[str, Any, Any], reason: str) -> None:
        """The city's signed no to exactly these bytes: they stay here, visible, with its reason."""
        for table, key in (("outbox", "op_id"), ("photo", "id")):
            waits = conn.execute(
                f"SELECT 1 FROM {table} WHERE {key} = ? AND sha256 = ? AND size = ?"
                " AND state = 'queued'",
                exact,
            ).fetchone()
            if waits:
                self._park([exact[0]], reason)

    def _park(self, ids: Sequence[str], reason: str) -> None:
        """What cannot be sent or is refused stays here, visible, with its reason. Never deleted."""
        if not ids:
            return
        with self.book.write() as conn:
            for object_id in ids:
                for table, key in (("outbox", "op_id"), ("photo", "id")):
                    done = conn.execute(
                        f"UPDATE {table} SET state = 'parked', reason = ?, attempts = attempts + 1"
                        f" WHERE {key} = ? AND state = 'queued'",
                        (reason, object_id),
                    )
                    if done.rowcount:
                        self.vault.note("refused", object_id, reason)

    def erase(self) -> None:
        proved, self._proved = self._proved, []
        erase.erase_photos(self.vault, proved, "receipt")

    # -- what the city says -----------------------------------------------------------------------
    def hear(self, news: News) -> bool:
        self._pin(news)
        if restored.accept(self.vault, news.epochs, news.held):
            return True
        if news.value.get("seal_public"):
            self._city_seal(unb64(news.value["seal_public"]))
        settings_told.hear(self.vault, news.value.get("settings"))
        kits_told.hear(self.vault, news.value)
        self._take_changes(news.value["trips"])
        return False

    def _pin(self, news: News) -> None:
        """A new key of the city takes the pinned one's place, on the word of the old one."""
        for key in news.keys:
            with self.book.write() as conn:
                done = conn.execute(
                    "UPDATE device SET city_public = ? WHERE city_public = ?", (key.new, key.old)
                )
                if done.rowcount:
                    conn.execute(
                        "INSERT OR REPLACE INTO city_key (old, new, body, signature, kept_at)"
                        " VALUES (?, ?, ?, ?, ?)",
                        (key.old, key.new, key.body, key.signature, self.vault.now()),
                    )
                    self.vault.note("city_key", self.vault.device_id)
            fail.point("news.key_pinned")

    def _city_seal(self, public: bytes) -> None:
        device = self.vault.device
        if device is not None and device["city_seal"] != public:
            with self.book.write() as conn:
                conn.execute("UPDATE device SET city_seal = ?", (public,))

    def _take_changes(self, told: dict[str, Any]) -> None:
        device = self.vault.device
        if self._changes is None or device is None:
            return
        for trip_id, one in told.items():
            cursor, known = int(one["cursor"]), self.pull()
            if trip_id in known and cursor > known[trip_id]:
                about = f"{trip_id}|{cursor}"
                inside = packet.open_answer(
                    device["seal_private"], device["id"], about, unb64(one["sealed"])
                )
                self._changes(self.vault, trip_id, cursor, inside)
                self.more = self.more or bool(inside.get("more"))

    def clock(self, city_now: str, took: float) -> None:
        """Remember by how many seconds this laptop's clock is ahead of the city's."""
        try:
            there = datetime.fromisoformat(city_now)
            here = self.vault.settings.clock() - timedelta(seconds=took / 2)
            ahead = round((here - there).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return
        known = clock_offset(self.vault)
        if known is None or abs(known - ahead) > 5:
            with self.book.write() as conn:
                conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CLOCK, str(ahead)))


def clock_offset(vault: Vault) -> int | None:
    """Seconds by which this laptop's clock was ahead of the city's at the last sync, or None."""
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", CLOCK)
    return int(row["value"]) if row else None
