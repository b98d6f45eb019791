"""本人確認書類: tick what was shown; the city's table says at once whether it is enough.

Where a legal representative applies, their papers and the proof of their authority stand in a
second block. Only kinds of paper are kept, never a number or a date of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import id_check, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotFound
from fieldkit.rules.idpapers import Enough, Short, out_of_date
from fieldkit.rules.verdict import Refused
from fieldkit.web.common import error_rows, kit, page, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("idcheck", __name__)
FIELDS = {"self": "papers", "rep": "rep_papers"}


@dataclass(frozen=True)
class Ticked:
    """What is ticked on the screen: kinds of paper by field, the proof, and two confirmations."""

    papers: list[str]
    rep_papers: list[str]
    rep_proof: str = ""
    verified: bool = False
    copy_consent: bool = False

    def values(self) -> dict[str, Any]:
        """For the template."""
        yes = {True: "yes", False: ""}
        return {
            "papers": self.papers,
            "rep_papers": self.rep_papers,
            "rep_proof": self.rep_proof,
            "verified": yes[self.verified],
            "copy_consent": yes[self.copy_consent],
        }


def _typed() -> Ticked:
    known, form = kit().city().id_papers.papers, request.form
    papers, rep = ([c for c in form.getlist(name) if c in known] for name in FIELDS.values())
    return Ticked(
        papers,
        rep,
        form.get("rep_proof", ""),
        form.get("verified") == "yes",
        form.get("copy_consent") == "yes",
    )


def _result(case: Case, papers: list[str], role: str) -> dict[str, object] | None:
    """What the table says, for the screen: ok, says, nearest (each a way to be enough)."""
    if not papers:
        return None
    city = kit().city()
    answer = id_check.weigh(papers, case, city, role)
    if isinstance(answer, Refused):
        return {"ok": False, "says": answer.sentence, "nearest": answer.nearest}
    gone = out_of_date(papers, city.id_papers, case.today)
    ways = answer.nearest if isinstance(answer, Short) else ()
    # The sentence names the closest ways; what is left are combinations such as 通知カード and B.
    near = tuple(f"ほかのそろえ方：{w}" for w in ways if "と" in w and w not in answer.says)
    return {"ok": isinstance(answer, Enough), "says": answer.says, "nearest": (*gone, *near)}


def _draw(case: Case, ticked: Ticked, errors: list[BadInput]) -> ResponseReturnValue:
    city = kit().city()
    table = city.id_papers
    rows = [{"code": code, "label": p.label, "class": p.klass} for code, p in table.papers.items()]
    role, visits = id_check.representative_of(case), id_check.guardian_visit(case, city)
    proofs = table.people.proofs_of(role)
    rep = {
        "label": table.people.role(role),
        "result": _result(case, ticked.rep_papers, role),
        "proofs": [{"value": proof.code, "label": proof.says} for proof in proofs],
    } if role else None  # fmt: skip
    return (
        page(
            "visit/idcheck.html",
            papers=rows,
            result=_result(case, ticked.papers, id_check.role_of(case)),
            own_label=table.people.role(id_check.role_of(case)),
            rep=rep,
            guardian=visits if isinstance(visits, Refused) else None,
            asks_copy=table.copy_consent,
            values=ticked.values(),
            errors=error_rows(errors),
            **frame(case),
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/id")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    checked = case.body.get("id_check") or {}
    ticked = Ticked(
        list(checked.get("papers") or case.applicant.get("id_papers", [])),
        list(checked.get("rep_papers") or []),
        str(checked.get("rep_proof") or ""),
        bool(checked.get("verified")),
        checked.get("copy_consent") == "yes",
    )
    return _draw(case, ticked, [])


@screens.post("/visit/<rid>/a/<aid>/id/try/<who>")
def try_papers(rid: str, aid: str, who: str) -> ResponseReturnValue:
    case, ticked = case_of(rid, aid), _typed()
    if who not in FIELDS:
        raise NotFound("この画面はありません。")
    role = id_check.role_of(case) if who == "self" else id_check.representative_of(case)
    papers = ticked.papers if who == "self" else ticked.rep_papers
    found = _result(case, papers, role or "applicant")
    return render_template("visit/_idresult.html", **(found or {"ok": False, "says": ""}))


def _errors(case: Case, ticked: Ticked, act: str) -> tuple[bool, list[BadInput]]:
    """(everything is enough, what has to be put right before it can be saved)."""
    city, errors = kit().city(), []
    rep = id_check.representative_of(case)
    for name, papers, role in (
        ("papers", ticked.papers, id_check.role_of(case)),
        ("rep_papers", ticked.rep_papers, rep),
    ):
        answer = id_check.weigh(papers, case, city, role) if role else None
        says = answer.says if isinstance(answer, Short) else ""
        says = answer.sentence if isinstance(answer, Refused) else says
        if says:
            whose = f"{city.id_papers.people.role(rep)}：" if name == "rep_papers" else ""
            says = f"{whose}{says.rstrip('。')}。"
            errors.append(BadInput(name, f"{says}そろわないときは、窓口での受け取りにできます。"))
    if rep:
        shown = id_check.authority(ticked.rep_proof, case, city, rep)
        if isinstance(shown, Refused):
            errors.append(BadInput("rep_proof", f"{shown.sentence}下から選んでください。"))
    enough = not errors
    errors = [] if act == "fallback" else errors
    if not ticked.verified and (ticked.papers or ticked.rep_papers or act != "fallback"):
        errors.append(BadInput("verified", "原本を見て、「原本を確認した」に印を付けてください。"))
    if city.id_papers.copy_consent and not ticked.copy_consent and act != "fallback":
        errors.append(BadInput("copy_consent", "写しの提出に同意をいただき、印を付けてください。"))
    return enough, errors


@screens.post("/visit/<rid>/a/<aid>/id")
def save(rid: str, aid: str) -> ResponseReturnValue:
    """Only the kinds of paper are kept, never a number of one."""
    case, ticked = case_of(rid, aid), _typed()
    enough, errors = _errors(case, ticked, request.form.get("act", "save"))
    if errors:
        return _draw(case, ticked, errors)
    outcome, rep = "ok" if enough else id_check.PICKUP, id_check.representative_of(case)
    checked: dict[str, Any] = {
        "papers": ticked.papers,
        "verified": ticked.verified,
        "outcome": outcome,
        "verifier": vault().user.id,
        "at": vault().now(),
    }
    if rep:
        known = [proof.code for proof in kit().city().id_papers.people.proofs_of(rep)]
        proof = ticked.rep_proof if ticked.rep_proof in known else ""
        checked |= {"rep_role": rep, "rep_papers": ticked.rep_papers, "rep_proof": proof}
    if kit().city().id_papers.copy_consent:
        checked["copy_consent"] = "yes" if ticked.copy_consent else "no"
    visit.save_application(vault(), case.trip, case.applicant, {"id_check": checked})
    vault().note("id_checked", aid, outcome)
    return redirect(f"/visit/{rid}/a/{aid}")
