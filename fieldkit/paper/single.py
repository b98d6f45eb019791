"""One form of one person: printed, or what would keep it from being printed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fieldkit.forms.form import Form
from fieldkit.forms.load import load_form
from fieldkit.paper.engine import Overflow
from fieldkit.paper.obstacles import CannotPrint, Problem
from fieldkit.paper.plain import plain_problems, plain_sheet
from fieldkit.paper.sheet import Item, filled, pressed, ready


def print_form(
    forms_dir: Path,
    name: str,
    answers: dict[str, str],
    photo: bytes | None,
    printed_at: datetime,
    no_photo: str = "",
    *,
    language: str = "ja",
    blank: bool = False,
    sample: bool = False,
) -> bytes:
    """Return the filled form as PDF/A-2u. `photo` is a JPEG or PNG, cut to 35:45, or None;
    `no_photo` is what the photo's box says instead of asking for one.

    Missing answers print as empty boxes, to be written by hand. `blank` prints the sheet without
    any answer, `sample` the example of sample.json with 「記入例」 across it. Raises CannotPrint
    (`overflow`, `unprintable`) with every answer that does not fit or has no font: nothing is
    ever cut off on an official paper.
    """
    form = load_form(forms_dir, name)
    return print_item(
        forms_dir,
        Item(form, answers, photo, no_photo, language, blank=blank, sample=sample),
        printed_at,
    )


def print_item(forms_dir: Path, item: Item, printed_at: datetime) -> bytes:
    """As `print_form`, of a loaded form. One without a layout prints as a list of its questions
    and answers."""
    if not item.form.layout:
        return plain_sheet(forms_dir, item, printed_at)
    sheet = ready(forms_dir, item, printed_at)
    printed, found = pressed(forms_dir, [item], [sheet], printed_at, title=item.form.title)
    if found:
        raise CannotPrint(found)
    return printed.pdf


def problems(
    forms_dir: Path,
    form: Form | str,
    answers: dict[str, str],
    photo: bytes | None = None,
    printed_at: datetime | None = None,
    no_photo: str = "",
    language: str = "ja",
) -> list[Problem]:
    """All that keeps this form from being printed, before it is printed; empty when nothing.

    Each Problem names its question, for a link to the field. `printed_at` decides what a rule
    with today() says (default: 2026-07-01, so that the answer does not change with the calendar).
    """
    form = load_form(forms_dir, form) if isinstance(form, str) else form
    moment = printed_at or datetime(2026, 7, 1)
    if not form.layout:
        return plain_problems(forms_dir, Item(form, answers, language=language), moment)
    items = [Item(form, answers, photo, no_photo, language)]
    sheets, found = filled(forms_dir, items, moment)
    if sheets[0]:
        found += pressed(forms_dir, items, sheets, moment, title=form.title)[1]
    return found


def overflows(forms_dir: Path, name: str, answers: dict[str, str]) -> tuple[Overflow, ...]:
    """What would not fit its box, with the width or height in mm that it needs."""
    found = problems(forms_dir, name, answers)
    if other := [problem for problem in found if problem.kind != "overflow"]:
        raise CannotPrint(other)
    return tuple(Overflow(problem.question, problem.need_mm) for problem in found)
