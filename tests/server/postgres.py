"""A real PostgreSQL for the tests: one cluster a test process, one database a test.

initdb refuses root, so as root it runs as a user that is there already. Only a socket in a folder
of its own: nobody else on the machine can reach it. `fsync` stays on.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.needs import postgres_bin

USERS = ("postgres", "nobody")
SUPERUSER = "fieldkit"


class Cluster:
    """A running server; `stop()` ends it and removes everything."""

    def __init__(self, *settings: str) -> None:
        room = _room()
        for left in room.glob("fkpg-[0-9]*-*"):  # of a test run that was killed
            if not _alive(int(left.name.split("-")[1])):
                shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"fkpg-{os.getpid()}-", dir=room))
        self.data = self.folder / "data"
        self._who = _unprivileged(self.folder)
        self._bin = postgres_bin()
        self._numbers = count(1)
        self._run("initdb", "-D", str(self.data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None
        self.start(*settings)

    def start(self, *settings: str) -> None:
        """Start it (again); `settings` as `name=value`."""
        told = [f"unix_socket_directories={self.folder}", "listen_addresses=", *settings]
        told += ["max_connections=300", "shared_buffers=32MB", "log_min_messages=fatal",
                 "dynamic_shared_memory_type=mmap"]
        options = [word for one in told for word in ("-c", one)]
        self._server = subprocess.Popen(
            [str(self._bin / "postgres"), "-D", str(self.data), *options],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_the_tests, **self._who,
        )  # fmt: skip
        for _ in range(400):
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self._server.poll() is None, "PostgreSQL did not start"
                time.sleep(0.02)
        raise AssertionError("PostgreSQL does not answer")

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}"

    def new(self) -> str:
        """The URL of a new empty database."""
        name = f"city{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.url(name)

    def halt(self) -> None:
        """Stop at once, as a power cut of the database's machine would (its log recovers it)."""
        assert self._server is not None
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(20)

    def stop(self) -> None:
        try:
            if self._server is not None and self._server.poll() is None:
                self.halt()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *words], cwd=self.folder, capture_output=True, text=True,
            timeout=60, check=False, **self._who,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def _end_with_the_tests() -> None:
    """The server stops at once when the test process dies, however it dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _room() -> Path:
    """Memory where there is enough of it: hundreds of tests make and remove databases."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    return memory if enough else Path("/tmp")


def _unprivileged(folder: Path) -> dict[str, Any]:
    """What makes subprocess run as somebody who may start PostgreSQL; `folder` is made theirs."""
    if os.geteuid() != 0:
        return {}
    import pwd  # Windows has no such thing

    known = {one.pw_name: one for one in pwd.getpwall()}
    who = next(known[name] for name in USERS if name in known)
    os.chown(folder, who.pw_uid, who.pw_gid)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
