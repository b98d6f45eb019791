"""What a person sees when the kit will not start, or found something broken."""

from __future__ import annotations

import html
from datetime import timedelta
from pathlib import Path

from fieldkit import citydata
from fieldkit.settings import asset_dir
from fieldkit.store import ledger
from tests.web.conftest import WORDS, Browser, Office, says

PHONE = citydata.load(asset_dir("forms")).phone("supervisor")


def text(browser: Browser, path: str = "/") -> str:
    return html.unescape(Browser.text(browser.get(path)))


def test_a_clock_set_back_can_be_confirmed_by_a_supervisor_only(office: Office) -> None:
    browser = office.browser
    browser.log_in("tanaka")
    browser.post("/lock")
    office.watch.move(-timedelta(days=2).total_seconds())
    assert "時計を確かめました" not in text(browser, "/login")
    typed = {"user": "tanaka", "passphrase": WORDS}
    refused = browser.post("/login", typed)
    assert refused.status_code == 403 and "時計が戻っています" in says(refused)
    assert 'name="clock_confirmed"' in Browser.text(refused)
    assert browser.post("/login", {**typed, "clock_confirmed": "yes"}).status_code == 403
    typed = {"user": "suzuki", "passphrase": WORDS, "clock_confirmed": "yes"}
    assert browser.post("/login", typed).status_code == 302
    acts = {row["act"] for row in ledger.rows(office.kit.open_vault().book, 5)}
    assert "clock_confirmed" in acts


def test_a_refusal_shows_the_supervisors_number(office: Office) -> None:
    (office.settings.data_dir / "ledger.db").write_bytes(b"\0" * 9000)
    office.browser.get("/login")
    answer = office.browser.post("/login", {"user": "sato", "passphrase": WORDS})
    assert "ledger.db" in says(answer) and f"監督者の電話： {PHONE}" in says(answer)


def test_what_was_found_broken_stands_on_every_screen(office: Office) -> None:
    slots: Path = office.settings.data_dir / "slots.json"
    slots.write_bytes(slots.read_bytes().replace("加藤".encode(), "河藤".encode()))
    assert office.browser.log_in("suzuki").status_code == 302
    for path in ("/", "/outbox"):
        assert "slots.json" in text(office.browser, path)
    office.browser.post("/lock")
    office.browser.get("/login")
    answer = office.browser.post("/login", {"user": "kato", "passphrase": WORDS})
    assert "slots.json" in says(answer) and PHONE in says(answer)


def test_a_damaged_delay_is_named_at_the_login(office: Office) -> None:
    (office.settings.data_dir / "login-delay.json").write_bytes(b'{"failures": "')
    assert "login-delay.json" in text(office.browser, "/login")
    office.watch.move(901)
    assert "login-delay.json" not in text(office.browser, "/login")
    assert office.browser.log_in("sato").status_code == 302
