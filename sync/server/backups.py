"""A backup on its medium: which one is whole, is it what the city signed, a look into it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

from sync import wire
from sync.medium import digest_of
from sync.server import backup
from sync.server import store as t
from sync.server.backup import MANIFEST, RECOVERY
from sync.server.box import Box
from sync.server.engine import embedded
from sync.server.keyfile import DATABASE, NO_KEY, SIDE
from sync.server.recovery import Recovery
from sync.server.sidebook import SideBook
from sync.server.sqlshelf import SqlShelf
from sync.server.trouble import Trouble
from sync.wire import WireError, canonical, sha256

NONE = "ここには完成したバックアップがありません（途中で切れたものは使えません）。"
CHANGED = "バックアップの中身が、作られたときと違います（{what}）。使いません。"
NO_SHEETS = "このバックアップには復旧の紙がありません。server.key を --key で指定してください。"


def find(where: Path) -> Path:
    """The folder of a backup: `where` itself, or the newest whole one below it."""
    if (where / MANIFEST).exists() and not where.name.endswith(backup.UNFINISHED):
        return where
    found = backup.sets(where)
    if not found:
        raise Trouble(NONE)
    return found[-1]


def recovery_of(one: Path) -> Recovery:
    """What this backup keeps of the recovery key."""
    try:
        return Recovery.from_json(wire.parse((one / RECOVERY).read_bytes()))
    except (FileNotFoundError, WireError):
        raise Trouble(NO_SHEETS) from None


def checked(one: Path, key: bytes) -> dict[str, Any]:
    """The manifest of a backup whose files are those that the city signed; Trouble otherwise."""
    try:
        signed = wire.parse((one / MANIFEST).read_bytes())
        data, signature = str(signed["body"]).encode(), str(signed["signature"])
        body = wire.parse(data)
        for name, digest in body["files"].items():
            if name not in (DATABASE, SIDE, RECOVERY) or digest_of(one / name) != digest:
                raise Trouble(CHANGED.format(what=name))
        with looking(one, key) as shelf:
            public, code = shelf.city().sign_public, shelf.city().code
            wire.verify(public, "backup", data, signature)
            photos = backup.stored(shelf.conn)
        if body["city"] != code or body["photos"]["sha256"] != sha256(canonical(photos)):
            raise Trouble(CHANGED.format(what=MANIFEST))
    except (WireError, KeyError, TypeError, AttributeError, FileNotFoundError):
        raise Trouble(CHANGED.format(what=MANIFEST)) from None
    return {**body, "stored": photos}


@contextlib.contextmanager
def looking(one: Path, key: bytes) -> Iterator[SqlShelf]:
    """The database of a backup, read only; Trouble for another key."""
    engine, box = embedded(one / DATABASE, key, look=True), Box(key)
    try:
        try:
            conn = engine.connect()
            conn.execute(sa.select(t.city.c.code)).one()
        except (sa.exc.DatabaseError, sqlcipher.DatabaseError):
            raise Trouble(NO_KEY) from None
        with conn:
            yield SqlShelf(conn, box, SideBook(one / SIDE, box))
    finally:
        engine.dispose()
