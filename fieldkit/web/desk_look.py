"""予約受付, what the screen shows: a slip as the form's fields, the free slots, the script."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue

from fieldkit import desk, reserve, returned
from fieldkit.reserve import Slip
from fieldkit.rules.applications import KINDS, script_points
from fieldkit.rules.fees import Fee, FeeCase, fee_for
from fieldkit.rules.wareki import wareki
from fieldkit.store import heard
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web import desk_rows, stale
from fieldkit.web.common import kit, page, today
from fieldkit.web.today import STATES, window_text

DRAFT = "desk"
SLOT = ("visit_date", "half", "order")


def script(kind: str) -> dict[str, Any]:
    """What the operator says on the phone for one kind of application."""
    city = kit().city()
    fee = fee_for(FeeCase(kind, today()), city.fees) if kind in KINDS else None
    text = f"{fee.yen:,}円" if isinstance(fee, Fee) and fee.yen else ""
    return {"kind_ja": KINDS.get(kind, ""), "points": script_points(kind, text, city.script)}


def slot_of(slip: Slip) -> str:
    """The slot of the slip as the form posts it."""
    r = slip.reservation
    return f"{r.get('visit_date')}|{r.get('half')}|{r.get('order')}"


def slot_drawn(trip: OpenTrip, slip: Slip, seen: int) -> str:
    """The slot of the slip as the page showed it."""
    was = heard.as_drawn(trip, slip.reservation.id, slip.reservation.body, seen)
    return "|".join(str(was.get(name)) for name in SLOT)


def values_of(slip: Slip) -> dict[str, Any]:
    """A saved slip as the form's fields."""
    values = {n: slip.reservation.get(n) for n in desk.RESERVATION_FIELDS}
    values |= {"offer": slot_of(slip), "count": str(len(slip.applicants))}
    for index, applicant in enumerate(slip.applicants):
        values[f"id-{index}"] = applicant.id
        for name in (*desk.APPLICANT_FIELDS, "id_papers", returned.LINK):
            values[f"applicant-{index}-{name}"] = applicant.get(name)
        for name in ("birth", "loss_report_date"):
            iso = str(applicant.get(name))
            said = wareki(date.fromisoformat(iso)) if iso else ""
            values[f"applicant-{index}-{name}"] = said
    return values


def _removable(slip: Slip | None) -> list[str]:
    """Whom a supervisor may take off the slip."""
    if slip is None or len(slip.applicants) < 2 or g.session.user.role != "supervisor":
        return []
    return [a.id for a in slip.applicants] if slip.reservation.get("state") == "booked" else []


def draw(
    trip: OpenTrip,
    rid: str,
    slip: Slip | None,
    values: dict[str, Any],
    errors: list[dict[str, str]],
    status: int = 200,
) -> ResponseReturnValue:
    """The form with what was typed, and what is wrong with it."""
    city, count = kit().city(), desk_rows.count(values)
    booked = desk.booked_from(reserve.slips(trip), rid)
    found = desk.offers(booked, city, today(), count, str(values.get("place", "home")))
    rows = [
        {
            "value": f"{o.date.isoformat()}|{o.half}|{o.order}",
            "label": f"{wareki(o.date, weekday=True)}",
            "note": f"{'午前' if o.half == 'am' else '午後'}{o.order}件目・{o.window.says}",
        }
        for o in found
    ]
    if slip and all(r["value"] != slot_of(slip) for r in rows):
        own = date.fromisoformat(str(slip.reservation.get("visit_date")))
        note = f"いまの予約・{window_text(slip.reservation)}"
        rows.insert(0, {"value": slot_of(slip), "label": wareki(own, True), "note": note})
    kind = str(values.get("applicant-0-kind", ""))
    summary = None
    if slip:
        state = str(slip.reservation.get("state"))
        summary = {
            "id": rid,
            "reception_no": slip.reservation.get("reception_no"),
            "state_ja": STATES.get(state, state),
        }
    papers = [
        {"code": code, "label": p.label, "class": p.klass}
        for code, p in city.id_papers.papers.items()
    ]
    return (
        page(
            "desk/form.html",
            rid=rid,
            reservation=summary,
            count=count,
            most=desk_rows.most(),
            offers=rows,
            papers=papers,
            values=values,
            errors=errors,
            script=script(kind) if kind else None,
            draft_url=f"/desk/{rid}/draft",
            seen=stale.seen(trip, rid, DRAFT),
            removable=_removable(slip),
        ),
        status,
    )
