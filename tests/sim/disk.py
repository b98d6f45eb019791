"""A disk that forgets: bytes that were not forced to it, and names whose folder was not.

`Disk` has two layers, what the running system sees and what is on the plate. A power cut keeps of
the difference whatever the dice choose: nothing, all, or a piece with zeros where the rest was.
The real code writes on it through `Path` and `Os`, which look like `pathlib.Path` and `os`.
"""

from __future__ import annotations

import errno
import fnmatch
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.sim.kernel import Kernel, Process


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
        OS.disks[name] = self
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


class File(io.RawIOBase):
    """An open file. Every write is seen at once; `fileno` is what `Os.fsync` takes."""

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
        return OS.handle(self)

    def close(self) -> None:
        pass

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_why: object) -> None:
        pass


class Path:
    """As much of `pathlib.Path` as the real code uses, on a `Disk`."""

    __slots__ = ("disk", "text")

    def __init__(self, disk: Disk, text: str) -> None:
        self.disk, self.text = disk, text

    def __truediv__(self, name: str) -> Path:
        return Path(self.disk, f"{self.text}/{name}")

    @staticmethod
    def of(path: Path | str) -> Path:
        """A path, or its text."""
        return path if isinstance(path, Path) else Path(OS.disks[path.partition("/")[0]], path)

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Path) and other.disk is self.disk
        return same and other.text == self.text  # type: ignore[attr-defined]

    def __lt__(self, other: Path) -> bool:
        return self.text < other.text

    @property
    def name(self) -> str:
        return self.text.rpartition("/")[2]

    @property
    def parent(self) -> Path:
        return Path(self.disk, self.text.rpartition("/")[0])

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    def suffix(self) -> str:
        return "." + self.name.rpartition(".")[2] if "." in self.name else ""

    def with_name(self, name: str) -> Path:
        return self.parent / name

    def exists(self) -> bool:
        return self.text in self.disk.names or self.is_dir()

    def is_file(self) -> bool:
        return self.text in self.disk.names

    def is_dir(self) -> bool:
        return self.text in self.disk.folders

    def iterdir(self) -> Iterator[Path]:
        start = self.text + "/"
        names = {n[len(start) :].partition("/")[0] for n in self.disk.names if n.startswith(start)}
        return iter([self / name for name in sorted(names)])

    def glob(self, pattern: str) -> Iterator[Path]:
        return iter([p for p in self.iterdir() if fnmatch.fnmatchcase(p.name, pattern)])

    def resolve(self) -> Path:
        return self

    @property
    def parents(self) -> list[Path]:
        steps = self.text.split("/")
        return [Path(self.disk, "/".join(steps[:n])) for n in range(len(steps) - 1, 0, -1)]

    def mkdir(self, **_how: object) -> None:
        self.disk.folders.add(self.text)

    def touch(self, **_how: object) -> None:
        self._node("a")

    def open(self, mode: str = "rb", **_how: object) -> File:
        self.disk.turn()
        return File(self.disk, self._node(mode), append="a" in mode)

    def _node(self, mode: str) -> Node:
        found = self.disk.names.get(self.text)
        if found is None and "r" in mode:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        if found is not None and "x" in mode:
            raise FileExistsError(errno.EEXIST, "there is one")
        if found is None:
            if self.disk.full():
                raise OSError(errno.ENOSPC, "full")
            found = self.disk.names[self.text] = Node()
            self.disk.folders.add(self.parent.text)
        if "w" in mode:
            found.data = b""
        return found

    def read_bytes(self) -> bytes:
        self.disk.turn()
        return self._node("r").data

    def stat(self) -> Any:
        size = len(self._node("r").data)
        return type("Stat", (), {"st_size": size, "st_mode": 0o600, "st_mtime": 0.0})

    def unlink(self, missing_ok: bool = False) -> None:
        self.disk.turn()
        found = self.disk.names.pop(self.text, None)
        if found is not None:
            self.disk.gone(self.text, found.data)
        elif not missing_ok:
            raise FileNotFoundError(errno.ENOENT, "no such file")

    def replace(self, other: Path) -> Path:
        self.disk.turn()
        self._node("r")
        self.disk.names[other.text] = self.disk.names.pop(self.text)
        return other

    rename = replace


class Os:
    """As much of the module `os` as the real code uses; everything else is the real one."""

    name = "posix"

    def __init__(self) -> None:
        self.open_files: dict[int, File | Path] = {}
        self.disks: dict[str, Disk] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def handle(self, what: File | Path) -> int:
        number = len(self.open_files) + 1
        self.open_files[number] = what
        return number

    def open(self, where: Path | str, flags: int, _mode: int = 0o777) -> int:
        path = Path.of(where)
        path.disk.turn()
        if path.is_dir() or path.text not in path.disk.names and not flags & os.O_CREAT:
            return self.handle(path)
        return self.handle(File(path.disk, path._node("a")))

    def lseek(self, handle: int, to: int, whence: int) -> int:
        return self._file(handle).seek(to, whence)

    def write(self, handle: int, data: bytes) -> int:
        return self._file(handle).write(data)

    def fsync(self, handle: int) -> None:
        what = self.open_files[handle]
        what.disk.turn()
        if isinstance(what, Path):
            what.disk.force_names(what.text)
        else:
            what.disk.force(what.node)

    def close(self, handle: int) -> None:
        pass

    def posix_fadvise(self, handle: int, *_what: int) -> None:
        pass

    def replace(self, path: Path | str, other: Path | str) -> None:
        Path.of(path).replace(Path.of(other))

    def unlink(self, path: Path | str) -> None:
        Path.of(path).unlink()

    def truncate(self, where: Path | str, size: int) -> None:
        path = Path.of(where)
        path._node("r").data = path._node("r").data[:size]

    def _file(self, handle: int) -> File:
        what = self.open_files[handle]
        assert isinstance(what, File)
        return what


OS = Os()


def open_file(path: Path | str, mode: str = "rb", **_how: object) -> File:
    """What `open` is within the simulation."""
    return Path.of(path).open(mode)


class Shutil:
    """As much of `shutil` as a stick is asked for."""

    @staticmethod
    def disk_usage(folder: Path) -> Any:
        return type("Usage", (), {"free": 0 if folder.disk.full() else 1 << 40})


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
