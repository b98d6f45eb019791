"""What every durable write needs: the entry in the directory, forced down like the file itself."""

from __future__ import annotations

import os
from pathlib import Path


def sync_dir(folder: Path) -> None:
    """Make a new, renamed or removed name durable. Windows has no such call and needs none (NTFS
    journals names)."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
