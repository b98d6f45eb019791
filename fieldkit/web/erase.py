"""消去: a trip's end, with what still stands in its way, and the erases that are owed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import handover, renew, reserve, tripend
from fieldkit.errors import BadInput, KitError, NotAllowed, NotReady
from fieldkit.web.common import error_rows, page, unsure, vault
from fieldkit.web.deletion import printable

screens = Blueprint("erase", __name__)
WHAT = {
    "photo": "写真のファイルを消去できていません。",
    "slips": "受付票の控えを消去できていません。予約受付の画面を開くと終わります。",
    "slip": "ほかの端末で訪問が終わった受付票が残っています。"
    "送信し、予約受付の画面を開くと終わります。",
    "desk": "受付データの入れ替えが終わっていません。送信の画面で送ると終わります。",
    "office": "全体の状況のデータの入れ替えが終わっていません。送信の画面で送ると終わります。",
    "trip": "訪問データのフォルダーを消去できていません。",
    "city": "市サーバへの連絡が終わっていません。つながると自動で終わります。",
}


def _trips() -> list[dict[str, Any]]:
    rows = []
    for trip in vault().book.all(
        "SELECT id, day FROM trip WHERE kind = 'field' AND state <> 'wiped' ORDER BY day"
    ):
        photos = vault().book.one(
            "SELECT count(*) AS n FROM photo WHERE trip_id = ? AND state <> 'erased'", trip["id"]
        )
        objects = vault().book.one("SELECT count(*) AS n FROM outbox WHERE trip_id = ?", trip["id"])
        why = tripend.blockers(vault(), trip["id"])
        rows.append(
            {
                "id": trip["id"],
                "day": trip["day"],
                "photos_left": photos["n"] if photos else 0,
                "objects": objects["n"] if objects else 0,
                "receipts_ok": not why,
                "blockers": why,
            }
        )
    return rows


def _draw(errors: list[BadInput], status: int = 200) -> ResponseReturnValue:
    owed = [
        {"id": row["object_id"], "why": WHAT.get(row["what"], row["what"])}
        for row in tripend.owed(vault())
    ]
    return (
        page(
            "erase.html",
            trips=_trips(),
            owed_list=owed,
            files_owed=len(handover.owed(vault())),
            ended=printable(),
            desk=reserve.desk_row(vault()),
            renewed=not owed and request.args.get("done") == "desk",
            errors=error_rows(errors),
            values=request.form,
        ),
        status,
    )


@screens.get("/erase")
def show() -> ResponseReturnValue:
    return _draw([])


@screens.post("/erase/owed")
def again() -> ResponseReturnValue:
    tripend.run_owed(vault())
    tripend.tell_city(vault())
    return redirect("/erase")


@screens.post("/erase/desk")
def renew_now() -> ResponseReturnValue:
    """A supervisor has the desk's container made anew at once, e.g. when the season ends."""
    if g.session.user.role != "supervisor":
        raise NotAllowed("受付データを入れ替えられるのは監督者だけです。")
    renew.ask(vault())
    renew.run(vault())
    tripend.tell_city(vault())
    return redirect("/erase?done=desk")


@screens.post("/erase")
def end() -> ResponseReturnValue:
    """The sheet is shredded, two people say so, and the trip is gone for good."""
    form = request.form
    errors = unsure("消去してよいこと")
    for name in ("shredded_by_1", "shredded_by_2"):
        if not form.get(name, "").strip():
            errors.append(BadInput(name, "裁断を確かめた人の名前を入れてください。"))
    if errors:
        return _draw(errors, 422)
    try:
        reserve.open_desk(vault())
    except KitError:
        if reserve.desk_row(vault()) is not None:
            raise
    try:
        tripend.end_trip(
            vault(), form.get("trip", ""), (form["shredded_by_1"], form["shredded_by_2"])
        )
    except NotReady as error:
        return _draw([BadInput("shredded_by_2", error.sentence)], 422)
    return redirect("/list")
