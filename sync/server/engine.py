"""Open the city's database: SQLCipher in the server's folder, or PostgreSQL where its URL is told.

Both are opened so that a commit has reached the disk when it returns: `synchronous=FULL` with a
write-ahead log, and `synchronous_commit=on` (a receipt may only be signed over such bytes). A
PostgreSQL that was told to forget at a power cut is refused.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

from sync.server import keyfile, lock, upgrade
from sync.server.store import SCHEMA, blob, city, meta, metadata, part, read_key_file
from sync.server.trouble import Trouble

CONFIG = "server.toml"
THREADS = 32
SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
"""Of each PostgreSQL session: durable commits, and no frozen process that keeps the city's lock."""
WORK = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON")
LOOK = ("query_only = ON",)
MUST = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
}
MAKING = 0x4B535031
"""The advisory lock under which tables are made."""
AWAY = (
    "データベースにつながりません。"
    "動いているか、server.toml の database の行を確かめてください。"
)


def database_url(folder: Path) -> str:
    """The database that `server.toml` names (`database = "postgresql://…"`), else ""."""
    path = folder / CONFIG
    if not path.exists():
        return ""
    return str(tomllib.loads(path.read_text(encoding="utf-8")).get("database", ""))


def write_config(folder: Path, url: str) -> None:
    """Tell a server folder its database; readable by this user only, as a password may be in it."""
    keyfile.write_private(folder / CONFIG, f"database = {json.dumps(url)}\n".encode())


def open_engine(folder: Path) -> sa.Engine:
    """The engine over the store of `folder`, held together with others until it is disposed of.

    Makes missing tables and brings an older store to today's. FileNotFoundError without a key.
    `engine.execution_options(write=True)` begins its transactions under the city's lock.
    """
    read_key_file(folder / keyfile.KEY)
    url = database_url(folder)
    while True:
        held, key = _hold(folder)
        engine = raw_engine(folder, url, key)
        sa.event.listen(engine, "engine_disposed", lambda _engine, held=held: held.release())
        try:
            if upgrade.version(engine) == SCHEMA:
                make_tables(engine)
                if _named_key(engine) not in ("", keyfile.key_id(key)):
                    raise Trouble(keyfile.NO_KEY)
                return engine
        except BaseException:
            engine.dispose()
            raise
        engine.dispose()
        with lock.alone(folder):
            engine = raw_engine(folder, url, key)
            upgrade.bring(engine, folder, key)
            engine.dispose()


def _hold(folder: Path) -> tuple[lock.Lock, bytes]:
    """The folder, and its key: read when nobody can exchange it any more."""
    while True:
        held = lock.together(folder)
        if not (folder / f"{keyfile.KEY}{keyfile.NEW}").exists():
            return held, read_key_file(folder / keyfile.KEY)
        held.release()
        keyfile.settle(folder, lambda key: opens(folder, key))


def raw_engine(folder: Path, url: str, key: bytes, file: str = keyfile.DATABASE) -> sa.Engine:
    """An engine over the store as it is: nothing is made, upgraded or locked."""
    return _postgres(url) if url else embedded(folder / file, key)


def opens(folder: Path, key: bytes) -> bool:
    """Whether the store of this folder is sealed with this key."""
    url = database_url(folder)
    engine = raw_engine(folder, url, key)
    try:
        engine.connect().close()
        return not url or _named_key(engine) == keyfile.key_id(key)
    except (sa.exc.DatabaseError, sqlcipher.DatabaseError):
        return False
    finally:
        engine.dispose()


def _named_key(engine: sa.Engine) -> str:
    """The name of the key that the store says it is sealed with; "" while it is being made."""
    with engine.connect() as conn:
        query = sa.select(meta.c.value).where(meta.c.name == "key_id")
        return str(conn.execute(query).scalar() or "")


def make_tables(engine: sa.Engine) -> None:
    """Make what is missing; one process after the other."""
    with engine.execution_options(write=engine.dialect.name == "sqlite").begin() as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING})")
        metadata.create_all(conn)


def embedded(file: Path, key: bytes, look: bool = False) -> sa.Engine:
    """SQLCipher on one file; `look`: it is only read, and not one byte of it changes."""
    engine = sa.create_engine(
        f"sqlite:///{file.as_posix()}",
        module=sqlcipher,
        connect_args={"check_same_thread": False, "timeout": 30},
        pool_size=THREADS,
        pool_use_lifo=True,
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def unlock(conn: Any, _record: Any) -> None:
        conn.isolation_level = None
        conn.set_key(f"x'{key.hex()}'")
        for pragma in LOOK if look else WORK:
            conn.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(conn: Any) -> None:
        writes = conn.get_execution_options().get("write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: str) -> sa.Engine:
    engine = sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=THREADS,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": 10, "keepalives_idle": 30},
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def durable(conn: Any, _record: Any) -> None:
        conn.autocommit = True
        for name, value in SESSION.items():
            conn.execute(f"SET {name} = '{value}'")
        conn.autocommit = False

    @sa.event.listens_for(engine, "begin")
    def take(conn: Any) -> None:
        if conn.get_execution_options().get("write", False):
            conn.exec_driver_sql(f"SELECT code FROM {city.name} FOR UPDATE")

    refuse_forgetful(engine)
    return engine


def refuse_forgetful(engine: sa.Engine) -> None:
    """Trouble where this PostgreSQL could lose what it committed, or cannot hold every letter."""
    try:
        with engine.connect() as conn:
            told = {name: str(conn.exec_driver_sql(f"SHOW {name}").scalar()) for name in MUST}
    except sa.exc.OperationalError:
        engine.dispose()
        raise Trouble(AWAY) from None
    wrong = [name for name, value in MUST.items() if told[name] != value]
    if wrong:
        engine.dispose()
        raise Trouble(
            f"PostgreSQL の設定 {wrong[0]} が {told[wrong[0]]} です（{MUST[wrong[0]]} が必要）。"
            "このままでは、停電のときに受け付けたものが失われるか、文字が入りません。"
            "設定を直してから、もう一度始めてください。"
        )


def _uncompressed(table: Any, conn: Any, **_more: Any) -> None:
    """Sealed bytes do not compress: trying costs more than half of the time."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"ALTER TABLE {table.name} ALTER COLUMN data SET STORAGE EXTERNAL")


for _table in (blob, part):
    sa.event.listen(_table, "after_create", _uncompressed)
