"""The city's small console: devices, what arrived, conflicts, the receipt chain. No names on it."""

from __future__ import annotations

from html import escape
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from flask import Blueprint, Response, current_app, request

from sync.server import ledgers, store
from sync.server.receipts import chain_problem

console = Blueprint("console", __name__)

STYLE = """
body { font: 20px/1.6 "Noto Sans JP", sans-serif; margin: 2rem auto; max-width: 60rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
th, td { border: 1px solid #767676; padding: .4rem .8rem; text-align: left; }
th { background: #e8f1fe; }
"""


def _allowed(engine: sa.Engine) -> bool:
    given = request.authorization
    if given is None or given.type != "basic" or not given.password:
        return False
    with engine.connect() as conn:
        known = conn.execute(sa.select(store.city.c.console_hash)).scalar_one()
    try:
        Argon2id.verify_phc_encoded(given.password.encode(), known)
    except (InvalidKey, ValueError):
        return False
    return True


def _ask() -> Response:
    head = {"WWW-Authenticate": 'Basic realm="console"'}
    return Response("合言葉を入れてください。", 401, head)


@console.get("/console.css")
def style() -> Response:
    return Response(STYLE, mimetype="text/css")


@console.get("/")
def page() -> Response:
    engine: sa.Engine = current_app.extensions["engine"]
    if not _allowed(engine):
        return _ask()
    with engine.connect() as conn:
        return Response(_page(conn), mimetype="text/html")


@console.get("/ledger/<device>.jsonl")
def ledger_file(device: str) -> Response:
    """The city's copy of a laptop's ledger, for `python -m sync.verify_ledger`."""
    engine: sa.Engine = current_app.extensions["engine"]
    if not _allowed(engine):
        return _ask()
    with engine.connect() as conn:
        if conn.execute(sa.select(store.device.c.id).where(store.device.c.id == device)).first():
            data = ledgers.export(conn, device)
            headers = {"Content-Disposition": f'attachment; filename="ledger-{device}.jsonl"'}
            return Response(data, mimetype="application/x-ndjson", headers=headers)
    return Response("その番号の端末はありません。", 404)


def _count(conn: sa.Connection, table: sa.Table, **where: str) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    return int(conn.execute(query).scalar_one())


def _page(conn: sa.Connection) -> str:
    city = conn.execute(sa.select(store.city)).one()
    broken = chain_problem(conn)
    chain = "受領証の鎖は正しい" if broken is None else f"受領証 {broken} 番がつながりません"
    rows = [
        ("届いた保存", _count(conn, store.op)),
        ("写真（保管済み）", _count(conn, store.photo, state="stored")),
        ("写真（届く途中）", _count(conn, store.photo, state="coming")),
        ("食い違い（判断待ち）", _count(conn, store.conflict, state="waiting")),
        ("持ち出し中の訪問データ", _count(conn, store.trip, state="out")),
        ("受領証", _count(conn, store.receipt)),
    ]
    devices = conn.execute(sa.select(store.device).order_by(store.device.c.id)).all()
    return (
        '<!doctype html><html lang="ja"><meta charset="utf-8"><title>市サーバ</title>'
        '<link rel="stylesheet" href="/console.css">'
        f"<h1>{escape(city.name)} 市サーバ</h1><p>{escape(chain)}</p>"
        + _table(("項目", "件数"), [(name, str(n)) for name, n in rows])
        + "<h2>端末</h2>"
        + _table(
            ("番号", "名前", "状態", "最後の通信", "取扱記録簿の控え", "食い違い"),
            [_device(conn, d) for d in devices],
        )
        + "<ul>"
        + "".join(
            f'<li><a href="/ledger/{escape(d.id)}.jsonl">{escape(d.id)} の取扱記録簿の控え</a></li>'
            for d in devices
        )
        + "</ul>"
    )


def _device(conn: sa.Connection, d: Any) -> tuple[str, ...]:
    """One laptop: how much of its ledger is here, and how often it showed another past."""
    here, odd = ledgers.verified(conn, d.id)["seq"], ledgers.refusals(conn, d.id)
    behind = "" if here >= d.ledger_seq else f"（端末は{d.ledger_seq}行）"
    state = "有効" if d.status == "active" else "停止"
    says = f"{odd}回：端末を調べてください" if odd else "なし"
    return (d.id, d.name, state, d.last_seen or "まだ", f"{here}行{behind}", says)


def _table(heads: tuple[str, ...], rows: list[Any]) -> str:
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
