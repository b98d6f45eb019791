"""Read a form folder; refuse a broken one with the row and a reason in Japanese.

pyxform finds unknown names, lists, types and duplicates; the expressions it lets through are
parsed and tried here, so that a slip in a rule shows at `fieldkit forms check` and at start,
never in front of an applicant. Loaded forms are kept until a file of the folder changes.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from fieldkit.errors import BadCityData, BadInput, NotFound
from fieldkit.forms.answers import flatten
from fieldkit.forms.form import Consent, Form, Wording
from fieldkit.forms.text import read_text

_TABLES = ("form.md", "form.xlsx", "form.xls")
_FILES = (*_TABLES, "layout.toml", "sample.json")
Stamp = tuple[tuple[str, int], ...]
_cache: dict[Path, tuple[Path, Stamp, Form]] = {}
_lock = Lock()


def list_forms(forms_dir: Path) -> list[str]:
    """The names of all form folders, sorted: those with a table, or with a layout that says
    whose `questions` it prints."""
    return sorted(name for name in _folders(forms_dir) if _is_form(forms_dir / name))


def _folders(forms_dir: Path) -> list[str]:
    try:
        with os.scandir(forms_dir) as found:
            return [entry.name for entry in found if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_form(folder: Path) -> bool:
    return any(os.path.exists(folder / name) for name in (*_TABLES, "layout.toml"))


def load_form(forms_dir: Path, name: str) -> Form:
    """Return the form called `name`, from memory while its files are unchanged.

    Raises NotFound when there is no such form and BadCityData (file, row, Japanese reason)
    when one of its files cannot be used.
    """
    if name not in _folders(forms_dir) or not _is_form(forms_dir / name):
        raise NotFound("この様式はありません。様式の一覧から選び直してください。")
    folder = forms_dir / name
    with _lock:
        known = _cache.get(folder)
        if known and known[1] == _stamp(folder, known[0]):
            return known[2]
        questions = _questions_of(forms_dir, folder)
        stamp = _stamp(folder, questions)
        form = _read(folder, questions)
        _cache[folder] = (questions, stamp, form)
        return form


def _stamp(folder: Path, questions: Path) -> Stamp:
    """When each file was changed that makes the form: its own, and those of the folder whose
    `questions` it prints."""
    found = []
    for place, names in {questions: _TABLES, folder: _FILES}.items():
        with suppress(FileNotFoundError), os.scandir(place) as entries:
            for entry in entries:
                if entry.name in names or entry.name.endswith(".md"):
                    # not entry.stat(): on Windows that is as old as the folder's own list
                    found.append((entry.path, os.stat(entry.path).st_mtime_ns))
    return tuple(sorted(found))


def _questions_of(forms_dir: Path, folder: Path) -> Path:
    """The folder whose table is asked: its own, or that of the form named in `questions`."""
    if _table_of(folder):
        return folder
    other = str(_layout(folder / "layout.toml").get("questions", ""))
    found = forms_dir / other
    if not re.fullmatch(r"\w+", other) or not _table_of(found):
        says = "form.md か form.xlsx を置くか、質問を借りる様式の名前を questions に書いてください"
        raise BadCityData(f"{folder.name}/layout.toml", "questions", says)
    return found


def _table_of(folder: Path) -> Path | None:
    """The table of a form's folder, or None when it has none."""
    return next((folder / name for name in _TABLES if (folder / name).exists()), None)


def _read(folder: Path, questions: Path) -> Form:
    """Read every file of the folder into one value."""
    # Late: pyxform and openpyxl cost a third of a second that the kit's start does not need.
    from fieldkit.forms.xlsform import read_sheet

    table = _table_of(questions)
    if table is None:
        raise NotFound("この様式はありません。様式の一覧から選び直してください。")
    sheet, layout = read_sheet(table), _layout(folder / "layout.toml")
    form = Form(
        name=folder.name,
        title=str(layout.get("title", sheet.title)),
        version=sheet.version,
        questions=sheet.questions,
        pages=sheet.pages,
        rules=sheet.rules,
        repeats=sheet.repeats,
        languages=sheet.languages,
    )
    form.evaluate({repeat.name: "3" for repeat in form.repeats}, date(2026, 1, 1))
    texts = _texts(folder, questions, layout)
    return replace(
        form,
        consent=_consent(texts.get("consent.ja.md", folder / "consent.ja.md")),
        layout=layout,
        sample=_sample(form, folder / "sample.json"),
        wordings={name.removesuffix(".md"): _wording(path) for name, path in texts.items()},
    )


def _texts(folder: Path, questions: Path, layout: dict[str, Any]) -> dict[str, Path]:
    """File name → text of the folder. What the layout prints and the folder lacks is borrowed
    from the form whose questions it prints, so that one wording stands in one place."""
    fields = layout.get("field", [])
    fields = fields if isinstance(fields, list) else []
    names = [str(f.get("name", "")) for f in fields if isinstance(f, dict)]
    kinds = {name.removesuffix("_text") for name in names if name.endswith("_text")}
    lent = {p.name: p for p in questions.glob("*.*.md") if p.name.split(".")[0] in kinds}
    return dict(sorted((lent | {p.name: p for p in folder.glob("*.*.md")}).items()))


def _layout(path: Path) -> dict[str, Any]:
    """The print layout, an empty one when the form is never printed."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        where = f"{place[1]}行目" if place else "終わりのあたり"
        says = "書き方に誤りがあります。引用符、かっこ、= の抜けと、同じ項目が2つないかを"
        raise BadCityData(path.name, where, f"{says}確かめてください") from None


def _sample(form: Form, path: Path) -> dict[str, str]:
    """The filled example: names and texts, a repeat as a list of such."""
    if not path.exists():
        return {}
    try:
        return flatten(form, json.loads(read_text(path)))
    except json.JSONDecodeError as error:
        raise BadCityData(path.name, f"{error.lineno}行目", "書き方に誤りがあります") from None
    except BadInput as error:
        raise BadCityData(path.name, error.field, error.sentence) from None
    except RecursionError:
        raise BadCityData(path.name, "", "書き方に誤りがあります") from None


def _consent(path: Path) -> Consent | None:
    """The consent wording with the `version` and `from` of its head."""
    if not path.exists():
        return None
    marks, body = _head_and_body(path)
    if not marks.get("version") or not body:
        raise BadCityData(path.name, "version", "先頭に「version: 版の名前」が必要です")
    return Consent(marks["version"], marks.get("from", ""), body)


def _wording(path: Path) -> Wording:
    """One text for people, in one language; its head may give `version` and `title`."""
    marks, body = _head_and_body(path)
    return Wording(marks.get("version", ""), marks.get("title", ""), body)


def _head_and_body(path: Path) -> tuple[dict[str, str], str]:
    """`key: value` lines between two `---`, and the text below them."""
    text = read_text(path)
    if not text.startswith("---"):
        return {}, text.strip()
    head, _, body = text.removeprefix("---").partition("\n---")
    pairs = [line.split(":", 1) for line in head.splitlines() if ":" in line]
    return {key.strip(): value.strip() for key, value in pairs}, body.strip()
