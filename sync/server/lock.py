"""Who uses a server folder: many servers and commands together, or one command alone.

Exchanging the store's key and converting an old store replace files that every process keeps open.
They take the folder alone; whoever opens the store holds it together with the others. The lock is
the one of the database library on a small empty file: it works on every system and ends with its
process, also after a kill.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from sync.server.trouble import Trouble

NAME = "server.lock"
WAIT = 20.0
BUSY = (
    "市サーバが動いています（またはほかの命令が使っています）。"
    "止めてから、もう一度実行してください。"
)
CHANGING = "市の鍵の入れ替えか更新が進んでいます。終わってから、もう一度実行してください。"


class Lock:
    """A held lock; `release()` or the end of the process frees it."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    def release(self) -> None:
        self._conn.close()

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def together(folder: Path) -> Lock:
    """Use the folder like others do; Trouble while somebody has it alone."""
    return _take(folder, "BEGIN", WAIT, CHANGING)


def alone(folder: Path) -> Lock:
    """Have the folder for this command only; Trouble while a server or a command uses it."""
    return _take(folder, "BEGIN EXCLUSIVE", 1.0, BUSY)


def _take(folder: Path, begin: str, wait: float, why: str) -> Lock:
    conn = sqlcipher.connect(
        folder / NAME, timeout=wait, isolation_level=None, check_same_thread=False
    )
    try:
        conn.execute(begin)
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher.OperationalError:
        conn.close()
        raise Trouble(why) from None
    return Lock(conn)
