"""An open vault: open a trip in it with that trip's day secret, change who may open it, lock it.

Nothing that the laptop alone could ever open is kept on its disk for longer than a visit: photos
are sealed to the city, and a trip's texts need the day secret `E` that is printed on the visit
sheet (design §4). In memory, keys live in one object that lock() empties.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldkit.clock import stamp
from fieldkit.errors import KitError, NotFound, NotReady
from fieldkit.settings import Settings
from fieldkit.store import cash, damage, keyslots, ledger, phrasebook, saves, wipe
from fieldkit.store.db import Database
from fieldkit.store.files import remove
from fieldkit.store.keyslots import User
from fieldkit.store.migrations import migrate
from fieldkit.store.opentrip import OpenTrip, secret_digest
from fieldkit.store.schema import BOOK_STEPS, TRIP_STEPS
from sync import fail
from sync.ids import code_of, is_id

RECOVERY = User(keyslots.RECOVERY_ID, "復旧用（市で保管）", "supervisor")
HELD = b"fieldkit/held/v1"


def derive(key: wipe.Buffer, purpose: str, salt: wipe.Buffer | None = None) -> bytearray:
    """HKDF-SHA256 to 32 bytes; every derived key has its own purpose string. Wipe it after use."""
    return wipe.derive(key, f"fieldkit/{purpose}/v1".encode(), salt)


class Vault:
    """An open vault. `book` is `ledger.db`; `trips` are those opened by their secret."""

    def __init__(self, settings: Settings, user: User, store_key: wipe.Buffer) -> None:
        self.settings = settings
        self.user = user
        self._key = bytearray(store_key)
        self.photo_keys: dict[str, bytearray] = {}
        self.trips: dict[str, OpenTrip] = {}
        self.unnumbered = 0  # saves that the outbox has not numbered yet
        key = derive(self._key, "ledger")
        try:
            self.book = Database(settings.data_dir / "ledger.db", key)
        finally:
            wipe.wipe(key)
        migrate(self.book, BOOK_STEPS)
        self.damage: list[str] = []  # files found changed: a sentence each, shown until the lock
        if not self.book.is_encrypted():
            raise KitError(
                "not_encrypted",
                "保管庫が暗号化されていません。使用を中止し、監督者へ連絡してください。",
                "stop",
            )

    # -- the device -------------------------------------------------------------------------
    @property
    def device(self) -> dict[str, Any] | None:
        """The enrolment of this laptop with its keys, or None before it is enrolled."""
        row = self.book.one("SELECT * FROM device")
        return dict(row) if row else None

    @property
    def device_id(self) -> str:
        row = self.book.one("SELECT id FROM device")
        return row["id"] if row else "未登録"

    def note(self, act: str, obj: str, result: str = "ok") -> None:
        """One ledger row by the person who is logged in."""
        clock = self.settings.clock
        ledger.note(self.book, clock, self.user.id, self.device_id, act, obj, result)

    def now(self) -> str:
        return stamp(self.settings.clock())

    def found_damage(self, sentence: str, name: str, what: str) -> None:
        """Something beside the work is damaged: say it on the screens, write it down, go on."""
        self.damage.append(sentence)
        self.note("damage_found", name, what)

    # -- trips ------------------------------------------------------------------------------
    def trip_folder(self, trip_id: str) -> Path:
        if not is_id(trip_id):
            raise KitError("unknown_trip", "この訪問データはこの端末にありません。", "retry")
        return self.settings.data_dir / "trips" / trip_id

    def add_trip(
        self,
        trip_id: str,
        kind: str,
        day: str,
        public: bytes,
        secret: bytes,
        state: str = "out",
    ) -> OpenTrip:
        """Register a trip that the city made and open it. A wiped trip can never be made again."""
        with self.book.write() as conn:
            row = conn.execute("SELECT state FROM trip WHERE id = ?", (trip_id,)).fetchone()
            if row and row["state"] == "wiped":
                raise KitError(
                    "trip_wiped", "この訪問データは消去済みです。作り直すことはできません。", "stop"
                )
            if not row:
                conn.execute(
                    "INSERT INTO trip (id, kind, day, public, secret_sha256, state, made_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (trip_id, kind, day, public, secret_digest(trip_id, secret), state, self.now()),
                )
        fail.point("trip.row")
        return self.open_trip(trip_id, secret)

    def open_trip(self, trip_id: str, secret: wipe.Buffer) -> OpenTrip:
        """Open a trip's store with its day secret; KitError("wrong_code") for another secret."""
        if trip_id in self.trips:
            return self.trips[trip_id]
        row = self.book.one("SELECT * FROM trip WHERE id = ?", trip_id)
        if row is None or row["state"] == "wiped":
            raise KitError("unknown_trip", "この訪問データはこの端末にありません。", "retry")
        if not secrets.compare_digest(row["secret_sha256"], secret_digest(trip_id, secret)):
            raise KitError(
                "wrong_code",
                "この日の26文字ではありません。訪問予定表の日付を確かめて、もう一度入れてください。",
                "retry",
            )
        folder = self.trip_folder(trip_id)
        folder.mkdir(parents=True, exist_ok=True)
        saves.mend(folder)
        (folder / saves.OPEN).touch()
        store = folder / "store.db"
        if not damage.is_there(store) and any(folder.glob("*.rec")):
            raise damage.missing(store)
        key = derive(self._key, f"trip|{trip_id}", salt=secret)
        try:
            db = Database(store, key)
        finally:
            wipe.wipe(key)
        migrate(db, TRIP_STEPS)
        kept = bytearray(secret)
        trip = OpenTrip(trip_id, row["kind"], row["day"], row["public"], folder, db, kept)
        last = db.one("SELECT coalesce(max(n), 0) AS n FROM sealed")
        trip.saved = last["n"] if last else 0
        trip.flush()
        self.trips[trip_id] = trip
        self.note("trip_opened", trip_id)
        if db.wal == "torn":
            self.found_damage(*damage.torn(store))
        cash.settle(self, trip)
        return trip

    def trip(self, trip_id: str) -> OpenTrip:
        """An open trip, or the sentence that says how to open it."""
        if trip_id not in self.trips:
            raise KitError(
                "trip_locked", "この日の訪問データは閉じています。26文字で開いてください。", "retry"
            )
        return self.trips[trip_id]

    def left_open(self, trip_id: str) -> bool:
        """Whether a kill or a power cut closed this trip, so that its store may know more saves
        than `saves.rec`: it has to be opened once before it may be erased."""
        mark = self.trip_folder(trip_id) / saves.OPEN
        return trip_id not in self.trips and mark.exists()

    def forget_trip(self, trip_id: str) -> None:
        """Close a trip's store and drop its secret from memory."""
        trip = self.trips.pop(trip_id, None)
        if trip is not None:
            whole = trip.flush()
            trip.db.checkpoint()
            trip.db.close()
            wipe.wipe(trip.kept_secret)
            if whole:
                remove(trip.folder / saves.OPEN)

    # -- locking ----------------------------------------------------------------------------
    def lock(self) -> bytes:
        """Close everything; returns what was open, encrypted under the store key (memory only)."""
        plain = wipe.pack({t.id: t.kept_secret for t in self.trips.values()}, self.photo_keys)
        key = derive(self._key, "held")
        sealed = wipe.seal(key, plain, HELD)
        wipe.wipe(plain, key)
        self.close()
        return sealed

    def resume(self, held: bytes) -> None:
        """Reopen what lock() had closed."""
        key = derive(self._key, "held")
        plain = wipe.unseal(key, held, HELD)
        trips, photo_keys = wipe.unpack(plain)
        for trip_id, secret in trips.items():
            try:
                self.open_trip(trip_id, secret)
            except KitError as error:  # one broken trip does not close the others
                self.found_damage(error.sentence, f"trips/{trip_id}", error.code)
        self.photo_keys.update(photo_keys)
        wipe.wipe(key, plain, *trips.values())

    def forget_photo(self, photo_id: str) -> None:
        """Overwrite the key of a photo: from now on only the city can open it."""
        wipe.wipe(self.photo_keys.pop(photo_id, b""))

    def close(self) -> None:
        for trip_id in list(self.trips):
            self.forget_trip(trip_id)
        for photo_id in list(self.photo_keys):
            self.forget_photo(photo_id)
        self.book.close()
        wipe.wipe(self._key)

    # -- who may open it ---------------------------------------------------------------------
    def add_user(self, user: User, passphrase: str) -> None:
        """Give `user` a slot, in the place of one that they had. No data is encrypted anew."""
        keyslots.check_id(user.id)
        slot = self._new_slot(user, passphrase)
        self._change_slots("user_added", user, lambda slots: keyslots.with_slot(slots, slot))

    def change_passphrase(self, user_id: str, passphrase: str) -> None:
        """A new slot for somebody who has one; the caller has asked for the right to do so."""
        if user_id == keyslots.RECOVERY_ID:
            raise NotReady("復旧用の番号の合言葉は選べません。新しい26文字に替えてください。")
        user = self._known(user_id)
        slot = self._new_slot(user, passphrase)
        self._change_slots("passphrase_changed", user, lambda s: keyslots.with_slot(s, slot))

    def remove_user(self, user_id: str) -> None:
        """Take the slot away; NotReady or NotFound where that may not be. Nothing revokes a copy
        of the disk that was taken before (fieldkit/THREATS.md)."""
        user, by = self._known(user_id), self.user.id
        self._change_slots("user_removed", user, lambda s: keyslots.without_slot(s, user_id, by))

    def new_recovery(self) -> str:
        """Replace the recovery slot; returns the 26 characters, which exist nowhere else."""
        code = code_of(secrets.token_bytes(16))
        slot = keyslots.make_slot(self._key, RECOVERY, code, self.settings.argon2)
        self._change_slots("recovery_made", RECOVERY, lambda s: keyslots.with_slot(s, slot))
        return code

    def _known(self, user_id: str) -> User:
        people = keyslots.users(self.settings.data_dir / "slots.json")
        found = next((user for user in people if user.id == user_id), None)
        if found is None:
            raise NotFound("この番号の利用者はいません。一覧を開き直してください。")
        return found

    def _new_slot(self, user: User, passphrase: str) -> dict[str, Any]:
        phrasebook.check(self.settings.forms_dir, passphrase, (user.name, user.id))
        return keyslots.make_slot(self._key, user, passphrase, self.settings.argon2)

    def _change_slots(
        self, act: str, user: User, change: Callable[[keyslots.Slots], keyslots.Slots]
    ) -> None:
        """The ledger says that it begins, then that it is done: no change goes unrecorded.

        The ledger's transaction is also the lock: a second process waits, so nobody gets lost.
        """
        path = self.settings.data_dir / "slots.json"
        change(keyslots.read_slots(path))  # refuses before anything is written
        self.note(act, user.id, "begun")
        fail.point("slots.begun")
        with self.book.write():
            keyslots.write_slots(path, change(keyslots.read_slots(path)))
            self.note(act, user.id, user.role)
        fail.point("slots.noted")
