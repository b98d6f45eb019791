"""`fieldkit forms check`: prove a changed form before anyone meets it.

Everything is tried that a visit would need: the table, every expression, the layout's names
both ways, the sample, its fonts, and a real print of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from fieldkit.errors import BadCityData, KitError
from fieldkit.forms.form import SILENT, Form
from fieldkit.forms.load import load_form

_JST = timezone(timedelta(hours=9))


@dataclass(frozen=True)
class Problem:
    """One thing to put right: `where` is a file, a row or a field; `sentence` is Japanese."""

    where: str
    sentence: str


def check_form(forms_dir: Path, name: str, today: date | None = None) -> list[Problem]:
    """Return every problem of the form, an empty list when it may be used.

    `today` is the day that the sample is judged on (default: 2026-07-01, so that the answer
    does not change with the calendar).
    """
    # The paper module prints forms and so imports this package: a late import breaks the ring.
    from fieldkit.paper.layout import checked_layout

    try:
        form = load_form(forms_dir, name)
        if form.layout:
            checked_layout(form.layout)
    except BadCityData as error:
        return [Problem(f"{error.file} {error.key}".strip(), error.sentence)]
    except KitError as error:
        return [Problem(name, error.sentence)]
    day = today or date(2026, 7, 1)
    problems = [*_circles(form), *_layout_names(form), *_sample_answers(form, day)]
    return problems or list(_print_sample(forms_dir, form))


def _circles(form: Form) -> Iterator[Problem]:
    """A calculation that needs its own result never gets one."""
    sums = {bind.path: bind.calculate for bind in form.rules.binds if bind.calculate}
    needs = {
        path: {other for other in sums if re.search(rf"{re.escape(other)}(?![\w.-])", text)}
        for path, text in sums.items()
    }
    for path in needs:
        seen: set[str] = set()
        queue = [*needs[path]]
        while queue:
            if (step := queue.pop()) not in seen:
                seen.add(step)
                queue.extend(needs[step])
        if path in seen:
            name = path.rpartition("/")[2]
            yield Problem(f"form（{name}）", f"「{name}」の計算が、自分の結果を使っています。")


def _layout_names(form: Form) -> Iterator[Problem]:
    """Each printed name is a question, and each question is printed or listed as not."""
    if not form.layout:
        return
    fields = form.layout.get("field", [])
    special = set(form.layout.get("special", []))
    names = {q.name for q in form.questions}
    for place, entry in enumerate(fields, start=1):
        where = f"layout.toml [[field]] {place}番目"
        if (missing := str(entry.get("name", ""))) not in names | special:
            yield Problem(where, f"「{missing}」という質問は様式にありません。")
        if gone := {"x", "y"} - set(entry):
            yield Problem(where, f"位置（{'・'.join(sorted(gone))}）がありません。")
    printed = {str(entry.get("name")) for entry in fields} | set(form.layout.get("unprinted", []))
    for question in form.questions:
        if question.type not in SILENT and question.name not in printed:
            yield Problem(
                f"layout.toml（{question.name}）",
                f"「{question.label}」の印刷位置がありません。"
                "印刷しない質問は unprinted に書いてください。",
            )


def _sample_answers(form: Form, today: date) -> Iterator[Problem]:
    """The filled example must itself be a correct application."""
    if not form.sample:
        return
    names = {q.name for q in form.questions}
    for unknown in sorted(set(form.sample) - names):
        yield Problem("sample.json", f"「{unknown}」という質問は様式にありません。")
    state = form.evaluate(form.sample, today)
    for missing in state.missing:
        yield Problem("sample.json", f"「{form.question(missing).label}」が入力されていません。")
    for name, message in state.violations:
        yield Problem(f"sample.json（{name}）", message)


def _print_sample(forms_dir: Path, form: Form) -> Iterator[Problem]:
    """Fonts, overflow and the a-2u print itself."""
    if not form.layout or not form.sample:
        return
    # The paper module prints forms and so imports this package: a late import breaks the ring.
    from fieldkit.paper import overflows, print_form

    try:
        for over in overflows(forms_dir, form.name, form.sample):
            yield Problem(
                f"layout.toml（{over.field}）",
                f"記入例が枠に入りません（{over.need_mm:.1f} mm 必要）。枠か文字を直してください。",
            )
            return
        print_form(forms_dir, form.name, form.sample, None, datetime(2026, 7, 1, tzinfo=_JST))
    except KitError as error:
        yield Problem("sample.json", error.sentence)
