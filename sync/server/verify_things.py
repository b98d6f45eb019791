"""`verify`, row by row: what the receipts name is here, hashes to what they say, and opens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync import packet
from sync.server import boxes, keyfile, verify, verify_side
from sync.server import store as t
from sync.server.ledgers import GENESIS
from sync.server.shelf import after
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.server.verify import Found
from sync.verify_ledger import verify_rows
from sync.wire import WireError, sha256

Check = Callable[[SqlShelf, Found], None]
PATIENCE = timedelta(days=1)
"""A save without a receipt is normal so long: a kill came between, the laptop asks again."""


def look(store: SqlStore, folder: Path) -> Found:
    """Look at everything; nothing is changed. The server may run."""
    found = Found()
    checks: dict[str, Check] = {
        "ファイル": verify.pages,
        "鍵": verify.city,
        "受領証": verify.chain,
        "市の取扱記録簿": verify.own_ledger,
        "封": boxes_open,
        "保存": saves,
        "記録": records,
        "写真": lambda shelf, found: photos(store, shelf, found),
        "取扱記録簿の控え": ledgers,
        "保留": packets,
        "控え帳": lambda shelf, found: verify_side.look(store, found),
    }
    with store.read() as shelf:
        for name, check in checks.items():
            try:
                check(shelf, found)
            except (WireError, LookupError, ValueError, TypeError, AttributeError) as error:
                found.wrong.append(f"{name}に読めない所があります（{type(error).__name__}）。")
            except sa.exc.DatabaseError:
                found.wrong.append(f"{name}を読めません（データベースの誤り）。")
    for one in sorted(folder.glob(f"{keyfile.DATABASE}.v*")):
        found.notes.append(f"古い版の写し {one.name} が残っています。確かめたら消してください。")
    if any(folder.glob("recovery-*.html")):
        found.notes.append("復旧の紙のファイルが残っています。印刷したら消してください。")
    return found


def _rows(shelf: SqlShelf, query: sa.Select[Any]) -> Iterator[Any]:
    yield from shelf.conn.execute(query, execution_options={"yield_per": boxes.BATCH})


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    known = sorted(ids)
    for start in range(0, len(known), boxes.BATCH):
        yield known[start : start + boxes.BATCH]


def boxes_open(shelf: SqlShelf, found: Found) -> None:
    """Every box opens with the server's key, in its row."""
    for table in [*boxes.BOXED, t.op]:
        for row in _rows(shelf, sa.select(table)):
            values = dict(row._mapping)
            for column, purpose, key in boxes.of(table, values):
                try:
                    shelf.box.open(purpose, key, bytes(values[column]))
                except WireError:
                    found.wrong.append(f"{table.name} の {key} の {column} が開きません。")
                found.count("封")


def saves(shelf: SqlShelf, found: Found) -> None:
    """Every save hashes to what was receipted, opens while its trip is out, and is in its place."""
    trips = shelf.trips(shelf.conn.execute(sa.select(t.trip.c.id)).scalars())
    devices = set(shelf.conn.execute(sa.select(t.device.c.id)).scalars()) | {boxes.CITY}
    lives = {1, *(json.loads(one["body"])["epoch"] for one in shelf.city().epochs)}
    here, last = {}, 0
    for row in _rows(shelf, sa.select(t.op).order_by(t.op.c.seq)):
        data = bytes(row.body)
        if row.seq not in {after(last, life) for life in lives}:
            found.wrong.append(f"保存 {last} 番の次が {row.seq} 番です（抜けがあります）。")
        last = row.seq
        if sha256(data) != row.sha256:
            found.wrong.append(f"保存 {row.op_id} の中身が、届いたときと違います。")
        if row.device not in devices or (row.trip and row.trip not in trips):
            found.wrong.append(f"保存 {row.op_id} の端末か訪問データの行がありません。")
        elif row.trip and trips[row.trip].seal_private:
            _opened(shelf, found, trips[row.trip], row.op_id, data)
        here[row.op_id] = (row.sha256, row.at if row.device != boxes.CITY else "")
        found.count("保存")
    for made in verify.receipts(shelf):
        for item in json.loads(made.body)["items"] if made.kind == "ops" else ():
            if item["answer"] == "refused" or item["id"] == "facts":
                continue
            if here.get(item["id"], ("", ""))[0] != item["sha256"]:
                found.wrong.append(f"受領証 {made.seq} 番の保存 {item['id']} がありません。")
            elif item["id"] in here:
                here[item["id"]] = (item["sha256"], "")
    _unproved(found, [at for _, at in here.values() if at])


def _opened(shelf: SqlShelf, found: Found, trip: Any, op_id: str, data: bytes) -> None:
    try:
        save = packet.open_record(trip.seal_private, trip.id, op_id, data)
    except WireError:
        found.wrong.append(f"保存 {op_id} が開きません。")
        return
    if save["entity"] in ("decision", "twin_decision"):
        return
    r = t.record.c
    if not shelf.conn.execute(sa.select(r.id).where(r.id == save["id"])).first():
        found.wrong.append(f"保存 {op_id} の記録がありません。")


def _unproved(found: Found, times: list[str]) -> None:
    late = (datetime.now(UTC) - PATIENCE).isoformat(timespec="seconds")
    old = [at for at in times if at < late]
    if old:
        found.wrong.append(f"受領証のない保存が {len(old)} 件あります（一日以上前のもの）。")
    if len(times) > len(old):
        found.notes.append(f"受領証を待つ保存が {len(times) - len(old)} 件あります。")


def records(shelf: SqlShelf, found: Found) -> None:
    """A record hangs below one that is here, and its fields were changed by saves that are here."""
    last = int(shelf.conn.execute(sa.select(sa.func.max(t.op.c.seq))).scalar() or 0)
    ids = set(shelf.conn.execute(sa.select(t.record.c.id)).scalars())
    for row in _rows(shelf, sa.select(t.record).order_by(t.record.c.id)):
        doc = shelf.doc(row)
        revs = [doc.rev, *(rev.seq for rev in doc.revs.values())]
        if doc.parent and doc.parent not in ids:
            found.wrong.append(f"記録 {doc.id} の上の記録がありません。")
        if max(revs) > last or max(revs) > doc.rev:
            found.wrong.append(f"記録 {doc.id} の番号が、保存と合いません。")
        found.count("記録")


def photos(store: SqlStore, shelf: SqlShelf, found: Found) -> None:
    """Every photo is there, hashes to its row, opens with its key; every receipt has its photo."""
    digests = {}
    for row in _rows(shelf, sa.select(t.photo).order_by(t.photo.c.id)):
        digests[row.id] = row.receipt
        if not row.key:
            continue
        found.count("写真")
        data = store.blobs.get(row.id)
        if data is None or sha256(data) != row.sha256:
            with store.read() as later:  # it may have been erased while this looked
                if later.photos([row.id])[row.id].key:
                    what = "がありません" if data is None else "の中身が、届いたときと違います"
                    found.wrong.append(f"写真 {row.id} {what}。")
            continue
        try:
            packet.open_photo(shelf.photo(row).key, row.trip, row.id, data)
        except WireError:
            found.wrong.append(f"写真 {row.id} が開きません。")
    known = set(shelf.conn.execute(sa.select(t.receipt.c.digest)).scalars())
    for name, digest in digests.items():
        if digest and digest not in known:
            found.wrong.append(f"写真 {name} の受領証がありません。")
    trips = set(shelf.conn.execute(sa.select(t.trip.c.id)).scalars())
    for made in verify.receipts(shelf):
        for item in json.loads(made.body)["items"]:
            if item["answer"] != "taken":
                continue
            if made.kind == "photo" and item["id"] not in digests:
                found.wrong.append(f"受領証 {made.seq} 番の写真 {item['id']} の行がありません。")
            if made.kind == "trip_end" and item["id"] not in trips:
                found.wrong.append(f"受領証 {made.seq} 番の訪問データの行がありません。")


def ledgers(shelf: SqlShelf, found: Found) -> None:
    """The copy of each laptop's ledger is a chain, and holds every row that was countersigned."""
    r = t.ledger_row
    devices = set(shelf.conn.execute(sa.select(t.device.c.id)).scalars())
    copies = set(shelf.conn.execute(sa.select(r.c.device).distinct()).scalars())
    heads: dict[str, dict[int, str]] = {}
    for device in sorted(copies | devices):
        hashes = {0: GENESIS}

        rows = []
        for row in _rows(shelf, sa.select(r).where(r.c.device == device).order_by(r.c.seq)):
            hashes[row.seq] = row.hash
            rows.append((row.body, row.hash))
        found.count("取扱記録簿の控え", len(rows))
        problem = verify_rows(rows)
        if problem is not None:
            found.wrong.append(f"{device} の取扱記録簿の控え {problem.seq} 行目：{problem.why}。")
        if device not in devices:
            found.wrong.append(f"{device} の端末の行がありません。")
        heads[device] = hashes
    m = t.meta.c
    since = shelf.conn.execute(sa.select(m.value).where(m.name == "ledgers_after")).scalar()
    for made in verify.receipts(shelf):
        head = json.loads(made.body).get("ledger") if made.seq > int(since or 0) else None
        if made.device and made.device not in devices:
            found.wrong.append(f"受領証 {made.seq} 番の端末 {made.device} の行がありません。")
        elif head and heads[made.device].get(head["seq"]) != head["hash"]:
            found.wrong.append(f"受領証 {made.seq} 番が認めた取扱記録簿の行がありません。")


def packets(shelf: SqlShelf, found: Found) -> None:
    """What stopped devices sent is as it was kept."""
    for row in _rows(shelf, sa.select(t.packet).order_by(t.packet.c.no)):
        signature = json.loads(row.headers).get("ksp-signature", "")
        said = f"{row.method} {row.path}\0{signature}\0".encode() + bytes(row.body)
        if sha256(said) != row.digest:
            found.wrong.append(f"保留 {row.no} 番の中身が、届いたときと違います。")
        found.count("保留")
