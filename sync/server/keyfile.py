"""`server.key`: the 32 bytes that open the city's store, and how they are exchanged.

A new key lies beside the old one (`server.key.new`) until the store is sealed with it. Whichever of
the two opens the store is the right one: `settle` finishes or drops an exchange that was cut off.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sync import fail
from sync.disk import sync_dir
from sync.server import lock
from sync.server.box import Box
from sync.server.store import read_key_file
from sync.server.trouble import Trouble

KEY = "server.key"
NEW = ".new"
DATABASE, SIDE = "city.db", "side.book"
NO_KEY = "server.key ではこのデータを開けません。別の市サーバの鍵か、壊れた鍵です。"


def key_id(key: bytes) -> str:
    """A name for a key that tells nothing about it."""
    return Box(key).name


def write_private(path: Path, data: bytes) -> None:
    """A file for this user only, there whole and forced to the disk, or as it was before."""
    new = path.with_name(f"{path.name}.writing")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    sync_dir(path.parent)


def write_key(path: Path, key: bytes) -> None:
    write_private(path, key.hex().encode())


def settle(folder: Path, opens: Callable[[bytes], bool]) -> bytes:
    """The key of this folder, after finishing or dropping an exchange that was cut off.

    `opens(key)` tries the store. FileNotFoundError where there is no key.
    """
    new = folder / f"{KEY}{NEW}"
    if not new.exists():
        return read_key_file(folder / KEY)
    with lock.alone(folder):
        old_key = read_key_file(folder / KEY)
        if opens(old_key):
            for name in (DATABASE, SIDE, KEY):
                (folder / f"{name}{NEW}").unlink(missing_ok=True)
            return old_key
        new_key = read_key_file(new)
        if not opens(new_key):
            raise Trouble(NO_KEY)
        finish(folder)
        return new_key


def finish(folder: Path) -> None:
    """The store is sealed with the new key: give side book and key file their names."""
    for name in (SIDE, KEY):
        new = folder / f"{name}{NEW}"
        if new.exists():
            new.replace(folder / name)
            sync_dir(folder)
        fail.point("store_key.named")
