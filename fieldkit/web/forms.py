"""交付申請書: the application's own pages, asked by fieldkit/web/asking.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fieldkit import apply, form_ids, renewals, visit
from fieldkit.apply import Case
from fieldkit.case import changing, untouched
from fieldkit.rules.verdict import Refused
from fieldkit.store import records
from fieldkit.web import asking
from fieldkit.web.address import base_of
from fieldkit.web.asking import Answers, Asking, Wanted
from fieldkit.web.common import kit, masked, vault
from fieldkit.web.form_qr import entry, settle
from fieldkit.web.visits import case_of

screens = Blueprint("forms", __name__)


def _asking(case: Case) -> Asking:
    base = base_of(case)
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
        lambda typed, kept: _settle(case, typed, kept),
    )


def _settle(case: Case, typed: Answers, kept: Answers) -> Wanted:
    """The 申請書ID by its own rules; a card that cannot be renewed today goes no further."""
    wanted = settle(case, typed, kept)
    found = renewals.judged(kept.get(renewals.CARD_UNTIL, ""), case, kit().city())
    if isinstance(found, Refused):
        says = found.sentence + "".join(found.nearest)
        return replace(wanted, not_yet={**wanted.not_yet, renewals.CARD_UNTIL: says})
    return wanted


def _keep(case: Case, kept: Answers, wanted: Wanted) -> None:
    old = untouched(case, kept, wanted.seen)
    kept = {name: text for name, text in kept.items() if name not in old}
    with changing(case) as body:
        fields: dict[str, Any] = {
            "answers": {**case.answers, **(body.get("answers") or {}), **kept},
            "form_version": case.form.version,
            "state": "doing",
            **wanted.fields,
        }
        visit.save_application(vault(), case.trip, case.applicant, fields, wanted.seen)
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
