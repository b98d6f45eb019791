"""本人確認書類: tick what was shown; the city's table says at once whether it is enough."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput
from fieldkit.rules.idpapers import Enough, Short, evaluate
from fieldkit.web.common import error_rows, kit, page, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("idcheck", __name__)


def _weigh(case: Case, papers: list[str]) -> Enough | Short:
    city = kit().city()
    known = [code for code in papers if code in city.id_papers.papers]
    return evaluate(known, "uketsuke", apply.id_kind(case, city), city.id_papers, case.today)


def _result(case: Case, papers: list[str]) -> dict[str, object] | None:
    if not papers:
        return None
    answer = _weigh(case, papers)
    near = answer.nearest if isinstance(answer, Short) else ()
    return {"ok": isinstance(answer, Enough), "says": answer.says, "nearest": near}


def _draw(
    case: Case, papers: list[str], verified: bool, errors: list[BadInput]
) -> ResponseReturnValue:
    table = kit().city().id_papers.papers
    rows = [{"code": code, "label": p.label, "class": p.klass} for code, p in table.items()]
    values = {"papers": papers, "verified": "yes" if verified else ""}
    return (
        page(
            "visit/idcheck.html",
            papers=rows,
            result=_result(case, papers),
            values=values,
            errors=error_rows(errors),
            **frame(case),
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/id")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    checked = case.body.get("id_check") or {}
    papers = checked.get("papers") or list(case.applicant.get("id_papers", []))
    return _draw(case, papers, bool(checked.get("verified")), [])


@screens.post("/visit/<rid>/a/<aid>/id/try")
def try_papers(rid: str, aid: str) -> ResponseReturnValue:
    found = _result(case_of(rid, aid), request.form.getlist("papers"))
    return render_template("visit/_idresult.html", **(found or {"ok": False, "says": ""}))


@screens.post("/visit/<rid>/a/<aid>/id")
def save(rid: str, aid: str) -> ResponseReturnValue:
    """Only the kinds of paper are kept, never a number of one."""
    case, known = case_of(rid, aid), kit().city().id_papers.papers
    papers = [code for code in request.form.getlist("papers") if code in known]
    verified, act = request.form.get("verified") == "yes", request.form.get("act", "save")
    answer = _weigh(case, papers)
    errors = []
    if isinstance(answer, Short) and act != "fallback":
        errors.append(
            BadInput("papers", f"{answer.says}。そろわないときは、窓口での受け取りにできます。")
        )
    if not verified and (papers or act != "fallback"):
        errors.append(BadInput("verified", "原本を見て、「原本を確認した」に印を付けてください。"))
    if errors:
        return _draw(case, papers, verified, errors)
    outcome = "ok" if isinstance(answer, Enough) else "FALLBACK_PICKUP"
    checked = {
        "papers": papers,
        "verified": verified,
        "outcome": outcome,
        "verifier": vault().user.id,
        "at": vault().now(),
    }
    visit.save_application(vault(), case.trip, case.applicant, {"id_check": checked})
    vault().note("id_checked", aid, outcome)
    return redirect(f"/visit/{rid}/a/{aid}")
