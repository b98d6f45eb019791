"""A disk that forgets: bytes that were not forced to it, and names whose folder was not.

`Disk` has two layers, what the running system sees and what is on the plate. A power cut keeps of
the difference whatever the dice choose: nothing, all, or a piece with zeros where the rest was.
The real code writes on it through tests/sim/paths.py.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.sim.kernel import Kernel, Process

DISKS: dict[str, Disk] = {}
"""Every disk by what the paths on it begin with."""


class Node:
    """The bytes of one file: as they are seen, and as they would be after a power cut."""

    __slots__ = ("data", "forced")

    def __init__(self) -> None:
        self.data = b""
        self.forced: bytes = b""


class Disk:
    """All files of one machine. A write fails while `full()`; `gone` hears what is unlinked."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        """`name`: what every path on it begins with."""
        DISKS[name] = self
        self.kernel = kernel
        self.process: Process | None = None
        self.names: dict[str, Node] = {}
        self.plate: dict[str, Node] = {}
        self.folders: set[str] = set()
        self.full: Callable[[], bool] = lambda: False
        self.gone: Callable[[str, bytes], None] = lambda _name, _data: None
        self.forces_files = True
        self.forces_names = True

    def turn(self) -> None:
        """Before every operation: others may go first, and the dead write nothing any more."""
        self.kernel.point("disk")
        self.kernel.pause()

    def write(self, node: Node, start: int, data: bytes) -> int:
        if self.full():
            raise OSError(errno.ENOSPC, "full")
        old = node.data
        if start > len(old):
            old += b"\0" * (start - len(old))
        node.data = old[:start] + data + old[start + len(data) :]
        return len(data)

    def force(self, node: Node) -> None:
        if self.forces_files:
            node.forced = node.data

    def force_names(self, folder: str) -> None:
        if not self.forces_names:
            return
        for name in set(self.names) | set(self.plate):
            if name.rpartition("/")[0] == folder:
                self._settle(name)

    def _settle(self, name: str) -> None:
        if name in self.names:
            self.plate[name] = self.names[name]
        else:
            self.plate.pop(name, None)

    def power_cut(self, dice: Random) -> None:
        """What was not forced is lost, or not: the dice choose for each name and each file."""
        for name in sorted(set(self.names) | set(self.plate)):
            if self.names.get(name) is not self.plate.get(name) and dice.random() < 0.3:
                self._settle(name)
        for name in sorted(self.plate):
            node = self.plate[name]
            if node.data != node.forced:
                node.forced = node.data = _torn(node.forced, node.data, dice.random())
        self.names = dict(self.plate)

    def copy(self) -> dict[str, bytes]:
        return {name: node.forced for name, node in self.plate.items()}

    def restore(self, copy: dict[str, bytes]) -> None:
        self.names = {}
        for name, data in copy.items():
            node = self.names[name] = Node()
            node.data = node.forced = data
        self.plate = dict(self.names)


def _torn(forced: bytes, data: bytes, luck: float) -> bytes:
    if luck < 0.4:
        return forced
    if luck < 0.6:
        return data
    cut = int(len(data) * luck)
    return data[:cut] + b"\0" * (len(data) - cut if luck < 0.8 else 0)


HANDLES: dict[int, Any] = {}
"""Files and folders that are open, by number."""


def handle(what: Any) -> int:
    """A number for a file or a folder, as `os.open` gives it."""
    number = len(HANDLES) + 1
    HANDLES[number] = what
    return number


class File(io.RawIOBase):
    """An open file. Every write is seen at once; `fileno` is what `os.fsync` takes."""

    def __init__(self, disk: Disk, node: Node, *, append: bool = False) -> None:
        self.disk, self.node, self.at, self.append = disk, node, 0, append

    def write(self, data: Any) -> int:
        self.disk.turn()
        if self.append:
            self.at = len(self.node.data)
        done = self.disk.write(self.node, self.at, bytes(data))
        self.at += done
        return done

    def read(self, size: int | None = -1) -> bytes:
        end = len(self.node.data) if size is None or size < 0 else self.at + size
        data = self.node.data[self.at : end]
        self.at += len(data)
        return data

    def readall(self) -> bytes:
        self.disk.turn()
        return self.read()

    def readline(self, _size: int | None = -1) -> bytes:
        end = self.node.data.find(b"\n", self.at)
        return self.read((end + 1 if end >= 0 else len(self.node.data)) - self.at)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = to + (0, self.at, len(self.node.data))[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def truncate(self, size: int | None = None) -> int:
        self.node.data = self.node.data[: self.at if size is None else size]
        return len(self.node.data)

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        return handle(self)

    def close(self) -> None:
        pass

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_why: object) -> None:
        pass


@contextmanager
def quiet(process: Process | None) -> Iterator[None]:
    """Nobody else takes a turn within (a transaction is one step for everybody else)."""
    if process is None:
        yield
        return
    process.held += 1
    try:
        yield
    finally:
        process.held = max(0, process.held - 1)
