"""One page of a form at a time: drawn, saved as it is typed, checked, resumed where it was.

The 交付申請書 and every other form of an applicant are asked by this one engine. What differs is
given by an `Asking`: where the answers come from, which questions are answered elsewhere, and how
the answers of a page are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import visit
from fieldkit.forms import Page, Question
from fieldkit.store import records
from fieldkit.web import asking_repeats as repeats
from fieldkit.web import stale
from fieldkit.web.asking_page import Answers, Asking, rows_of, sent, stored
from fieldkit.web.common import number_errors, page, vault
from fieldkit.web.visits import frame

__all__ = ["Answers", "Asking", "Wanted", "draft", "resume", "save", "show"]


@dataclass(frozen=True)
class Wanted:
    """What a save of a page means besides its answers: sentences by question, and what is kept.

    `never` refuses even an unchecked save; `not_yet` only the checked one; `waiting` stays in the
    draft; `fields` are stored beside the answers; `seen` is what the page was drawn with.
    """

    never: dict[str, str] = field(default_factory=dict)
    not_yet: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    seen: int | None = None


Keep = Callable[[Answers, Wanted], None]
Settle = Callable[[Answers, Answers], Wanted]


def _draw(
    asking: Asking, pages: tuple[Page, ...], number: int, values: Answers, wrong: Answers
) -> ResponseReturnValue:
    here = pages[number - 1]
    state = asking.evaluate({**asking.saved, **values})
    drawn = page(
        "visit/form_page.html",
        title=here.title,
        page_no=number,
        pages=len(pages),
        questions=rows_of(asking, here, state, values, wrong),
        repeat=repeats.look(asking.form, state, here),
        errors=[
            {"field": name, "sentence": _in_summary(asking, name, said)}
            for name, said in wrong.items()
        ],
        values=values,
        url=asking.url,
        seen=_seen(asking),
        **asking.shown,
        **frame(asking.case),
    )
    return drawn, 422 if wrong else 200


def _in_summary(asking: Asking, name: str, said: str) -> str:
    """A sentence on top of the page says which answer it is about; at the field it need not."""
    named = (q.label for q in asking.form.questions if q.name == name.partition("[")[0])
    label = next(named, "")
    return said if not label or label in said else f"「{label}」：{said}"


def show(asking: Asking, number: int) -> ResponseReturnValue:
    """A page as it stands, drafts included; past the last page the way leads out."""
    pages = asking.pages(asking.evaluate(asking.typed))
    if not 1 <= number <= len(pages):
        return redirect(asking.after)
    return _draw(asking, pages, number, asking.typed, {})


def draft(asking: Asking) -> ResponseReturnValue:
    """Autosave: what is on the screen, not yet checked."""
    visit.refuse_if_closed(asking.case.trip, asking.case.applicant)
    names = set(asking.evaluate(asking.typed).values)
    typed = sent(asking, tuple(n for n in request.form if n in names))
    return jsonify({"saved": _add_to_draft(asking, typed)[11:19]})


def save(
    asking: Asking, number: int, keep: Keep, settle: Settle = lambda typed, kept: Wanted()
) -> ResponseReturnValue:
    """Check this page and keep it; with "later" or "back" it is kept as it is, unchecked."""
    visit.refuse_if_closed(asking.case.trip, asking.case.applicant)
    before = asking.typed
    pages = asking.pages(asking.evaluate(before))
    if not 1 <= number <= len(pages):
        return redirect(asking.after)
    here, act = pages[number - 1], request.form.get("act", "next")
    typed = sent(asking, here.questions)
    kept, bad_dates = stored(asking, typed)
    wanted = settle(typed, kept)
    refused = {e.field: e.sentence for e in number_errors(kept)} | wanted.never
    wrong = {e.field: e.sentence for e in bad_dates} | refused
    if act == "next":
        wrong |= _open(asking, here, {**before, **kept}, wrong) | wanted.not_yet
    if wrong and (act == "next" or refused):
        _add_to_draft(asking, typed)
        return _draw(asking, pages, number, {**before, **typed}, wrong)
    goal = ""
    if act in ("more", "drop") and repeats.open_to_people(asking.form, here):
        goal = _repeat(asking, here, act, before, kept)
    keep(kept, replace(wanted, seen=_seen(asking)))
    _keep_other_drafts(asking, {*here.questions, *kept}, wanted.waiting)
    if act == "later":
        return redirect(asking.after)
    if goal:
        return _at_instance(asking, kept, here, goal)
    after = number + (-1 if act == "back" else 1)
    total = len(asking.pages(asking.evaluate({**asking.saved, **kept})))
    return redirect(f"{asking.url}/{after}" if 1 <= after <= total else asking.after)


def _repeat(asking: Asking, here: Page, act: str, before: Answers, kept: Answers) -> str:
    """One instance more, or this one out: changes `kept`, returns the instance to go on with."""
    state = asking.evaluate({**before, **kept})
    if act == "more":
        change, goal = repeats.one_more(state, here)
    else:
        change = repeats.without(asking.form, {**before, **kept}, state, here)
        goal = f"{repeats.count_key(here).removeprefix(here.repeat)}[1]"
    kept |= change
    return goal


def _at_instance(asking: Asking, kept: Answers, here: Page, goal: str) -> ResponseReturnValue:
    pages = asking.pages(asking.evaluate({**asking.saved, **kept}))
    there = (n for n, p in enumerate(pages, 1) if p.repeat == here.repeat and p.instance == goal)
    return redirect(f"{asking.url}/{next(there, 1)}")


def _open(asking: Asking, here: Page, answers: Answers, wrong: Answers) -> Answers:
    """What of this page the form itself refuses or misses, beyond what is wrong already."""
    state, found = asking.evaluate(answers), dict(wrong)
    mine = set(here.questions) - asking.fixed
    for name, said in state.violations:
        if name in mine:
            found.setdefault(name, said)
    for name in state.missing:
        if name in mine:
            found.setdefault(name, _wanted(asking.form.question(name)))
    return found


def _wanted(question: Question) -> str:
    """What is said of an answer that is missing: the form's own sentence where it has one."""
    verb = {"select_one": "を選んで", "select_multiple": "を選んで", "acknowledge": "に印を付けて"}
    return question.required_message or (
        f"「{question.label}」{verb.get(question.type, 'を入れて')}ください。"
    )


def resume(asking: Asking, begun: bool) -> ResponseReturnValue:
    """Where the work goes on: the first page at first, later the first that is not finished."""
    state = asking.evaluate(asking.saved)
    pages = asking.pages(state)
    open_names = set(state.missing) | {name for name, _ in state.violations}
    for number, here in enumerate(pages, start=1):
        if begun and open_names & (set(here.questions) - asking.fixed):
            return redirect(f"{asking.url}/{number}")
    return redirect(f"{asking.url}/1" if pages else asking.after)


def _add_to_draft(asking: Asking, typed: Answers) -> str:
    """What is typed joins the draft; returns when that was."""
    case, name = asking.case, asking.form.name
    had = records.draft(case.trip, case.applicant.id, name) or {}
    fresh = {**had, **asking.for_draft(typed)}
    seen = _seen(asking)
    return records.save_draft(vault(), case.trip, case.applicant.id, name, fresh, seen)


def _seen(asking: Asking) -> int:
    return stale.seen(asking.case.trip, asking.case.applicant.id, asking.form.name)


def _keep_other_drafts(asking: Asking, gone: set[str], waiting: Answers) -> None:
    """This page is saved: its draft goes; what was typed on other pages, or waits, stays."""
    case, name = asking.case, asking.form.name
    had = records.draft(case.trip, case.applicant.id, name) or {}
    left = {q: text for q, text in had.items() if q not in gone} | waiting
    if left:
        records.save_draft(vault(), case.trip, case.applicant.id, name, left)
    else:
        records.drop_draft(case.trip, case.applicant.id, name)
