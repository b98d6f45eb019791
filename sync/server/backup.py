"""A copy of the city on another medium, made while the server runs.

    TARGET/photos/<id>.ph           every photo once, however many backups name it
    TARGET/<time>/city.db           one moment of the database, sealed with the server's key
    TARGET/<time>/side.book  recovery.json  manifest.json

The manifest is signed by the city and written last, and only then the folder gets its name: a
backup that was cut off is recognised as none. Whatever the city's database is, the copy is an
embedded store.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

from sync import fail, wire
from sync.disk import sync_dir
from sync.medium import digest_of
from sync.server import boxes, keyfile, keys, upgrade
from sync.server import store as t
from sync.server.box import Box
from sync.server.engine import embedded, make_tables
from sync.server.keyfile import DATABASE, SIDE, write_private
from sync.server.receipts import now
from sync.server.sidebook import SideBook
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore, open_store
from sync.server.trouble import Trouble
from sync.wire import canonical, sha256

MANIFEST, RECOVERY, PHOTOS, UNFINISHED = "manifest.json", "recovery.json", "photos", ".new"
INSIDE = "バックアップ先が市サーバのフォルダーの中です。別のディスクなどを指定してください。"


@dataclass(frozen=True)
class Made:
    """What a backup holds: numbers and digests only."""

    folder: Path
    counts: dict[str, int]
    photos: int
    copied: int
    missing: tuple[str, ...]
    sheets: bool
    dropped: int = 0


def make(folder: Path, target: Path, keep: int = 0) -> Made:
    """Back the city up; with `keep` only so many backups stay. Trouble or OSError where it cannot
    be done: then nothing of it counts as a backup."""
    if target.resolve().is_relative_to(folder.resolve()):
        raise Trouble(INSIDE)
    store = open_store(folder)
    try:
        key = t.read_key_file(folder / keyfile.KEY)
        for part in (target, target / PHOTOS):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in target.glob(f"*{UNFINISHED}"):
            shutil.rmtree(left)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        work = target / f"{stamp}{UNFINISHED}"
        work.mkdir(mode=0o700)
        fail.point("backup.begun")
        made = _make(store, folder, key, work)
    finally:
        store.close()
    work.replace(target / stamp)
    sync_dir(target)
    fail.point("backup.named")
    dropped = prune(target, keep, key) if keep else 0
    return Made(target / stamp, *made, dropped)


def _make(
    store: SqlStore, folder: Path, key: bytes, work: Path
) -> tuple[dict[str, int], int, int, tuple[str, ...], bool]:
    file, box = work / DATABASE, Box(key)
    _snapshot(store, file, key)
    fail.point("backup.database")
    copy = embedded(file, key)
    try:
        copied, missing = _photos(store, copy, work.parent / PHOTOS)
        sync_dir(work.parent / PHOTOS)
        with copy.connect() as conn:
            conn.exec_driver_sql("COMMIT")
            conn.exec_driver_sql("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        copy.dispose()
    _force(file)
    if (folder / SIDE).exists():
        write_private(work / SIDE, (folder / SIDE).read_bytes())
    copy = embedded(file, key, look=True)
    try:
        with copy.connect() as conn:
            shelf = SqlShelf(conn, box, SideBook(work / SIDE, box))
            city, recovery, photos = shelf.city(), keys.kept(shelf), stored(conn)
            counts = counted(conn)
            body = _told(shelf, counts, photos)
    finally:
        copy.dispose()
    if recovery is not None:
        write_private(work / RECOVERY, canonical(recovery.to_json()))
    names = [name for name in (DATABASE, SIDE, RECOVERY) if (work / name).exists()]
    body |= {"files": {name: digest_of(work / name) for name in names}, "missing": list(missing)}
    data = canonical(body)
    signature = wire.sign(wire.signing_private(city.sign_private), "backup", data)
    fail.point("backup.manifest")
    write_private(
        work / MANIFEST, canonical({"body": data.decode(), "signature": signature})
    )
    return counts, len(photos), copied, missing, recovery is not None


def _snapshot(store: SqlStore, file: Path, key: bytes) -> None:
    """One moment of the database as an embedded file."""
    if store.engine.dialect.name == "sqlite":
        return upgrade.keep_copy(store.engine, file, key)
    engine = embedded(file, key)
    try:
        make_tables(engine)
        with store.read() as shelf, engine.execution_options(write=True).begin() as conn:
            shelf.conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            boxes.copy(shelf.conn, conn)
    finally:
        engine.dispose()


def stored(conn: sa.Connection) -> dict[str, str]:
    """{photo: SHA-256} of those whose bytes are at the city."""
    p = t.photo.c
    query = sa.select(p.id, p.sha256).where(sa.func.length(p.key) > 0).order_by(p.id)
    return {row.id: row.sha256 for row in conn.execute(query)}


def _photos(store: SqlStore, copy: sa.Engine, there: Path) -> tuple[int, tuple[str, ...]]:
    """Bring every photo of the copied database over; what is there is hashed and not written."""
    with copy.connect() as conn:
        wanted = stored(conn)
    copied, missing = 0, []
    for name, digest in wanted.items():
        file = there / f"{name}.ph"
        if file.exists() and digest_of(file) == digest:
            continue
        data = store.blobs.get(name)
        if data is None or sha256(data) != digest:
            if not _gone(store, copy, name):
                missing.append(name)
            continue
        write_private(file, data)
        copied += 1
        fail.point("backup.photo")
    return copied, tuple(missing)


def _gone(store: SqlStore, copy: sa.Engine, name: str) -> bool:
    """Whether a photo was erased since the database was copied; the copy then says so too."""
    with store.read() as shelf:
        row = shelf.conn.execute(sa.select(t.photo).where(t.photo.c.id == name)).mappings().first()
    if row is None or row["key"]:
        return False
    with copy.execution_options(write=True).begin() as conn:
        conn.execute(t.photo.update().where(t.photo.c.id == name).values(**dict(row)))
    return True


def counted(conn: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in t.metadata.sorted_tables
        if table not in (t.blob, t.part)
    }


def _told(shelf: SqlShelf, counts: dict[str, int], photos: dict[str, str]) -> dict[str, Any]:
    city, (seq, digest) = shelf.city(), shelf.last_receipt()
    return {
        "v": 1,
        "city": city.code,
        "name": city.name,
        "epoch": city.epoch,
        "schema": t.SCHEMA,
        "at": now(),
        "receipt": {"seq": seq, "digest": digest},
        "counts": counts,
        "photos": {"count": len(photos), "sha256": sha256(canonical(photos))},
    }


def _force(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    path.chmod(0o600)


def sets(target: Path) -> list[Path]:
    """The backups of a medium that are whole, oldest first."""
    return sorted(one.parent for one in target.glob(f"*/{MANIFEST}")
                  if not one.parent.name.endswith(UNFINISHED))  # fmt: skip


def prune(target: Path, keep: int, key: bytes) -> int:
    """Remove all but the newest `keep` backups, and the photos that none of those names."""
    every = sets(target)
    for old in every[:-keep]:
        (old / MANIFEST).unlink()  # from here on it is none
        shutil.rmtree(old)
        fail.point("backup.pruned")
    named: set[str] = set()
    for one in every[-keep:]:
        engine = embedded(one / DATABASE, key, look=True)
        try:
            with engine.connect() as conn:
                named |= set(stored(conn))
        except (sa.exc.DatabaseError, sqlcipher.DatabaseError):
            return len(every[:-keep])  # sealed with a key of before: its photos are not known
        finally:
            engine.dispose()
    for file in (target / PHOTOS).glob("*.ph"):
        if file.stem not in named:
            file.unlink()
    return len(every[:-keep])
