"""The QR of the form before a real browser's camera: filled in, locked, and left nowhere else."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.needs import chromium, needs
from tests.photo.frames import write_y4m
from tests.photo.qr_frames import FORM_ID, on_paper, qr, rgb
from tests.web.browser import FLAGS, Watch, no_storage
from tests.web.conftest import Office
from tests.web.test_rows_browser import screen

pytestmark = [pytest.mark.browser, needs("chromium")]


def test_the_camera_reads_the_id_fills_it_in_and_locks_it(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    y4m = tmp_path / "form.y4m"
    write_y4m(y4m, rgb([on_paper(qr(module=5), size=(640, 480))] * 2), fps=5)
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={y4m}"]
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium(), args=flags)
        with screen(chrome, office) as s:
            base = office.visit()
            watch = Watch(s.page, s.origin, tmp_path / "pictures")
            s.go(f"{base}/form/4")
            s.page.locator("input[name=kind][value=renew]").check()
            watch.snap("before")
            s.page.get_by_role("button", name="QRを読み取る").click()
            locked = s.page.locator("#form_id[readonly]")
            expect(locked).to_have_value(FORM_ID, timeout=20_000)
            expect(s.page.get_by_text("QRで読み取りました")).to_be_visible()
            expect(s.page.locator("#form_id_again")).to_have_count(0)
            expect(s.page.locator("input[name=kind][value=renew]")).to_be_checked()
            watch.snap("read")
            s.page.get_by_role("link", name="申請書IDを直す").click()
            expect(s.page.locator("#form_id_again")).to_be_visible()
            expect(s.page.locator("#form_id:not([readonly])")).to_have_value(FORM_ID)
            s.page.locator("#form_id").press("End")
            s.page.keyboard.press("Backspace")
            s.page.keyboard.type("9")
            s.page.locator("#form_id_again").fill(FORM_ID)
            s.page.get_by_role("button", name="保存して次へ").click()
            summary = s.page.locator("#error-summary")
            expect(summary).to_contain_text("23けた目が違います")
            watch.snap("differs")
            stored = str(no_storage(s.page))
            assert "kojinbango" not in stored and FORM_ID[:-1] not in stored
            assert watch.violations == [] and s.refused == [] and s.foreign == []
            assert not any("kojinbango" in path or FORM_ID in path for _, path, _, _ in s.asked)
        chrome.close()
    assert "kojinbango" not in caplog.text and FORM_ID not in caplog.text
    assert not any(
        b"kojinbango-card.go.jp/SS" in p.read_bytes()
        for p in office.settings.data_dir.rglob("*") if p.is_file()
    )  # fmt: skip
