"""さまざまな届出: filling in the other forms of one applicant, a page at a time."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from fieldkit import sheets
from fieldkit.apply import Case
from fieldkit.sheets import Sheet
from fieldkit.web import asking
from fieldkit.web.address import base_of
from fieldkit.web.asking import Answers, Asking
from fieldkit.web.common import kit, say_day, shelf, vault
from fieldkit.web.visits import case_of

screens = Blueprint("sheets", __name__)
WHENCE = {
    "application": "交付申請書から",
    "applicant": "予約受付から",
    "reservation": "予約受付から",
    "city": "市の設定から",
    "visit": "訪問の日から",
    "receipt": "手数料から",
}
"""Where a copied answer comes from, by the table of its source."""


def _sheet(case: Case, name: str) -> Sheet:
    return sheets.sheet_of(shelf(), case, kit().city(), name)


def _asking(case: Case, sheet: Sheet) -> Asking:
    base, form = base_of(case), sheet.form
    shown = {
        "form_title": form.title,
        "copied": copied_rows(case, sheet),
        "up": {"label": "書類の記入と印刷", "url": f"{base}/papers"},
    }
    return Asking(
        case,
        form,
        f"{base}/sheet/{form.name}",
        sheet.answers,
        sheets.typed(case, sheet),
        f"{base}/papers#paper-{form.name}",
        fixed=frozenset(sheet.copied),
        shown=shown,
    )


def copied_rows(case: Case, sheet: Sheet) -> list[dict[str, Any]]:
    """What is written over from elsewhere, group by group, with the place to change it."""
    found: dict[str, dict[str, Any]] = {}
    pages = {n: i for i, p in enumerate(case.state.pages, start=1) for n in p.questions}
    for name, source in sheet.copied.items():
        if name not in sheet.state.relevant:
            continue
        question, value = sheet.form.question(name), sheet.state.values[name]
        if question.type == "calculate" or (not value and name not in sheet.state.missing):
            continue
        if question.type == "date":
            value = say_day(value)
        elif question.choices:
            value = question.label_of(value)
        table, _, asked = source.partition(".")
        said = WHENCE[table]
        group = found.setdefault(said, {"title": said, "rows": [], "url": ""})
        group["rows"].append({"label": question.label, "value": value})
        if table == "application" and not group["url"]:
            group["url"] = f"{base_of(case)}/form/{pages.get(asked, 1)}"
        elif table == "receipt":
            group["url"] = f"{base_of(case)}/fee"
    return sorted(found.values(), key=lambda group: group["title"] != WHENCE["application"])


def _own(case: Case, name: str) -> Sheet | None:
    """The form, or None where its questions are those of the application itself."""
    sheet = _sheet(case, name)
    return None if sheets.of_application(sheet.form) else sheet


@screens.get("/visit/<rid>/a/<aid>/sheet/<form>")
def resume(rid: str, aid: str, form: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    sheet = _own(case, form)
    if sheet is None:
        return redirect(f"{base_of(case)}/form")
    return asking.resume(_asking(case, sheet), bool(sheet.kept.get("answers")))


@screens.get("/visit/<rid>/a/<aid>/sheet/<form>/<int:number>")
def show(rid: str, aid: str, form: str, number: int) -> ResponseReturnValue:
    case = case_of(rid, aid)
    sheet = _own(case, form)
    if sheet is None:
        return redirect(f"{base_of(case)}/form/{number}")
    return asking.show(_asking(case, sheet), number)


@screens.post("/visit/<rid>/a/<aid>/sheet/<form>/draft")
def draft(rid: str, aid: str, form: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    sheet = _own(case, form)
    if sheet is None:
        return redirect(f"{base_of(case)}/form")
    return asking.draft(_asking(case, sheet))


@screens.post("/visit/<rid>/a/<aid>/sheet/<form>/<int:number>")
def save(rid: str, aid: str, form: str, number: int) -> ResponseReturnValue:
    case = case_of(rid, aid)
    sheet = _own(case, form)
    if sheet is None:
        return redirect(f"{base_of(case)}/form/{number}")

    def keep(kept: Answers, wanted: asking.Wanted) -> None:
        sheets.save(vault(), case, sheet, kept, wanted.seen)

    return asking.save(_asking(case, sheet), number, keep)
