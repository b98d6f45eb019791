"""訪問: the visit, its task lists, checking the answers, the applicant's screen, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, consents, paper_set, photo_calls, reserve, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotFound, NotReady
from fieldkit.paper_set import Paper
from fieldkit.reserve import Slip
from fieldkit.rules.callers import RELATIONS
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.web.address import base_of
from fieldkit.web.answers import sections
from fieldkit.web.common import error_rows, kit, page, shelf, today, vault
from fieldkit.web.photo_look import calls_shown
from fieldkit.web.today import window_text

screens = Blueprint("visits", __name__)

PARKING = {"yes": "とめられる", "no": "とめられない", "unknown": "わからない"}
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
    form = shelf().form(apply.FORM)
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
    papers = paper_set.task_state(papers_of(case))
    rows = visit.tasks(case.trip, case.applicant, case.state.complete, yen, papers, needs_photo)
    half = apply.unsaved(case)
    return [
        replace(row, state="doing") if half and row.name == "form" and row.state == "done" else row
        for row in rows
    ]


def papers_of(case: Case) -> tuple[Paper, ...]:
    """The papers that this person signs, in the order of signing."""
    return paper_set.papers_of(vault(), shelf(), case, kit().city())


def cases_of(rid: str) -> list[Case]:
    """Everybody of a visit, in seat order."""
    trip = visit.trip_of(vault(), rid)
    slip = reserve.slip(trip, rid)
    return [_case(trip, slip, a) for a in slip.applicants]


def task_url(case: Case, name: str) -> str:
    base = base_of(case)
    return f"{base}/{name}"


@screens.get("/visit/<rid>")
def visit_page(rid: str) -> ResponseReturnValue:
    slip = reserve.slip(visit.trip_of(vault(), rid), rid)
    people = [_person(case) for case in cases_of(rid)]
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
    aside = visit.ASIDE_JA.get(str(case.body.get("state")), "")
    return {
        **frame(case)["applicant"],
        "done": done,
        "total": len(tasks),
        "state": "cancelled" if aside else state,
        "state_ja": aside or _elsewhere(case) or visit.STATE_JA[state],
        "url": base_of(case),
    }


def _elsewhere(case: Case) -> str:
    return "もう1台で受付済み" if visit.by_other(case.application) else ""


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
    aside = visit.ASIDE_JA.get(str(case.body.get("state")), "")
    elsewhere = _elsewhere(case)
    return page("visit/tasks.html", tasks=rows, aside=aside, elsewhere=elsewhere, **frame(case))


# -- check answers ------------------------------------------------------------------------------
@screens.get("/visit/<rid>/a/<aid>/check")
def check_page(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    left = apply.missing(case, kit().city())
    asked = consents.asked(shelf(), case, kit().city())
    return page(
        "visit/check.html",
        sections=sections(case),
        missing=left,
        warnings=apply.warnings(case, kit().city()),
        unprinted=[p.label for p in papers_of(case) if p.must and not p.settled],
        unasked=[
            f"{one.form.title}（{consents.ANSWER_JA[one.answer]}）"
            for one in asked
            if one.answer != "yes"
        ],
        **frame(case),
    )


@screens.post("/visit/<rid>/a/<aid>/check")
def confirm(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    if apply.missing(case, kit().city()):
        return redirect(request.path)
    visit.confirm(vault(), case.trip, case.applicant, apply.no_photo(case, kit().city()))
    return redirect(f"/visit/{rid}")


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
            papers=_to_count(rid),
            blockers=blockers,
            calls=calls_shown(photo_calls.owed([(trip, reserve.slip(trip, rid))], table)),
            who={"reception_no": shown["reception_no"], "name": ""},
            errors=error_rows(errors),
            values=request.form,
        ),
        422 if errors else 200,
    )


def _to_count(rid: str) -> list[dict[str, Any]]:
    """The papers that each person has to hand over, by their short names."""
    found = [
        {
            "who": case.applicant.get("name"),
            "names": [paper_set.short(p.label) for p in papers_of(case) if p.must],
        }
        for case in cases_of(rid)
        if case.body.get("state") not in visit.ASIDE_JA
    ]
    return [row for row in found if row["names"]]


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
