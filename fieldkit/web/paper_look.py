"""How the papers of a person look on the screens: rows, links to the fields, the cover list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldkit import sheets
from fieldkit.apply import Case
from fieldkit.paper.batch import Cover, CoverRow
from fieldkit.paper.obstacles import Problem
from fieldkit.paper_set import Paper, Wish, short
from fieldkit.sheets import Sheet

TAGS = {"hand": "done", "printed": "done", "again": "warn", "paper": "todo"}
"""The look of a state where its own name is none (templates/macros.html, tag)."""
SHOWN = 6
"""So many missing answers are named in a row; the rest is a number."""


def base_of(case: Case) -> str:
    return f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}"


def paper_row(case: Case, paper: Paper) -> dict[str, Any]:
    """One paper for the lists: what it is, why, how far, and what can be done with it."""
    base, sheet = base_of(case), paper.sheet
    left = paper.lacks
    rest = len(left) - SHOWN
    return {
        "form": paper.form,
        "label": paper.label,
        "short": short(paper.label),
        "reason": paper.reason,
        "must": paper.must,
        "state": TAGS.get(paper.state, paper.state),
        "state_ja": paper.state_ja,
        "printed": paper.printed,
        "by_hand": paper.by_hand,
        "left": [*left[:SHOWN], *([f"ほか{rest}件"] if rest > 0 else [])],
        "fill_url": _fill_url(base, sheet),
        "print_url": f"{base}/papers/form/{paper.form}.pdf" if sheet else "",
    }


def _fill_url(base: str, sheet: Sheet | None) -> str:
    """Where the paper is filled in; "" where everything is copied from elsewhere."""
    if sheet is None:
        return ""
    if sheets.of_application(sheet.form):
        return f"{base}/form"
    return f"{base}/sheet/{sheet.form.name}" if sheet.own else ""


def field_url(case: Case, sheet: Sheet, question: str) -> str:
    """The page where an answer is changed: the form's own, or the application's."""
    base = base_of(case)
    source = sheet.copied.get(question, "")
    if sheets.of_application(sheet.form) or source.startswith("application."):
        name = source.partition(".")[2] or question
        return _on_page(f"{base}/form", [p.questions for p in case.state.pages], name)
    if source:
        return ""
    asked = [p.questions for p in sheet.state.pages if set(p.questions) & set(sheet.own)]
    return _on_page(f"{base}/sheet/{sheet.form.name}", asked, question)


def _on_page(url: str, pages: Sequence[tuple[str, ...]], name: str) -> str:
    found = next((number for number, names in enumerate(pages, start=1) if name in names), 1)
    return f"{url}/{found}#{name}"


def problem_rows(found: Sequence[tuple[Problem, Wish, Paper]]) -> list[dict[str, str]]:
    """What keeps papers from being printed, each with the way to its field."""
    rows = []
    for problem, wish, paper in found:
        assert paper.sheet is not None
        source = paper.sheet.copied.get(problem.question, "")
        named = problem.kind == "unprintable" and (problem.alternative or source)
        asks = any(q.name == "alt_char" for q in wish.case.form.questions)
        rows.append(
            {
                "who": str(wish.case.applicant.get("name")),
                "paper": short(paper.label),
                "says": problem.sentence,
                "url": field_url(wish.case, paper.sheet, problem.question),
                "other_url": _on_page(
                    f"{base_of(wish.case)}/form",
                    [p.questions for p in wish.case.state.pages],
                    "alt_char",
                )
                if named and asks
                else "",
            }
        )
    return rows


def cover_of(wishes: Sequence[Wish], title: str) -> Cover:
    """The list on top of a batch: everybody, also who applies another day or wrote by hand."""
    return Cover(title, [CoverRow(wish.who, wish.notes) for wish in wishes])
