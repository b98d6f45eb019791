"""A file on a USB memory: there whole or not at all, and read back before anybody relies on it.

A stick is slow, full, old, and pulled out too early. What is written stands under `<name>.part`
until its bytes were forced to the medium and read from it again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sync import fail
from sync.disk import sync_dir

PART = ".part"
_PIECE = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Full(Exception):
    """No room for a file of `needed` bytes. Nothing of it is left on the medium."""

    def __init__(self, needed: int) -> None:
        super().__init__(str(needed))
        self.needed = needed


class Unsound(Exception):
    """What the medium gives back is not what was written. Nothing of it is left there."""


def nobody(_count: int) -> None:
    return


def put(
    folder: Path,
    name: str,
    pieces: Iterable[bytes],
    size: int,
    moved: Callable[[int], None] = nobody,
) -> str:
    """Write `folder/name`; returns the SHA-256 of its bytes. Full, Unsound, or OSError where the
    medium is gone or locked; an older file of that name is replaced in one moment. `moved` hears
    of every byte twice: when it was written, and when it was read back."""
    part = folder / (name + PART)
    part.unlink(missing_ok=True)
    if shutil.disk_usage(folder).free < size:
        raise Full(size)
    try:
        wanted = _write(part, _told(pieces, moved))
        fail.point("usb.written")
        if digest_of(part, moved) != wanted:
            raise Unsound(name)
        fail.point("usb.read_back")
        part.replace(folder / name)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno in _FULL:
            raise Full(size) from None
        raise
    fail.point("usb.named")
    sync_dir(folder)
    return wanted


def _told(pieces: Iterable[bytes], moved: Callable[[int], None]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        moved(len(piece))


def _write(part: Path, pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    with part.open("xb", buffering=0) as file:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                left = left[file.write(left) :]
            digest.update(piece)
            fail.point("usb.piece")
        os.fsync(file.fileno())
    return digest.hexdigest()


def digest_of(path: Path, moved: Callable[[int], None] = nobody) -> str:
    """From the medium itself, not from what the system still has in memory (where it lets us)."""
    with path.open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        digest = hashlib.sha256()
        while piece := file.read(_PIECE):
            digest.update(piece)
            moved(len(piece))
    return digest.hexdigest()


def drop_parts(folder: Path, stem: str) -> int:
    """Remove what a pulled stick left half written: `<stem>….part`; returns how many there were."""
    found = [path for path in folder.glob(f"{stem}*{PART}") if path.is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
