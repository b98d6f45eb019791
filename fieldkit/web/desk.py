"""予約受付: one screen for an operator with a caller on the line."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import desk, paper, postal, reserve, returned, tripend
from fieldkit.errors import BadInput, KitError, NotAllowed, NotReady
from fieldkit.reserve import Slip
from fieldkit.rules.wareki import birth_text, parse_date, wareki
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web import desk_look, desk_rows, stale
from fieldkit.web.common import (
    error_rows,
    kit,
    masked,
    number_errors,
    page,
    pdf,
    today,
    typed_form,
    vault,
)
from fieldkit.web.desk_look import DRAFT
from fieldkit.web.today import STATES, window_text
from sync.ids import is_id, new_id

screens = Blueprint("desk", __name__)


@screens.get("/desk")
def listing() -> ResponseReturnValue:
    trip = reserve.open_desk(vault())
    tripend.run_owed(vault())
    rows = [
        {
            "id": s.reservation.id,
            "reception_no": s.reservation.get("reception_no"),
            "visit_date": s.reservation.get("visit_date"),
            "window": window_text(s.reservation),
            "name": s.applicants[0].get("name") if s.applicants else "",
            "town": s.reservation.get("district") or s.reservation.get("address"),
            "n_applicants": len(s.applicants),
            "state": s.reservation.get("state"),
            "state_ja": STATES.get(str(s.reservation.get("state")), ""),
        }
        for s in reserve.slips(trip)
    ]
    drafts = trip.db.all(
        "SELECT record_id AS id, updated_at FROM draft WHERE form = ?"
        " AND record_id NOT IN (SELECT id FROM record)",
        DRAFT,
    )
    return page(
        "desk/list.html",
        reservations=rows,
        drafts=[{"id": d["id"], "saved": f"{d['updated_at'][11:16]} に保存"} for d in drafts],
    )


@screens.get("/desk/new")
def new() -> ResponseReturnValue:
    reserve.open_desk(vault())
    return redirect(f"/desk/{new_id()}")


@screens.get("/desk/script")
def script() -> ResponseReturnValue:
    kind = request.args.get("kind", "")
    return render_template("desk/_script.html", **desk_look.script(kind))


@screens.post("/postal")
def towns() -> ResponseReturnValue:
    """Towns of a postal code, offline. A post, so that no address is ever in a URL."""
    text = request.form.get("postal", "")
    try:
        found = postal.lookup(text, kit().settings.forms_dir) if text else ()
        says = ""
    except KitError as error:
        found, says = (), error.sentence
    rows = [{"code": t.town, "label": t.address} for t in found]
    return render_template("desk/_towns.html", towns=rows, says=says)


@screens.post("/date")
def read_date() -> ResponseReturnValue:
    """How a typed date was understood, or what is wrong with it."""
    text = request.form.get("text", "").strip()
    try:
        day = parse_date(text) if text else None
        says = (birth_text(day, today()) if day <= today() else wareki(day, True)) if day else ""
        ok = True
    except BadInput as error:
        ok, says = False, error.sentence
    return render_template("desk/_date.html", ok=ok, says=says)


@screens.get("/desk/<rid>")
def show(rid: str) -> ResponseReturnValue:
    trip, slip = _slip(rid)
    values = records.draft(trip, rid, DRAFT) or (
        desk_look.values_of(slip) if slip else {"place": "home"}
    )
    return desk_look.draw(trip, rid, slip, values, [])


@screens.post("/desk/<rid>/draft")
def draft(rid: str) -> ResponseReturnValue:
    trip, _ = _slip(rid)
    seen = stale.seen(trip, rid, DRAFT)
    saved = records.save_draft(vault(), trip, rid, DRAFT, masked(typed_form()), seen)
    return jsonify({"saved": saved[11:19]})


@screens.post("/desk/<rid>/discard")
def discard(rid: str) -> ResponseReturnValue:
    """A call that came to nothing: what was typed goes now, and for good at the next renewal."""
    trip, _ = _slip(rid)
    records.drop_draft(trip, rid, DRAFT)
    vault().note("draft_discarded", rid)
    return redirect("/desk")


@screens.post("/desk/<rid>")
def save(rid: str) -> ResponseReturnValue:
    trip, slip = _slip(rid)
    if slip and slip.reservation.get("state") in ("shared", "visited"):
        raise NotReady(
            "持ち出し済みの予約は、ここでは変更できません。訪問の担当者に連絡してください。"
        )
    values, act = typed_form(), request.form.get("act", "save")
    count, seen = desk_rows.count(values), stale.seen(trip, rid, DRAFT)
    off = str(values.pop("take_off", ""))
    if slip and off:
        return _take_off(trip, slip, values, off)
    if act in ("add_applicant", "remove_applicant"):
        if act == "remove_applicant" and slip and desk_rows.saved(slip, values, count - 1):
            raise NotReady(
                "確定した受付票の申請者は、ここでは取り消せません。監督者に連絡してください。"
            )
        values = desk_rows.with_rows(values, count + (1 if act == "add_applicant" else -1))
        records.save_draft(vault(), trip, rid, DRAFT, masked(values), seen)
        return redirect(f"/desk/{rid}")
    values["count"] = str(count)
    records.save_draft(vault(), trip, rid, DRAFT, masked(values), seen)
    errors = number_errors(values)
    body, wrong = desk.check_reservation(values)
    errors += wrong
    people = []
    for index in range(count):
        applicant, wrong = desk.check_applicant(values, index, today())
        applicant |= returned.link(trip, values, index)
        people.append((desk_rows.applicant_id(trip, slip, values, index), applicant))
        errors += wrong
    try:
        body |= _slot(trip, rid, slip, values, count, seen)
    except BadInput as error:
        errors.append(error)
    if errors:
        return desk_look.draw(trip, rid, slip, values, error_rows(errors), 422)
    records.save_draft(
        vault(), trip, rid, DRAFT, values | {f"id-{i}": p[0] for i, p in enumerate(people)}
    )
    reserve.reserve(vault(), trip, rid, body, people, seen)
    return redirect("/desk")


@screens.get("/desk/<rid>/slip.pdf")
def slip_pdf(rid: str) -> ResponseReturnValue:
    _, slip = _slip(rid)
    if slip is None:
        raise KitError("unknown_record", "この受付票はまだ確定していません。", "retry")
    settings = kit().settings
    names = {code: p.label for code, p in kit().city().id_papers.papers.items()}
    people = [a.body for a in slip.applicants]
    data = paper.slip(settings.forms_dir, slip.reservation.body, people, settings.clock(), names)
    return pdf(data, rid)


def _slip(rid: str) -> tuple[OpenTrip, Slip | None]:
    if not is_id(rid):
        raise KitError("unknown_record", "この受付票はありません。", "retry")
    trip = reserve.open_desk(vault())
    known = trip.db.one("SELECT 1 FROM record WHERE id = ?", rid)
    row = vault().book.one("SELECT state FROM reception WHERE reservation_id = ?", rid)
    if not known and row and row["state"] != "booked":  # a page that was open before its erasing
        raise KitError("erased", "この受付票は消去済みです。一覧を開き直してください。", "retry")
    return trip, reserve.slip(trip, rid) if known else None


def _take_off(
    trip: OpenTrip, slip: Slip, values: dict[str, Any], applicant_id: str
) -> ResponseReturnValue:
    """A supervisor takes a person off a slip that is kept; what else was typed stays a draft."""
    if g.session.user.role != "supervisor":
        raise NotAllowed("確定した受付票の申請者を取り消せるのは監督者だけです。")
    rid, count = slip.reservation.id, desk_rows.count(values)
    reserve.take_off(vault(), trip, rid, applicant_id)
    ids = [str(values.get(f"id-{i}", "")) for i in range(count)]
    if applicant_id in ids:
        values = desk_rows.without_row(values, ids.index(applicant_id), count)
    records.save_draft(vault(), trip, rid, DRAFT, masked(values), stale.seen(trip, rid, DRAFT))
    return redirect(f"/desk/{rid}")


def _slot(
    trip: OpenTrip, rid: str, slip: Slip | None, values: dict[str, Any], count: int, seen: int
) -> dict[str, Any]:
    """The chosen slot; an unchanged one of a saved slip stays as it is."""
    choice = str(values.get("offer", ""))
    if slip and (
        not choice or choice in (desk_look.slot_of(slip), desk_look.slot_drawn(trip, slip, seen))
    ):
        return {name: slip.reservation.get(name) for name in desk_look.SLOT}
    booked = desk.booked_from(reserve.slips(trip), rid)
    place = str(values.get("place", "home"))
    return desk.check_offer(choice, booked, kit().city(), today(), count, place)
