"""Print a form: each answer at its place in mm (001 §9(3)ア).

`layout.toml` says where; `forms/print/official.typ` draws. The boxes for the Individual
Number, the signature and the date of application are printed empty, always: they are for
the applicant's own hand.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.errors import BadCityData, BadInput, KitError
from fieldkit.forms.form import Evaluated, Form
from fieldkit.forms.load import load_form
from fieldkit.forms.rules import individual_number_problem
from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import Overflow, Press, Printed, press, render
from fieldkit.paper.glyphs import inked
from fieldkit.paper.layout import checked_layout
from fieldkit.rules.wareki import parse_date

TEXT = "_text"
"""`<kind>_text` in layout.toml prints the wording `<kind>.<language>.md` of the folder."""
#: Kinds that leave no mark when there is no answer.
_EMPTY_KINDS = {"text", "wareki"}


def print_form(
    forms_dir: Path,
    name: str,
    answers: dict[str, str],
    photo: bytes | None,
    printed_at: datetime,
    no_photo: str = "",
) -> bytes:
    """Return the filled form as PDF/A-2u. `photo` is a JPEG or PNG, cut to 35:45, or None;
    `no_photo` is what the photo's box says instead of asking for one.

    Missing answers print as empty boxes, to be written by hand. Raises KitError `overflow`
    when an answer cannot fit its box: nothing is ever cut off on an official paper.
    """
    form = load_form(forms_dir, name)
    printed = _printed(forms_dir, form, answers, photo, printed_at, no_photo)
    if printed.overflows:
        names = dict.fromkeys(_label(form, over.field) for over in printed.overflows)
        raise KitError(
            "overflow",
            f"「{'」「'.join(names)}」が印刷の枠に入りません。短くできるときは短くし、"
            "できないときは、その欄を空けて印刷し手で書いてください。",
            "ask_supervisor",
        )
    return printed.pdf


def print_from_answers(
    forms_dir: Path, name: str, answers: dict[str, str], out: Path, printed_at: datetime
) -> None:
    """`fieldkit forms print`: write a PDF of example answers, for adjusting a layout."""
    out.write_bytes(print_form(forms_dir, name, answers, None, printed_at))


def overflows(forms_dir: Path, name: str, answers: dict[str, str]) -> tuple[Overflow, ...]:
    """What would not fit its box, with the width or height in mm that it needs."""
    form = load_form(forms_dir, name)
    return _printed(forms_dir, form, answers, None, datetime(2026, 7, 1)).overflows


def _printed(
    forms_dir: Path,
    form: Form,
    answers: dict[str, str],
    photo: bytes | None,
    printed_at: datetime,
    no_photo: str = "",
) -> Printed:
    sheet, pictures = prepared(forms_dir, form, answers, photo, printed_at, no_photo)
    data = {"title": form.title, "sheets": [sheet]}
    return render(forms_dir, "official.typ", data, printed_at, pictures)


def prepared(
    forms_dir: Path,
    form: Form,
    answers: dict[str, str],
    photo: bytes | None,
    printed_at: datetime,
    no_photo: str = "",
    language: str = "ja",
    mark: str = "s0",
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """One filled form as `official.typ` takes it, and its pictures by key.

    `mark` keeps the pictures of several people apart in one print. An entry of the layout is
    drawn where its `when` holds, on its `page` (from 1).
    """
    layout = checked_layout(form.layout)
    state = form.evaluate(_iso_dates(form, answers), printed_at.date())
    _refuse_individual_number(form, state)
    fields = _fields(form, state, press(forms_dir), no_photo, language)
    pictures = {f"{mark}-photo": photo} if photo else {}
    backgrounds = layout.get("background", [])
    backgrounds = [backgrounds] if isinstance(backgrounds, str) else list(backgrounds)
    pages = []
    for number in range(1, _page_count(layout, len(backgrounds)) + 1):
        page: dict[str, Any] = {
            ours: [e for e in _drawn(layout.get(table, []), state) if _page(e) == number]
            for ours, table in _TABLES.items()
        }
        page["field"] = [entry for entry in fields if _page(entry) == number]
        if number <= len(backgrounds) and backgrounds[number - 1]:
            key = f"bg-{form.name}-{number}"
            pictures[key] = _background(forms_dir / form.name, str(backgrounds[number - 1]))
            page["background"] = key
        pages.append(page)
    sheet = {
        "paper": layout.get("paper", "a4"),
        "pages": pages,
        "photo": f"{mark}-photo" if photo else "",
        "footer_left": f"様式 {form.name} 版 {form.version}{_consent_mark(form)}",
        "footer_right": f"印刷 {printed_mark(printed_at)}",
    }
    return sheet, pictures


_TABLES = {"box": "box", "blank": "digits_blank", "text": "text", "seal": "seal"}
"""How the template calls the drawn tables of layout.toml."""


def _page(entry: dict[str, Any]) -> int:
    return int(entry.get("page", 1))


def _page_count(layout: dict[str, Any], backgrounds: int) -> int:
    entries = [e for table in (*_TABLES.values(), "field") for e in layout.get(table, [])]
    return max([1, backgrounds, *(_page(entry) for entry in entries)])


def _drawn(entries: list[dict[str, Any]], state: Evaluated) -> list[dict[str, Any]]:
    """The entries whose `when` holds: every name has one of the listed values.

    `"*"` stands for any answer, `""` for none.
    """
    return [
        {key: value for key, value in entry.items() if key != "when"}
        for entry in entries
        if all(_holds(state, name, wanted) for name, wanted in entry.get("when", {}).items())
    ]


def _holds(state: Evaluated, name: str, wanted: str | list[str]) -> bool:
    value = state.values.get(name, "")
    wishes = [wanted] if isinstance(wanted, str) else wanted
    held = set(value.split()) or {""}
    return bool(held & set(wishes)) or ("*" in wishes and bool(value))


def _iso_dates(form: Form, answers: dict[str, str]) -> dict[str, str]:
    """The answers with every date as the screens keep it; BadInput for a day that never was."""
    found = dict(answers)
    for question in form.questions:
        if question.type == "date" and found.get(question.name):
            try:
                found[question.name] = parse_date(found[question.name]).isoformat()
            except BadInput as error:
                says = f"「{question.label}」：{error.sentence}"
                raise BadInput(question.name, says) from None
    return found


def _fields(
    form: Form, state: Evaluated, ready: Press, no_photo: str, language: str
) -> list[dict[str, Any]]:
    """Every [[field]] of the layout with its answer; empty ones are left out."""
    out = []
    for entry in _drawn(form.layout.get("field", []), state):
        kind, name = str(entry.get("kind", "text")), str(entry.get("name", ""))
        value = _value(form, state, name, language)
        if kind in _EMPTY_KINDS and not value:
            continue
        faces = ready.name if entry.get("font") == "name" else ready.body
        filled = _filled(form, entry, kind, value)
        if kind == "image" and no_photo:
            filled["no_photo"] = no_photo
        for key in ("text", "digits"):
            if key in filled:
                filled[key] = inked(filled[key], faces, _label(form, name))
        out.append({**entry, **filled, "kind": kind})
    return out


def _filled(form: Form, entry: dict[str, Any], kind: str, value: str) -> dict[str, Any]:
    """The part of an entry that depends on the answer."""
    if kind == "digits":
        return {"digits": list(value)}
    if kind == "check":
        return {"on": value == str(entry.get("on", "yes"))}
    if kind == "circle":
        question = form.question(str(entry["name"]))
        return {
            "options": [
                {"label": question.label_of(option["value"]), **option}
                | {"chosen": option["value"] in value.split()}
                for option in entry["options"]
            ]
        }
    if kind == "wareki":
        return {"text": wareki_text(value)}
    return {"text": value} if kind == "text" else {}


def _value(form: Form, state: Evaluated, name: str, language: str) -> str:
    """The printed text of a name: a choice by its label unless it is drawn as a circle.

    `consent_text`, `body_text` and the like are the folder's own texts (`consent.ja.md`).
    """
    if name.endswith(TEXT) and (words := form.wording(name.removesuffix(TEXT), language)):
        return words.text
    value = state.values.get(name, "")
    drawn = {e.get("kind", "text") for e in form.layout["field"] if e.get("name") == name}
    if value and drawn == {"text"} and form.question(name).choices:
        return form.question(name).label_of(value)
    return value


def _refuse_individual_number(form: Form, state: Evaluated) -> None:
    """An Individual Number that slipped past the screens is never printed (番号法 art. 20)."""
    for question in form.questions:
        if problem := individual_number_problem(question, state.values[question.name]):
            raise KitError("individual_number", problem, "retry")


def _label(form: Form, name: str) -> str:
    """The words for a printed name; the consent text and the photo are not questions."""
    try:
        return form.question(name).label
    except KeyError:
        return {"consent_text": "同意文", "photo": "顔写真"}.get(name, name)


def _consent_mark(form: Form) -> str:
    return f"　同意文 {form.consent.version}" if form.consent else ""


def _background(folder: Path, file: str) -> bytes:
    """The city's own sheet as a PNG of the form folder; a path out of it is refused."""
    path = folder / file
    if path.parent != folder or not path.is_file():
        raise BadCityData("layout.toml", "background", "用紙の画像が様式のフォルダにありません")
    return path.read_bytes()
