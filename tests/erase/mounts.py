"""Making, mounting and unmounting file systems with the system's own commands."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path


def make_ext4(image: Path, size: int) -> None:
    """A file system as any desktop has it, in a sparse file."""
    with image.open("wb") as file:
        file.truncate(size)
    ready = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    run("mkfs.ext4", "-q", "-F", "-b", "4096", "-J", "size=8", "-E", ready, image)


def extents(fd: int) -> Iterator[tuple[int, int]]:
    """The parts of a sparse file that were ever written."""
    end = 0
    while True:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError:
            return
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


def run(*command: str | Path) -> None:
    """A system command; an error or a minute without an end is an exception."""
    words = [str(word) for word in command]
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def run_quietly(*command: str | Path) -> bool:
    """The same; True when it worked."""
    with suppress(OSError, subprocess.SubprocessError):
        run(*command)
        return True
    return False


def unmount(place: Path) -> None:
    """Wait for the last process to let go of the disk; TimeoutError when one does not."""
    for _ in range(50):
        if not os.path.ismount(place) or run_quietly("umount", place):
            return
        time.sleep(0.1)
    run("umount", "-l", place)
    raise TimeoutError("something still uses the disk")


def is_fuse(place: Path) -> bool:
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    return any(line.split()[1] == str(place) for line in mounts.splitlines())


def wait_for(ready: Callable[[], bool]) -> None:
    for _ in range(200):
        if ready():
            return
        time.sleep(0.05)
    raise TimeoutError("the block log did not start")
