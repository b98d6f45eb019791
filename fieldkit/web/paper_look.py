"""How the papers of a person look on the screens: rows, links to the fields, the cover list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldkit import sheets
from fieldkit.apply import Case
from fieldkit.paper.batch import Cover, CoverRow
from fieldkit.paper.fill import NAME
from fieldkit.paper.obstacles import Problem
from fieldkit.paper_print import Wish
from fieldkit.paper_set import Paper, short
from fieldkit.sheets import Sheet
from fieldkit.web.address import base_of

TAGS = {"hand": "done", "printed": "done", "again": "warn", "paper": "todo"}
"""The look of a state where its own name is none (templates/macros.html, tag)."""
SHOWN = 6
"""So many missing answers are named in a row; the rest is a number."""


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


def problem_rows(found: Sequence[tuple[Problem, Wish, Paper]]) -> list[dict[str, Any]]:
    """What keeps papers from being printed, one row for each place where it is put right.

    An answer that stands on several papers is one row with all of them.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for problem, wish, paper in found:
        assert paper.sheet is not None
        url = field_url(wish.case, paper.sheet, problem.question)
        about = (wish.case.applicant.id, url or f"{paper.form} {problem.label}")
        row = rows.setdefault(
            about,
            {
                "who": str(wish.case.applicant.get("name")),
                "papers": [],
                "says": {},
                "url": url,
                "other_url": "",
            },
        )
        row["papers"] = list(dict.fromkeys([*row["papers"], short(paper.label)]))
        row["says"].setdefault(problem.code or problem.why, problem.sentence)
        if problem.kind == "unprintable" and _is_name(paper.sheet, problem.question):
            row["other_url"] = _other_url(wish.case)
    return [{**row, "says": list(row["says"].values())} for row in rows.values()]


def _is_name(sheet: Sheet, question: str) -> bool:
    """Whether it is the applicant's own name, which 代替文字 stand for on every paper."""
    if sheets.of_application(sheet.form):
        return question == NAME
    return sheet.copied.get(question, "") in (f"application.{NAME}", f"applicant.{NAME}")


def _other_url(case: Case) -> str:
    """Where 代替文字 are given; "" where the city's application does not ask for them."""
    if not any(question.name == "alt_char" for question in case.form.questions):
        return ""
    return _on_page(f"{base_of(case)}/form", [p.questions for p in case.state.pages], "alt_char")


def cover_of(wishes: Sequence[Wish], title: str) -> Cover:
    """The list on top of a batch: everybody, also who applies another day or wrote by hand."""
    return Cover(title, [CoverRow(wish.who, wish.notes) for wish in wishes])
