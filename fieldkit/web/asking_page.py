"""One page of a form as it is typed and drawn: what was sent, how it is stored, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from fieldkit.case import Case
from fieldkit.errors import BadInput
from fieldkit.forms import Evaluated, Form, Page, Question
from fieldkit.forms.form import SILENT, UNSEEN
from fieldkit.rules.names import half_width_number
from fieldkit.rules.wareki import iso_day, parse_date, wareki
from fieldkit.web.common import masked, today

DIGITS = frozenset({"zip", "tel", "agent_tel"})
"""Questions of the 交付申請書 that hold digits, whatever their `appearance` says."""
DIGIT_LOOKS = frozenset({"tel", "numbers"})


Answers = dict[str, str]


@dataclass(frozen=True)
class Asking:
    """One form of one applicant at the screen.

    `url` is its address, `saved` the answers as they are stored, `typed` those with the draft on
    top, `fixed` the questions that are answered elsewhere, `after` where the end leads,
    `entry` adds what one question needs besides, `for_draft` says what may be kept unchecked.
    """

    case: Case
    form: Form
    url: str
    saved: Answers
    typed: Answers
    after: str
    fixed: frozenset[str] = frozenset()
    entry: Callable[[str, str], dict[str, Any] | None] = lambda name, value: None
    for_draft: Callable[[Answers], Answers] = masked
    shown: Mapping[str, Any] = field(default_factory=dict)

    def pages(self, state: Evaluated) -> tuple[Page, ...]:
        """The pages on which something is asked (or said) that is not answered elsewhere."""
        asked = state.relevant - self.fixed
        return tuple(
            p
            for p in state.pages
            if any(n in asked and self.form.question(n).type not in UNSEEN for n in p.questions)
        )

    def evaluate(self, values: Answers) -> Evaluated:
        return self.form.evaluate(values, today())


def sent(asking: Asking, names: tuple[str, ...]) -> Answers:
    """These answers as typed; what the browser did not send is blank."""
    found = {}
    for name in names:
        if asking.form.question(name).type in SILENT or name in asking.fixed:
            continue
        text = " ".join(request.form.getlist(name))
        found[name] = text.replace("\r\n", "\n").strip()  # a browser sends every line end so
    return found


def stored(asking: Asking, typed: Answers) -> tuple[Answers, list[BadInput]]:
    """Typed answers as they are stored: dates as ISO, digits half width, names untouched."""
    kept, errors = dict(typed), []
    for name, text in typed.items():
        question = asking.form.question(name)
        if _is_digits(question):
            kept[name] = half_width_number(text)
        if question.type == "date" and text:
            try:
                kept[name] = parse_date(text, name).isoformat()
            except BadInput as error:
                errors.append(error)
    return kept, errors


def _is_digits(question: Question) -> bool:
    looks = DIGIT_LOOKS & set(question.appearance.split())
    return question.name in DIGITS or bool(looks) or question.type in ("integer", "decimal")


def _said(question: Question, text: str) -> str:
    """A stored date is shown in wareki; everything else as it is."""
    if question.type != "date":
        return text
    day = iso_day(text)
    return wareki(day) if day else text


def rows_of(
    asking: Asking, here: Page, state: Evaluated, values: Answers, wrong: Answers
) -> list[dict[str, Any]]:
    """The questions of a page as the template draws them, each with its answer and its error."""
    rows = []
    for name in here.questions:
        q = asking.form.question(name)
        hidden = name not in state.relevant and name not in wrong
        if q.type in UNSEEN or name in asking.fixed or (hidden and q.type == "note"):
            continue
        locked = name in state.read_only
        rows.append(
            {
                "name": name,
                "type": "calculate" if locked else q.type,
                "label": state.said(q.label, name),
                "hint": state.said(q.hint, name),
                "required": bool(q.required_expr),
                "choices": [{"name": c.name, "label": c.label} for c in state.choices_of(name)],
                "value": _said(q, state.values[name] if locked else values.get(name, "")),
                "error": wrong.get(name, ""),
                "relevant": not hidden,
                "long": "multiline" in q.appearance.split(),
                "id_entry": asking.entry(name, values.get(name, "")),
            }
        )
    return rows
