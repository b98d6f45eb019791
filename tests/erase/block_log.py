"""A disk that never forgets: one file `disk.img` in a FUSE folder, and a log of every write to it.

    python -m tests.erase.block_log FOLDER IMAGE LOG

An SSD keeps old versions of a block for as long as it likes; nobody can ask it what it kept. This
keeps them all, which is the most that any real disk can keep. A log entry is offset (8 bytes,
little endian), length (4 bytes) and the bytes; one without bytes is a flush of the disk's cache. It
is its own process with no file open on the disk that it serves, so that writing back that disk
never waits for itself.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEAD = struct.Struct("<QI")
NAME = "disk.img"


def entries(log: Path) -> Iterator[tuple[int, bytes]]:
    """Every write that was ever made, in order: (offset, bytes)."""
    return ((offset, data) for _, offset, data in steps(log) if data)


def steps(log: Path) -> Iterator[tuple[int, int, bytes]]:
    """The same with the flushes, which have no bytes: (size of the log then, offset, bytes)."""
    with log.open("rb") as file:
        while head := file.read(HEAD.size):
            offset, length = HEAD.unpack(head)
            data = file.read(length)
            yield file.tell(), offset, data


def serve(folder: str, image: str, log: str) -> None:
    """Mount, and answer until somebody unmounts."""
    os.environ.setdefault("FUSE_LIBRARY_NAME", "fuse3")
    from mfusepy import FUSE, FuseOSError, Operations

    class BlockLog(Operations):  # type: ignore[misc, valid-type, unused-ignore]
        use_ns = True

        def __init__(self) -> None:
            self.image = os.open(image, os.O_RDWR)
            self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.size = os.fstat(self.image).st_size

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            if path == "/":
                return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
            if path == f"/{NAME}":
                return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": self.size}
            raise FuseOSError(errno.ENOENT)

        def readdir(self, path: str, fh: int) -> list[str]:
            return [".", "..", NAME]

        def open(self, path: str, flags: int) -> int:
            return 0

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return os.pread(self.image, size, offset)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            os.writev(self.log, [HEAD.pack(offset, len(data)), data])
            return os.pwrite(self.image, data, offset)

        def fsync(self, path: str, datasync: int, fh: int) -> int:
            os.write(self.log, HEAD.pack(0, 0))
            return 0

        def flush(self, path: str, fh: int) -> int:
            return 0

    FUSE(BlockLog(), folder, foreground=True, nothreads=True, fsname="fieldkit-block-log")


if __name__ == "__main__":
    serve(*sys.argv[1:4])
