"""Pushed settings on the screen: the first screen says what waits, a login switches, a supervisor
chooses and goes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldkit import citysettings, outbox, settings_switch
from fieldkit.settings import asset_dir
from sync.server import publish
from tests.web.conftest import Browser, Office, says


@pytest.fixture
def pushed(office: Office, boss: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version of the city's that lies proved on the laptop; the folder it was made from."""
    monkeypatch.setattr(citysettings, "check_form", lambda folder, name: [])
    for module in (citysettings, settings_switch):
        monkeypatch.setattr(module, "BROUGHT", ("print",))
    folder = tmp_path / "city-forms"
    leave = shutil.ignore_patterns("fonts", "data", "print")
    shutil.copytree(asset_dir("forms"), folder, ignore=leave)
    offices = folder / "offices.toml"
    text = offices.read_text("utf-8").replace("0134-00-0001", "0134-00-1111")
    offices.write_text(text.replace("# ", f"# {tmp_path.name} ", 1), "utf-8")
    publish.publish(office.city.store, folder, "test")
    vault = office.kit.open_vault()
    outbox.sync(vault)
    citysettings.fetch(vault)
    return folder


def text(browser: Browser, path: str = "/") -> str:
    return Browser.text(browser.get(path))


def test_the_next_login_switches(office: Office, boss: Browser, pushed: Path) -> None:
    page = text(boss)
    assert "次のログインで切り替わります" in page and "0134-00-1111" not in page
    boss.post("/lock")
    office.browser.log_in("tanaka")
    page = text(office.browser)
    assert "0134-00-1111" in page and "次のログインで" not in page
    assert office.kit.settings.forms_dir.parent == office.settings.data_dir
    assert office.browser.get("/settings").status_code == 403


def test_a_supervisor_chooses_where_the_laptop_has_its_own(
    office: Office, boss: Browser, pushed: Path
) -> None:
    (office.settings.data_dir / "kit.toml").write_text(f'forms_dir = "{pushed.as_posix()}"\n')
    assert "黙って上書きはしません" in text(boss)
    page = text(boss, "/settings")
    no = publish.versions(office.city.store)[0].no
    assert f"/settings/{no}/take" in page and f"/settings/{no}/keep" in page
    assert boss.post(f"/settings/{no}/keep").status_code == 302
    assert "黙って上書きはしません" not in text(boss)
    assert boss.post(f"/settings/{no}/take").status_code == 302
    assert 'href="/settings"' in boss.get("/").get_data(as_text=True)  # also when nothing waits
    assert "0134-00-1111" in text(boss) and "使っている版" in text(boss, "/settings")
    assert boss.post("/settings/back").status_code == 302
    assert office.kit.settings.forms_dir == pushed and "もどした版" in text(boss, "/settings")
    assert "使っていません" in says(boss.post("/settings/back"))
    assert boss.post("/settings/99/take").status_code == 404
