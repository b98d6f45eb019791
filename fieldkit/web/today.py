"""今日の予定: what is next, what waits, what is owed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue

from fieldkit import handover, photo_calls, visit
from fieldkit.reserve import Slip
from fieldkit.screen_roles import may
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.web.common import kit, page, today, vault
from fieldkit.web.photo_look import calls_shown

screens = Blueprint("today", __name__)

STATES = {
    "booked": "予約",
    "shared": "予定",
    "open": "途中",
    "visited": "終了",
    "cancelled": "取消",
}
APPLICATION_JA = {
    "": "未",
    "doing": "途中",
    "confirmed": "確認済み",
    "declined": "取りやめ",
    "postponed": "後日",
}


def window_text(reservation: Record) -> str:
    """What the caller was told, e.g. 「午前10時30分から11時30分の間」 (001 §8(2)ウ)."""
    kind = "facility" if reservation.get("place") == "facility" else "home"
    key = (kind, str(reservation.get("half")), int(reservation.get("order", 1) or 1))
    window = kit().city().booking.windows.get(key)
    half = {"am": "午前", "pm": "午後"}.get(key[1], "")
    return window.says if window else half


def visit_row(trip: OpenTrip, slip: Slip) -> dict[str, Any]:
    """One visit for the day's list."""
    state = str(slip.reservation.get("state"))
    people, begun = [], False
    for applicant in slip.applicants:
        now = visit.application(trip, applicant.id)
        begun = begun or now is not None
        people.append(
            {
                "name": applicant.get("name"),
                "kind_ja": visit.KIND_JA.get(str(applicant.get("kind")), ""),
                "state_ja": "もう1台で受付済み"
                if visit.by_other(now)
                else APPLICATION_JA.get(str(now.get("state")) if now else "", "途中"),
            }
        )
    if begun and state != "visited":
        state = "open"
    return {
        "id": slip.reservation.id,
        "trip_id": trip.id,
        "day": trip.day,
        "reception_no": slip.reservation.get("reception_no"),
        "window": window_text(slip.reservation),
        "name": people[0]["name"] if people else slip.reservation.get("caller_name"),
        "town": slip.reservation.get("district") or slip.reservation.get("address"),
        "applicants": people,
        "state": state,
        "state_ja": STATES.get(state, state),
        "next_url": f"/visit/{slip.reservation.id}",
    }


@screens.get("/")
def first() -> ResponseReturnValue:
    mine = may(g.session.user.role, "visits")
    pairs = visit.visits(vault()) if mine else []
    rows = [visit_row(trip, slip) for trip, slip in pairs]
    locked = vault().book.all(
        "SELECT id, day FROM trip WHERE kind = 'field' AND state = 'out' ORDER BY day"
    )
    waiting = vault().book.one(
        "SELECT count(*) AS n FROM reception WHERE visit_on = ? AND state = 'booked'",
        today().isoformat(),
    )
    monday = today() - timedelta(days=today().weekday())
    return page(
        "today.html",
        day=today().isoformat(),
        week=monday.isoformat(),
        visits=rows,
        calls=calls_shown(photo_calls.owed(pairs, kit().city().photo)) if pairs else [],
        files_owed=len(handover.owed(vault())) if mine else 0,
        not_out=waiting["n"] if waiting else 0,
        locked_trips=[
            {"id": t["id"], "day": t["day"]}
            for t in locked
            if mine and t["id"] not in vault().trips
        ],
    )
