"""The work of the sync benches: a city server and a laptop with a full outbox, as processes.

A *facility* session is 20 applications with 40 photos, a *season* 276 with 276; an application has
60 fields, a photo 300,000 bytes that do not compress. Everything is made anew for every round, so
that no round finds what an earlier one left.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldkit.city import connect, enrol_device
from fieldkit.settings import Settings
from fieldkit.store import opening, photos, records
from sync.ids import new_id
from tests.conftest import FAST, PASSPHRASE, SATO

ROOT = Path(__file__).resolve().parents[2]
PHOTO_BYTES = 300_000
WORKS = {"facility": (20, 2), "season": (276, 1)}
DAY = "2026-07-01"


def fields(number: int) -> dict[str, str]:
    """An application of 60 fields, about 1.9 KB as JSON."""
    return {f"field{n:02d}": f"汐見市花園一丁目{number}番{n}号" for n in range(60)}


def photo(number: int) -> bytes:
    """300,000 bytes, the same on every machine."""
    return hashlib.shake_256(b"photo%d" % number).digest(PHOTO_BYTES)


def applications(work: str) -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """The applications of a work, each with its photos; also `N` or `NxP` for any other number, or
    a folder with `manifest.json`, `json` and `photos`."""
    if (told := Path(work) / "manifest.json").exists():
        yield from _told(told)
        return
    people, each = WORKS.get(work) or [int(n) for n in f"{work}x1".split("x")[:2]]
    for number in range(people):
        yield fields(number), [photo(number * each + i) for i in range(each)]


def _told(manifest: Path) -> Iterator[tuple[dict[str, str], list[bytes]]]:
    for one in json.loads(manifest.read_text(encoding="utf-8"))["records"]:
        text = (manifest.parent / "json" / f"{one['i']:05d}.json").read_text(encoding="utf-8")
        names = [photo["name"] for photo in one["photos"]]
        pictures = [(manifest.parent / "photos" / name).read_bytes() for name in names]
        yield json.loads(text)["fields"], pictures


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _busy(seconds: float = 0.5) -> float:
    """How much of the processors was in use in the last moment, 0 to 1 (Linux)."""

    def now() -> tuple[int, int]:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        spent = [int(part) for part in first.split()[1:9]]
        return sum(spent), spent[3] + spent[4]

    before = now()
    time.sleep(seconds)
    after = now()
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


def calm(patience: float = 20.0) -> None:
    """Wait until nobody else needs the machine, at most so many seconds: others work here too."""
    until = time.monotonic() + patience
    while time.monotonic() < until and _busy() > 0.15:
        pass


def load() -> str:
    """What else the machine does: the load average of the last minute."""
    return f"load {os.getloadavg()[0]:.1f}"


@dataclass
class Process:
    """A process of the bench: it says `ready`, waits for a line, acts and answers with JSON."""

    popen: subprocess.Popen[str]

    def wait_ready(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            if line.startswith("ready"):
                return
        raise RuntimeError(f"{self.popen.args} did not start")

    def go(self) -> dict[str, Any]:
        assert self.popen.stdin is not None and self.popen.stdout is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()
        told: dict[str, Any] = json.loads(self.popen.stdout.readline())
        self.popen.wait()
        return told

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            self.popen.wait()


def spawn(arguments: Sequence[str], space: str = "", log: Path | None = None) -> Process:
    """Start `python ARGUMENTS`, in a network namespace if one is named; stderr goes to `log`."""
    inside = ["ip", "netns", "exec", space] if space else []
    with log.open("ab") if log else nullcontext() as errors:
        popen = subprocess.Popen(
            [*inside, sys.executable, *arguments], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    return Process(popen)


def ready_and_wait() -> None:
    """In a process of the bench: say that everything is prepared, and wait for the start."""
    print("ready", flush=True)
    sys.stdin.readline()


def cpu_seconds(pid: int) -> float:
    """What a process, all its threads, has used of the processors (Linux)."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


class City:
    """A city server process, made by its own commands."""

    def __init__(self, folder: Path, make: bool = True) -> None:
        self.folder, self.host, self.port = folder, "127.0.0.1", free_port()
        self.process: Process | None = None
        if make:
            self.command("init", "--code", "01999", "--name", "汐見市")

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def command(self, word: str, *more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "sync.server", word, str(self.folder), *more],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def start(self, space: str = "", prefix: Sequence[str] = ("-m", "sync.server")) -> None:
        """Start serving, in a network namespace if one is named, and wait until it listens."""
        plain = ["--plain"] if space else []
        self.process = spawn(
            [*prefix, "serve", str(self.folder), "--host", self.host, "--port", str(self.port),
             *plain],
            space,
            self.folder.with_suffix(".log"),
        )  # fmt: skip
        assert self.process.popen.stdout is not None
        if "http" not in (said := self.process.popen.stdout.readline()):
            raise RuntimeError(f"the server did not start: {said}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None

    def code(self) -> tuple[str, str]:
        """A one-time code and the fingerprint of the city's key."""
        said = self.command("enrol")
        code = re.search(r"\b[0-9A-Z]{26}\b", said)
        print_ = re.search(r"\b(?:[0-9A-F]{4}-){4}[0-9A-F]{4}\b", said)
        if code is None or print_ is None:
            raise RuntimeError(said)
        return code.group(), print_.group()


@contextmanager
def city(folder: Path) -> Iterator[City]:
    made = City(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def fill(folder: Path, made: City, work: str) -> None:
    """A laptop of 佐藤, enrolled, with a trip whose saves and photos wait in the outbox."""
    vault, _ = opening.create(Settings(data_dir=folder, argon2=FAST), SATO, PASSPHRASE)
    try:
        code, fingerprint = made.code()
        enrol_device(vault, made.url, code, fingerprint, "訪問用")
        client = connect(vault)
        out = client.make_trip(new_id(), "field", DAY, [])
        client.road.close()
        trip = vault.add_trip(out.id, "field", DAY, out.public, out.secret)
        for body, pictures in applications(work):
            record = records.save(vault, trip, "application", dict(body))
            for jpeg in pictures:
                photos.keep(vault, photos.seal(vault, trip, record.id, jpeg))
    finally:
        vault.close()


def payload(work: str) -> int:
    """The bytes that have to cross the line: the photos, and the applications as JSON."""
    return sum(
        len(json.dumps(body, ensure_ascii=False).encode()) + sum(map(len, pictures))
        for body, pictures in applications(work)
    )
