"""What was loaded is kept while no file of it changes, and read anew as soon as one does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit.errors import BadCityData, KitError, NotFound
from fieldkit.forms import Form, list_forms, load_form
from fieldkit.forms import load as loading
from fieldkit.kit import Kit
from fieldkit.settings import Settings
from tests.conftest import NOW

HAND = "kofu_tegaki"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def by_lender(forms: Path) -> None:
    change(forms / "kofu_shinsei" / "form.md", "氏名（住民票の表記）", "お名前")


def by_its_own_layout(forms: Path) -> None:
    shutil.copytree(forms / "kofu_shinsei", forms / "other")
    change(forms / "other" / "form.md", "氏名（住民票の表記）", "お名前")
    change(forms / HAND / "layout.toml", 'questions = "kofu_shinsei"', 'questions = "other"')


def by_a_table_of_its_own(forms: Path) -> None:
    shutil.copy(forms / "kofu_shinsei" / "form.md", forms / HAND)
    change(forms / HAND / "form.md", "氏名（住民票の表記）", "お名前")


@pytest.mark.parametrize("act", [by_lender, by_its_own_layout, by_a_table_of_its_own])
def test_a_form_that_borrows_its_questions_follows(
    own_forms: Path, act: Callable[[Path], None]
) -> None:
    assert load_form(own_forms, HAND).question("name").label == "氏名（住民票の表記）"
    act(own_forms)
    assert load_form(own_forms, HAND).question("name").label == "お名前"


def test_a_borrowed_text_that_is_gone_is_gone(own_forms: Path) -> None:
    assert load_form(own_forms, HAND).wording("consent", "en")
    (own_forms / "kofu_shinsei" / "consent.en.md").unlink()
    assert "consent.en" not in load_form(own_forms, HAND).wordings


def test_an_older_file_put_back_counts(own_forms: Path) -> None:
    layout = own_forms / "henno" / "layout.toml"
    before, text = layout.stat(), layout.read_text(encoding="utf-8")
    layout.write_text(f'title = "返納届（市の様式）"\n{text}', encoding="utf-8")
    assert load_form(own_forms, "henno").title == "返納届（市の様式）"
    layout.write_text(text, encoding="utf-8")
    os.utime(layout, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert load_form(own_forms, "henno").title != "返納届（市の様式）"


def test_nothing_is_read_while_nothing_changes(
    own_forms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {name: load_form(own_forms, name) for name in list_forms(own_forms)}

    def read(*_: object) -> Form:
        raise AssertionError("a file was read again")

    for act in ("_read", "_layout", "read_text"):
        monkeypatch.setattr(loading, act, read)
    assert all(load_form(own_forms, name) is form for name, form in first.items())


@pytest.mark.parametrize("name", ["", ".", "..", "../forms/henno", "henno/", "print", "HENNO"])
def test_only_the_name_of_a_form_folder_is_a_form(own_forms: Path, name: str) -> None:
    with pytest.raises(NotFound):
        load_form(own_forms, name)


def test_a_form_folder_that_is_taken_away_is_no_form(own_forms: Path) -> None:
    load_form(own_forms, "henno")
    shutil.rmtree(own_forms / "henno")
    with pytest.raises(NotFound):
        load_form(own_forms, "henno")
    assert list_forms(own_forms / "nowhere") == []


def test_the_tables_of_the_city_are_read_again_too(own_forms: Path, tmp_path: Path) -> None:
    kit = Kit(Settings(data_dir=tmp_path / "kit", forms_dir=own_forms, clock=lambda: NOW))
    fees = own_forms / "fees.toml"
    before, text, first = fees.stat(), fees.read_text(encoding="utf-8"), kit.city()
    assert kit.city() is first, "nothing changed"
    fees.write_text(text.replace("normal_card = 800", "normal_card = 900"), encoding="utf-8")
    changed = kit.city().fees.price_on(NOW.date())
    assert changed and changed.normal_card == 900
    fees.write_text(text, encoding="utf-8")
    os.utime(fees, ns=(before.st_atime_ns, before.st_mtime_ns))  # a backup, put back as it was
    back = kit.city().fees.price_on(NOW.date())
    assert back and back.normal_card == 800
    fees.unlink()
    with pytest.raises(BadCityData, match="fees.toml"):
        kit.city()
    shutil.rmtree(own_forms)
    with pytest.raises(KitError):
        kit.city()
