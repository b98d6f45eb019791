"""`verify`: the side book against the database.

The book is sealed with the server's key, line by line; the rows of devices and trips are not. Who
may write to the database but has no key could name another key, profile or holder there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from sync.server import store as t
from sync.server.sidebook import DEVICE, ENDED, STOPPED, TRIP, Line
from sync.server.sqlstore import SqlStore
from sync.server.verify import Found
from sync.wire import b64


def look(store: SqlStore, found: Found) -> None:
    """The side book opens, knows every trip that is out, and says of devices and trips what their
    rows say. The rows are read after it: a line is older than its act."""
    lines = store.side.lines()
    damaged = sum(line.value is None for line in lines)
    if damaged:
        found.wrong.append(f"控え帳 side.book に読めない行が {damaged} 行あります。")
    d, c = t.device, t.trip.c
    with store.read() as shelf:
        devices = {row.id: row for row in shelf.conn.execute(sa.select(d))}
        trips = {
            row.id: row
            for row in shelf.conn.execute(sa.select(c.id, c.state, c.device, c.kind, c.records))
        }
    _devices(lines, devices, found)
    _trips(lines, trips, found)
    found.count("控え帳", len(lines))


def _said(lines: Iterable[Line], kind: str) -> dict[str, list[Any]]:
    """What the book says of each id: of an act that never was there may be a line as well."""
    said: dict[str, list[Any]] = {}
    for line in lines:
        if line.kind == kind:
            said.setdefault(line.id, []).append(line.value)
    return said


def _devices(lines: list[Line], rows: dict[str, Any], found: Found) -> None:
    said, stopped = _said(lines, DEVICE), _said(lines, STOPPED)
    for one, row in rows.items():
        here = {"profile": row.profile, "sign": b64(row.sign_public), "seal": b64(row.seal_public)}
        words = said.get(one, [])
        if words and not any(here.items() <= (word or {}).items() for word in words):
            found.wrong.append(f"端末 {one} の鍵か役目が、登録したときと違います。")
        if one in stopped and row.status == "active":
            found.wrong.append(f"端末 {one} は停止したはずですが、有効になっています。")
    unknown = set(rows) - set(said)
    if unknown and said:
        found.notes.append(f"控え帳にない端末が {len(unknown)} 台あります。")


def _trips(lines: list[Line], rows: dict[str, Any], found: Found) -> None:
    said, ended = _said(lines, TRIP), _said(lines, ENDED)
    for one, row in rows.items():
        here = {"device": row.device, "kind": row.kind, "records": json.loads(row.records)}
        words = [word for word in said.get(one, []) if word is not None]
        if words and not any(all(w.get(n) == v for n, v in here.items()) for w in words):
            found.wrong.append(f"訪問データ {one} の端末か中身が、渡したときと違います。")
        if one in ended and row.state == "out":
            found.wrong.append(f"控え帳から、持ち出し中の訪問データ {one} の鍵が消されています。")
    lost = {one for one, row in rows.items() if row.state == "out"} - set(said) - set(ended)
    if lost and lines:
        found.notes.append(f"控え帳にない持ち出し中の訪問データが {len(lost)} 件あります。")
    unknown = set(said) - set(rows)
    if unknown:  # a kill came before the trip was handed out, or the database was set back
        found.notes.append(f"控え帳だけにある訪問データが {len(unknown)} 件あります。")
