"""Exchange the city's keys: the one it signs with, and the one its store is sealed with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sync import fail, wire
from sync.server import audit, boxes, epochs, keyfile, lock, recovery, sheets
from sync.server import store as t
from sync.server.box import Box
from sync.server.engine import database_url, make_tables, open_engine, raw_engine
from sync.server.receipts import issue, item, now
from sync.server.sidebook import KEY, SideBook
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.server.trouble import Trouble
from sync.wire import b64, canonical

NO_SHEETS = "復旧の紙はまだ作られていません。recovery-renew で作ってください。"


@dataclass(frozen=True)
class NewKey:
    """The fingerprints of the key that was replaced and of the new one."""

    old: str
    new: str


def rotate_key(store: SqlStore, who: str) -> NewKey:
    """Sign with a fresh key from now on. The old one signs the word on the new one, so that every
    laptop believes it; receipts of before stay good with the old key."""
    private, public = wire.new_signing_key()
    with store.write() as shelf:
        city = shelf.city()
        body = canonical(
            {
                "v": wire.PROTOCOL,
                "city": city.code,
                "old": b64(city.sign_public),
                "new": b64(public),
                "at": now(),
            }
        )
        signature = wire.sign(wire.signing_private(city.sign_private), "key", body)
        value = {
            "old": b64(city.sign_public),
            "new": b64(public),
            "private": b64(private),
            "body": body.decode(),
            "signature": signature,
        }
        shelf.side.add(KEY, str(len(city.keys) + 1), value)
        epochs.put_key(shelf, value)
        issue(shelf, "", "key", [item(b64(public), "", 0)])
        audit.note(shelf, who, "rotate-key", wire.fingerprint(public))
        fail.point("key.before")
    fail.point("key.after")
    return NewKey(wire.fingerprint(city.sign_public), wire.fingerprint(public))


def kept(shelf: SqlShelf) -> recovery.Recovery | None:
    """What the store keeps of the recovery key, or None where no sheets were made."""
    told = shelf.conn.execute(
        sa.select(t.meta.c.value).where(t.meta.c.name == "recovery")
    ).scalar()
    return recovery.Recovery.from_json(wire.parse(told.encode())) if told else None


def renew(store: SqlStore, folder: Path, copies: int, who: str) -> list[Path]:
    """New sheets; the old ones open no backup that is made from now on."""
    with store.write() as shelf:
        city, at = shelf.city(), now()
        made, papers = recovery.make(t.read_key_file(folder / keyfile.KEY), copies, at)
        fingerprint = wire.fingerprint(city.sign_public)
        files = sheets.write(folder, (city.code, city.name), fingerprint, at, papers)
        _set(shelf.conn, "recovery", canonical(made.to_json()).decode())
        audit.note(shelf, who, "recovery-renew", str(copies))
        fail.point("recovery.before")
    return files


def _set(conn: sa.Connection, name: str, value: str) -> None:
    conn.execute(t.meta.delete().where(t.meta.c.name == name))
    conn.execute(t.meta.insert().values(name=name, value=value))


def rotate_store_key(folder: Path, who: str) -> None:
    """Seal the whole store with a fresh `server.key`. Trouble while a server uses it.

    Everything new is made beside the old; then names are exchanged, the database first. A kill
    leaves a folder that opens with the old key or, by `keyfile.settle`, with the new one.
    """
    open_engine(folder).dispose()  # finishes what was cut off, upgrades an older store
    with lock.alone(folder):
        old_key, new_key = t.read_key_file(folder / keyfile.KEY), secrets.token_bytes(32)
        _new(folder, keyfile.DATABASE).unlink(missing_ok=True)
        keyfile.write_key(_new(folder, keyfile.KEY), new_key)
        fail.point("store_key.begun")
        side = SideBook(folder / keyfile.SIDE, Box(old_key))
        side.write(_new(folder, keyfile.SIDE), Box(new_key), side.lines())
        url = database_url(folder)
        if url:
            _in_place(raw_engine(folder, url, old_key), old_key, new_key, who)
        else:
            _beside(folder, old_key, new_key, who)
        keyfile.finish(folder)


def _new(folder: Path, name: str) -> Path:
    return folder / f"{name}{keyfile.NEW}"


def _beside(folder: Path, old_key: bytes, new_key: bytes, who: str) -> None:
    """A copy of the embedded store under the new key, then its name."""
    old = raw_engine(folder, "", old_key)
    new = raw_engine(folder, "", new_key, f"{keyfile.DATABASE}{keyfile.NEW}")
    make_tables(new)
    with old.connect() as source, new.execution_options(write=True).begin() as target:
        boxes.copy(source, target, boxes.change(Box(old_key), Box(new_key)))
        _sealed(target, Box(new_key), new_key, who)
        fail.point("store_key.copied")
    with new.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA journal_mode = DELETE").fetchall()
    for engine in (new, old):  # the last one that closes takes the log into the file
        engine.dispose()
    left = [name for name in ("-wal", "-journal") if _size(folder / f"{keyfile.DATABASE}{name}")]
    if left:
        raise Trouble(lock.BUSY)
    fail.point("store_key.sealed")
    (folder / f"{keyfile.DATABASE}-shm").unlink(missing_ok=True)
    (folder / f"{keyfile.DATABASE}-wal").unlink(missing_ok=True)
    _new(folder, keyfile.DATABASE).replace(folder / keyfile.DATABASE)
    keyfile.sync_dir(folder)
    fail.point("store_key.exchanged")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _in_place(engine: sa.Engine, old_key: bytes, new_key: bytes, who: str) -> None:
    """Every box of a PostgreSQL store anew, in one transaction under the city's lock."""
    change = boxes.change(Box(old_key), Box(new_key))
    try:
        with engine.execution_options(write=True).begin() as conn:
            for table in [*boxes.BOXED, t.op]:
                keys = list(table.primary_key)
                query = sa.select(table)
                if table is t.op:
                    query = query.where(t.op.c.device == boxes.CITY)
                for row in conn.execute(query).mappings().all():
                    new = change(table, dict(row))
                    same = sa.and_(*(key == row[key.name] for key in keys))
                    conn.execute(table.update().where(same).values(**new))
            _sealed(conn, Box(new_key), new_key, who)
            fail.point("store_key.copied")
        fail.point("store_key.exchanged")
    finally:
        engine.dispose()


def _sealed(conn: sa.Connection, box: Box, new_key: bytes, who: str) -> None:
    """The store names its new key; the sheets of before open it."""
    _set(conn, "key_id", box.name)
    shelf = SqlShelf(conn, box, SideBook(Path(), box))
    old = kept(shelf)
    if old is not None:
        made = recovery.sealed_anew(old, new_key)
        _set(conn, "recovery", canonical(made.to_json()).decode())
    audit.note(shelf, who, "rotate-store-key", box.name)
