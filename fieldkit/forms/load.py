"""Read a form folder; refuse a broken one with the row and a reason in Japanese.

pyxform finds unknown names, lists, types and duplicates; the expressions it lets through are
parsed and tried here, so that a slip in a rule shows at `fieldkit forms check` and at start,
never in front of an applicant. Loaded forms are kept until a file of the folder changes.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from fieldkit.errors import BadCityData, NotFound
from fieldkit.forms.form import Consent, Form, Wording
from fieldkit.forms.text import read_text

_FILES = ("form.md", "form.xlsx", "layout.toml", "sample.json")
_cache: dict[Path, tuple[tuple[tuple[str, int], ...], Form]] = {}
_lock = Lock()


def list_forms(forms_dir: Path) -> list[str]:
    """The names of all form folders, sorted: those with a table, or with a layout that says
    whose `questions` it prints."""
    tables = [*forms_dir.glob("*/form.md"), *forms_dir.glob("*/form.xlsx")]
    tables += forms_dir.glob("*/layout.toml")
    return sorted({table.parent.name for table in tables})


def load_form(forms_dir: Path, name: str) -> Form:
    """Return the form called `name`, from memory while its files are unchanged.

    Raises NotFound when there is no such form and BadCityData (file, row, Japanese reason)
    when one of its files cannot be used.
    """
    if name not in list_forms(forms_dir):
        raise NotFound("この様式はありません。様式の一覧から選び直してください。")
    folder = forms_dir / name
    questions = _questions_of(forms_dir, folder)
    watched = [folder / file for file in _FILES] + [questions / file for file in _FILES[:2]]
    watched += sorted(folder.glob("*.md"))
    stamp = tuple((str(file), file.stat().st_mtime_ns) for file in watched if file.exists())
    with _lock:
        known = _cache.get(folder)
        if known and known[0] == stamp:
            return known[1]
        form = _read(folder, questions)
        _cache[folder] = (stamp, form)
        return form


def _questions_of(forms_dir: Path, folder: Path) -> Path:
    """The folder whose table is asked: its own, or that of the form named in `questions`."""
    if any((folder / table).exists() for table in _FILES[:2]):
        return folder
    other = str(_layout(folder / "layout.toml").get("questions", ""))
    found = forms_dir / other
    if not re.fullmatch(r"\w+", other) or not any((found / t).exists() for t in _FILES[:2]):
        says = "form.md か form.xlsx を置くか、質問を借りる様式の名前を questions に書いてください"
        raise BadCityData(f"{folder.name}/layout.toml", "questions", says)
    return found


def _read(folder: Path, questions: Path) -> Form:
    """Read every file of the folder into one value."""
    # Late: pyxform and openpyxl cost a third of a second that the kit's start does not need.
    from fieldkit.forms.xlsform import read_sheet

    md = questions / "form.md"
    table = md if md.exists() else questions / "form.xlsx"
    sheet, layout = read_sheet(table), _layout(folder / "layout.toml")
    form = Form(
        name=folder.name,
        title=str(layout.get("title", sheet.title)),
        version=sheet.version,
        questions=sheet.questions,
        pages=sheet.pages,
        rules=sheet.rules,
    )
    form.evaluate({}, date(2026, 1, 1))
    return replace(
        form,
        consent=_consent(folder / "consent.ja.md"),
        layout=layout,
        sample=_sample(folder / "sample.json"),
        wordings={
            path.name.removesuffix(".md"): _wording(path)
            for path in sorted(folder.glob("*.*.md"))
        },
    )


def _layout(path: Path) -> dict[str, Any]:
    """The print layout, an empty one when the form is never printed."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadCityData(path.name, "", f"書き方に誤りがあります（{error}）") from None


def _sample(path: Path) -> dict[str, str]:
    """The filled example: names and texts only."""
    if not path.exists():
        return {}
    try:
        raw = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise BadCityData(path.name, f"{error.lineno}行目", "書き方に誤りがあります") from None
    except RecursionError:
        raise BadCityData(path.name, "", "書き方に誤りがあります") from None
    if not isinstance(raw, dict) or not all(isinstance(v, str) for v in raw.values()):
        raise BadCityData(path.name, "", "「項目名: 文字」の組だけを書いてください")
    return raw


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
