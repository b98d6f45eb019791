"""The running kit: one vault or none, the person at the keyboard, and what a lock keeps in memory.

Made once by `create_app`; no module holds state of its own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldkit import citydata, citysettings, launch, outbox, settings_switch, tripend
from fieldkit.citydata import CityData
from fieldkit.errors import KitError
from fieldkit.outbox import Progress
from fieldkit.settings import Settings
from fieldkit.store import numbering, opening, wipe
from fieldkit.store.keyslots import User
from fieldkit.store.vault import Vault

Stamp = frozenset[tuple[str, int]]


@dataclass
class Session:
    """One browser that logged in. `asked` remembers what was confirmed by saving it again.

    `launch` names the window (`launch.Launch.digest`); the session is worth nothing in another.
    """

    user: User
    csrf: str
    seen: float
    born: float
    launch: str = ""
    asked: set[str] = field(default_factory=set)


@dataclass
class Kit:
    """Everything that lives as long as the process. `held` is what was open at the last lock."""

    settings: Settings
    vault: Vault | None = None
    held: bytes | None = None
    sessions: dict[str, Session] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    login_csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    gate: launch.Gate = field(init=False, repr=False)
    _city: tuple[Stamp, CityData] | None = None

    def __post_init__(self) -> None:
        self.gate = launch.Gate(self.settings.data_dir, self.settings.clock)

    def city(self) -> CityData:
        """The city's tables, read again when a file was edited, replaced, added or removed."""
        folder: Path = self.settings.forms_dir
        stamp = _stamp(folder)
        if self._city is None or self._city[0] != stamp:
            self._city = (stamp, citydata.load(folder))
        return self._city[1]

    def open_vault(self) -> Vault:
        if self.vault is None:
            raise KitError("locked", "画面がロックされています。もう一度開いてください。", "retry")
        return self.vault

    def log_in(
        self,
        user_id: str,
        passphrase: str,
        now: float,
        window: str = "",
        clock_confirmed: bool = False,
    ) -> str:
        """Unlock the vault for one person at one window; returns the session's cookie value.

        Finishes what a kill left half done: unsent saves are adopted, owed erases are run.
        """
        with self.lock:
            opened = opening.unlock(self.settings, user_id, passphrase, clock_confirmed)
            self.put_away()
            self.vault = opened
            if self.held is not None:
                opened.resume(self.held)
                self.held = None
            numbering.adopt_orphans(opened)
            tripend.run_owed(opened)
            pushed = settings_switch.at_login(opened)
            if pushed is not None:
                self.use_forms(pushed)
            self.note_cleared()
            cookie = secrets.token_urlsafe(32)
            session = Session(opened.user, secrets.token_urlsafe(24), now, now, window)
            self.sessions = {cookie: session}
            return cookie

    def use_forms(self, folder: Path) -> None:
        """From now on the forms and tables of this folder."""
        if folder != self.settings.forms_dir:
            self.settings = replace(self.settings, forms_dir=folder)
            if self.vault is not None:
                self.vault.settings = replace(self.vault.settings, forms_dir=folder)

    def put_away(self) -> None:
        """Close the vault and forget every session; what was open can be resumed."""
        with self.lock:
            if self.vault is not None:
                self.held = self.vault.lock()
                self.vault = None
            self.sessions.clear()
            wipe.sweep()

    def lock_if_idle(self, now: float) -> bool:
        """Put everything away when nobody touched the kit for so long (also with no browser)."""
        with self.lock:
            if self.vault is None or self.progress.running:
                return False
            last = max((s.seen for s in self.sessions.values()), default=0.0)
            if now - last <= self.settings.idle_seconds + 60:
                return False
            self._lock_noted("idle")
            return True

    def _lock_noted(self, why: str) -> None:
        """Lock, and say why in the ledger. A full disk keeps the row out, never the lock."""
        assert self.vault is not None
        with contextlib.suppress(KitError):
            self.vault.note("lock", self.vault.device_id, why)
        self.put_away()

    def note_cleared(self) -> None:
        """Write into the ledger which browser profiles were deleted since the last login."""
        if self.vault is not None:
            for profile, result in launch.take_cleared(self.settings.data_dir):
                self.vault.note("browser_cleared", profile, result)

    def lock_if_deserted(self) -> bool:
        """Put everything away when the window in which somebody logged in was closed."""
        self.gate.collect()
        with self.lock:
            self.note_cleared()
            here = any(not s.launch or self.gate.knows(s.launch) for s in self.sessions.values())
            if self.vault is None or not self.sessions or here or self.progress.running:
                return False
            self._lock_noted("closed")
            return True

    def flush(self) -> None:
        """Make the sealed lines of the last seconds durable where the city can open them."""
        vault = self.vault
        with contextlib.suppress(KitError):  # locked meanwhile
            for trip in list(vault.trips.values()) if vault is not None else []:
                trip.flush()

    def watch_idle(self, every: float = 5.0) -> None:
        """Start the clock that locks an abandoned kit; it ends with the process."""

        def watch() -> None:
            while True:
                time.sleep(every)
                for duty in (self.flush, self.lock_if_deserted, self._lock_if_idle_now):
                    with contextlib.suppress(Exception):  # the next duty, and the next round
                        duty()

        threading.Thread(target=watch, daemon=True, name="idle").start()

    def _lock_if_idle_now(self) -> None:
        self.lock_if_idle(time.monotonic())

    def start_sync(self) -> None:
        """Send in the background; the screen follows `progress`."""
        vault = self.open_vault()
        with self.lock:
            if self.progress.running:
                return
            self.progress = Progress(running=True, says="市サーバへ送っています。")
        threading.Thread(target=self._sync, args=(vault, self.progress), daemon=True).start()

    def _sync(self, vault: Vault, progress: Progress) -> None:
        try:
            outbox.sync(vault, progress)
            tripend.tell_city(vault)
            progress.says = _sent(progress, outbox.waiting(vault)["parked"]) + progress.warning
        except KitError as error:
            progress.says, progress.code = error.sentence, error.code
        except Exception as error:  # the vault was locked under a running sync: nothing is lost
            progress.says = f"送信が途中で止まりました（{type(error).__name__}）。もう一度どうぞ。"
        finally:
            progress.ended = self.settings.clock().strftime("%H:%M")
            progress.running = False
        with contextlib.suppress(Exception):  # the screen was locked: the next sync goes on
            citysettings.fetch(vault)


def _stamp(folder: Path) -> Stamp:
    """When each table was changed; nothing for a folder that cannot be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        names = [entry.path for entry in found if entry.name.endswith(".toml")]
        return frozenset((name, os.stat(name).st_mtime_ns) for name in names)
    return frozenset()


def _sent(progress: Progress, parked: int) -> str:
    """How a send ended; it says nothing of receipts where nothing was there to send."""
    held = f"保留の項目が{parked}件あります。監督者に見せてください。" if parked else ""
    if not progress.total:
        return f"送るものはありませんでした。{held}"
    return f"送信が終わりました。市サーバの受領証を保管しました。{held}"
