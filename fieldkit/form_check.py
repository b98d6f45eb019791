"""`fieldkit forms check`: prove a changed form before anyone meets it.

Everything is tried that a visit would need: the table, every expression, the layout's names
both ways, what is copied from where, the sample, its fonts, and a real print of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fieldkit.errors import BadCityData, BadInput, KitError
from fieldkit.forms.check_layout import copied_problems, name_problems
from fieldkit.forms.form import Form
from fieldkit.forms.load import load_form
from fieldkit.paper import problems
from fieldkit.paper.layout import checked_layout

_DAY = date(2026, 7, 1)


@dataclass(frozen=True)
class Problem:
    """One thing to put right: `where` is a file, a row or a field; `sentence` is Japanese."""

    where: str
    sentence: str


def check_form(forms_dir: Path, name: str, today: date | None = None) -> list[Problem]:
    """Return every problem of the form, an empty list when it may be used.

    A form that cannot be loaded at all is a problem, too, and never an error. `today` is the day
    that the sample is judged on (default: 2026-07-01, so that the answer does not change with the
    calendar).
    """
    try:
        form = load_form(forms_dir, name)
        if form.layout:
            checked_layout(form.layout)
        found = [*name_problems(forms_dir, form), *copied_problems(forms_dir, form)]
        wrong = [Problem(*one) for one in found]
        if form.layout and not wrong:
            checked_layout(form.layout, form)  # with the names in `when` and in options
    except BadCityData as error:
        return [Problem(f"{error.file} {error.key}".strip(), error.sentence)]
    except KitError as error:
        return [Problem(name, error.sentence)]
    wrong += _sample_answers(form, today or _DAY)
    return wrong or list(_print_sample(forms_dir, form))


def _sample_answers(form: Form, today: date) -> Iterator[Problem]:
    """The filled example must itself be a correct application."""
    if not form.sample:
        if form.layout.get("field") and "questions" not in form.layout:
            yield Problem(
                "sample.json", "記入例（sample.json）がありません。記入例も印刷に使います。"
            )
        return
    names = {q.name for q in form.questions} | {repeat.name for repeat in form.repeats}
    for unknown in sorted(key for key in form.sample if key.partition("[")[0] not in names):
        yield Problem("sample.json", f"「{unknown}」という質問は様式にありません。")
    try:
        state = form.evaluate(form.sample, today)
    except KitError as error:
        yield Problem("sample.json", error.sentence)
        return
    for missing in state.missing:
        yield Problem("sample.json", f"「{form.question(missing).label}」が入力されていません。")
    for name, message in state.violations:
        yield Problem(f"sample.json（{name}）", message)


def _print_sample(forms_dir: Path, form: Form) -> Iterator[Problem]:
    """Fonts, overflow and the a-2u print itself: every box that is too small is told."""
    try:
        for found in problems(forms_dir, form, form.sample):
            if found.kind == "overflow":
                yield Problem(
                    f"layout.toml（{found.question}）",
                    f"「{found.label}」の記入例が枠に入りません（{found.need_mm:.1f} mm 必要）。"
                    "枠か文字を直してください。",
                )
            else:
                where = "sample.json" if form.sample else "survey"
                yield Problem(f"{where}（{found.question}）", found.sentence)
    except BadInput as error:
        yield Problem(f"sample.json（{error.field}）", error.sentence)
    except BadCityData as error:
        yield Problem(f"{error.file} {error.key}".strip(), error.sentence)
    except KitError as error:
        yield Problem("sample.json", error.sentence)
