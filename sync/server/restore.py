"""Put a backup back: into an empty folder, or into an empty PostgreSQL.

The manifest says what a whole backup is; every file is hashed, every photo too. The new life of the
store begins in the same transaction that fills it. `server.key` is written last: before, the folder
is no server. A restore that was cut off is started again with the same command.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sync import fail
from sync.disk import sync_dir
from sync.medium import digest_of
from sync.server import audit, backups, boxes, epochs, keyfile, upgrade
from sync.server import store as t
from sync.server.backup import PHOTOS
from sync.server.box import Box
from sync.server.engine import (
    database_url,
    make_tables,
    opens,
    raw_engine,
    write_config,
)
from sync.server.keyfile import DATABASE, SIDE, write_private
from sync.server.sidebook import Line, SideBook
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore, store_over
from sync.server.trouble import Trouble
from sync.wire import sha256

MARK = "restore.unfinished"
LIVES = "epochs.txt"
"""On the medium: the lives that were begun from it, so that none is begun twice."""
NOT_EMPTY = "戻す先のフォルダーが空ではありません。新しいフォルダーを指定してください。"
IN_USE = (
    "このデータベースには、すでに市サーバのデータがあります。"
    "空のデータベースを使ってください。"
)
DAMAGED = (
    "バックアップの写真のうち {n} 枚が、ないか壊れています。"
    "ほかのバックアップも確かめてください。残りだけでも戻すときは --damaged-too を付けます。"
)


@dataclass(frozen=True)
class Told:
    """What a restore did: numbers only."""

    folder: Path
    at: str
    epoch: int
    photos: int
    damaged: tuple[str, ...]
    over: epochs.TakenOver
    side: bool


def restore(
    folder: Path,
    where: Path,
    key: bytes,
    old: Path | None = None,
    url: str = "",
    epoch: int = 0,
    damaged_too: bool = False,
) -> Told:
    """Make a server folder of a backup. `old` is the folder of the server of before, if any of it
    is left: its side book knows what happened after the backup. `epoch`: the last life that is
    known from elsewhere."""
    one = backups.find(where)
    begun = folder / MARK
    again = begun.exists() and not (folder / keyfile.KEY).exists()
    if folder.exists() and any(folder.iterdir()) and not again:
        raise Trouble(NOT_EMPTY)
    body = backups.checked(one, key)
    bad = _damaged(one, body["stored"])
    if bad and not damaged_too:
        raise Trouble(DAMAGED.format(n=len(bad)))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(begun, one.name.encode())
    fail.point("restore.begun")
    lines, side = _side_of(one, key, old)
    SideBook(folder / SIDE, Box(key)).write(folder / SIDE, Box(key), lines)
    used = max(epoch, _lives(one.parent))
    with _filled(folder, one, key, url) as store:
        photos = _photos(store, one, {n: d for n, d in body["stored"].items() if n not in bad})
        fail.point("restore.photos")
        number, over = _begin(store, one, key, again, lines, used, side)
    if not url:
        (folder / f"{DATABASE}.new").replace(folder / DATABASE)
        sync_dir(folder)
    fail.point("restore.database")
    _note(one.parent, number)
    keyfile.write_key(folder / keyfile.KEY, key)
    fail.point("restore.key")
    begun.unlink()
    return Told(folder, body["at"], number, photos, tuple(bad), over, side)


def _damaged(one: Path, stored: dict[str, str]) -> list[str]:
    there = one.parent / PHOTOS
    files = {name: there / f"{name}.ph" for name in stored}
    return [n for n, f in files.items() if not f.exists() or digest_of(f) != stored[n]]


def _side_of(one: Path, key: bytes, old: Path | None) -> tuple[list[Line], bool]:
    """The side book of the server of before, else that of the backup."""
    if old is not None and (old / SIDE).exists():
        with contextlib.suppress(FileNotFoundError, ValueError):
            key = t.read_key_file(old / keyfile.KEY)
        return SideBook(old / SIDE, Box(key)).lines(), True
    return SideBook(one / SIDE, Box(key)).lines(), False


@contextlib.contextmanager
def _filled(folder: Path, one: Path, key: bytes, url: str) -> Iterator[SqlStore]:
    """The store that will be the city's: an embedded copy under another name, or PostgreSQL."""
    if url:
        write_config(folder, url)
    else:
        for left in folder.glob(f"{DATABASE}*"):
            left.unlink()
        shutil.copyfile(one / DATABASE, folder / f"{DATABASE}.new")
    engine = raw_engine(folder, url, key, f"{DATABASE}.new")
    try:
        if url:
            make_tables(engine)
        else:
            upgrade.bring(engine, folder, key)
        store = store_over(engine, folder, key)
        yield store
        if not url:
            with engine.connect() as conn:
                conn.exec_driver_sql("COMMIT")
                conn.exec_driver_sql("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        engine.dispose()


def _photos(store: SqlStore, one: Path, names: dict[str, str]) -> int:
    for name, digest in names.items():
        if sha256(store.blobs.get(name) or b"") != digest:
            store.blobs.put_all([(name, (one.parent / PHOTOS / f"{name}.ph").read_bytes())])
    return len(names)


def _begin(
    store: SqlStore, one: Path, key: bytes, again: bool, lines: list[Line], used: int, side: bool
) -> tuple[int, epochs.TakenOver]:
    """Fill a PostgreSQL and begin the next life, in one transaction."""
    if store.engine.dialect.name == "sqlite":
        with store.write() as shelf:
            told = epochs.begin(shelf, lines, used, side)
            audit.note(shelf, audit.me(), "restore", str(told[0]))
            return told
    with store.engine.begin() as conn:
        conn.execute(sa.text(f"LOCK TABLE {t.city.name} IN EXCLUSIVE MODE"))
        shelf = SqlShelf(conn, store.box, store.side)
        if conn.execute(sa.select(t.city.c.code)).first() is not None:
            if not again:
                raise Trouble(IN_USE)
            return _again(shelf, one)
        with backups.looking(one, key) as source:
            boxes.copy(source.conn, conn)
        told = epochs.begin(shelf, lines, used, side)
        audit.note(shelf, audit.me(), "restore", str(told[0]))
        conn.execute(t.meta.insert().values(name="restored_from", value=one.name))
        return told


def opens_folder(folder: Path, key: bytes) -> bool:
    """Whether the store of a folder without a key file is sealed with this key."""
    return (bool(database_url(folder)) or (folder / DATABASE).exists()) and opens(folder, key)


def _again(shelf: SqlShelf, one: Path) -> tuple[int, epochs.TakenOver]:
    """The transaction was done before a kill, and only the files are missing."""
    told = sa.select(t.meta.c.value).where(t.meta.c.name == "restored_from")
    known = sa.select(t.meta.c.value).where(t.meta.c.name == "key_id")
    same = shelf.conn.execute(told).scalar() == one.name
    if not same or shelf.conn.execute(known).scalar() != shelf.box.name:
        raise Trouble(IN_USE)
    return shelf.city().epoch, epochs.TakenOver()


def _lives(target: Path) -> int:
    try:
        told = (target / LIVES).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return max((int(one) for one in told if one.isdigit()), default=0)


def _note(target: Path, number: int) -> None:
    """Best effort: the medium may be write protected."""
    with contextlib.suppress(OSError), (target / LIVES).open("a", encoding="ascii") as file:
        file.write(f"{number}\n")
