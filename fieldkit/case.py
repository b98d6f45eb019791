"""What is known of one applicant at the moment: the slip, the answers, and what follows from them.

Read once for a screen. Nothing here decides: the rules of papers, fees and identity are judged
by fieldkit.apply and fieldkit.id_check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit import visit
from fieldkit.forms import Evaluated, Form
from fieldkit.forms.kinds import APPLICATION
from fieldkit.reserve import Slip
from fieldkit.rules.wareki import iso_day
from fieldkit.store import heard, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from sync.ids import child_id

FORM = APPLICATION


@dataclass(frozen=True)
class Case:
    """Everything that the screens of one applicant need, read once."""

    trip: OpenTrip
    slip: Slip
    applicant: Record
    application: Record | None
    form: Form
    answers: dict[str, str]
    state: Evaluated
    today: date

    @property
    def body(self) -> dict[str, Any]:
        """The fields of the application; none before the first save."""
        return self.application.body if self.application else {}


def case_of(trip: OpenTrip, slip: Slip, applicant: Record, form: Form, today: date) -> Case:
    """The applicant's answers: from the desk, then saved ones, then what is being typed."""
    now = visit.application(trip, applicant.id)
    saved = (now.get("answers", {}) if now else {}) or {}
    answers = {
        **form.defaults(),
        **form.prefill(slip.reservation.body, applicant.body),
        **{k: str(v) for k, v in saved.items()},
    }
    return Case(trip, slip, applicant, now, form, answers, form.evaluate(answers, today), today)


@contextmanager
def changing(case: Case) -> Iterator[dict[str, Any]]:
    """The application's fields as they are now, and nobody else saves while they are changed.

    For a save that keeps a part of a field: the case was read when its request began, and another
    window or a print may have saved since. Nothing of the book may be written inside.
    """
    with case.trip.db.read():
        now = visit.application(case.trip, case.applicant.id)
        yield now.body if now else {}


def typed(case: Case) -> dict[str, str]:
    """The answers with the unsaved draft on top: what the screen shows after a power cut."""
    draft = records.draft(case.trip, case.applicant.id, FORM) or {}
    seen = records.draft_seen(case.trip, case.applicant.id, FORM)
    old = untouched(case, draft, seen)
    return {**case.answers, **{k: str(v) for k, v in draft.items() if k not in old}}


def untouched(case: Case, typed: Mapping[str, str], seen: int | None) -> set[str]:
    """Which answers of a page that was drawn at `seen` the other laptop has changed since, and
    this page has not (fieldkit/store/heard.py)."""
    own = child_id(case.applicant.id, "application")
    shown = {
        **case.form.defaults(),
        **case.form.prefill(case.slip.reservation.body, case.applicant.body),
    }
    return heard.untouched(case.trip, own, "answers.", typed, seen, shown)


def unsaved(case: Case) -> bool:
    """Whether something was typed into the application that no paper shows yet: 「保存して次へ」
    was not pressed on that page."""
    return bool(records.draft(case.trip, case.applicant.id, FORM))


def applicant_kind(case: Case) -> str:
    """The kind as the form now says it, in the desk's words (new, renew, lost, damaged, other)."""
    return visit.kind_of(case.applicant, case.state.values)


def loss_report_date(case: Case) -> date | None:
    """When the loss was reported: on the 紛失・廃止届 of today, else as the desk was told.

    The 30 days of express issue start on it. The sheet asks only where the desk noted no day, or
    noted a wrong one.
    """
    sheet = (case.body.get("sheet_funshitsu") or {}).get("answers") or {}
    told = str(case.applicant.get("loss_report_date"))
    if not told or sheet.get("filed_wrong") == "yes":
        told = str(sheet.get("report_date") or told)
    return iso_day(told)


def birth_of(case: Case) -> date | None:
    """The birth date as the form says it, else as the desk noted it; None while there is none."""
    return iso_day(case.state.values.get("birth") or str(case.applicant.get("birth")))
