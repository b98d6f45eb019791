"""A form without layout.toml on paper: its questions and answers as a plain list on A4.

For a form that a city already has for another purpose: nobody has to draw a layout first. Only
what is asked is listed. A blank sheet lists every question, the choices with boxes to tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import category

from fieldkit.errors import KitError
from fieldkit.forms.form import SILENT, Evaluated, Form, Page, Question
from fieldkit.paper.dates import answered_day, printed_mark
from fieldkit.paper.engine import press, render
from fieldkit.paper.fill import Fault
from fieldkit.paper.glyphs import Face, inked
from fieldkit.paper.obstacles import CannotPrint, Problem, of_error, of_fault
from fieldkit.paper.sheet import Item, state_of

Row = dict[str, Any]
_TICK = "□ "
#: Emoji and characters of no shape. (The selectors of kanji, Mn, are no ornament.)
_ORNAMENT, _COLOUR = {"So", "Sk", "Cf"}, "\ufe0f"
_DONE = {"OK": "はい"}


def plain_sheet(forms_dir: Path, item: Item, printed_at: datetime) -> bytes:
    """The list as PDF/A-2u. Raises CannotPrint with every character that no font has, and what
    `print_form` raises for answers that cannot be."""
    if item.sample:
        item = replace(item, answers=item.form.sample)
    writer = _Writer(item, press(forms_dir).name)
    rows = writer.rows(printed_at)
    if writer.faults:
        raise CannotPrint([of_fault(item.form, fault, item.who) for fault in writer.faults])
    form = item.form
    data = {
        "title": form.title,
        "heading": inked(form.title, press(forms_dir).name, "様式の題名"),
        "rows": rows,
        "across": "記入例" if item.sample else "",
        "footer_left": f"様式 {form.name} 版 {form.version}".removesuffix(" 版 "),
        "footer_right": f"印刷 {printed_mark(printed_at)}",
    }
    return render(forms_dir, "plain.typ", data, printed_at).pdf


def plain_problems(forms_dir: Path, item: Item, printed_at: datetime) -> list[Problem]:
    """All that keeps the list from being printed; nothing can be too long for it."""
    writer = _Writer(item, press(forms_dir).name)
    try:
        writer.rows(printed_at)
    except KitError as error:
        return [of_error(item.form, error, item.who)]
    return [of_fault(item.form, fault, item.who) for fault in writer.faults]


@dataclass
class _Writer:
    """Makes the rows of one list; gathers the characters that no font draws."""

    item: Item
    faces: tuple[Face, ...]
    faults: list[Fault] = field(default_factory=list)

    @property
    def form(self) -> Form:
        return self.item.form

    def rows(self, printed_at: datetime) -> list[Row]:
        """Headings of pages, notes, and questions with their answers, in the order of asking."""
        if self.item.blank:
            return [row for page in self.form.pages for row in self._page(page, None)]
        state = state_of(self.form, self.item.answers, printed_at)
        return [row for page in state.pages for row in self._page(page, state)]

    def _page(self, page: Page, state: Evaluated | None) -> Iterator[Row]:
        shown = [key for key in page.questions if state is None or key in state.relevant]
        asked = [(key, self.form.question(key)) for key in shown]
        grouped = bool(asked and asked[0][1].group) or bool(page.repeat)
        if grouped and page.title and asked:
            yield {"kind": "head", "text": self._label(page.title, page.name, page.title)}
        for key, question in asked:
            if question.type not in SILENT or question.type == "note":
                yield self._row(key, question, state)

    def _row(self, key: str, question: Question, state: Evaluated | None) -> Row:
        label = question.label_in(self.item.language) or question.name
        label = state.said(label, key) if state else label
        words = self._label(label, key, question.label)
        if question.type == "note":
            return {"kind": "note", "text": words}
        answer = self._answer(question, state.values.get(key, "") if state else None)
        write = self._label if question.choices else self._ink
        return {"kind": "answer", "label": words, "text": write(answer, key, question.label)}

    def _answer(self, question: Question, value: str | None) -> str:
        """The printed words of an answer; None is a blank sheet, to be ticked by hand."""
        if value is None:
            return "　".join(_TICK + choice.label for choice in question.choices)
        if question.type == "date" and value:
            return answered_day(value)
        if question.type == "acknowledge":
            return _DONE.get(value, value)
        return question.label_of(value)

    def _label(self, text: str, key: str, label: str) -> Any:
        """The city's own words: a picture character or an invisible one is left out."""
        chars = {ord(c) for face in self.faces for c in text if ord(c) in face.chars}
        kept = (c for c in text if ord(c) in chars or category(c) not in _ORNAMENT)
        return self._ink("".join(kept).replace(_COLOUR, "").strip(), key, label)

    def _ink(self, text: str, key: str, label: str) -> Any:
        bad: list[str] = []
        ready = inked(text, self.faces, bad=bad)
        self.faults += [Fault(key, label, cluster) for cluster in dict.fromkeys(bad)]
        return ready
