"""Read a form folder; refuse a broken one with the row and a reason in Japanese.

pyxform finds unknown names, lists, types and duplicates; the expressions it lets through are
parsed and tried here, so that a slip in a rule shows at `fieldkit forms check` and at start,
never in front of an applicant. Loaded forms are kept until a file of the folder changes.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from fieldkit.errors import BadCityData, NotFound
from fieldkit.forms.form import Consent, Form
from fieldkit.forms.text import read_text

_FILES = ("form.md", "form.xlsx", "layout.toml", "consent.ja.md", "sample.json")
_cache: dict[Path, tuple[tuple[tuple[str, int], ...], Form]] = {}
_lock = Lock()


def list_forms(forms_dir: Path) -> list[str]:
    """The names of all form folders, sorted. A folder is a form when it has a table."""
    tables = [*forms_dir.glob("*/form.md"), *forms_dir.glob("*/form.xlsx")]
    return sorted({table.parent.name for table in tables})


def load_form(forms_dir: Path, name: str) -> Form:
    """Return the form called `name`, from memory while its files are unchanged.

    Raises NotFound when there is no such form and BadCityData (file, row, Japanese reason)
    when one of its files cannot be used.
    """
    if name not in list_forms(forms_dir):
        raise NotFound("この様式はありません。様式の一覧から選び直してください。")
    folder = forms_dir / name
    stamp = tuple(
        (file, (folder / file).stat().st_mtime_ns) for file in _FILES if (folder / file).exists()
    )
    with _lock:
        known = _cache.get(folder)
        if known and known[0] == stamp:
            return known[1]
        form = _read(folder)
        _cache[folder] = (stamp, form)
        return form


def _read(folder: Path) -> Form:
    """Read every file of the folder into one value."""
    # Late: pyxform and openpyxl cost a third of a second that the kit's start does not need.
    from fieldkit.forms.xlsform import read_sheet

    table = folder / "form.md" if (folder / "form.md").exists() else folder / "form.xlsx"
    sheet = read_sheet(table)
    form = Form(
        name=folder.name,
        title=sheet.title,
        version=sheet.version,
        questions=sheet.questions,
        pages=sheet.pages,
        rules=sheet.rules,
    )
    form.evaluate({}, date(2026, 1, 1))
    return replace(
        form,
        consent=_consent(folder / "consent.ja.md"),
        layout=_layout(folder / "layout.toml"),
        sample=_sample(folder / "sample.json"),
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
    head, _, body = read_text(path).removeprefix("---").partition("\n---")
    pairs = [line.split(":", 1) for line in head.splitlines() if ":" in line]
    marks = {key.strip(): value.strip() for key, value in pairs}
    if not marks.get("version") or not body.strip():
        raise BadCityData(path.name, "version", "先頭に「version: 版の名前」が必要です")
    return Consent(marks["version"], marks.get("from", ""), body.strip())
