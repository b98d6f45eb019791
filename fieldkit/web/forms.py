"""交付申請書: one page of the form at a time, saved as it is typed, resumed where it was."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, form_ids, visit
from fieldkit.apply import FORM, Case
from fieldkit.errors import BadInput
from fieldkit.forms import Page, Question
from fieldkit.forms.form import SILENT
from fieldkit.rules.names import half_width_number
from fieldkit.rules.wareki import parse_date, wareki
from fieldkit.store import records
from fieldkit.web.common import masked, number_errors, page, today, vault
from fieldkit.web.form_qr import entry, settle
from fieldkit.web.visits import case_of, frame

screens = Blueprint("forms", __name__)
DIGITS = frozenset({"zip", "tel", "agent_tel"})


def _typed(case: Case, names: tuple[str, ...]) -> dict[str, str]:
    """This page's answers as typed; what the browser did not send is blank."""
    found = {}
    for name in names:
        if case.form.question(name).type in SILENT:
            continue
        found[name] = " ".join(request.form.getlist(name)).strip()
    return found


def _kept(case: Case, typed: dict[str, str]) -> tuple[dict[str, str], list[BadInput]]:
    """Typed answers as they are stored: dates as ISO, digits half width, names untouched."""
    kept, errors = dict(typed), []
    for name, text in typed.items():
        if name in DIGITS:
            kept[name] = half_width_number(text)
        if case.form.question(name).type == "date" and text:
            try:
                kept[name] = parse_date(text, name).isoformat()
            except BadInput as error:
                errors.append(error)
    return kept, errors


def _shown(question: Question, text: str) -> str:
    """A stored date is shown in wareki; everything else as it is."""
    if question.type != "date":
        return text
    try:
        return wareki(date.fromisoformat(text)) if text else ""
    except ValueError:
        return text


def _draw(
    case: Case, pages: tuple[Page, ...], number: int, values: dict[str, str], wrong: dict[str, str]
) -> ResponseReturnValue:
    here = pages[number - 1]
    state = case.form.evaluate({**case.answers, **values}, today())
    rows: list[dict[str, Any]] = []
    for name in here.questions:
        q = case.form.question(name)
        hidden = name not in state.relevant and name not in wrong
        if q.type == "calculate" or (hidden and q.type == "note"):
            continue
        rows.append(
            {
                "name": name,
                "type": q.type,
                "label": q.label,
                "hint": q.hint,
                "required": bool(q.required_expr),
                "choices": [{"name": c.name, "label": c.label} for c in q.choices],
                "value": _shown(q, values.get(name, "")),
                "error": wrong.get(name, ""),
                "relevant": not hidden,
                "id_entry": entry(case, name, values.get(name, "")),
            }
        )
    errors = [{"field": name, "sentence": said} for name, said in wrong.items()]
    return (
        page(
            "visit/form_page.html",
            title=here.title,
            page_no=number,
            pages=len(pages),
            questions=rows,
            errors=errors,
            values=values,
            **frame(case),
        ),
        422 if wrong else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/form/<int:number>")
def show(rid: str, aid: str, number: int) -> ResponseReturnValue:
    case = case_of(rid, aid)
    values = apply.typed(case)
    pages = case.form.evaluate(values, today()).pages
    if not 1 <= number <= len(pages):
        return redirect(f"/visit/{rid}/a/{aid}")
    return _draw(case, pages, number, values, {})


@screens.post("/visit/<rid>/a/<aid>/form/draft")
def draft(rid: str, aid: str) -> ResponseReturnValue:
    """Autosave: what is on the screen, not yet checked."""
    case = case_of(rid, aid)
    visit.refuse_if_closed(case.trip, case.applicant)
    names = {q.name for q in case.form.questions}
    sent = tuple(n for n in request.form if n in names)
    had = records.draft(case.trip, aid, FORM) or {}
    typed = _for_draft(case, _typed(case, sent))
    saved = records.save_draft(vault(), case.trip, aid, FORM, {**had, **typed})
    return jsonify({"saved": saved[11:19]})


@screens.post("/visit/<rid>/a/<aid>/form/<int:number>")
def save(rid: str, aid: str, number: int) -> ResponseReturnValue:
    """Check this page and keep it; with "later" or "back" it is kept as it is, unchecked."""
    case = case_of(rid, aid)
    before = apply.typed(case)
    pages = case.form.evaluate(before, today()).pages
    if not 1 <= number <= len(pages):
        return redirect(f"/visit/{rid}/a/{aid}")
    here, act = pages[number - 1], request.form.get("act", "next")
    typed = _typed(case, here.questions)
    kept, bad_dates = _kept(case, typed)
    wanted = settle(case, typed, kept)
    refused = {e.field: e.sentence for e in number_errors(kept)} | wanted.never
    wrong = {e.field: e.sentence for e in bad_dates} | refused
    state = case.form.evaluate({**before, **kept}, today())
    if act == "next":
        mine = set(here.questions)
        wrong |= {n: said for n, said in state.violations if n in mine and n not in wrong}
        for name in state.missing:
            if name in mine and name not in wrong:
                wrong[name] = f"「{case.form.question(name).label}」を入れてください。"
        wrong |= wanted.not_yet
    if wrong and (act == "next" or refused):
        had = records.draft(case.trip, aid, FORM) or {}
        records.save_draft(vault(), case.trip, aid, FORM, {**had, **_for_draft(case, typed)})
        return _draw(case, pages, number, {**before, **typed}, wrong)
    answers = {**case.answers, **kept}
    fields: dict[str, Any] = {"answers": answers, "form_version": case.form.version}
    fields["state"] = "doing"
    fields |= wanted.fields
    if answers != case.answers:
        fields["papers_printed"] = False
    visit.save_application(vault(), case.trip, case.applicant, fields)
    _keep_other_drafts(case, here, wanted.waiting)
    if wanted.fields:
        records.drop_draft(case.trip, aid, form_ids.SCAN)
    base = f"/visit/{rid}/a/{aid}"
    if act == "later":
        return redirect(base)
    after = number + (-1 if act == "back" else 1)
    total = len(case.form.evaluate(answers, today()).pages)
    return redirect(f"{base}/form/{after}" if 1 <= after <= total else base)


def _for_draft(case: Case, typed: dict[str, str]) -> dict[str, str]:
    """What may be kept unchecked: never an Individual Number, in the ID's box no twelve digits."""
    name = form_ids.question_of(case.form)
    return {n: form_ids.for_draft(t) if n == name else t for n, t in masked(typed).items()}


def _keep_other_drafts(case: Case, here: Page, waiting: dict[str, str]) -> None:
    """This page is saved: its draft goes; what was typed on other pages, or waits, stays."""
    had = records.draft(case.trip, case.applicant.id, FORM) or {}
    left = {name: text for name, text in had.items() if name not in here.questions}
    left |= waiting
    if left:
        records.save_draft(vault(), case.trip, case.applicant.id, FORM, left)
    else:
        records.drop_draft(case.trip, case.applicant.id, FORM)


@screens.get("/visit/<rid>/a/<aid>/form")
def resume(rid: str, aid: str) -> ResponseReturnValue:
    """Where the work goes on: the first page at first, later the first that is not finished."""
    case = case_of(rid, aid)
    if not case.body.get("answers"):
        return redirect(f"/visit/{rid}/a/{aid}/form/1")
    open_names = set(case.state.missing) | {name for name, _ in case.state.violations}
    for number, here in enumerate(case.state.pages, start=1):
        if open_names & set(here.questions):
            return redirect(f"/visit/{rid}/a/{aid}/form/{number}")
    return redirect(f"/visit/{rid}/a/{aid}/form/1")
