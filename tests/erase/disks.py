"""Disks to put a kit on, whose every byte can be read afterwards.

- `ext4`: a file system in a file; what lies on it at the end, also between the files.
- `never_forgets`: the same on a block device that keeps every version of every block (block_log).
- `folder`: where neither is allowed; the files, and the copies that `look()` made on the way.

`eject()` comes before `pieces()`: like a thief, the searcher gets a disk that nobody is using.
"""

from __future__ import annotations

import mmap
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from tests.erase import block_log
from tests.erase.mounts import extents, is_fuse, make_ext4, run, run_quietly, unmount, wait_for
from tests.needs import ROOT

Piece = tuple[int, bytes]  # where it lies on the medium, and the bytes
MEBI = 1 << 20
SIZE = 640 * MEBI  # the kit wants 500 MB free; the file is sparse
AROUND = 4096  # neighbours of a write: a page of 4096 bytes may lie across its edge
PREFIX = "fkerase-"  # short: a browser puts a socket deep below, whose whole name has its limit
OURS = re.compile(PREFIX + r"(\d+)-\w{8}")


class Disk:
    """A mounted folder now; after `eject()` the bytes."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder

    def look(self) -> None:
        """A moment that may be searched later (only a plain folder has to be told)."""

    def eject(self) -> None:
        """Unmount. Every process that used the disk is gone before this."""

    def pieces(self) -> Iterator[Piece]:
        """Everything that the medium holds (or ever held), in pieces of bytes that lay together."""
        raise NotImplementedError


class ImageDisk(Disk):
    """ext4 in a sparse file."""

    def __init__(self, base: Path, options: str) -> None:
        super().__init__("ext4", base / "d")
        self.base, self.options = base, options
        self.image = base / "image"
        self.folder.mkdir()
        make_ext4(self.image, SIZE)
        self.device = self.image

    def mount(self) -> None:
        run("mount", "-t", "ext4", "-o", f"loop{self.options}", self.device, self.folder)

    def eject(self) -> None:
        unmount(self.folder)

    def pieces(self) -> Iterator[Piece]:
        with self.image.open("rb") as file:
            for start, end in extents(file.fileno()):
                for at in range(start, end, 4 * MEBI):
                    begin = max(0, at - AROUND)
                    until = min(end, at + 4 * MEBI + AROUND)
                    yield begin, os.pread(file.fileno(), until - begin, begin)


class LoggedDisk(ImageDisk):
    """ext4 on a block device that keeps every version of every block."""

    def __init__(self, base: Path, options: str) -> None:
        super().__init__(base, options)
        self.kind = "never-forgets"
        self.log, self.served = base / "log", base / "served"
        self.served.mkdir()
        self.first = base / "first"
        subprocess.run(["cp", "--sparse=always", self.image, self.first], check=True)
        self.device = self.served / block_log.NAME
        self.server: subprocess.Popen[bytes] | None = None

    def mount(self) -> None:
        program = [sys.executable, "-m", "tests.erase.block_log", self.served, self.image, self.log]
        self.server = subprocess.Popen([str(word) for word in program], cwd=ROOT)
        wait_for(self.device.exists)
        super().mount()

    def eject(self) -> None:
        super().eject()
        if self.server is not None:
            run_quietly("fusermount3", "-u", self.served)
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
            self.server = None

    def last(self) -> Iterator[Piece]:
        """What an ordinary disk holds after the same job: the last version of each block."""
        return super().pieces()

    def pieces(self) -> Iterator[Piece]:
        """Every version of every block with what lay beside it at that time.

        Writes are taken together until one would overwrite another of the same bundle, so that no
        version is lost and a page that was written in two parts is seen whole.
        """
        state = mmap.mmap(-1, SIZE)
        with self.first.open("rb") as file:
            for start, end in extents(file.fileno()):
                state[start:end] = os.pread(file.fileno(), end - start, start)
        bundle: list[tuple[int, int]] = []
        blocks: set[int] = set()
        for offset, data in block_log.entries(self.log):
            touched = range(offset // 512, (offset + len(data) + 511) // 512)
            if not blocks.isdisjoint(touched):
                yield from _bundled(state, bundle)
                bundle, blocks = [], set()
            state[offset : offset + len(data)] = data
            bundle.append((offset, offset + len(data)))
            blocks.update(touched)
        yield from _bundled(state, bundle)
        state.close()


class FolderDisk(Disk):
    """A plain folder and the different contents that its files had when somebody looked."""

    def __init__(self, base: Path) -> None:
        super().__init__("folder", base / "d")
        self.folder.mkdir()
        self.seen: set[bytes] = set()

    def look(self) -> None:
        for file in sorted(self.folder.rglob("*")):
            with suppress(OSError):
                if file.is_file() and not file.is_symlink():
                    self.seen |= {str(file).encode(), file.read_bytes()}

    def eject(self) -> None:
        self.look()

    def pieces(self) -> Iterator[Piece]:
        yield from ((0, data) for data in self.seen)


def ext4(options: str = "") -> Callable[[Path], Disk]:
    return lambda base: ImageDisk(base, options)


def never_forgets(options: str = ",data=ordered") -> Callable[[Path], Disk]:
    return lambda base: LoggedDisk(base, options)


def folder(base: Path) -> Disk:
    return FolderDisk(base)


@contextmanager
def mounted(make: Callable[[Path], Disk]) -> Iterator[Disk]:
    """A disk in a place of its own; ejected and removed at the end, whatever happened."""
    clear_stale()
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
    disk = make(base)
    try:
        if isinstance(disk, ImageDisk):
            disk.mount()
        yield disk
    finally:
        _put_away(base)


def clear_stale() -> None:
    """Unmount and remove what a killed test run left behind (its process is gone)."""
    for place in {Path(tempfile.gettempdir()), Path("/dev/shm")}:
        for base in place.glob(f"{PREFIX}*"):
            ours = OURS.fullmatch(base.name)
            if ours and not Path("/proc", ours.group(1)).exists():
                _put_away(base)


def _put_away(base: Path) -> None:
    if os.path.ismount(base / "d"):
        unmount(base / "d")
    if is_fuse(base / "served"):
        run_quietly("fusermount3", "-u", "-z", base / "served")
    shutil.rmtree(base, ignore_errors=True)


@cache
def refused(kind: str) -> str:
    """Why this machine cannot mount that kind of disk; "" where it can (tried for real)."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "not root: no loop devices"
    if kind == "never-forgets" and not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    try:
        with mounted(never_forgets() if kind == "never-forgets" else ext4()) as disk:
            (disk.folder / "probe").write_bytes(b"probe")
            disk.eject()
    except (OSError, subprocess.SubprocessError, TimeoutError) as error:
        return f"cannot mount here ({type(error).__name__})"
    return ""


def _bundled(state: mmap.mmap, bundle: list[tuple[int, int]]) -> Iterator[Piece]:
    """The written parts of `state` with their neighbours; parts that meet come as one."""
    start = end = -1
    for low, high in sorted(bundle):
        if end < 0 or low - AROUND > end:
            if end >= 0:
                yield start, state[start:end]
            start = max(0, low - AROUND)
        end = min(SIZE, high + AROUND)
    if end >= 0:
        yield start, state[start:end]
