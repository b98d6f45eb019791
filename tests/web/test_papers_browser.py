"""The papers in a real browser: a form filled by keyboard, the set printed, the shown screen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from fieldkit import visit
from fieldkit.store import records
from tests.needs import chromium, needs
from tests.web.browser import FLAGS, Watch, no_storage
from tests.web.conftest import ANSWERS, Office
from tests.web.test_rows_browser import screen
from tests.web.test_sheets import FORM

pytestmark = [pytest.mark.browser, needs("chromium", "poppler-utils")]
FONT_SIZE = "e => parseFloat(getComputedStyle(e).fontSize)"


def applied(office: Office) -> str:
    """A visit whose application is filled in."""
    base = office.visit()
    vault = office.kit.open_vault()
    trip = next(t for t in vault.trips.values() if t.kind == "field")
    person = records.get(trip, base.split("/")[4])
    answers = {**ANSWERS, "birth": "1945-03-05", "zip": "047-0024"}
    visit.save_application(vault, trip, person, {"answers": answers})
    return base


def test_the_loss_notice_by_keyboard_and_the_set_on_paper(office: Office, tmp_path: Path) -> None:
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        with screen(chrome, office) as s:
            base = applied(office)
            watch = Watch(s.page, s.origin, tmp_path / "pictures")
            keys = s.page.keyboard
            s.go(f"{base}/papers")
            watch.snap("papers")
            row = s.page.locator(f"#paper-{FORM}")
            expect(row).to_contain_text("カードが手元にない")
            row.get_by_role("link", name="記入する").focus()
            keys.press("Enter")
            expect(s.page.locator("details.copied")).to_contain_text("𠮷田 髙子")
            watch.snap("sheet")
            s.page.locator("#loss").focus()
            keys.press("Space")
            expect(s.page.locator("#place_kind")).to_be_visible()  # the branch opens by itself
            s.page.locator("input[name=place_kind][value=outside]").focus()
            keys.press("Space")
            for name, words in (("lost_when", "6月の終わり"), ("lost_where", "市内のバス")):
                s.page.locator(f"#{name}").focus()
                keys.insert_text(words)
            s.page.locator("#story").focus()
            keys.insert_text("バスをおりたあと、")
            keys.press("Enter")
            keys.insert_text("家で気づいた。")
            keys.press("Tab")
            for _ in range(100):  # autosave: not a button was pressed yet
                kept = office.draft(base.split("/")[4], FORM) or {}
                if "気づいた" in str(kept.get("story")):
                    break
                s.page.wait_for_timeout(100)
            s.page.reload()
            expect(s.page.locator("#story")).to_have_value("バスをおりたあと、\n家で気づいた。")
            watch.snap("filled")
            s.page.get_by_role("button", name="保存して次へ").click()
            expect(s.page.locator("#police")).to_be_visible()
            s.page.get_by_role("button", name="保存して次へ").click()
            summary = s.page.locator("#error-summary")
            expect(summary).to_be_focused()
            watch.snap("missing")
            s.page.get_by_role("button", name="あとで入力する").click()
            expect(s.page.locator(f"#paper-{FORM}")).to_contain_text("途中")
            pdf = watch.bytes_of(f"{base}/papers/set.pdf")
            s.page.reload()
            expect(s.page.locator(f"#paper-{FORM}")).to_contain_text("印刷済み 1回")
            watch.snap("printed")
            assert watch.violations == [] and s.refused == [] and s.foreign == []
            stored = str(no_storage(s.page))
            assert "バス" not in stored and "𠮷田" not in stored
        chrome.close()
    made = tmp_path / "set.pdf"
    made.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", made, "-"], capture_output=True, check=True)
    words = text.stdout.decode("utf-8").replace(" ", "")
    assert "家で気づいた" in words and "市内のバス" in words and "𠮷田髙子" in words


def test_the_shown_screen_has_two_answers_of_one_size(office: Office, tmp_path: Path) -> None:
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        with screen(chrome, office) as s:
            base = applied(office)
            watch = Watch(s.page, s.origin, tmp_path / "pictures")
            s.go(f"{base}/show")
            for language in ("日本語", "やさしい日本語", "English"):
                s.page.get_by_role("link", name=language, exact=True).click()
                part = s.page.locator("#consent-hoken_doi")
                sizes = [b.bounding_box() for b in part.get_by_role("button").all()]
                assert len(sizes) == 2 and all(sizes)
                first, second = (one for one in sizes if one)
                assert first["width"] == pytest.approx(second["width"], abs=1)
                assert first["height"] == pytest.approx(second["height"], abs=1)
                size = part.locator("p").first.evaluate(FONT_SIZE)
                assert size >= 26, "large type"
                watch.snap(f"show-{language}")
            part.get_by_role("button", name="I do not agree").focus()
            s.page.keyboard.press("Enter")
            told = s.page.locator("#consent-hoken_doi .show-said")
            expect(told).to_contain_text("I do not agree")
            s.page.get_by_role("link", name="Read about the card").click()
            expect(s.page.locator("h1")).to_contain_text("My Number Card")
            watch.snap("setsumei")
            s.page.get_by_role("link", name="職員の画面へもどる").click()
            expect(s.page.locator("h1")).to_contain_text("𠮷田 髙子")
            assert watch.violations == [] and s.refused == [] and s.foreign == []
        chrome.close()
