"""送信: each item, its state, since when, why, and what to do about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import giveup, outbox
from fieldkit.errors import BadInput, NotAllowed
from fieldkit.web.common import kit, page, size_ja, vault

screens = Blueprint("outbox", __name__)

LABELS = {
    "reservation": "受付票",
    "applicant": "申請者",
    "application": "申請",
    "photo": "顔写真",
    "": "保存した内容",
}
STATES = {"queued": "送信待ち", "parked": "保留"}
WHY = {
    "": "まだ市サーバの受領証がありません。",
    "unknown_trip": "市サーバにこの訪問データの記録がありません。",
    "cannot_open": "市サーバが開けませんでした。",
    "other_content": "市サーバに同じ番号の別の内容があります。",
    "fork": "同じ番号の記録が別の内容で届いています。",
    "file_missing": "この端末にファイルがありません。",
    "file_damaged": "この端末のファイルが壊れています。壊れたファイルは残してあります。",
    "wrong_format": "市サーバが読めない形の保存です。",
    "no_proof": "市サーバの受領証に、この項目がありません。",
    "too_large": "大きすぎて受け付けられません。",
}


def _label(entity: str, record_id: str, saves: int) -> str:
    """What it is, without anybody's name; several saves of one record are one line."""
    times = f"　保存{saves}回分" if saves > 1 else ""
    tail = f"（…{record_id[-6:]}）" if record_id else ""
    return f"{LABELS.get(entity, LABELS[''])}{tail}{times}"


def _grouped(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a record, state and reason: its saves counted, since the oldest of them."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for item in items:
        key = (item["entity"], item["record_id"], item["state"], item["reason"])
        row = rows.setdefault(key, {**item, "size": 0, "saves": 0})
        row["size"] += item["size"]
        row["saves"] += 1
    return list(rows.values())


def _todo(reason: str) -> str:
    """What a person does about a parked item."""
    if reason in giveup.LOST:
        return "監督者に見せてください。監督者は、理由を記録してあきらめることができます。"
    return "監督者に見せてください。消えることはありません。監督者は送り直せます。"


def _row(item: dict[str, Any]) -> dict[str, Any]:
    parked = item["state"] == "parked"
    return {
        "id": item["id"],
        "label": _label(item["entity"], item["record_id"], item["saves"]),
        "state": item["state"],
        "state_ja": STATES.get(item["state"], item["state"]),
        "since": item["since"][5:16].replace("T", " "),
        "why": WHY.get(item["reason"], f"理由：{item['reason']}"),
        "todo": _todo(item["reason"]) if parked else "",
        "size_ja": size_ja(item["size"]),
    }


@screens.get("/outbox")
def show() -> ResponseReturnValue:
    items, sent = outbox.items(vault()), outbox.sent(vault())
    waits = outbox.waiting(vault())
    left = sum(i["size"] for i in items if i["state"] == "queued")
    rows = [
        {
            "id": s["record_id"],
            "label": _label(s["entity"], s["record_id"], s["saves"]),
            "state_ja": f"受領証 {s['seq']}番",
            "at": s["kept_at"][5:16].replace("T", " "),
        }
        for s in sent
    ]
    device = vault().device
    server = {
        "ok": device is not None,
        "says": f"{device['city_name']}の市サーバ" if device else "未登録の端末です",
    }
    return page(
        "outbox.html",
        hopeless=len(giveup.hopeless(vault())),
        reasons=giveup.REASONS,
        items=[_row(i) for i in _grouped(items)],
        sent=rows,
        totals={**waits, "sent": outbox.sent_count(vault()), "size_ja": size_ja(left)},
        server=server,
        progress=kit().progress if kit().progress.says else None,
    )


@screens.post("/sync")
def send() -> ResponseReturnValue:
    kit().start_sync()
    return redirect("/outbox")


@screens.post("/outbox/giveup")
def let_go() -> ResponseReturnValue:
    """A supervisor records why what is damaged will not be sent any more."""
    if request.form.get("confirm") != "yes":
        raise BadInput("confirm", "あきらめてよいことを確かめて、印を付けてください。")
    count = giveup.give_up(vault(), request.form.get("reason", ""))
    if not kit().progress.running:
        kit().progress.says = f"送れない項目{count}件を、理由を記録してあきらめました。"
    return redirect("/outbox")


@screens.post("/outbox/again")
def again() -> ResponseReturnValue:
    """Only a supervisor sends again what the city had refused."""
    if g.session.user.role != "supervisor":
        raise NotAllowed("保留の項目を送り直せるのは監督者だけです。")
    outbox.requeue(vault())
    kit().start_sync()
    return redirect("/outbox")


@screens.get("/outbox/progress")
def progress() -> ResponseReturnValue:
    """How far a send is; at its end the whole page is asked for anew, so that its lists agree."""
    now = kit().progress
    drawn = render_template(
        "_progress.html",
        running=now.running,
        done=now.done,
        total=now.total,
        bytes_done=now.bytes_done,
        bytes_total=now.bytes_total,
        says=now.says,
    )
    return drawn, {} if now.running else {"HX-Refresh": "true"}
