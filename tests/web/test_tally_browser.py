"""The table of denominations in a real browser, by the keyboard alone, with axe over each step."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.needs import chromium, needs
from tests.web.browser import FLAGS, Watch
from tests.web.conftest import WORDS, Office, fill_form
from tests.web.test_rows_browser import Screen, screen
from tests.web.test_tally import DAY, PAID

pytestmark = [pytest.mark.browser, needs("chromium")]


def test_a_day_is_counted_by_the_keyboard_and_checked(office: Office, tmp_path: Path) -> None:
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        office.browser.log_in("suzuki")
        base = office.visit()
        fill_form(office.browser, base)
        office.browser.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"})
        with screen(chrome, office) as s:
            watch = Watch(s.page, s.origin, tmp_path / "pictures")
            count(s, watch)
            sums = s.page.locator(".tally-totals dd")
            expect(sums.nth(1)).to_have_text("2,000円")
            watch.snap("made")
            s.page.get_by_label("田中 実").check()
            s.page.locator("#words").fill(WORDS)
            s.page.keyboard.press("Enter")
            expect(s.page.get_by_text("払込みを記録する")).to_be_visible()
            watch.snap("checked")
            assert watch.violations == [] and s.refused == [] and s.foreign == []
        chrome.close()


def count(s: Screen, watch: Watch) -> None:
    """1,000 yen, 500 yen twice; Enter and the arrows move, the last Enter sends."""
    s.go(DAY)
    diff = s.page.locator("[data-diff]")
    s.page.locator("#c10000").focus()
    for _ in range(3):
        s.page.keyboard.press("Enter")
    expect(s.page.locator("#c1000")).to_be_focused()
    s.page.keyboard.type("2")
    expect(diff).to_have_text("0円")
    s.page.keyboard.press("ArrowDown")
    s.page.keyboard.type("２")
    expect(s.page.locator("[data-sum]")).to_have_text("3,000円")
    expect(diff).to_have_text("＋1,000円")
    watch.snap("typed")
    s.page.keyboard.press("ArrowUp")
    s.page.keyboard.type("1")
    expect(diff).to_have_text("0円")
    s.page.locator("#c1").focus()
    s.page.keyboard.press("Enter")
    expect(s.page.get_by_role("heading", name="もう一人が照合する")).to_be_visible()
