"""Bring an older store to today's tables: a copy of the file first, then one transaction a step.

A kill anywhere leaves the old tables or the new ones. The copy (`city.db.v1`, sealed with the same
key) stays until a person removes it: it also holds what was erased since.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

from sync import fail
from sync.disk import sync_dir
from sync.server import upgrade_v1
from sync.server.keyfile import DATABASE, NO_KEY
from sync.server.store import SCHEMA, meta
from sync.server.trouble import Trouble

STEPS: dict[int, Callable[[sa.Connection, Path, bytes], None]] = {1: upgrade_v1.convert}
"""{version: what makes the next one of it}: in the caller's transaction, with folder and key."""
NEWER = "このデータは新しい版の市サーバで作られています。市サーバのプログラムを更新してください。"


def version(engine: sa.Engine) -> int:
    """The version of a store; that of this program where there are no tables yet. Trouble for one
    that is newer, or that the key does not open."""
    try:
        have = sa.inspect(engine).get_table_names()
        if "meta" not in have:
            return 1 if "city" in have else SCHEMA
        with engine.connect() as conn:
            told = conn.execute(sa.select(meta.c.value).where(meta.c.name == "schema")).scalar()
    except (sa.exc.DatabaseError, sqlcipher.DatabaseError) as error:
        if isinstance(error, sa.exc.OperationalError):
            raise
        raise Trouble(NO_KEY) from None
    found = int(told or SCHEMA)
    if found > SCHEMA:
        raise Trouble(NEWER)
    return found


def bring(engine: sa.Engine, folder: Path, key: bytes) -> None:
    """Run the steps that this store has not seen; the caller has the folder alone."""
    while (have := version(engine)) < SCHEMA:
        if engine.dialect.name == "sqlite":
            keep_copy(engine, folder / f"{DATABASE}.v{have}", key)
        fail.point("upgrade.copied")
        with engine.execution_options(write=True).begin() as conn:
            STEPS[have](conn, folder, key)
            _set(conn, "schema", str(have + 1))
            fail.point("upgrade.converted")
        fail.point("upgrade.committed")


def _set(conn: sa.Connection, name: str, value: str) -> None:
    conn.execute(meta.delete().where(meta.c.name == name))
    conn.execute(meta.insert().values(name=name, value=value))


def keep_copy(engine: sa.Engine, path: Path, key: bytes) -> None:
    """One moment of an embedded store as a file of its own, sealed with the same key, durable."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    copy = sqlcipher.connect(new, isolation_level=None)
    source = engine.raw_connection()
    try:
        new.chmod(0o600)
        copy.set_key(f"x'{key.hex()}'")
        source.driver_connection.backup(copy)  # type: ignore[union-attr]
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        source.close()
        copy.close()
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    new.replace(path)
    sync_dir(path.parent)
