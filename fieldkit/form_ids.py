"""The 申請書ID of an application: read from the QR, or typed twice, and kept with how it came.

Which question asks for it is said by the form itself (`appearance` holds `form-id`). An ID counts
only when it was scanned or typed twice alike; until then it is a draft and never an answer. How
it came is kept as `form_id_source = {"how": "scan" | "typed", "at"}` of the application.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldkit import visit
from fieldkit.apply import FORM, Case
from fieldkit.forms import Form
from fieldkit.rules import form_id
from fieldkit.rules.form_id import FormId
from fieldkit.rules.verdict import Refused
from fieldkit.store import records
from fieldkit.store.vault import Vault

APPEARANCE = "form-id"
SCAN = "form-id-scan"
"""The draft that holds a scanned ID until the page is saved."""


@dataclass(frozen=True)
class Settled:
    """The ID to keep ("" where the applicant has none) and how it came ({} where there is none)."""

    digits: str
    source: dict[str, Any]


def question_of(form: Form) -> str:
    """The name of the question that asks for the ID, "" in a form without one."""
    marked = (q.name for q in form.questions if APPEARANCE in q.appearance.split())
    return next(marked, "")


def source_of(case: Case, text: str) -> dict[str, Any]:
    """How this very ID came, if it was scanned or typed twice; {} if it was not (yet)."""
    digits = form_id.folded(text)
    if not digits:
        return {}
    kept = case.body.get("form_id_source") or {}
    if kept and digits == case.answers.get(question_of(case.form)):
        return dict(kept)
    scan = records.draft(case.trip, case.applicant.id, SCAN) or {}
    if digits == scan.get("id"):
        return {"how": "scan", "at": scan["at"]}
    return {}


def keep_scan(vault: Vault, case: Case, found: FormId) -> None:
    """What the camera read is in the form's draft at once; a power cut does not lose it."""
    visit.refuse_if_closed(case.trip, case.applicant)
    aid = case.applicant.id
    records.save_draft(vault, case.trip, aid, SCAN, {"id": found.digits, "at": vault.now()})
    had = records.draft(case.trip, aid, FORM) or {}
    mine = {question_of(case.form): found.digits}
    records.save_draft(vault, case.trip, aid, FORM, {**had, **mine})


def settle(vault: Vault, case: Case, first: str, second: str) -> Settled | Refused:
    """The ID that this page may keep, or why it may not yet."""
    if not form_id.folded(first) and not form_id.folded(second):
        return Settled("", {})
    if source := source_of(case, first):
        return Settled(form_id.folded(first), source)
    read = form_id.typed_twice(first, second)
    if isinstance(read, Refused):
        return read
    return Settled(read.digits, {"how": "typed", "at": vault.now()})


def for_draft(text: str) -> str:
    """What autosave may keep of a half-typed ID: folded, and never twelve digits."""
    return "" if form_id.has_number(text) else form_id.folded(text)
