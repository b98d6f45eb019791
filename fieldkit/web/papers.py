"""書類の印刷: what each person signs, why, how far it is; one paper, a set or a visit as PDF.

Nothing is printed half: what keeps a paper from being printed is shown as a list that leads to the
fields. Every print is counted before the PDF is handed over.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import consents, paper_print, paper_set, reserve, sheets, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotFound, NotReady
from fieldkit.paper.obstacles import CannotPrint
from fieldkit.paper_print import Wish
from fieldkit.paper_set import Paper
from fieldkit.web.common import kit, page, pdf, shelf, vault
from fieldkit.web.money import receipt_url
from fieldkit.web.paper_look import cover_of, paper_row, problem_rows
from fieldkit.web.visits import case_of, cases_of, frame, papers_of

screens = Blueprint("papers", __name__)


@screens.get("/visit/<rid>/a/<aid>/papers")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    papers = papers_of(case)
    asked = consents.asked(shelf(), case, kit().city())
    return page(
        "visit/papers.html",
        papers=[paper_row(case, one) for one in papers],
        set_size=len(paper_set.to_print(papers)),
        receipt_no=str(case.body.get("receipt_no") or ""),
        receipt_pdf=receipt_url(case),
        consents=[
            {"title": one.form.title, "answer": one.answer, "outdated": one.outdated,
             "answer_ja": consents.ANSWER_JA[one.answer]}
            for one in asked
        ],
        refused=[
            {"form": one.form.name, "title": one.form.title}
            for one in consents.to_withdraw(asked, case)
        ],
        closed=case.slip.reservation.get("state") == "visited",
        **frame(case),
    )  # fmt: skip


def _print(wishes: Sequence[Wish], batch_of: str = "") -> ResponseReturnValue:
    """The PDF, or the list of what keeps it from being printed."""
    settings = kit().settings
    number = wishes[0].case.slip.reservation.get("reception_no") if wishes else ""
    cover = cover_of(wishes, f"書類の一覧　受付番号 {number}") if batch_of else None
    try:
        data = paper_print.print_papers(
            vault(), settings.forms_dir, kit().city(), wishes, settings.clock(), cover, batch_of
        )
    except CannotPrint as error:
        found = paper_print.problems_of(error, wishes)
        first = wishes[0].case
        who = {"reception_no": number, "name": ""}
        back = f"/visit/{first.slip.reservation.id}" + (
            "/papers" if batch_of else f"/a/{first.applicant.id}/papers"
        )
        rows = problem_rows(found)
        return page("visit/papers_problems.html", problems=rows, back=back, who=who), 422
    return pdf(data)


def _paper(case: Case, form: str) -> Paper:
    """A paper that this person needs and that has a form here."""
    found = next((one for one in papers_of(case) if one.form == form), None)
    if found is None or found.sheet is None:
        says = "この方に要る書類ではないか、様式がありません。書類の一覧を開き直してください。"
        raise NotFound(says)
    return found


@screens.get("/visit/<rid>/a/<aid>/papers/application.pdf")
def application(rid: str, aid: str) -> ResponseReturnValue:
    """The application, complete, on the sheet that this person needs (with an ID, or by hand)."""
    case = case_of(rid, aid)
    if not case.state.complete:
        raise NotReady("申請書の記入が終わると印刷できます。")
    mine = [one for one in papers_of(case) if one.sheet and sheets.of_application(one.sheet.form)]
    return _print([Wish(case, tuple(mine[:1]))])


@screens.get("/visit/<rid>/a/<aid>/papers/form/<form>.pdf")
def one(rid: str, aid: str, form: str) -> ResponseReturnValue:
    """One paper as far as it is known; `?blank=yes` without any answer."""
    case = case_of(rid, aid)
    return _print([Wish(case, (_paper(case, form),), blank=request.args.get("blank") == "yes")])


@screens.get("/visit/<rid>/a/<aid>/papers/set.pdf")
def whole_set(rid: str, aid: str) -> ResponseReturnValue:
    """Everything that this person signs, in the order of signing."""
    case = case_of(rid, aid)
    return _print([Wish(case, paper_set.to_print(papers_of(case)))])


@screens.post("/visit/<rid>/a/<aid>/papers/hand")
def by_hand(rid: str, aid: str) -> ResponseReturnValue:
    """「紙の用紙に手書きした」, or taking that back."""
    case, form = case_of(rid, aid), request.form.get("form", "")
    if form not in {one.form for one in papers_of(case)}:
        raise BadInput("form", "この方に要る書類ではありません。書類の一覧を開き直してください。")
    sheets.mark_by_hand(vault(), case, form, request.form.get("by_hand") == "yes")
    return redirect(f"/visit/{rid}/a/{aid}/papers#paper-{form}")


# -- the whole visit ----------------------------------------------------------------------------
def _wishes(rid: str) -> tuple[Wish, ...]:
    cases = cases_of(rid)
    return paper_print.wishes_of_visit(vault(), shelf(), cases, kit().city())


@screens.get("/visit/<rid>/papers")
def of_visit(rid: str) -> ResponseReturnValue:
    slip = reserve.slip(visit.trip_of(vault(), rid), rid)
    wishes = _wishes(rid)
    people = [
        {
            "who": wish.who,
            "notes": wish.notes,
            "url": f"/visit/{rid}/a/{wish.case.applicant.id}/papers",
            "papers": [paper_row(wish.case, one) for one in wish.papers],
        }
        for wish in wishes
    ]
    number = slip.reservation.get("reception_no")
    return page(
        "visit/papers_visit.html",
        visit={"id": rid, "reception_no": number},
        people=people,
        sheets=sum(len(wish.papers) for wish in wishes),
        who={"reception_no": number, "name": ""},
    )


@screens.get("/visit/<rid>/papers/set.pdf")
def visit_set(rid: str) -> ResponseReturnValue:
    """The sets of everybody as one PDF, in seat order, with a cover list."""
    return _print(_wishes(rid), batch_of=rid)
