"""交付申請書: the application's own pages, asked by fieldkit/web/asking.py."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fieldkit import apply, form_ids, visit
from fieldkit.apply import Case
from fieldkit.store import records
from fieldkit.web import asking
from fieldkit.web.asking import Answers, Asking, Wanted
from fieldkit.web.common import masked, vault
from fieldkit.web.form_qr import entry, settle
from fieldkit.web.visits import case_of

screens = Blueprint("forms", __name__)


def _asking(case: Case) -> Asking:
    base = f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}"
    return Asking(
        case,
        case.form,
        f"{base}/form",
        case.answers,
        apply.typed(case),
        base,
        entry=lambda name, value: entry(case, name, value),
        for_draft=lambda typed: _for_draft(case, typed),
    )


@screens.get("/visit/<rid>/a/<aid>/form/<int:number>")
def show(rid: str, aid: str, number: int) -> ResponseReturnValue:
    return asking.show(_asking(case_of(rid, aid)), number)


@screens.post("/visit/<rid>/a/<aid>/form/draft")
def draft(rid: str, aid: str) -> ResponseReturnValue:
    return asking.draft(_asking(case_of(rid, aid)))


@screens.post("/visit/<rid>/a/<aid>/form/<int:number>")
def save(rid: str, aid: str, number: int) -> ResponseReturnValue:
    case = case_of(rid, aid)
    return asking.save(
        _asking(case),
        number,
        lambda kept, wanted: _keep(case, kept, wanted),
        lambda typed, kept: settle(case, typed, kept),
    )


def _keep(case: Case, kept: Answers, wanted: Wanted) -> None:
    fields: dict[str, Any] = {
        "answers": {**case.answers, **kept},
        "form_version": case.form.version,
        "state": "doing",
        **wanted.fields,
    }
    visit.save_application(vault(), case.trip, case.applicant, fields)
    if wanted.fields:
        records.drop_draft(case.trip, case.applicant.id, form_ids.SCAN)


def _for_draft(case: Case, typed: Answers) -> Answers:
    """What may be kept unchecked: never an Individual Number, in the ID's box no twelve digits."""
    name = form_ids.question_of(case.form)
    return {n: form_ids.for_draft(t) if n == name else t for n, t in masked(typed).items()}


@screens.get("/visit/<rid>/a/<aid>/form")
def resume(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    return asking.resume(_asking(case), bool(case.body.get("answers")))
