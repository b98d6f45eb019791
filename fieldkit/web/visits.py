"""訪問: the visit, its task lists, checking the answers, the applicant's screen, the end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, photo_calls, reserve, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotFound, NotReady
from fieldkit.forms import load_form
from fieldkit.reserve import Slip
from fieldkit.rules.callers import RELATIONS
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.records import Record
from fieldkit.web.answers import answer_rows, sections
from fieldkit.web.common import error_rows, kit, page, today, vault
from fieldkit.web.photo_look import calls_shown
from fieldkit.web.today import window_text

screens = Blueprint("visits", __name__)

PARKING = {"yes": "とめられる", "no": "とめられない", "unknown": "わからない"}
ASIDE_JA = {"declined": "取りやめ", "postponed": "後日"}
CHECKLIST = (
    ("returned", "本人確認書類をお返しした"),
    ("envelope", "暗証番号設定依頼書の封筒を受け取った（封がしてある）"),
    ("signed", "署名した申請書を受け取った"),
    ("nothing_left", "忘れ物がない"),
)


def case_of(rid: str, aid: str) -> Case:
    """The applicant of a visit, with everything that its screens show."""
    trip = visit.trip_of(vault(), rid)
    slip = reserve.slip(trip, rid)
    applicant = next((a for a in slip.applicants if a.id == aid), None)
    if applicant is None:
        raise NotFound("この申請者はこの訪問にいません。")
    return _case(trip, slip, applicant)


def _case(trip: OpenTrip, slip: Slip, applicant: Record) -> Case:
    """The case of an applicant whose visit was already read."""
    form = load_form(kit().settings.forms_dir, apply.FORM)
    return apply.case_of(trip, slip, applicant, form, today())


def frame(case: Case) -> dict[str, Any]:
    """`visit`, `applicant` and `who` for the templates."""
    r, a = case.slip.reservation, case.applicant
    saved = case.application.updated_at[11:16] if case.application else ""
    return {
        "visit": {"id": r.id, "reception_no": r.get("reception_no")},
        "applicant": {
            "id": a.id,
            "name": a.get("name"),
            "kana": a.get("kana"),
            "birth": a.get("birth"),
            "kind_ja": visit.KIND_JA.get(apply.applicant_kind(case), ""),
        },
        "who": {"reception_no": r.get("reception_no"), "name": a.get("name")},
        "saved_at": f"保存しました {saved}" if saved else "",
    }


def tasks_of(case: Case) -> list[visit.Task]:
    city = kit().city()
    yen, needs_photo = apply.fee_yen(case, city), not apply.no_photo(case, city)
    return visit.tasks(case.trip, case.applicant, case.state.complete, yen, needs_photo)


def task_url(case: Case, name: str) -> str:
    base = f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}"
    return f"{base}/{name}"


@screens.get("/visit/<rid>")
def visit_page(rid: str) -> ResponseReturnValue:
    trip = visit.trip_of(vault(), rid)
    slip = reserve.slip(trip, rid)
    people = [_person(_case(trip, slip, a)) for a in slip.applicants]
    r = slip.reservation
    names = ("address", "katagaki", "phone", "notes", "caller_name", "reason_cannot_go", "state")
    shown = {name: r.get(name) for name in names}
    shown |= {
        "id": rid,
        "reception_no": r.get("reception_no"),
        "window": window_text(r),
        "town": r.get("district") or r.get("address"),
        "day": r.get("visit_date"),
        "parking_ja": PARKING.get(str(r.get("parking")), ""),
        "caller_relation_ja": RELATIONS.get(str(r.get("caller_relation")), ""),
    }
    vault().note("view", rid)
    who = {"reception_no": r.get("reception_no"), "name": ""}
    return page("visit/visit.html", visit=shown, applicants=people, who=who)


def _person(case: Case) -> dict[str, Any]:
    tasks = tasks_of(case)
    done = sum(t.state == "done" for t in tasks)
    state = "done" if done == len(tasks) else ("doing" if done else "todo")
    aside = ASIDE_JA.get(str(case.body.get("state")), "")
    return {
        **frame(case)["applicant"],
        "done": done,
        "total": len(tasks),
        "state": "cancelled" if aside else state,
        "state_ja": aside or visit.STATE_JA[state],
        "url": f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}",
    }


@screens.get("/visit/<rid>/a/<aid>")
def task_page(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    rows = [
        {
            "name": t.name,
            "label": t.label,
            "state": t.state,
            "state_ja": t.state_ja,
            "url": task_url(case, t.name),
            "why": t.why if t.state == "blocked" else "",
        }
        for t in tasks_of(case)
    ]
    aside = ASIDE_JA.get(str(case.body.get("state")), "")
    return page("visit/tasks.html", tasks=rows, aside=aside, **frame(case))


# -- check answers ------------------------------------------------------------------------------
@screens.get("/visit/<rid>/a/<aid>/check")
def check_page(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    left = apply.missing(case, kit().city())
    return page("visit/check.html", sections=sections(case), missing=left, **frame(case))


@screens.post("/visit/<rid>/a/<aid>/check")
def confirm(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    if apply.missing(case, kit().city()):
        return redirect(request.path)
    visit.confirm(vault(), case.trip, case.applicant, apply.no_photo(case, kit().city()))
    return redirect(f"/visit/{rid}")


# -- the screen turned to the applicant ---------------------------------------------------------
@screens.get("/visit/<rid>/a/<aid>/show")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    rows = [r for p in case.state.pages for r in answer_rows(case, p.questions) if r["value"]]
    consent = case.form.consent
    wording = None
    if consent:
        wording = {
            "title": "申請の同意",
            "version": consent.version,
            "paragraphs": [t for t in consent.text.split("\n") if t.strip()],
        }
    said = (case.body.get("consent") or {}).get("answer", "")
    return page("visit/show.html", rows=rows, consent=wording, consented=said, **frame(case))


@screens.post("/visit/<rid>/a/<aid>/show")
def consent(rid: str, aid: str) -> ResponseReturnValue:
    """The applicant's own answer, with the version of the wording that was shown."""
    case = case_of(rid, aid)
    answer = request.form.get("consent", "")
    if answer in ("yes", "no"):
        said = {
            "answer": answer,
            "version": request.form.get("consent_version", ""),
            "at": vault().now(),
            "read_by": vault().user.id,
        }
        visit.save_application(vault(), case.trip, case.applicant, {"consent": said})
    return redirect(request.path)


# -- the end ------------------------------------------------------------------------------------
def _left(trip: OpenTrip, slip: Slip) -> list[str]:
    """Who is not finished yet, each with why."""
    return [f"{a.get('name')} 様：{why}" for a, why in visit.open_points(trip, slip)]


def _close_page(
    rid: str, reservation: Record, blockers: list[str], errors: list[BadInput]
) -> ResponseReturnValue:
    shown = {"id": rid, "reception_no": reservation.get("reception_no")}
    rows = [{"name": name, "label": label} for name, label in CHECKLIST]
    trip, table = visit.trip_of(vault(), rid), kit().city().photo
    return (
        page(
            "visit/close.html",
            visit=shown,
            checklist=rows,
            blockers=blockers,
            calls=calls_shown(photo_calls.owed([(trip, reserve.slip(trip, rid))], table)),
            who={"reception_no": shown["reception_no"], "name": ""},
            errors=error_rows(errors),
            values=request.form,
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/close")
def close_page(rid: str) -> ResponseReturnValue:
    trip = visit.trip_of(vault(), rid)
    slip = reserve.slip(trip, rid)
    left = _left(trip, slip)
    return _close_page(rid, slip.reservation, left, [])


@screens.post("/visit/<rid>/close")
def close(rid: str) -> ResponseReturnValue:
    trip = visit.trip_of(vault(), rid)
    slip = reserve.slip(trip, rid)
    errors = [
        BadInput(name, f"「{label}」を確かめてください。")
        for name, label in CHECKLIST
        if request.form.get(name) != "yes"
    ]
    left = _left(trip, slip)
    if errors or left:
        return _close_page(rid, slip.reservation, left, errors)
    try:
        visit.close_visit(vault(), trip, rid)
    except NotReady as error:
        return _close_page(rid, slip.reservation, [error.sentence], [])
    return redirect("/outbox")
