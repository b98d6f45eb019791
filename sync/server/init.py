"""Make a city server: its key file, its signing and sealing keys, its recovery sheets.

What was begun and cut off is done again: a city is there when its row is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sync import fail, wire
from sync.server import keyfile, recovery, sheets
from sync.server import store as t
from sync.server.engine import database_url, raw_engine, write_config
from sync.server.receipts import now
from sync.server.sqlstore import SqlStore, open_store
from sync.wire import canonical


@dataclass(frozen=True)
class Made:
    """The city's key as it is printed, and the files of the recovery sheets."""

    fingerprint: str
    sheets: tuple[Path, ...] = ()


def initialise(
    folder: Path, code: str, name: str, database: str = "", recovery_copies: int = 0
) -> Made:
    """Create the store of city `code`; FileExistsError where there is one, in the folder or in the
    database. Without copies there are no sheets, and a lost `server.key` is lost."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / keyfile.KEY).exists():
        if database:
            _empty(database)
            write_config(folder, database)
        keyfile.write_key(folder / keyfile.KEY, secrets.token_bytes(32))
        fail.point("init.key")
    elif database_url(folder) != database:
        raise FileExistsError(folder)
    made = open_store(folder)
    try:
        return _make(made, folder, code, name, recovery_copies)
    finally:
        made.close()


def _empty(database: str) -> None:
    """FileExistsError where this PostgreSQL holds a city already: nothing is left behind."""
    engine = raw_engine(Path(), database, bytes(32))
    try:
        if sa.inspect(engine).has_table(t.city.name):
            with engine.connect() as conn:
                if conn.execute(sa.select(t.city.c.code)).first() is not None:
                    raise FileExistsError(t.city.name)
    finally:
        engine.dispose()


def _make(made: SqlStore, folder: Path, code: str, name: str, copies: int) -> Made:
    private, public = wire.new_signing_key()
    seal_private, seal_public = wire.new_sealing_key()
    fingerprint, at, files = wire.fingerprint(public), now(), []
    told = {"schema": str(t.SCHEMA), "key_id": made.box.name}
    with made.engine.execution_options(write=made.engine.dialect.name == "sqlite").begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(sa.text(f"LOCK TABLE {t.city.name} IN EXCLUSIVE MODE"))
        if conn.execute(sa.select(t.city.c.code)).first() is not None:
            raise FileExistsError(folder)
        if copies:
            key = t.read_key_file(folder / keyfile.KEY)
            kept, papers = recovery.make(key, copies, at)
            files = sheets.write(folder, (code, name), fingerprint, at, papers)
            told["recovery"] = canonical(kept.to_json()).decode()
        conn.execute(
            t.city.insert().values(
                code=code,
                name=name,
                epoch=1,
                sign_private=made.box.seal("city-sign", code, private),
                sign_public=public,
                seal_private=made.box.seal("city-seal", code, seal_private),
                seal_public=seal_public,
                made_at=at,
            )
        )
        conn.execute(t.meta.insert(), [{"name": k, "value": v} for k, v in told.items()])
        fail.point("init.made")
    return Made(fingerprint, tuple(files))


def city_fingerprint(store: SqlStore) -> str:
    """The fingerprint of the key that the city signs with now."""
    with store.read() as shelf:
        return wire.fingerprint(shelf.city().sign_public)
