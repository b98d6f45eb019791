"""The vault: open it with a passphrase, open a trip in it with that trip's day secret, lock it.

Nothing that the laptop alone could ever open is kept on its disk for longer than a visit: photos
are sealed to the city, and a trip's texts need the day secret `E` that is printed on the visit
sheet (design §4). In memory, keys live in one object that lock() empties.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldkit.clock import is_sane, stamp
from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import delay, keyslots, ledger
from fieldkit.store.db import Database
from fieldkit.store.files import remove, sync_dir, write_atomic
from fieldkit.store.keyslots import User
from fieldkit.store.migrations import migrate
from fieldkit.store.schema import BOOK_STEPS, TRIP_STEPS
from sync import fail
from sync.ids import code_of, is_id
from sync.wire import b64, canonical, unb64

RECOVERY = User(keyslots.RECOVERY_ID, "復旧用（市で保管）", "supervisor")


def derive(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """HKDF-SHA256 to 32 bytes; every derived key has its own purpose string."""
    info = f"fieldkit/{purpose}/v1".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(key)


def secret_digest(trip_id: str, secret: bytes) -> str:
    """What the disk remembers of a day secret: enough to say "wrong code", no more."""
    return hashlib.sha256(
        b"fieldkit/trip-secret/v1|" + trip_id.encode() + b"|" + secret
    ).hexdigest()


@dataclass
class OpenTrip:
    """A trip whose store is open: its rows, its city key, its secret (memory only)."""

    id: str
    kind: str
    day: str
    public: bytes
    folder: Path
    db: Database
    secret: bytes = field(repr=False)


class Vault:
    """An open vault. `book` is `ledger.db`; `trips` are those opened by their secret."""

    def __init__(self, settings: Settings, user: User, store_key: bytes) -> None:
        self.settings = settings
        self.user = user
        self._key = bytearray(store_key)
        self.photo_keys: dict[str, bytes] = {}
        self.trips: dict[str, OpenTrip] = {}
        self.unnumbered: list[tuple[str, Path, str, str]] = []
        self.book = Database(settings.data_dir / "ledger.db", derive(store_key, "ledger"))
        migrate(self.book, BOOK_STEPS)
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

    # -- trips ------------------------------------------------------------------------------
    def trip_folder(self, trip_id: str) -> Path:
        if not is_id(trip_id):
            raise KitError("unknown_trip", "この訪問データはこの端末にありません。", "retry")
        return self.settings.data_dir / "trips" / trip_id

    def add_trip(self, trip_id: str, kind: str, day: str, public: bytes, secret: bytes) -> OpenTrip:
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
                    " VALUES (?, ?, ?, ?, ?, 'out', ?)",
                    (trip_id, kind, day, public, secret_digest(trip_id, secret), self.now()),
                )
        fail.point("trip.row")
        return self.open_trip(trip_id, secret)

    def open_trip(self, trip_id: str, secret: bytes) -> OpenTrip:
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
        key = derive(bytes(self._key), f"trip|{trip_id}", salt=secret)
        db = Database(folder / "store.db", key)
        migrate(db, TRIP_STEPS)
        trip = OpenTrip(trip_id, row["kind"], row["day"], row["public"], folder, db, secret)
        self.trips[trip_id] = trip
        self.note("trip_opened", trip_id)
        return trip

    def trip(self, trip_id: str) -> OpenTrip:
        """An open trip, or the sentence that says how to open it."""
        if trip_id not in self.trips:
            raise KitError(
                "trip_locked", "この日の訪問データは閉じています。26文字で開いてください。", "retry"
            )
        return self.trips[trip_id]

    def forget_trip(self, trip_id: str) -> None:
        """Close a trip's store and drop its secret from memory."""
        trip = self.trips.pop(trip_id, None)
        if trip is not None:
            trip.db.checkpoint()
            trip.db.close()

    # -- locking ----------------------------------------------------------------------------
    def lock(self) -> bytes:
        """Close everything; returns what was open, encrypted under the store key (memory only)."""
        held = {
            "trips": {t.id: b64(t.secret) for t in self.trips.values()},
            "photos": {photo_id: b64(key) for photo_id, key in self.photo_keys.items()},
        }
        nonce = secrets.token_bytes(12)
        key = derive(bytes(self._key), "held")
        sealed = nonce + AESGCM(key).encrypt(nonce, canonical(held), b"fieldkit/held/v1")
        self.close()
        return sealed

    def resume(self, held: bytes) -> None:
        """Reopen what lock() had closed."""
        key = derive(bytes(self._key), "held")
        plain = AESGCM(key).decrypt(held[:12], held[12:], b"fieldkit/held/v1")
        value = json.loads(plain)
        for trip_id, secret in value["trips"].items():
            self.open_trip(trip_id, unb64(secret))
        self.photo_keys.update({k: unb64(v) for k, v in value["photos"].items()})

    def close(self) -> None:
        for trip_id in list(self.trips):
            self.forget_trip(trip_id)
        self.photo_keys.clear()
        self.book.close()
        for i in range(len(self._key)):
            self._key[i] = 0

    def add_user(self, user: User, passphrase: str) -> None:
        path = self.settings.data_dir / "slots.json"
        keyslots.add_slot(path, bytes(self._key), user, passphrase, self.settings.argon2)


# -- making and opening ---------------------------------------------------------------------
def exists(settings: Settings) -> bool:
    return (settings.data_dir / "slots.json").exists()


def check_place(settings: Settings) -> None:
    """Refuse to start where nothing can be written or erased, or where the clock is absurd."""
    if not is_sane(settings.clock()):
        raise KitError(
            "clock",
            "この端末の時計が大きくずれています。日付と時刻を合わせてから起動してください。",
            "stop",
        )
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise KitError(
            "cannot_write", "データの保存先を作れません。監督者へ連絡してください。", "stop"
        ) from None
    probe = settings.data_dir / "write-test"
    write_atomic(probe, b"fieldkit")
    remove(probe)
    if probe.exists():
        raise KitError(
            "cannot_erase", "ファイルを消去できません。監督者へ連絡してください。", "stop"
        )


def create(settings: Settings, user: User, passphrase: str) -> tuple[Vault, str]:
    """Make a vault with its first user; returns it and the recovery code to print for the city."""
    check_place(settings)
    if exists(settings):
        raise KitError("vault_exists", "保管庫はすでにあります。", "stop")
    keyslots.check_passphrase(passphrase)
    store_key, recovery = secrets.token_bytes(32), code_of(secrets.token_bytes(16))
    begun = settings.data_dir / "slots.begun.json"
    if begun.exists():  # a kill came before anybody had a key: what lies here can never be opened
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            remove(settings.data_dir / name)
        remove(begun)
    keyslots.add_slot(begun, store_key, RECOVERY, recovery, settings.argon2)
    keyslots.add_slot(begun, store_key, user, passphrase, settings.argon2)
    vault = Vault(settings, user, store_key)
    vault.note("vault_made", user.id)
    begun.replace(settings.data_dir / "slots.json")  # now it exists
    sync_dir(settings.data_dir)
    return vault, recovery


def unlock(settings: Settings, user_id: str, passphrase: str) -> Vault:
    """Open the vault; KitError("wrong_login") says nothing about which part was wrong."""
    check_place(settings)
    failures = settings.data_dir / "login-delay.json"
    wait = delay.seconds_left(failures, settings.clock())
    if wait:
        raise KitError("wait", f"続けて間違えたため、あと{wait}秒お待ちください。", "retry")
    opened = keyslots.open_slot(settings.data_dir / "slots.json", user_id, passphrase)
    if opened is None:
        wait = delay.note_failure(failures, settings.clock())
        more = f"あと{wait}秒たってから、もう一度どうぞ。" if wait else "もう一度どうぞ。"
        raise KitError("wrong_login", f"利用者名または合言葉が違います。{more}", "retry")
    wrong = delay.failures(failures)
    user, store_key = opened
    vault = Vault(settings, user, store_key)
    with vault.book.write():
        if wrong:
            vault.note("login_failed", vault.device_id, str(wrong))
        vault.note("login", user.id)
    delay.clear(failures)
    return vault
