"""持ち出し: the day's visits onto this laptop, the visit sheet with its secret, and unlocking."""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import carry_answers, carry_asks, checkout, outbox, paper, reserve, tripend
from fieldkit.city import asking, city_fingerprint, connect, has_line
from fieldkit.clock import is_sane
from fieldkit.errors import BadInput, KitError, NotAllowed
from fieldkit.photo.qr import read_qr
from fieldkit.rules.wareki import iso_day, parse_date, wareki
from fieldkit.store.opentrip import OpenTrip
from fieldkit.visit import KIND_JA
from fieldkit.web.carry import asked
from fieldkit.web.common import error_rows, kit, page, pdf, vault
from fieldkit.web.today import window_text
from sync.ids import code_of, is_id, secret_of

screens = Blueprint("checkout", __name__)
ROOM = 500 * 1024 * 1024
DESK_WRONG = (
    "いまの受付データの26文字ではありません。受付データは入れ替わります。"
    "金庫の控えが一番新しいものか確かめて、もう一度入れてください。"
)
OFFICE_WRONG = "いまの全体の状況のデータの26文字ではありません。データは入れ替わります。"
WRONG = {"desk": DESK_WRONG, "office": OFFICE_WRONG}
PAPERS = {"desk": "金庫の控え", "office": "金庫の控え"}


def _preflight() -> list[dict[str, Any]]:
    """What must be right before anybody leaves the office, each in words."""
    settings = kit().settings
    free = shutil.disk_usage(settings.data_dir).free
    waits, owed = outbox.waiting(vault()), len(tripend.owed(vault()))
    rows = [
        ("ディスクの空き", free > ROOM, f"空きは {free // 1024**2:,} MB です（500 MB 以上必要）。"),
        ("時計", is_sane(settings.clock()), "この端末の日付と時刻は使えます。"),
        ("消去の残り", owed == 0, f"終わっていない消去は {owed} 件です。"),
        ("保留", waits["parked"] == 0, f"市サーバが保留にした項目は {waits['parked']} 件です。"),
        ("端末の登録", vault().device is not None, f"端末番号 {vault().device_id}"),
    ]
    return [{"name": n, "ok": ok, "says": says} for n, ok, says in rows]


def _desk() -> OpenTrip | None:
    """The desk of this laptop; None where it has none (a laptop for visits alone)."""
    return reserve.open_desk(vault()) if reserve.desk_row(vault()) is not None else None


def _draw(
    trip: dict[str, str] | None,
    errors: list[dict[str, str]],
    status: int = 200,
    asked: dict[str, Any] | None = None,
) -> ResponseReturnValue:
    desk = _desk()
    days = [
        {
            "date": day,
            "label": wareki(date.fromisoformat(day), weekday=True),
            "visits": len(slips),
            "n_applicants": sum(len(s.applicants) for s in slips),
        }
        for day, slips in (checkout.waiting_days(desk) if desk else {}).items()
    ]
    return (
        page(
            "checkout.html",
            days=days,
            preflight=_preflight(),
            trip=trip,
            asked=asked,
            line=has_line(vault()),
            errors=errors,
            values={"day": request.form.get("day", ""), "ask": request.form.get("ask", "")},
        ),
        status,
    )


@screens.get("/checkout")
def choose() -> ResponseReturnValue:
    made = vault().trips.get(request.args.get("trip", ""))
    mark = city_fingerprint(vault()) if made else ""
    trip = {"id": made.id, "day": made.day, "fingerprint": mark} if made else None
    listed = request.args.get("list", "")
    found = carry_answers.lists(vault()).get(listed) if listed else None
    return _draw(trip, [], 200, None if found is None else _asked(listed, found))


@screens.post("/checkout/usb/list")
def ask_list_by_usb() -> ResponseReturnValue:
    """The list of a day, asked for by USB memory."""
    try:
        day = parse_date(request.form.get("ask", "").strip(), "ask").isoformat()
    except BadInput as error:
        return _draw(None, error_rows([error]), 422)
    carry_asks.for_list(vault(), day)
    return asked()


@screens.post("/checkout/usb")
def ask_by_usb() -> ResponseReturnValue:
    """A day's visits, asked for by USB memory: the reply brings them."""
    day, others = request.form.get("day", ""), request.form.getlist("reservation")
    if iso_day(day) is None or not all(is_id(one) for one in others):
        return _draw(None, error_rows([BadInput("day", "訪問する日を選んでください。")]), 422)
    share = request.form.get("share") == "yes"
    carry_asks.for_day(vault(), _desk(), day, others, share)
    return asked()


@screens.post("/checkout/day")
def ask_city() -> ResponseReturnValue:
    """What other desks took for a day, as the city tells it: on this page, and nowhere else."""
    try:
        day = parse_date(request.form.get("ask", "").strip(), "ask").isoformat()
    except BadInput as error:
        return _draw(None, error_rows([error]), 422)
    return _draw(None, [], 200, _asked(day, checkout.of_day(vault(), day)))


def _asked(day: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = request.form.getlist("reservation")
    rows = [
        {
            "id": one["id"],
            "label": f"受付番号 {one['label']}",
            "note": "・".join(_about(one)),
            "out_by": "、".join(one["out_by"]),
            "chosen": one["id"] in chosen,
        }
        for one in found
    ]
    return {"day": day, "rows": rows, "any_out": any(row["out_by"] for row in rows)}


def _about(one: dict[str, Any]) -> list[str]:
    kind = "facility" if one["place"] == "facility" else "home"
    key = (kind, str(one["half"]), int(one["order"] or 1))
    window = kit().city().booking.windows.get(key)
    said = [window.says if window else "", str(one["district"] or ""), f"申請 {one['people']}人"]
    return [word for word in said if word]


@screens.post("/checkout")
def take() -> ResponseReturnValue:
    day, others = request.form.get("day", ""), request.form.getlist("reservation")
    if not day:
        return _draw(None, error_rows([BadInput("day", "訪問する日を選んでください。")]), 422)
    wrong = [f"{row['name']}：{row['says']}" for row in _preflight() if not row["ok"]]
    if wrong:
        return _draw(None, error_rows([BadInput("day", says) for says in wrong]), 422)
    if request.form.get("from_city") and not others:
        error = BadInput("reservation", "持ち出す予約を選んでください。")
        return _draw(None, error_rows([error]), 422, _asked(day, checkout.of_day(vault(), day)))
    if not all(is_id(one) for one in others):
        raise BadInput("reservation", "予約を選び直してください。")
    share = request.form.get("share") == "yes"
    trip = checkout.check_out(vault(), _desk(), day, others, share)
    return redirect(f"/checkout?trip={trip.id}")


def _sheet_visit(slip: reserve.Slip) -> dict[str, Any]:
    people = [
        {
            "name": a.get("name"),
            "kana": a.get("kana"),
            "kind_label": KIND_JA.get(str(a.get("kind")), ""),
        }
        for a in slip.applicants
    ]
    time = window_text(slip.reservation)
    return {**slip.reservation.body, "time": time, "applicants": people}


@screens.get("/trip/<trip_id>/sheet.pdf")
def sheet(trip_id: str) -> ResponseReturnValue:
    """The visit sheet: the only place of the day secret outside the city's server."""
    trip: OpenTrip = vault().trip(trip_id)
    if trip.kind != "field":  # the desk's secret is for the safe (fieldkit/safe.py)
        raise NotAllowed("受付データには訪問予定表がありません。")
    settings = kit().settings
    data = paper.visit_sheet(
        settings.forms_dir,
        day=date.fromisoformat(trip.day),
        visits=[_sheet_visit(s) for s in reserve.slips(trip)],
        code26=code_of(trip.secret),
        fingerprint=city_fingerprint(vault()),
        printed_at=settings.clock(),
        trip=trip.id[-8:],
        device=vault().device_id,
    )
    return pdf(data, trip_id)


def _locked(trip_id: str) -> dict[str, str]:
    row = vault().book.one("SELECT id, day, kind, state FROM trip WHERE id = ?", trip_id)
    if row is None or row["state"] == "wiped":
        raise KitError("unknown_trip", "この訪問データはこの端末にありません。", "retry")
    return {"id": row["id"], "day": row["day"], "kind": row["kind"]}


def _paper(trip: dict[str, str]) -> str:
    return PAPERS.get(trip["kind"], "予定表")


@screens.get("/trip/<trip_id>/unlock")
def ask(trip_id: str) -> ResponseReturnValue:
    return page("trip_unlock.html", trip=_locked(trip_id))


@screens.post("/trip/<trip_id>/unlock")
def unlock(trip_id: str) -> ResponseReturnValue:
    trip = _locked(trip_id)
    try:
        vault().open_trip(trip_id, secret_of(request.form.get("code", "")))
    except ValueError:
        sentence = f"この鍵の26文字になっていません。{_paper(trip)}の文字を確かめてください。"
        error = BadInput("code", sentence)
        return page("trip_unlock.html", trip=trip, errors=error_rows([error])), 422
    except KitError as wrong:
        if wrong.code != "wrong_code":
            raise
        sentence = WRONG.get(trip["kind"], wrong.sentence)
        error = BadInput("code", sentence)
        return page("trip_unlock.html", trip=trip, errors=error_rows([error])), 422
    return redirect("/")


@screens.post("/trip/<trip_id>/scan")
def scan(trip_id: str) -> ResponseReturnValue:
    """A frame of the camera: is the sheet's QR in it?"""
    paper_name = _paper(_locked(trip_id))
    text = read_qr(request.get_data())
    if not text:
        return jsonify({"found": False, "says": f"{paper_name}のQRを枠の中に入れてください。"})
    try:
        vault().open_trip(trip_id, secret_of(text))
    except (ValueError, KitError):
        return jsonify({"found": False, "says": f"いま使える{paper_name}のQRではありません。"})
    return jsonify({"found": True, "says": "開きました。", "next": "/"})


@screens.post("/trip/<trip_id>/fetch")
def fetch(trip_id: str) -> ResponseReturnValue:
    _locked(trip_id)
    with asking():
        vault().open_trip(trip_id, connect(vault()).fetch_secret(trip_id))
    return redirect("/")
