"""The nouns of a form: questions, pages, and the form that asks them.

Everything here is a frozen value. Answers are strings by question name: a date is
`YYYY-MM-DD`, a choice is its `name`, several choices are names with blanks between them, an
acknowledgement is `OK`. Inside a repeat the key is `name[2]` for the 2nd instance, inside two
repeats `name[2][1]`; the key of the repeat itself holds the number of its instances. Nothing
here reads a file or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldkit.forms.binds import Choice, Rules
from fieldkit.forms.evaluated import Evaluated, Page, evaluated
from fieldkit.forms.kinds import SILENT, UNSEEN
from fieldkit.forms.prefill import prefill
from fieldkit.forms.settle import settle

__all__ = ["SILENT", "UNSEEN", "Choice", "Consent", "Evaluated", "Form", "Page", "Question"]

#: How the kit calls a language, and how an XLSForm's heading may name it.
_TONGUES = {
    "en": ("(en)", "english"),
    "easy": ("easy", "やさしい"),
    "ja": ("(ja)", "日本語", "japanese"),
}


@dataclass(frozen=True)
class Question:
    """One row of the survey sheet. Expressions are XForms XPath with absolute paths.

    `row` is the row of the sheet (the heading is row 1), so that an error can be found by
    the person who edits the table. `group` is the name of the page's group, or "". `repeat` is
    the name of the innermost repeat around it, or "". `choices` are all that the list holds;
    what is offered now is `Evaluated.choices_of`. `labels` hold the words by
    language as the headings name it, the form's own language first. `range` is its two ends and
    its step.
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
    repeat: str = ""
    readonly_expr: str = ""
    range: tuple[float, float, float] = (0, 0, 0)
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    def label_of(self, value: str) -> str:
        """The words on screen and paper for a stored `value` (the value itself if unknown)."""
        names = {choice.name: choice.label for choice in self.choices}
        parts = value.split() if self.type == "select_multiple" else [value]
        return "、".join(names.get(part, part) for part in parts)

    def label_in(self, language: str) -> str:
        """The label in `language` (ja, easy, en), else in the form's own language."""
        return in_language(self.labels, language) or self.label


def in_language(words: Mapping[str, str], language: str) -> str:
    """The words whose heading names `language` (ja, easy, en), or blank."""
    marks = _TONGUES.get(language, (language.lower(),))
    easy = _TONGUES["easy"] if language != "easy" else ()
    for heading, text in words.items():
        name = heading.lower()
        if name == language:
            return text
        if any(mark in name for mark in marks) and not any(mark in name for mark in easy):
            return text
    return ""


def own_language(said: str, headings: Iterable[str]) -> str:
    """The language that a form is asked in: what the settings say, else Japanese where a heading
    names it (`label::日本語 (ja)`), so that the order of the columns decides nothing."""
    tongues = {name: name for name in headings}
    if said in tongues and said != "default":
        return said
    return in_language(tongues, "ja") if "default" not in tongues else said


@dataclass(frozen=True)
class Repeat:
    """A part of the form that is asked several times. `count_expr` is blank where people say how
    often; `repeat` is the repeat around it, or ""."""

    name: str
    label: str
    count_expr: str = ""
    repeat: str = ""
    path: str = ""
    row: int = 0


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
    repeats: tuple[Repeat, ...] = ()
    languages: tuple[str, ...] = ()

    def question(self, name: str) -> Question:
        """The question called `name` (or `name[2]`); a repeat's own key is a question of the type
        `repeat`, how many there are. KeyError for a name the form does not have."""
        bare = name.partition("[")[0]
        for question in self.questions:
            if question.name == bare:
                return question
        for repeat in self.repeats:
            if repeat.name == bare:
                return Question(bare, "repeat", repeat.label, path=repeat.path, row=repeat.row)
        raise KeyError(name)

    def repeat(self, name: str) -> Repeat:
        """The repeat called `name` (or `name[2]`). KeyError for a name the form does not have."""
        bare = name.partition("[")[0]
        for one in self.repeats:
            if one.name == bare:
                return one
        raise KeyError(name)

    def wording(self, kind: str, language: str = "ja") -> Wording | None:
        """The text `kind` (`consent`, `body`) in `language` (ja, easy, en), else in Japanese."""
        return self.wordings.get(f"{kind}.{language}") or self.wordings.get(f"{kind}.ja")

    def defaults(self, today: date | None = None) -> dict[str, str]:
        """The answers that a new, empty form starts with; those that are calculated (`today()`
        as a default) only where a day is given."""
        found = {q.name: q.default for q in self.questions if q.default and not q.repeat}
        if today is not None and self.rules.dynamic:
            made = settle(self.rules, {}, today).dynamic_found
            found |= {name: text for name, text in made.items() if text}
        return found

    def evaluate(self, answers: dict[str, str], today: date) -> Evaluated:
        """Say what is asked, what is missing and what is wrong on `today`.

        A `today` with a time (datetime) is also what `now()` says. Unknown names in `answers` are
        ignored (an older form version may have asked more). Raises KitError `form_circular` when
        the form's own rules never settle.
        """
        return evaluated(self, answers, today)

    def prefill(self, reservation: dict[str, Any], applicant: dict[str, Any]) -> dict[str, str]:
        """Answers that the desk already took (001 §8(2)オ), by the names of this form."""
        known = {q.name for q in self.questions if q.type not in SILENT and not q.repeat}
        found = prefill(reservation, applicant)
        return {name: value for name, value in found.items() if name in known}
