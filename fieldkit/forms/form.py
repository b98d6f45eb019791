"""The nouns of a form: questions, pages, and what an answer set evaluates to.

Everything here is a frozen value. Answers are strings by question name: a date is
`YYYY-MM-DD`, a choice is its `name`, several choices are names with blanks between them, an
acknowledgement is `OK`. Nothing here reads a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldkit.forms.prefill import prefill
from fieldkit.forms.rules import Rules

#: Types that show something but never take an answer.
SILENT = frozenset({"note", "calculate"})


@dataclass(frozen=True)
class Choice:
    """One possible answer: the stored `name` and the `label` that people read."""

    name: str
    label: str


@dataclass(frozen=True)
class Question:
    """One row of the survey sheet. Expressions are XForms XPath with absolute paths.

    `row` is the row of the sheet (the heading is row 1), so that an error can be found by
    the person who edits the table. `group` is the name of the page's group, or "".
    """

    name: str
    type: str
    label: str
    hint: str = ""
    group: str = ""
    required_expr: str = ""
    relevant_expr: str = ""
    constraint_expr: str = ""
    constraint_message: str = ""
    required_message: str = ""
    calculate_expr: str = ""
    default: str = ""
    appearance: str = ""
    choices: tuple[Choice, ...] = ()
    path: str = ""
    row: int = 0

    def label_of(self, value: str) -> str:
        """The words on screen and paper for a stored `value` (the value itself if unknown)."""
        names = {choice.name: choice.label for choice in self.choices}
        parts = value.split() if self.type == "select_multiple" else [value]
        return "、".join(names.get(part, part) for part in parts)


@dataclass(frozen=True)
class Page:
    """What is asked together: one group, or one question outside any group."""

    name: str
    title: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Consent:
    """The wording that the applicant agreed to; `version` is stored with every consent."""

    version: str
    valid_from: str
    text: str


@dataclass(frozen=True)
class Wording:
    """One text file of the folder, e.g. `body.easy.md`: `version` and `title` from its head."""

    version: str
    title: str
    text: str


@dataclass(frozen=True)
class Evaluated:
    """The state of a form for one set of answers on one day.

    `values` holds every question, calculated ones included; a question that is not relevant
    reads as blank (ODK's rule), though the caller keeps what was typed. `missing` and
    `violations` follow the order of the sheet. `pages` are those with something to show.
    """

    values: dict[str, str]
    relevant: frozenset[str]
    missing: tuple[str, ...]
    violations: tuple[tuple[str, str], ...]
    pages: tuple[Page, ...]

    @property
    def complete(self) -> bool:
        """True when nothing is missing and nothing is wrong."""
        return not self.missing and not self.violations


@dataclass(frozen=True)
class Form:
    """A loaded form. Safe to share between threads; evaluation keeps no state."""

    name: str
    title: str
    version: str
    questions: tuple[Question, ...]
    pages: tuple[Page, ...]
    rules: Rules = field(repr=False, compare=False)
    consent: Consent | None = None
    layout: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    sample: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    wordings: dict[str, Wording] = field(default_factory=dict, repr=False, compare=False)

    def question(self, name: str) -> Question:
        """The question called `name`. Raises KeyError for a name the form does not have."""
        for question in self.questions:
            if question.name == name:
                return question
        raise KeyError(name)

    def wording(self, kind: str, language: str = "ja") -> Wording | None:
        """The text `kind` (`consent`, `body`) in `language` (ja, easy, en), else in Japanese."""
        return self.wordings.get(f"{kind}.{language}") or self.wordings.get(f"{kind}.ja")

    def defaults(self) -> dict[str, str]:
        """The answers that a new, empty form starts with."""
        return {q.name: q.default for q in self.questions if q.default}

    def evaluate(self, answers: dict[str, str], today: date) -> Evaluated:
        """Say what is asked, what is missing and what is wrong on `today`.

        Unknown names in `answers` are ignored (an older form version may have asked more).
        Raises KitError `form_circular` when the form's own rules never settle.
        """
        settled = self.rules.settle(answers, today)
        relevant = frozenset(q.name for q in self.questions if settled.relevant(q.path))
        values = {q.name: settled.value(q.path) for q in self.questions}
        missing, violations = [], []
        for q in self.questions:
            if q.name not in relevant or q.type in SILENT:
                continue
            if not values[q.name].strip() or (q.type == "acknowledge" and values[q.name] != "OK"):
                if settled.is_required(q.path):
                    missing.append(q.name)
            elif message := settled.refusal(q, values[q.name]):
                violations.append((q.name, message))
        shown = relevant - {q.name for q in self.questions if q.type == "calculate"}
        pages = tuple(page for page in self.pages if shown & set(page.questions))
        return Evaluated(values, relevant, tuple(missing), tuple(violations), pages)

    def prefill(self, reservation: dict[str, Any], applicant: dict[str, Any]) -> dict[str, str]:
        """Answers that the desk already took (001 §8(2)オ), by the names of this form."""
        known = {q.name for q in self.questions if q.type not in SILENT}
        found = prefill(reservation, applicant)
        return {name: value for name, value in found.items() if name in known}
