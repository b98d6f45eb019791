"""What the city's command line gives out: public keys, a ledger's copy, a trip's private key."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync import receipt, wire
from sync.receipt import Receipt
from sync.server import audit, ledgers
from sync.server import store as t
from sync.server.receipts import issue, item
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore, open_store
from sync.verify_ledger import GENESIS, head_bytes
from sync.wire import canonical


def run(given: argparse.Namespace) -> int:
    """The exit code of `keys`, `ledger` or `trip-key`."""
    if not (given.dir / "server.key").exists():
        raise FileNotFoundError(given.dir)
    city = open_store(given.dir)
    try:
        if given.command == "keys":
            return _keys(city)
        if given.command == "ledger":
            return _ledger(city, given.device)
        return _trip_key(city, given.trip, given.file)
    finally:
        city.close()


def _keys(city: SqlStore) -> int:
    """`city HEX`, then `K01 HEX` a line: what --city-public and --public ask for."""
    with city.read() as shelf:
        print("city", shelf.city().sign_public.hex())
        for row in shelf.conn.execute(sa.select(t.device).order_by(t.device.c.id)):
            print(row.id, bytes(row.sign_public).hex())
    return 0


def _ledger(city: SqlStore, device: str) -> int:
    """The file as it is: bytes to standard output, whatever the console's encoding."""
    with city.read() as shelf:
        if device != audit.DEVICE and shelf.device(device) is None:
            print("その番号の端末はありません。", file=sys.stderr)
            return 1
        sys.stdout.buffer.write(ledger_file(shelf, device))
        sys.stdout.buffer.flush()
    return 0


def server_ledger(shelf: SqlShelf) -> bytes:
    """The city's own ledger (sync/server/audit.py) as a file, with an end that it signs."""
    rows = audit.rows(shelf)
    head = {"seq": len(rows), "hash": rows[-1][1] if rows else GENESIS}
    lines = [canonical({"body": body, "hash": digest}) for body, digest in rows]
    return b"\n".join([*lines, canonical(_end(shelf, audit.DEVICE, head)), b""])


def _end(shelf: SqlShelf, device: str, head: dict[str, Any]) -> dict[str, Any]:
    city = shelf.city()
    key = wire.signing_private(city.sign_private)
    return {
        "head": head,
        "device": device,
        "signed_by": "city",
        "public": city.sign_public.hex(),
        "signature": wire.sign(key, "ledger-copy", head_bytes(device, head)),
    }


def ledger_file(shelf: SqlShelf, device: str) -> bytes:
    """The city's copy as a file, with its receipts for this device and an end that it signs."""
    if device == audit.DEVICE:
        return server_ledger(shelf)
    r = t.receipt.c
    rows = shelf.conn.execute(
        sa.select(t.ledger_row).where(t.ledger_row.c.device == device).order_by(t.ledger_row.c.seq)
    )
    made = shelf.conn.execute(
        sa.select(r.body, r.signature).where(r.device == device, r.kind == "ops").order_by(r.seq)
    )
    anchors = receipt.anchors(Receipt(row.body.encode(), row.signature) for row in made)
    end = _end(shelf, device, ledgers.verified(shelf, device))
    lines = [canonical({"body": row.body, "hash": row.hash}) for row in rows]
    lines += [canonical({"receipt": one.to_json()}) for one in anchors]
    return b"\n".join([*lines, canonical(end), b""])


def trip_key(city: SqlStore, trip_id: str, who: str = "cli") -> bytes | None:
    """A trip's private key, for opening a laptop's folder without the laptop; None where there is
    none (any more).

    It opens every save and photo of that trip. Handing it out is a numbered word in the city's
    receipt chain, so that it cannot be done without a trace.
    """
    with city.write() as shelf:
        trip = shelf.trips([trip_id]).get(trip_id)
        if trip is None or not trip.seal_private:
            return None
        line = item(trip_id, "", 0) | {"reason": "key_export"}
        issue(shelf, trip.device, "trip_key", [line])
        audit.note(shelf, who, "trip_key", trip_id)
    return trip.seal_private


def _trip_key(city: SqlStore, trip_id: str, file: Path) -> int:
    """Write the key as hex to a new file of this user only; never to a screen or a log."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print("そのファイルはすでにあります。新しい名前にしてください。")
        return 1
    with os.fdopen(handle, "w", encoding="ascii") as out:
        key = trip_key(city, trip_id, audit.me())
        out.write(key.hex() if key else "")
    if key is None:
        file.unlink()
        print("その訪問データの鍵はありません（終了した訪問データの鍵は消去済みです）。")
        return 1
    print(f"鍵を {file} に出しました。この訪問データの氏名と写真がすべて開けます。")
    print("使い終わったら消してください。出したことは受領証の鎖に残りました。")
    return 0
