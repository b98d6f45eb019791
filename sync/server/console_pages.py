"""The console's pages that only show: what arrived, the devices, what waits for somebody."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, g
from markupsafe import Markup

from sync.receipt import Receipt
from sync.server import audit, devices, epochs, ledgers, quarantine, store
from sync.server import console_html as h
from sync.server.console import city, guard, show, sorry, token
from sync.server.exports import ledger_file as ledger_of
from sync.server.receipts import chain_problem
from sync.server.sqlshelf import SqlShelf

pages = Blueprint("console_pages", __name__)
pages.before_request(guard)
PROFILE = {"field": "訪問", "desk": "受付", "office": "事務所", "booth": "会場"}


def count(shelf: SqlShelf, table: sa.Table, **where: str) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    return int(shelf.conn.execute(query).scalar_one())


@pages.get("/")
def overview() -> Response:
    with city().read() as shelf:
        rows = shelf.conn.execute(sa.select(store.receipt).order_by(store.receipt.c.seq))
        broken = chain_problem(
            (row.seq, row.digest, Receipt(row.body.encode(), row.signature)) for row in rows
        )
        odd = audit.problem(shelf)
        back = epochs.found_by(shelf)
        many = partial(count, shelf)
        told = [
            ("届いた保存", many(store.op)),
            ("写真（保管済み）", many(store.photo, state="stored")),
            ("写真（届く途中）", many(store.photo, state="coming")),
            ("写真（受け渡し済み）", many(store.photo, state="handed")),
            ("写真（消去済み）", many(store.photo, state="erased")),
            ("食い違い（判断待ち）", many(store.clash, state="waiting")),
            (
                "停止した端末から届いたもの（判断待ち）",
                sum(p.waiting for p in quarantine.every(shelf)),
            ),
            ("持ち出し中の訪問データ", many(store.trip, state="out", kind="field")),
            ("受領証", many(store.receipt)),
        ]
    fine = "受領証の鎖は正しい" if broken is None else f"受領証 {broken} 番がつながりません"
    wrong = f"市サーバの記録簿の{odd.seq}行目：{odd.why}" if odd else ""
    ours = wrong or "市サーバの記録簿は正しい"
    return show(
        "概要",
        h.para(fine, "says" if broken is None else "warn"),
        h.para(ours, "says" if odd is None else "warn"),
        h.para(_set_back(back), "warn") if back else "",
        h.table("届いたもの", ("項目", "件数"), [(name, str(n)) for name, n in told]),
        h.para(h.link("/ledger/server.jsonl", "市サーバの記録簿を書き出す")),
        here="/",
    )


def _set_back(told: dict[str, Any]) -> str:
    return (
        f"市サーバのデータが古いものに戻されていました。端末 {told['device']} の受領証で"
        f"{h.when(told['at'])}に分かり、世代 {told['epoch']} を自動で始めました。"
        "端末は、失われたものを次の送信で送り直します。"
        "市サーバの機械で、全部を確かめる命令（verify）を実行し、すぐに新しい控え（backup）を"
        "作ってください。"
    )


@pages.get("/devices")
def devices_page() -> Response:
    with city().read() as shelf:
        query = sa.select(store.device).order_by(store.device.c.id)
        rows = [_device(shelf, d) for d in shelf.conn.execute(query).all()]
        waiting = devices.unused(shelf)
    heads: list[str | Markup] = ["番号", "名前", "役目", "状態", "最後の通信", "持ち出し"]
    heads += ["記録簿", Markup("記録簿の<wbr>不一致"), "停止"]
    codes = [
        (one.name, PROFILE.get(one.profile, one.profile), h.when(one.expires_at),
         h.form("/devices/withdraw", token(), h.button("取り消す", "plain", "name", one.name)))
        for one in waiting
    ]  # fmt: skip
    return show(
        "端末",
        h.table("登録されている端末", heads, rows),
        h.head("登録の符号を出す"),
        h.para("符号は一回限りで、24時間使えます。USBメモリで渡すファイルは7日間使えます。"),
        h.form(
            "/devices/code", token(),
            h.choice("profile", "端末の役目", PROFILE.items()),
            h.button("符号を画面に出す", "", "how", "show"),
            h.button("登録ファイルで受け取る", "plain", "how", "file"),
        ),
        h.table("まだ使われていない符号", ("名前", "役目", "期限", "取り消し"), codes),
        here="/devices",
    )  # fmt: skip


def _device(shelf: SqlShelf, d: Any) -> tuple[str | Markup, ...]:
    """One laptop: how much of its ledger is here, and how often it showed another past."""
    here = ledgers.verified(shelf, d.id)["seq"]
    odd = _forks(shelf, d.id)
    behind = "" if here >= d.ledger_seq else f"（端末は{d.ledger_seq}行）"
    active = d.status == "active"
    return (
        d.id,
        d.name,
        PROFILE.get(d.profile, d.profile),
        "有効" if active else "停止",
        h.when(d.last_seen),
        f"{count(shelf, store.trip, device=d.id, state='out', kind='field')}件",
        h.link(f"/ledger/{d.id}.jsonl", f"{here}行{behind}"),
        f"{odd}回：端末を調べてください" if odd else "なし",
        h.link(f"/devices/{d.id}/stop", "停止する…") if active else "済み",
    )


def _forks(shelf: SqlShelf, device: str) -> int:
    """Signed noes to its ledger; one of an older epoch only says that the city was set back."""
    r = store.receipt
    query = sa.select(r.c.body).where(r.c.device == device, r.c.kind == "ledger")
    return sum('"old_epoch"' not in body for body in shelf.conn.execute(query).scalars())


@pages.get("/ledger/<device>.jsonl")
def ledger_file(device: str) -> Response:
    """The city's copy of a laptop's ledger, or its own, for `python -m sync.verify_ledger`."""
    with city().write() as shelf:
        if device != audit.DEVICE and shelf.device(device) is None:
            return sorry(404)
        audit.note(shelf, g.who, "ledger_export", device)
        headers = {"Content-Disposition": f'attachment; filename="ledger-{device}.jsonl"'}
        data = ledger_of(shelf, device)
    return Response(data, mimetype="application/x-ndjson", headers=headers)


@pages.get("/clashes")
def clashes_page() -> Response:
    with city().read() as shelf:
        waiting, ruled = (count(shelf, store.clash, state=s) for s in ("waiting", "ruled"))
    rows = [("判断を待つもの", f"{waiting}件"), ("きまりで決まったもの（記録）", f"{ruled}件")]
    where = "中身は、ここには出ません。事務所のキットの「食い違い」の画面で、監督者が判断します。"
    told = h.table("市サーバにある件数", ("項目", "件数"), rows)
    return show("食い違い", told, h.para(where), here="/clashes")


@pages.get("/parked")
def parked_page() -> Response:
    with city().read() as shelf:
        found = quarantine.every(shelf)
    rows = [
        (
            one.device, f"{one.waiting}件", f"{one.accepted}件", f"{one.dropped}件",
            h.whole(f"{one.size:,}バイト" + ("（満杯）" if one.full else "")),
            f"{h.when(one.first)} から {h.when(one.last)} まで",
            h.link(f"/parked/{one.device}", "決める…") if one.waiting else "なし",
        )
        for one in found
    ]  # fmt: skip
    heads = ("端末", "判断待ち", "受け入れ", "不採用", "大きさ", "いつ", "判断")
    return show(
        "停止した端末から届いたもの", h.table("端末ごと", heads, rows),
        h.para("届いたものは消されません。受け入れるまで、市の記録には何も入りません。"),
        here="/parked",
    )  # fmt: skip
