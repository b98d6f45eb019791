"""Writing a file so that it is there whole or not at all, also after a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from fieldkit.errors import KitError
from sync import fail
from sync.disk import sync_dir as sync_dir


def no_room() -> KitError:
    return KitError(
        "disk_full",
        "ディスクに空きがなく、保存できませんでした。いま入力した内容は画面に残っています。"
        "不要なファイルを消して、もう一度保存してください。",
        "retry",
    )


def cannot_write() -> KitError:
    return KitError(
        "cannot_write",
        "保存先のフォルダーに書き込めません。監督者へ連絡してください。",
        "ask_supervisor",
    )


def refused(error: OSError) -> KitError:
    """What a failed write means to a person."""
    return no_room() if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else cannot_write()


def private_dir(folder: Path) -> None:
    """A folder for this user alone (Windows: the user's own folders are, by their rights)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "nt" and folder.stat().st_mode & 0o777 != 0o700:
        folder.chmod(0o700)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, fsynced; KitError("disk_full") leaves what was there before."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fail.point("file.part")
        part.replace(path)
        sync_dir(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise refused(error) from None


def write_new(path: Path, data: bytes) -> None:
    """Write a file that nothing names yet; it is on the disk when this returns.

    Without the detour of `write_atomic`: a file that a kill leaves half written has no row, and
    what has no row is swept away. KitError("disk_full") leaves no file.
    """
    try:
        with path.open("xb", buffering=0) as file:
            written = file.write(data)
            if written == len(data):
                os.fsync(file.fileno())
        fail.point("file.new")
        if written != len(data):
            raise OSError(errno.ENOSPC, "cut off")
        sync_dir(path.parent)
    except OSError as error:
        if not isinstance(error, FileExistsError):
            with contextlib.suppress(OSError):
                path.unlink()
        raise refused(error) from None


def remove(path: Path) -> None:
    """Unlink a file if it is there; the caller checks afterwards that it is gone."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    sync_dir(path.parent)
