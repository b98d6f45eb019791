"""What the city's command line gives out: public keys, a ledger's copy, a trip's private key."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import sqlalchemy as sa

from sync.server import ledgers, store
from sync.server.receipts import issue


def run(given: argparse.Namespace) -> int:
    """The exit code of `keys`, `ledger` or `trip-key`."""
    if not (given.dir / "server.key").exists():
        raise FileNotFoundError(given.dir)
    engine = store.open_store(given.dir)
    try:
        if given.command == "keys":
            return _keys(engine)
        if given.command == "ledger":
            return _ledger(engine, given.device)
        return _trip_key(engine, given.trip, given.file)
    finally:
        engine.dispose()


def _keys(engine: sa.Engine) -> int:
    """`city HEX`, then `K01 HEX` a line: what --city-public and --public ask for."""
    with engine.connect() as conn:
        print("city", conn.execute(sa.select(store.city.c.sign_public)).scalar_one().hex())
        for row in conn.execute(sa.select(store.device).order_by(store.device.c.id)):
            print(row.id, row.sign_public.hex())
    return 0


def _ledger(engine: sa.Engine, device: str) -> int:
    """The file as it is: bytes to standard output, whatever the console's encoding."""
    with engine.connect() as conn:
        known = sa.select(store.device.c.id).where(store.device.c.id == device)
        if conn.execute(known).first() is None:
            print("その番号の端末はありません。", file=sys.stderr)
            return 1
        sys.stdout.buffer.write(ledgers.export(conn, device))
        sys.stdout.buffer.flush()
    return 0


def trip_key(engine: sa.Engine, trip_id: str) -> bytes | None:
    """A trip's private key, for opening a laptop's folder without the laptop; None where there is
    none (any more).

    It opens every save and photo of that trip. Handing it out is a numbered word in the city's
    receipt chain, so that it cannot be done without a trace.
    """
    t = store.trip
    with engine.begin() as conn:
        row = conn.execute(sa.select(t).where(t.c.id == trip_id)).first()
        if row is None or not row.seal_private:
            return None
        item = {"id": trip_id, "sha256": "", "size": 0, "answer": "taken", "reason": "key_export"}
        issue(conn, row.device, "trip_key", [item])
    return bytes(row.seal_private)


def _trip_key(engine: sa.Engine, trip_id: str, file: Path) -> int:
    """Write the key as hex to a new file of this user only; never to a screen or a log."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print("そのファイルはすでにあります。新しい名前にしてください。")
        return 1
    with os.fdopen(handle, "w", encoding="ascii") as out:
        key = trip_key(engine, trip_id)
        out.write(key.hex() if key else "")
    if key is None:
        file.unlink()
        print("その訪問データの鍵はありません（終了した訪問データの鍵は消去済みです）。")
        return 1
    print(f"鍵を {file} に出しました。この訪問データの氏名と写真がすべて開けます。")
    print("使い終わったら消してください。出したことは受領証の鎖に残りました。")
    return 0
