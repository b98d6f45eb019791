"""A PostgreSQL of its own for a bench: a fresh cluster in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.sync_work import cpu_seconds, free_port

USER = "postgres"


def programs() -> Path | None:
    """Where `initdb` and `postgres` are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    onpath = shutil.which("initdb")
    return found[-1].parent if found else (Path(onpath).parent if onpath else None)


def cannot() -> str:
    """Why this machine cannot show PostgreSQL, or an empty text."""
    if programs() is None:
        return "no PostgreSQL is installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return ""


@dataclass
class Postgres:
    """`url` without a password: only this machine reaches it, over the loopback, for a bench."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Processor seconds of all its processes so far, also of those that ended."""
        seconds = cpu_seconds(self.pid)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parts = (folder / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(parts[1]) == self.pid:
                seconds += (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
        return seconds


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A durable cluster with its defaults; as root it runs as another user, as it demands."""
    bin_dir = programs()
    assert bin_dir is not None
    with tempfile.TemporaryDirectory() as name:
        data, port = Path(name) / "pg", free_port()
        who: dict[str, str] = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam(USER)
            os.chown(name, entry.pw_uid, entry.pw_gid)
            who = {"user": USER, "group": str(entry.pw_gid)}
            who = {"user": USER}
        run = {"stdout": subprocess.DEVNULL, "cwd": name, **who}
        subprocess.run(
            [bin_dir / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8",
             "--locale=C"],
            check=True, **run,
        )  # fmt: skip
        process = subprocess.Popen(
            [bin_dir / "postgres", "-D", data, "-p", str(port), "-k", name,
             "-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=fatal"],
            stderr=subprocess.DEVNULL, **run,
        )  # fmt: skip
        try:
            _wait(bin_dir, port)
            yield Postgres(f"postgresql://{USER}@127.0.0.1:{port}/{USER}", process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait(bin_dir: Path, port: int) -> None:
    for _ in range(200):
        ready = [bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")
