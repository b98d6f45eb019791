"""A power cut: what may lie on a disk after it, and the city as it was at that moment.

A disk promises this much: what was written before a flush that it answered is there. Of what came
after the last flush any part may be there, in any order (a disk's cache is written back as it
likes). So the disk after a cut at some length of the log is all up to the last flush, and of the
sectors written since then as many as the dice say.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sync.server.__main__ import make_http
from sync.server.app import create_server
from tests.erase import block_log
from tests.erase.mounts import run_quietly, unmount, wait_for

SECTOR = 512
KEEP = (0.0, 0.1, 0.5, 0.9, 1.0)
"""How much of what was not flushed is there after a cut; the dice take one of these."""


@dataclass(frozen=True)
class Cut:
    """A moment, and what the disk lost of it: sectors that it had taken and not yet flushed."""

    at: int
    kept: int
    lost: int


class Disk:
    """The disk at any moment of its life. `first` is how it began."""

    def __init__(self, first: Path, log: Path) -> None:
        self.first = first
        self.steps = list(block_log.steps(log))

    def moments(self, since: int) -> list[int]:
        """The length of the log after each write that came later than `since`."""
        return [end for end, _, data in self.steps if data and end > since]

    def cut(self, at: int, image: Path, dice: random.Random) -> Cut:
        """Make `image` a disk whose power failed when its log was `at` bytes long."""
        before = [step for step in self.steps if step[0] <= at]
        flushed = max((i for i, (_, _, data) in enumerate(before) if not data), default=0)
        subprocess.run(["cp", "--sparse=always", self.first, image], check=True)
        keep, kept, lost = dice.choice(KEEP), 0, 0
        with image.open("r+b") as file:
            for _, offset, data in before[:flushed]:
                put(file, offset, data)
            for _, offset, data in before[flushed:]:
                for begin in range(0, len(data), SECTOR):
                    if dice.random() < keep:
                        put(file, offset + begin, data[begin : begin + SECTOR])
                        kept += 1
                    else:
                        lost += 1
        return Cut(at, kept, lost)


def put(file: BinaryIO, offset: int, data: bytes) -> None:
    file.seek(offset)
    file.write(data)


@contextmanager
def switched_on(image: Path, folder: Path) -> Iterator[Path]:
    """The disk mounted again, as the system does it after a cut (ext4 reads its journal)."""
    folder.mkdir(exist_ok=True)
    mount = ("mount", "-t", "ext4", "-o", "loop", image, folder)
    if not run_quietly(*mount):  # half a superblock: e2fsck takes another one, as at any start
        run_quietly("e2fsck", "-f", "-y", image)
        wait_for(lambda: run_quietly(*mount))  # somebody else may have taken the loop device
    try:
        yield folder
    finally:
        unmount(folder)


class RememberingCity:
    """The city server, and a copy of it after each request: `moments` of (log length, copy)."""

    def __init__(self, folder: Path, copies: Path, log: Path) -> None:
        self.folder, self.copies, self.log = folder, copies, log
        self.app = create_server(folder)
        self.moments: list[tuple[int, Path]] = []
        self.remember()

    def remember(self) -> None:
        copy = self.copies / str(len(self.moments))
        shutil.copytree(self.folder, copy, ignore=shutil.ignore_patterns("*-shm"))
        self.moments.append((self.log.stat().st_size if self.log.exists() else 0, copy))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        answer = list(self.app(environ, start))
        self.remember()  # the laptop still waits for the answer
        return answer

    def at(self, moment: int) -> Path:
        """The city as it was when the log of the laptop's disk was so long."""
        return [copy for when, copy in self.moments if when <= moment][-1]

    @contextmanager
    def serving(self) -> Iterator[str]:
        server = make_http(self, "127.0.0.1", 0)
        server.prepare()
        threading.Thread(target=server.serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.bind_addr[1]}"
        finally:
            self.app.extensions["engine"].dispose()
            threading.Thread(target=server.stop).start()
