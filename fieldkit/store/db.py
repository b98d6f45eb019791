"""One SQLCipher file and its only connection.

Opened by `set_key` (a `PRAGMA key` leaves copies of the key in memory), WAL with synchronous=FULL
so that what was acknowledged survives a power cut, one lock, `BEGIN IMMEDIATE` for every write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import KitError

Row = sqlcipher.Row


def _no_room() -> KitError:
    return KitError(
        "disk_full",
        "ディスクに空きがなく、保存できませんでした。いま入力した内容は画面に残っています。"
        "不要なファイルを消して、もう一度保存してください。",
        "retry",
    )


def _cannot_open(name: str) -> KitError:
    return KitError(
        "vault_damaged",
        f"暗号化された保管庫（{name}）を開けません。電源を切らずに監督者へ連絡してください。",
        "stop",
    )


class Database:
    """`read()` and `write()` give the connection; a failed write leaves the last state."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._conn = sqlcipher.connect(
                str(path), check_same_thread=False, isolation_level=None, timeout=10
            )
            self._conn.set_key(f"x'{key.hex()}'")
            self._conn.execute("PRAGMA cipher_log_level = NONE")
            self._conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._conn.execute("PRAGMA journal_mode = WAL")
            self._conn.execute("PRAGMA synchronous = FULL")
            self._conn.execute("PRAGMA secure_delete = ON")
            self._conn.execute("PRAGMA foreign_keys = ON")
        except sqlcipher.Error as error:
            if "full" in str(error):
                raise _no_room() from None
            raise _cannot_open(path.name) from None
        self._conn.row_factory = Row

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._lock:
            yield self._conn

    @contextmanager
    def write(self) -> Iterator[Any]:
        """One transaction. Inside another write it joins that one (same thread)."""
        with self._lock:
            outer = self._depth == 0
            try:
                if outer:
                    self._conn.execute("BEGIN IMMEDIATE")
                self._depth += 1
                try:
                    yield self._conn
                finally:
                    self._depth -= 1
                if outer:
                    self._conn.execute("COMMIT")
            except BaseException as error:
                if outer and self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
                if isinstance(error, sqlcipher.OperationalError) and "full" in str(error):
                    raise _no_room() from None
                raise

    def all(self, sql: str, *args: Any) -> list[Any]:
        with self.read() as conn:
            return list(conn.execute(sql, args).fetchall())

    def one(self, sql: str, *args: Any) -> Any | None:
        with self.read() as conn:
            return conn.execute(sql, args).fetchone()

    def checkpoint(self) -> None:
        """Empty the WAL into the file, so that nothing erased stays in it."""
        with self.read() as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def is_encrypted(self) -> bool:
        """Whether the bytes on disk are really not a plain SQLite file."""
        with self.path.open("rb") as file:
            return not file.read(16).startswith(b"SQLite format 3")

    def close(self) -> None:
        with self._lock:
            self._conn.close()
