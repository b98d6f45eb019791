"""One kit per vault: a lock on a file that ends with the process, also after a kill.

Why: two programs on one vault would number receipts and saves twice. The lock is the operating
system's own (`flock`, on Windows `msvcrt.locking`), so nothing has to be cleaned up after a crash.
The promise: while one holds a data folder, every other is refused with a sentence that names
what works. (001 §8(2)キ: the terminal's data stays whole.)
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from types import TracebackType

from fieldkit.errors import KitError

NAME = "in-use.lock"
TAKEN = (
    "このデータのフォルダーは、動いているキット（またはほかの命令）が使っています。"
    "動いているキットの画面は「python -m fieldkit open --data 同じフォルダー」で開けます。"
    "送信などもその画面から行えます。"
    "先のキットを終えるには、その端末画面で Ctrl-C を押してください。"
)
_BUSY = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK, errno.EWOULDBLOCK})
_AT = 1 << 20
"""Where Windows locks one byte: behind the file's end, so that the file can still be read."""


class Alone:
    """A held lock; `release()` (or the end of the process, however it ends) frees it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Alone:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def __del__(self) -> None:
        self.release()


def only_one(data_dir: Path) -> Alone:
    """Take the data folder for this process. KitError("in_use") when another one has it."""
    for again in (True, True, False):
        found = _take(data_dir)
        if found is not None:
            return found
        if again:  # `is_running` of another program holds it for a moment
            time.sleep(0.05)
    raise KitError("in_use", TAKEN, "stop")


def is_running(data_dir: Path) -> bool:
    """Whether some process holds the folder now. A stale `running.json` is no proof; this is."""
    if not (data_dir / NAME).exists():
        return False
    found = _take(data_dir)
    if found is None:
        return True
    found.release()
    return False


def _take(data_dir: Path) -> Alone | None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        fd = os.open(data_dir / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise KitError(
            "cannot_write",
            "データのフォルダーに書き込めません。場所と権限を確かめてください。",
            "ask_supervisor",
        ) from None
    try:
        _lock(fd)
    except OSError as error:
        os.close(fd)
        if error.errno in _BUSY:
            return None
        raise KitError(
            "cannot_lock",
            "このフォルダーでは二重の起動を防げません。この端末の中のフォルダーを使ってください。",
            "ask_supervisor",
        ) from None
    return Alone(fd)


if os.name == "nt":
    import msvcrt

    def _lock(fd: int) -> None:
        os.lseek(fd, _AT, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
