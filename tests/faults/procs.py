"""The city and the laptop as processes of their own: `python -m sync.server serve`, and a sync.

    python -m tests.faults.procs HOW COMMAND …      # the city's command line, made careless

HOW is what a careless city would leave out (tests/faults/test_power.py), or by how many years its
clock is off (tests/faults/test_clocks.py).
"""

from __future__ import annotations

import datetime
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flow.test_kill import free_port
from tests.needs import ROOT
from tests.plant import plant

SYNC = """
import sys
from pathlib import Path
from fieldkit.errors import KitError
from fieldkit.store import opening
from fieldkit import outbox
from tests.flow.job import PASSPHRASE, settings_of
try:
    vault = opening.unlock(settings_of(Path(sys.argv[1]), sys.argv[2]), "sato", PASSPHRASE)
    outbox.sync(vault)
except KitError as error:
    sys.exit(f"code {error.code}")
vault.close()
"""


@contextmanager
def serving(folder: Path, how: str = "") -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The city as `serve` runs it; (url, process). Killed at the end."""
    port = free_port()
    module = ["tests.faults.procs", how] if how else ["sync.server"]
    process = subprocess.Popen(
        [sys.executable, "-m", *module, "serve", str(folder), "--port", str(port)],
        cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        listens(port, process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def listens(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the city did not start"
        time.sleep(0.05)
    raise TimeoutError("the city did not start")


def city_command(*words: object) -> str:
    """`python -m sync.server …`; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "sync.server", *map(str, words)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sync_process(data: Path, url: str) -> str:
    """A sync in a process of its own; the code of what stopped it, or ""."""
    done = subprocess.run(
        [sys.executable, "-c", SYNC, str(data), url],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    last = done.stderr.strip().rpartition("\n")[2]
    assert not done.returncode or last.startswith("code "), done.stderr
    return last.removeprefix("code ")


def be_careless(how: str) -> None:
    """Leave out one thing that a city must do."""
    from sync.server import blobs, engine

    if how == "no-commit-sync":  # commits reach the disk when the system likes
        assert "synchronous = FULL" in engine.WORK, "nothing to plant in"
        engine.WORK = ("journal_mode = WAL", "synchronous = OFF", "secure_delete = ON")
    elif how == "normal":
        assert "synchronous = FULL" in engine.WORK, "nothing to plant in"
        engine.WORK = ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON")
    elif how == "no-blob-sync":  # only the photos' files are not forced down

        class Os:
            fsync = staticmethod(lambda fd: None)

            def __getattr__(self, name: str) -> object:
                return getattr(os, name)

        plant(blobs, "os", Os())
    elif how == "no-folder-sync":
        plant(blobs, "sync_dir", lambda folder: None)
    else:
        set_clock(float(how))


def set_clock(years: float) -> None:
    """Every module of the city sees another day."""
    off = datetime.timedelta(days=365 * years)

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return datetime.datetime.now(tz) + off

    import sync.server.__main__  # noqa: F401 - so that all of them are there

    for name, module in list(sys.modules.items()):
        ours = name.startswith("sync.server")
        if ours and getattr(module, "datetime", None) is datetime.datetime:
            module.datetime = Clock  # type: ignore[attr-defined]


def main() -> int:
    from sync.server.__main__ import main as city

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_careless(sys.argv[1])
    return city(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
