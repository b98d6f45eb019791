"""The free space of a medium: filled so that nothing deleted is left in it, and looked at raw.

Filling goes in short steps whose progress lies on the medium itself (the fill files).
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fieldkit.media import FILL, MEBI, Drive, fills, noise, write_all
from fieldkit.store.files import sync_dir
from sync import fail

FILL_BYTES = 1 << 30  # a FAT32 file ends at 4 GiB


def wipe_free(drive: Drive, seconds: float = 1.0) -> bool:
    """Overwrite the free space for a while; True when it is full. Call it until then.

    How far it is lies on the medium itself (its fill files), so that a kill or a pulled card loses
    nothing. The free space of a folder on another disk is left alone: True at once.
    """
    if drive.kind == "folder":
        return True
    until = time.monotonic() + seconds
    here = fills(drive)
    while True:
        if not here or here[-1].stat().st_size >= FILL_BYTES:
            here.append(drive.mount / f"{FILL}{len(here):04d}.TMP")
        if _fill(here[-1], until):
            return True
        if time.monotonic() >= until:
            return False


def _fill(path: Path, until: float) -> bool:
    """Append to one fill file until time is over or it is long enough; True when all is full."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    size = MEBI
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return True
        raise
    try:
        while time.monotonic() < until and os.fstat(fd).st_size < FILL_BYTES:
            try:
                write_all(fd, noise(size))
                fail.point("card.filling")
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                if size <= 512:
                    return True
                size //= 8
        return False
    finally:
        os.fsync(fd)
        os.close(fd)


def filled(drive: Drive) -> float:
    """How much of the medium's room is taken now, 0..1."""
    room = shutil.disk_usage(drive.mount)
    return 1 - room.free / room.total if room.total else 1.0


def drop_fill(drive: Drive) -> None:
    """Remove the fill files; the medium has its room again."""
    for path in fills(drive):
        path.unlink()
    sync_dir(drive.mount)


def traces(drive: Drive) -> int | None:
    """How many begins of pictures lie on the raw medium; None where it may not be read raw.

    Looks at the whole of a small medium and at up to 2 GiB, spread evenly, of a large one.
    """
    if not drive.device:
        return None
    try:
        fd = os.open(drive.device, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        if sys.platform.startswith("linux"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        size = drive.size if sys.platform == "win32" else os.lseek(fd, 0, os.SEEK_END)
        return sum(_begins(piece) for piece in _spread(fd, size))
    except OSError:
        return None
    finally:
        os.close(fd)


def _spread(fd: int, size: int, piece: int = 8 * MEBI, pieces: int = 256) -> Iterator[bytes]:
    step = max(piece, size // pieces // piece * piece)
    for place in range(0, size, step):
        os.lseek(fd, place, os.SEEK_SET)
        yield os.read(fd, piece)


def _begins(data: bytes) -> int:
    """JPEG, HEIC and PNG heads at the begin of a sector, where every file begins."""
    heads = (data[at : at + 12] for at in range(0, len(data), 512))
    return sum(
        head[:3] == b"\xff\xd8\xff" or head[4:8] == b"ftyp" or head[:4] == b"\x89PNG"
        for head in heads
    )
