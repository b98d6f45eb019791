"""A city that is set back to a backup, or that changes its key: what its operators do, in short."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sync import wire
from sync.server import store as t
from sync.server.receipts import now
from sync.server.sqlstore import SqlStore, open_store
from tests.conftest import CityServer

STRANGER, _ = wire.new_signing_key()


def backup(city: CityServer, name: str = "backup") -> Path:
    """A copy of the running city's folder."""
    with city.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        conn.exec_driver_sql("BEGIN")
    there = city.folder.with_name(name)
    shutil.copytree(city.folder, there)
    return there


def state(made: SqlStore, kind: str, told: dict[str, Any], key: bytes) -> None:
    """Add a signed statement that every answer repeats."""
    body = wire.canonical({"v": 2, "at": now(), **told})
    signature = wire.sign(wire.signing_private(key), kind, body)
    with made.engine.begin() as conn:
        no = len(conn.execute(t.statement.select()).all()) + 1
        row = {"no": no, "kind": kind, "body": body.decode(), "signature": signature}
        conn.execute(t.statement.insert().values(**row))


def begin_epoch(folder: Path, number: int = 2, key: bytes | None = None, **other: Any) -> None:
    """A restored store begins a new life after its newest receipt, and says so."""
    made = open_store(folder)
    with made.read() as shelf:
        city = shelf.city()
        seq, digest = shelf.last_receipt()
    told = {"city": city.code, "epoch": number, "from_seq": seq, "from_digest": digest, **other}
    state(made, "epoch", told, key or city.sign_private)
    with made.engine.begin() as conn:
        conn.execute(t.city.update().values(epoch=number))
    made.close()


def change_key(city: CityServer) -> bytes:
    """The city signs with a new key from now on; returns its public half."""
    with city.store.read() as shelf:
        old = shelf.city()
    private, public = wire.new_signing_key()
    told = {"city": old.code, "old": wire.b64(old.sign_public), "new": wire.b64(public)}
    state(city.store, "key", told, old.sign_private)
    sealed = city.store.box.seal("city-sign", old.code, private)
    with city.engine.begin() as conn:
        conn.execute(t.city.update().values(sign_private=sealed, sign_public=public))
    return public
