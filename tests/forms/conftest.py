"""Shared by the form and paper tests: the shipped forms folder, and folders to break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forms.form_cases import FORMS


@pytest.fixture
def forms_dir() -> Path:
    """The forms that ship with the kit."""
    return FORMS


@pytest.fixture
def own_forms(tmp_path: Path) -> Path:
    """A copy that a test may change, with one font."""
    own = tmp_path / "forms"
    shutil.copytree(FORMS, own, ignore=shutil.ignore_patterns("fonts"))
    (own / "fonts").mkdir()
    shutil.copy(FORMS / "fonts" / "NotoSansJP-Regular.ttf", own / "fonts")
    return own


@pytest.fixture
def write_form(tmp_path: Path) -> Callable[..., Path]:
    """Write a small `form.md` from survey rows; returns the forms folder."""

    def write(*rows: str, name: str = "small") -> Path:
        folder = tmp_path / "small_forms" / name
        folder.mkdir(parents=True, exist_ok=True)
        head = (
            "| survey |\n| | type | name | label | required | relevant | constraint |"
            " constraint_message | calculation | default |\n"
        )
        tail = (
            "| choices |\n| | list_name | name | label |\n"
            "| | yn | yes | はい |\n| | yn | no | いいえ |\n"
            "| settings |\n| | form_title | form_id | version |\n| | 小さな様式 | small | 1 |\n"
        )
        body = "".join(f"| | {row} |\n" for row in rows)
        (folder / "form.md").write_text(head + body + tail, encoding="utf-8")
        return folder.parent

    return write
