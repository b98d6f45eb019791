"""The console in a real browser: axe over every page, nothing small, nothing from elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sync.server import devices
from sync.server.app import app_over
from sync.server.lines import CityServer
from sync.server.sqlstore import SqlStore
from tests.console.cast import PASSWORD, Boss, form_id, make_laptop
from tests.needs import chromium, needs

pytest.importorskip("playwright", reason="NOT CHECKED: playwright is missing")
SMALL = """() => [...document.querySelectorAll("a, button, input, select, textarea")]
    .filter(one => !["hidden", "checkbox"].includes(one.type)
        && (one.matches("button") || !one.closest("p"))
        && one.getBoundingClientRect().height < 48)
    .map(one => one.outerHTML)"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.browser
@needs("chromium")
def test_every_page_is_fit_for_everybody(
    store: SqlStore, folder: Path, boss: Boss, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    from tests.web.browser import FLAGS, OUTPUT, Watch

    laptop = make_laptop(store)
    laptop.case(form_id(3)), laptop.case()
    make_laptop(store, "desk")
    devices.revoke(store, "K01")
    laptop.send(laptop.batch([laptop.save("reservation", "x" * 36, "", {})]))
    devices.new_code(store)
    server = CityServer(app_over(store, folder), "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        watch = Watch(page, url, OUTPUT / "console")
        small: list[str] = []

        def look(name: str) -> None:
            watch.snap(name)
            small.extend(f"{name}: {one}" for one in page.evaluate(SMALL))

        watch.go("/")
        look("login")
        page.fill("#id", boss.id)
        page.fill("#password", "x")
        page.fill("#code", "000000")
        page.click("main button")
        look("refused")
        page.fill("#id", boss.id)
        page.fill("#password", PASSWORD)
        page.fill("#code", boss.code())
        page.keyboard.press("Enter")
        page.wait_for_url(url + "/")
        for path in ("/", "/devices", "/devices/K02/stop", "/parked", "/parked/K01", "/clashes",
                     "/handover", "/nothing"):  # fmt: skip
            watch.go(path)
            look(path.strip("/").replace("/", "-") or "overview")
        watch.go("/devices")
        page.get_by_role("button", name="符号を画面に出す").click()
        look("code")
        watch.go("/devices")
        with page.expect_download() as got:
            page.get_by_role("button", name="登録ファイルで受け取る").click()
        assert got.value.suggested_filename.startswith("enrol-")
        watch.go("/parked/K01")
        page.get_by_role("button", name="受け入れる", exact=True).click()
        look("accepted")
        page.set_viewport_size({"width": 820, "height": 1180})
        for path in ("/", "/devices", "/handover"):
            watch.go(path)
            look("tablet-" + (path.strip("/") or "overview"))
            wide = (
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert page.evaluate(wide) <= 0, path
        page.get_by_role("button", name="出る").click()
        page.wait_for_url(url + "/login")
        browser.close()
    server.stop()
    assert watch.violations == [] and small == []
    assert watch.foreign == [] and watch.refused == []
