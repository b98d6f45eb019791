"""What every durable write needs: the entry in the directory, forced down like the file itself."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NO_SUCH_CALL = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)


def sync_dir(folder: Path) -> None:
    """Make a new, renamed or removed name durable. Windows has no such call and needs none (NTFS
    journals names); some file systems of sticks and of the network refuse it. An error of the
    medium itself is raised."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
    finally:
        os.close(fd)
