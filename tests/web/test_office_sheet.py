"""A kit of the office prints its 26 characters for the safe, and opens with them without a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit import office, renew, safe
from sync.ids import code_of
from tests.conftest import CityServer
from tests.forms.form_cases import pdf_text
from tests.web.conftest import Browser, Office, new_office


@pytest.fixture
def boss_kit(tmp_path: Path, city: CityServer, monkeypatch: pytest.MonkeyPatch) -> Office:
    field = city.code
    monkeypatch.setattr(city, "code", lambda: field("office"))
    made = new_office(tmp_path, city)
    assert made.browser.log_in("suzuki").status_code == 302
    return made


def test_the_sheet_is_printed_used_and_shredded(boss_kit: Office) -> None:
    browser, vault = boss_kit.browser, boss_kit.kit.open_vault()
    trip = office.open_office(vault)
    assert 'href="/office/key.pdf"' in Browser.text(browser.get("/office"))
    assert 'href="/office/key.pdf"' in Browser.text(browser.get("/deletion"))
    answer = browser.get("/office/key.pdf")
    assert answer.mimetype == "application/pdf"
    text = pdf_text(answer.get_data())
    code = code_of(trip.secret)
    assert "全体の状況のデータの金庫の控え" in text and "受付データ" not in text
    assert "-".join(code[i : i + 4] for i in range(0, 26, 4)) in text
    assert safe.to_shred(vault) == []
    vault.forget_trip(trip.id)
    boss_kit.cut_the_line()
    answer = browser.get("/office")
    assert answer.headers["Location"].endswith(f"/trip/{trip.id}/unlock")
    assert "監督者の金庫の控えにあります" in Browser.text(browser.get(answer.headers["Location"]))
    assert browser.post(f"/trip/{trip.id}/unlock", {"code": code}).status_code == 302
    assert trip.id in vault.trips


def test_the_sheet_of_an_ended_container_is_to_be_shredded(boss_kit: Office) -> None:
    browser, vault = boss_kit.browser, boss_kit.kit.open_vault()
    old = office.open_office(vault)
    browser.get("/office/key.pdf")
    renew.end_office(vault)
    assert [row["id"] for row in safe.to_shred(vault)] == [old.id]
    assert f"全体の状況のデータ {old.id[-12:]}" in Browser.text(browser.get("/deletion"))
    names = {"shredded_by_1": "鈴木 一郎", "shredded_by_2": "佐藤 花"}
    assert browser.post(f"/deletion/safe/{old.id}", names).status_code == 302
    assert safe.to_shred(vault) == []


def test_only_a_supervisor_of_the_office(office: Office) -> None:
    office.browser.log_in("suzuki")
    assert office.browser.get("/office/key.pdf").status_code == 404
    office.browser.post("/lock")
    office.browser.log_in("sato")
    assert office.browser.get("/office/key.pdf").status_code == 403
