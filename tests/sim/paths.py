"""What looks like `pathlib.Path`, `os`, `shutil` and `open` to the real code, on a `Disk`.

As much of them as the real code uses; everything else of `os` is the real one.
"""

from __future__ import annotations

import errno
import fnmatch
import os
from collections.abc import Iterator
from typing import Any

from tests.sim.disk import DISKS, HANDLES, Disk, File, Node, handle


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
        return path if isinstance(path, Path) else Path(DISKS[path.partition("/")[0]], path)

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

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, where: Path | str, flags: int, _mode: int = 0o777) -> int:
        path = Path.of(where)
        path.disk.turn()
        if path.is_dir() or path.text not in path.disk.names and not flags & os.O_CREAT:
            return handle(path)
        return handle(File(path.disk, path._node("a")))

    def lseek(self, number: int, to: int, whence: int) -> int:
        return self._file(number).seek(to, whence)

    def write(self, number: int, data: bytes) -> int:
        return self._file(number).write(data)

    def fsync(self, number: int) -> None:
        what = HANDLES[number]
        what.disk.turn()
        if isinstance(what, Path):
            what.disk.force_names(what.text)
        else:
            what.disk.force(what.node)

    def close(self, number: int) -> None:
        pass

    def posix_fadvise(self, number: int, *_what: int) -> None:
        pass

    def replace(self, path: Path | str, other: Path | str) -> None:
        Path.of(path).replace(Path.of(other))

    def unlink(self, path: Path | str) -> None:
        Path.of(path).unlink()

    def truncate(self, where: Path | str, size: int) -> None:
        path = Path.of(where)
        path._node("r").data = path._node("r").data[:size]

    def _file(self, number: int) -> File:
        what = HANDLES[number]
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
