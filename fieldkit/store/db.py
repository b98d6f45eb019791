"""One SQLCipher file and its only connection.

Opened by `set_key` (a `PRAGMA key` leaves copies of the key in memory), WAL with synchronous=FULL
so that what was acknowledged survives a power cut, one lock, `BEGIN IMMEDIATE` for every write.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import KitError
from fieldkit.store import damage, wal, wipe
from fieldkit.store.files import cannot_write, no_room

Row = sqlcipher.Row


FULL, READONLY, IO, BROKEN = 13, 8, 10, (11, 26)  # SQLite's result codes
LITTLE = 64 * 1024


def _cannot_open(path: Path, error: Exception) -> KitError:
    """What SQLCipher's error means. Only a page that does not authenticate is damage of the file;
    a disk without room for the little files beside it shows as an error of reading and writing."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, _Broken) or code in BROKEN:
        return damage.damaged(path, path.with_name(f"{path.name}-wal"))
    if code == FULL or (code == IO and shutil.disk_usage(path.parent).free < LITTLE):
        return no_room()
    if code == READONLY:
        return cannot_write()
    return KitError(
        "vault_unreadable",
        f"暗号化された保管庫（{damage.name_of(path)}）を読めません。ほかで使われていないか、"
        "権限があるか、ディスクに異常がないかを確かめてください。",
        "ask_supervisor",
    )


class _Broken(Exception):
    """Every page can be read, and yet they are not one whole store."""


def is_broken(conn: Any) -> bool:
    """Whether something is wrong: every page on the disk must authenticate, every tree be whole.

    A file of 100 MB takes a quarter of a second, the kit's files a few milliseconds.
    """
    pages = conn.execute("PRAGMA cipher_integrity_check").fetchall()
    return bool(pages) or conn.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok"


def _mended(conn: Any, path: Path) -> bool:
    """Whether its log makes a broken file whole.

    `is_broken` looks into the file alone. A power cut within a checkpoint leaves half-written pages
    there; they lie whole in the log, where SQLite looks first (tests/flow/test_power_cut.py).
    """
    log = path.with_name(f"{path.name}-wal")
    if not damage.is_there(log):
        return False
    copies = damage.kept_for_now(path, log)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if is_broken(conn):
        return False
    damage.drop(copies)
    return True


class Database:
    """`read()` and `write()` give the connection; a failed write leaves the last state.

    `wal` is "torn" where a power cut may have taken the last transaction (fieldkit/store/wal.py).
    KitError("vault_damaged") names the file and has kept a copy of it.
    """

    def __init__(self, path: Path, key: bytes | bytearray) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._retired = self._closed = False
        log = path.with_name(f"{path.name}-wal")
        self.wal = wal.look(log)
        if self.wal == "damaged":
            raise damage.damaged(log, path)
        if self.wal == "torn":
            damage.keep(log)
        self._conn = self._open(key)
        self._conn.row_factory = Row

    def _open(self, key: bytes | bytearray) -> Any:
        conn = None
        named = wipe.raw_key(key)
        try:
            conn = sqlcipher.connect(
                str(self.path), check_same_thread=False, isolation_level=None, timeout=10
            )
            conn.set_key(named)
            conn.execute("PRAGMA cipher_log_level = NONE")
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if is_broken(conn) and not _mended(conn, self.path):
                raise _Broken
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("PRAGMA synchronous = FULL")
            conn.execute("PRAGMA secure_delete = ON")
            conn.execute("PRAGMA foreign_keys = ON")
        except (sqlcipher.Error, _Broken) as error:
            found = _cannot_open(self.path, error)  # keeps its copies before anything is written
            if conn is not None:
                conn.close()
            raise found from None
        finally:
            wipe.wipe(named)
        return conn

    @contextmanager
    def read(self) -> Iterator[Any]:
        with self._lock:
            if self._closed:
                raise KitError("locked", "画面がロックされています。開き直してください。", "retry")
            yield self._conn

    @contextmanager
    def write(self) -> Iterator[Any]:
        """One transaction. Inside another write it joins that one (same thread)."""
        with self._lock:
            outer = self._depth == 0
            if self._retired:
                raise KitError("moved", "データの入れ物が替わりました。もう一度どうぞ。", "retry")
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
                    raise no_room() from None
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

    def retire(self) -> None:
        """Its content has moved to another file: from now on every write here is refused."""
        with self._lock:
            self._retired = True

    def close(self) -> None:
        with self._lock:
            self._retired = self._closed = True
            self._conn.close()
