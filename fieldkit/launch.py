"""Who may open the screens: one-time tokens, the windows they opened, and where the kit runs.

Loopback is shared by every user and program of the machine, so a window proves itself first. A
token is 32 random bytes; only its SHA-256 lies on the disk, as the name of a file in
`DATA/launch/` (0700), so: whoever may write in the data folder can make one, whoever may only
read cannot use one. It travels in the URL's fragment, which no server, log or process list sees,
and is worth one use (`unlink` succeeds once). What it buys is a cookie that this start of the
kit knows; the next start knows none of them. (003 4(2): use of the terminal by others.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from fieldkit.clock import Clock
from fieldkit.store.files import private_dir

WINDOW, LINK = "window", "link"
LIFE = {WINDOW: 60.0, LINK: 600.0}
"""Seconds that an unused token lives: the launcher's own, and one that was printed for a person."""
RUNNING = "running.json"
FOLDER = "launch"
CLEARED, CLOSED = "cleared-", "closed-"


@dataclass(frozen=True)
class Launch:
    """A window that got in. `kind` says how; `digest` is its token's SHA-256 (a name, no secret).

    `again`: the browser already had a cookie of this start, so it is no fresh private window.
    """

    kind: str
    digest: str
    again: bool = False


@dataclass(frozen=True)
class Running:
    """What `running.json` says of a running kit: where its screens are and its process."""

    host: str
    pid: int


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def mint(data_dir: Path, kind: str, clock: Clock) -> str:
    """A new token for the kit over this data folder; OSError where the folder is not ours."""
    folder = data_dir / FOLDER
    private_dir(folder)
    _sweep(folder, clock)
    token = secrets.token_urlsafe(32)
    told = {"kind": kind, "made": clock().timestamp()}
    write_private(folder / digest_of(token), json.dumps(told).encode())
    return token


def link(host: str, token: str) -> str:
    """The address for a person: the token stands behind `#`, which stays in the browser."""
    return f"http://{host}/#{token}"


def start_page(host: str, token: str) -> bytes:
    """The file that a window opens first: it leads on, so that no process list shows the token."""
    goal = escape(f"http://{host}/launch#{token}", quote=True)
    return (
        '<!doctype html><html lang="ja"><meta charset="utf-8"><title>出張申請キット</title>'
        '<meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={goal}">'
    ).encode()


class Gate:
    """The windows of one start of the kit. Nothing of it survives the process."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self.data_dir = data_dir
        self.clock = clock
        self._launches: dict[str, Launch] = {}

    def mint(self, kind: str) -> str:
        return mint(self.data_dir, kind, self.clock)

    def redeem(self, token: str, again: bool = False) -> str | None:
        """Spend a token; returns the cookie of its window, or None (unknown, used, too old)."""
        digest = digest_of(token)
        kind = _spend(self.data_dir / FOLDER / digest, self.clock)
        return None if kind is None else self.admit(kind, digest, again)

    def admit(self, kind: str, digest: str, again: bool = False) -> str:
        """Let a window in without a token (for tests that are no browser): its cookie."""
        cookie = secrets.token_urlsafe(32)
        self._launches[digest_of(cookie)] = Launch(kind, digest, again)
        return cookie

    def find(self, cookie: str) -> Launch | None:
        return self._launches.get(digest_of(cookie))

    def knows(self, digest: str) -> bool:
        """Whether the window that this token opened may still use the screens."""
        return any(found.digest == digest for found in self._launches.values())

    def end(self, digest: str) -> None:
        """A window was closed (or refused): its cookie is worth nothing from now on."""
        for key in [k for k, found in self._launches.items() if found.digest == digest]:
            self._launches.pop(key, None)

    def collect(self) -> None:
        """End the windows that `fieldkit open` saw being closed."""
        for path in _named(self.data_dir, CLOSED):
            self.end(path.name.removeprefix(CLOSED))
            with contextlib.suppress(OSError):
                path.unlink()


def tell_closed(data_dir: Path, digest: str) -> None:
    """Leave word for the running kit that a window is closed."""
    private_dir(data_dir / FOLDER)
    write_private(data_dir / FOLDER / f"{CLOSED}{digest}", b"")


def tell_cleared(data_dir: Path, profile: str, result: str) -> None:
    """Leave word for the ledger: a browser profile was deleted (`ok`, `traces` or `left`)."""
    private_dir(data_dir / FOLDER)
    write_private(data_dir / FOLDER / f"{CLEARED}{profile}.{result}", b"")


def take_cleared(data_dir: Path) -> Iterator[tuple[str, str]]:
    """(profile, result) of each deletion that is not in the ledger yet; each is given once."""
    for path in _named(data_dir, CLEARED):
        profile, _, result = path.name.removeprefix(CLEARED).partition(".")
        yield profile, result or "ok"
        with contextlib.suppress(OSError):
            path.unlink()


# -- where it runs ----------------------------------------------------------------------------
def begin(data_dir: Path, host: str) -> None:
    """At start: no token of an earlier start lives on; say where the screens are."""
    for path in _named(data_dir, ""):
        if not path.name.startswith(CLEARED):
            with contextlib.suppress(OSError):
                path.unlink()
    told = json.dumps({"host": host, "pid": os.getpid()})
    write_private(data_dir / RUNNING, told.encode())


def end(data_dir: Path) -> None:
    """At stop: nobody shall look for a kit that is gone."""
    with contextlib.suppress(OSError):
        (data_dir / RUNNING).unlink()


def running(data_dir: Path) -> Running | None:
    """What the last start wrote, if still there; `alone.is_running` tells whether it lives."""
    try:
        told = json.loads((data_dir / RUNNING).read_text(encoding="utf-8"))
        return Running(str(told["host"]), int(told["pid"]))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


# -- files that only we read --------------------------------------------------------------------
def write_private(path: Path, data: bytes) -> None:
    """Write a small file whole, readable by this user alone."""
    part = path.with_name(f"part-{secrets.token_hex(6)}")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    part.replace(path)


def _named(data_dir: Path, start: str) -> list[Path]:
    folder = data_dir / FOLDER
    try:
        return sorted(p for p in folder.iterdir() if p.name.startswith(start))
    except OSError:
        return []


def _spend(path: Path, clock: Clock) -> str | None:
    """The kind of an unspent token's file, which is gone afterwards; None for any other."""
    try:
        told = json.loads(path.read_bytes())
        path.unlink()  # of two who come at once, one fails here
        kind, age = str(told["kind"]), clock().timestamp() - float(told["made"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kind if kind in LIFE and -5.0 <= age <= LIFE[kind] else None


def _sweep(folder: Path, clock: Clock) -> None:
    """Delete tokens that nobody used."""
    for path in folder.iterdir():
        if path.name.startswith((CLEARED, CLOSED)):
            continue
        with contextlib.suppress(OSError):
            if clock().timestamp() - path.stat().st_mtime > max(LIFE.values()):
                path.unlink()
