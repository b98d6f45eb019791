"""さまざまな届出: the other forms of one applicant (001 §9(3)イ–コ), filled on the screen.

What stands on two papers is asked once: `[copied]` of a form's layout.toml says from where a
question's answer is taken (`name = "application.name"`). Only the rest is asked. The own answers
are kept in the field `sheet_<form>` of the application, with the form's version; a newer version
of the form keeps what was answered before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fieldkit import visit
from fieldkit.apply import FORM, Case
from fieldkit.case import changing
from fieldkit.citydata import CityData
from fieldkit.errors import BadCityData
from fieldkit.forms import Evaluated, Form, Question, list_forms, load_form
from fieldkit.forms.form import SILENT
from fieldkit.paper.layout_keys import SOURCES
from fieldkit.store import records
from fieldkit.store.vault import Vault

FIELD = "sheet_"
STATE_JA = {"todo": "未記入", "doing": "途中", "done": "記入済み"}


@dataclass(frozen=True)
class Sheet:
    """One form of one applicant. `answers` is everything that prints: copied, own and defaults.

    `copied` maps a question to its source; `kept` is the stored field; `state` is the form's own
    judgement of `answers`; `progress` is todo, doing or done.
    """

    form: Form
    answers: dict[str, str]
    copied: dict[str, str]
    state: Evaluated
    kept: Mapping[str, Any]
    progress: str

    @property
    def own(self) -> tuple[str, ...]:
        """The questions that are asked here and now."""
        return own_questions(self.form, self.state, self.copied)


def own_questions(form: Form, state: Evaluated, copied: Mapping[str, str]) -> tuple[str, ...]:
    """What is relevant, takes an answer and is not copied, in the order of the form."""
    return tuple(
        q.name
        for q in form.questions
        if q.type not in SILENT and q.name not in copied and _asked(q, state)
    )


def _asked(question: Question, state: Evaluated) -> bool:
    """Whether the question (of a repeat: any instance of it) is relevant now."""
    if not question.repeat:
        return question.name in state.relevant
    return any(key.startswith(f"{question.name}[") for key in state.relevant)


class Shelf:
    """The city's forms as one request sees them: looked for and read once each."""

    def __init__(self, forms_dir: Path) -> None:
        self.forms_dir = forms_dir
        self._read: dict[str, Form] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """The folders that hold a form."""
        return frozenset(list_forms(self.forms_dir))

    def form(self, name: str) -> Form:
        """NotFound where the city has no such form."""
        if name not in self._read:
            self._read[name] = load_form(self.forms_dir, name)
        return self._read[name]


def sheet_of(shelf: Shelf, case: Case, city: CityData, name: str) -> Sheet:
    """The applicant's form `name` as it stands. NotFound where the city has no such form;
    BadCityData where `[copied]` names a source that does not exist."""
    form = shelf.form(name)
    kept: Mapping[str, Any] = case.body.get(FIELD + name) or {}
    if of_application(form):
        progress = "done" if case.state.complete else ("doing" if case.body.get("answers") else "")
        return Sheet(form, case.answers, {}, case.state, kept, progress or "todo")
    copied = {str(q): str(source) for q, source in form.layout.get("copied", {}).items()}
    taken = {q: _value(case, city, form, source) for q, source in copied.items()}
    own = {str(q): str(text) for q, text in (kept.get("answers") or {}).items()}
    answers = {**form.defaults(), **own, **taken}
    state = form.evaluate(answers, case.today)
    return Sheet(form, answers, copied, state, kept, _progress(case, form, state, copied, kept))


def of_application(form: Form) -> bool:
    """Whether it asks nothing of its own: the application, or another layout for its answers."""
    return form.name == FORM or form.layout.get("questions") == FORM


def _progress(
    case: Case, form: Form, state: Evaluated, copied: Mapping[str, str], kept: Mapping[str, Any]
) -> str:
    if not own_questions(form, state, copied):
        return "done" if state.complete else "doing"
    if records.draft(case.trip, case.applicant.id, form.name):
        return "doing"
    if not kept.get("answers"):
        return "todo"
    return "done" if state.complete else "doing"


def _value(case: Case, city: CityData, form: Form, source: str) -> str:
    """What a source says now, "" where it says nothing (yet)."""
    table, _, name = source.partition(".")
    if table not in SOURCES or not name:
        known = "・".join(SOURCES)
        says = f"書き写す元「{source}」がわかりません。{known} のどれかで始めてください"
        raise BadCityData(f"{form.name}/layout.toml", "copied", says)
    if table == "application":
        return case.state.values.get(name, "")
    if table in ("applicant", "reservation"):
        record = case.applicant if table == "applicant" else case.slip.reservation
        return str(record.get(name))
    if table == "city":
        return city_word(city, name)
    if table == "visit":
        return case.today.isoformat() if name == "day" else ""
    fee = case.body.get("fee") or {}
    number = str(case.body.get("receipt_no") or "")
    return {"no": number, "yen": str(fee.get("yen", "")) if number else ""}.get(name, "")


def city_word(city: CityData, name: str) -> str:
    """What offices.toml says under `table.key`, "" where it says nothing."""
    value: Any = city.offices
    for key in name.split("."):
        value = value.get(key, "") if isinstance(value, Mapping) else ""
    return str(value)


def typed(case: Case, sheet: Sheet) -> dict[str, str]:
    """The answers with the unsaved draft on top: what the screen shows after a power cut."""
    draft = records.draft(case.trip, case.applicant.id, sheet.form.name) or {}
    fresh = {k: str(v) for k, v in draft.items() if k not in sheet.copied}
    return {**sheet.answers, **fresh}


def save(
    vault: Vault, case: Case, sheet: Sheet, answers: Mapping[str, str], seen: int | None = None
) -> None:
    """Keep the own answers, over what was kept before. NotReady where the visit is closed.

    Nothing is written when nothing changed (a second press, a repeat after a kill). `seen` is what
    the page was drawn with (fieldkit/store/heard.py).
    """
    own = {q: text for q, text in answers.items() if q not in sheet.copied}
    with changing(case) as body:
        had = body.get(FIELD + sheet.form.name) or {}
        before = dict(had.get("answers") or {})
        now = {**before, **own}
        if had.get("version") == sheet.form.version and now == before:
            visit.refuse_if_closed(case.trip, case.applicant)
            return
        kept = {"version": sheet.form.version, "answers": now, "at": vault.now()}
        _keep(vault, case, sheet.form.name, {**had, **kept}, seen)


def mark_by_hand(vault: Vault, case: Case, name: str, by_hand: bool) -> None:
    """A paper that was written by hand on the city's own sheet (or that was not, after all)."""
    with changing(case) as body:
        kept = body.get(FIELD + name) or {}
        _keep(vault, case, name, {**kept, "by_hand": by_hand})


def by_hand(case: Case, name: str) -> bool:
    """Whether somebody ticked 「紙の用紙に手書きした」 for this form."""
    return bool((case.body.get(FIELD + name) or {}).get("by_hand"))


def _keep(
    vault: Vault, case: Case, name: str, kept: dict[str, Any], seen: int | None = None
) -> None:
    visit.save_application(vault, case.trip, case.applicant, {FIELD + name: kept}, seen)
