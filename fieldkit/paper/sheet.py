"""Print a form: each answer at its place in mm (001 §9(3)ア).

`layout.toml` says where; `forms/print/official.typ` draws. The boxes for the Individual
Number, the signature and the date of application are printed empty, always: they are for
the applicant's own hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fieldkit.errors import BadCityData, BadInput, KitError
from fieldkit.forms.form import Evaluated, Form, Question
from fieldkit.forms.rules import individual_number_problem
from fieldkit.paper.dates import printed_mark
from fieldkit.paper.engine import Printed, as_svg, press, render
from fieldkit.paper.fill import Fault, Filling
from fieldkit.paper.layout import backgrounds, checked_layout, sheet_size
from fieldkit.paper.obstacles import Problem, of_error, of_fault, of_overflow
from fieldkit.rules.wareki import parse_date

TABLES = {"box": "box", "blank": "digits_blank", "text": "text", "seal": "seal", "line": "line"}
"""How the template calls the drawn tables of layout.toml."""
Photos = dict[bytes, tuple[str, str]]
"""The photos of one print: bytes -> key and text for the template."""


@dataclass(frozen=True)
class Item:
    """One form of one person, to be printed.

    `substitute` is the name in 代替文字, used where no font draws the name itself.
    `photo` is a JPEG or PNG cut to 35:45; `no_photo` is what its box says instead of asking for
    one. `who` (the name) and `seat` tell people apart on the cover list. A `blank` sheet has no
    answer at all; a `sample` is filled from sample.json and marked 「記入例」.
    """

    form: Form
    answers: dict[str, str]
    photo: bytes | None = None
    no_photo: str = ""
    language: str = "ja"
    who: str = ""
    seat: str = ""
    blank: bool = False
    sample: bool = False
    substitute: str = ""


@dataclass(frozen=True)
class Ready:
    """A filled form as `official.typ` takes it, its pictures by key, and what is wrong or open.

    `missing` are the labels of the answers (and of the photo) that the paper still waits for.
    """

    sheet: dict[str, Any]
    pictures: dict[str, str]
    faults: tuple[Fault, ...]
    missing: tuple[str, ...]


def ready(
    forms_dir: Path,
    item: Item,
    printed_at: datetime,
    number: int = 0,
    photos: Photos | None = None,
) -> Ready:
    """Fill one form. `number` (from 0) keeps the items of one print apart; `photos` are those that
    the print has already, so that the forms of one person share theirs.

    Raises BadInput for a day that never was, BadCityData for a layout that cannot be printed,
    KitError `individual_number`. Characters without a font are told in `faults`, with 〓 in their
    place: do not hand out such a sheet.
    """
    form = item.form
    layout = checked_layout(form.layout, form)
    if item.sample:
        item = replace(item, answers=form.sample)
    values, missing = _values(item, printed_at)
    filling = Filling(
        form, values, press(forms_dir), item.language, item.no_photo, item.substitute
    )
    wants_photo = any(e.get("kind") == "image" for e in layout.get("field", []))
    pictures: dict[str, str] = {}
    if item.photo and wants_photo and not item.blank:
        seen = {} if photos is None else photos
        if item.photo not in seen:
            seen[item.photo] = (f"photo-{number}", as_svg(item.photo))
        pictures = dict([seen[item.photo]])
    sheet: dict[str, Any] = {
        "number": number,
        "size": sheet_size(layout),
        "photo": next(iter(pictures), ""),
        "bare": not layout.get("draw", True),
        "across": "記入例" if item.sample else "",
        "grid": False,
        "footer": layout.get("footer", True),
        "footer_left": f"様式 {form.name} 版 {form.version}{_consent_mark(form)}",
        "footer_right": f"印刷 {printed_mark(printed_at)}",
    }
    sheet["pages"] = _pages(forms_dir, form, filling, pictures)
    if wants_photo and not sheet["photo"] and not item.no_photo and not item.blank:
        missing = (*missing, "顔写真")
    return Ready(sheet, pictures, tuple(filling.faults), missing)


def _values(item: Item, printed_at: datetime) -> tuple[dict[str, str], tuple[str, ...]]:
    """Every value by its name, calculated ones too, and the labels of what is not answered."""
    if item.blank:
        return {}, ()
    state = state_of(item.form, item.answers, printed_at)
    return state.values, tuple(item.form.question(name).label for name in state.missing)


def state_of(form: Form, answers: dict[str, str], printed_at: datetime) -> Evaluated:
    """What the form says about the answers on the day of the print. BadInput for a day that never
    was, KitError `individual_number` for what must never be printed."""
    state = form.evaluate(iso_dates(form, answers), printed_at.date())
    for question, _, value in _answered(form, state.values):
        # 番号法 art. 20: what slipped past the screens, too
        if problem := individual_number_problem(question, value):
            raise KitError("individual_number", problem, "retry")
    return state


def iso_dates(form: Form, answers: dict[str, str]) -> dict[str, str]:
    """The answers with every date as the screens keep it; BadInput for a day that never was."""
    found = dict(answers)
    for question, key, value in _answered(form, answers):
        if question.type == "date" and value:
            try:
                found[key] = parse_date(value).isoformat()
            except BadInput as error:
                says = f"「{question.label}」：{error.sentence}"
                raise BadInput(key, says) from None
    return found


def _answered(form: Form, values: dict[str, str]) -> Iterator[tuple[Question, str, str]]:
    """Each question that `values` has an answer for, its key (`name`, `name[2]`) and the answer."""
    questions = {question.name: question for question in form.questions}
    for key, value in values.items():
        if question := questions.get(key.partition("[")[0]):
            yield question, key, value


def _pages(
    forms_dir: Path, form: Form, filling: Filling, pictures: dict[str, str]
) -> list[dict[str, Any]]:
    """The entries page by page. The city's own sheets are put into `pictures`."""
    layout, behind = form.layout, backgrounds(form.layout)
    drawn = {ours: filling.drawn(table) for ours, table in TABLES.items()}
    if not layout.get("draw", True):
        drawn = {ours: [] for ours in TABLES}
    drawn["field"] = filling.fields()
    pages = []
    for number in range(1, _page_count(layout, len(behind)) + 1):
        page: dict[str, Any] = {
            ours: [entry for entry in entries if entry.get("page", 1) == number]
            for ours, entries in drawn.items()
        }
        if number <= len(behind) and behind[number - 1]:
            key = f"bg-{form.name}-{number}"
            pictures[key] = _background(forms_dir / form.name, behind[number - 1])
            page["background"] = key
        pages.append(page)
    return pages


def _page_count(layout: dict[str, Any], behind: int) -> int:
    entries = [e for table in (*TABLES.values(), "field") for e in layout.get(table, [])]
    return max([1, behind, *(int(entry.get("page", 1)) for entry in entries)])


def _consent_mark(form: Form) -> str:
    return f"　同意文 {form.consent.version}" if form.consent else ""


def _background(folder: Path, file: str) -> str:
    """The city's own sheet, a PNG of the form folder; a path out of it is refused."""
    path = folder / file
    if path.parent != folder or not path.is_file():
        raise BadCityData("layout.toml", "background", "用紙の画像が様式のフォルダにありません")
    return _background_svg(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _background_svg(path: Path, changed: int) -> str:
    """Read once as long as the file is not changed: 300 dpi take a tenth of a second."""
    try:
        return as_svg(path.read_bytes())
    except KitError:
        says = f"用紙の画像（{path.name}）を読めません。forms background で作り直してください"
        raise BadCityData("layout.toml", "background", says) from None


def filled(
    forms_dir: Path, items: Sequence[Item], printed_at: datetime
) -> tuple[list[Ready | None], list[Problem]]:
    """All items filled; one that cannot be (2月30日, a broken photo) is None and a Problem."""
    done: list[Ready | None] = []
    bad = []
    photos: Photos = {}
    for number, item in enumerate(items):
        try:
            done.append(ready(forms_dir, item, printed_at, number, photos))
        except BadCityData:
            raise
        except KitError as error:
            done.append(None)
            bad.append(of_error(item.form, error, item.who, number + 1))
    return done, bad


def pressed(
    forms_dir: Path,
    items: Sequence[Item],
    sheets: Sequence[Ready | None],
    printed_at: datetime,
    **more: Any,
) -> tuple[Printed, list[Problem]]:
    """The filled items as one PDF, in one run of typst, and every problem of all of them.

    With a problem the PDF must not be used. `more` goes to the template (title, cover, grid).
    """
    there = [sheet for sheet in sheets if sheet]
    pictures = {key: picture for each in there for key, picture in each.pictures.items()}
    data = {"sheets": [each.sheet for each in there], **more}
    printed = render(forms_dir, "official.typ", data, printed_at, pictures)
    found = [
        of_fault(item.form, fault, item.who, place)
        for place, (item, sheet) in enumerate(zip(items, sheets, strict=True), start=1)
        for fault in (sheet.faults if sheet else ())
    ]
    for over in printed.overflows:
        item = items[over.sheet]
        found.append(of_overflow(item.form, over, item.who, over.sheet + 1))
    return printed, list(dict.fromkeys(found))
