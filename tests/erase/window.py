"""The kit's own browser window on the disk under test: typed in, photographed with, killed.

The window is the launcher's (`fieldkit/browser.py`: private, own profile), only without a screen
and with a camera from a file. Its profile, TMPDIR and HOME lie on the disk.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import Page, sync_playwright

from fieldkit import launch
from fieldkit.browser import Window
from fieldkit.clock import system_clock
from tests.erase.client import RealKit
from tests.needs import chromium

FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # what it shares between its processes goes to TMPDIR, on the disk
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@contextmanager
def killed_window(kit: RealKit, host: str, y4m: Path) -> Iterator[Page]:
    """The page of a window; at the end `kill -9`, so that nothing is tidied up."""
    extra = (*FLAGS, f"--use-file-for-fake-video-capture={y4m}")
    window = Window(kit.data, Path(chromium()), extra)
    with patch.dict("os.environ", kit.env):
        window.open(host, launch.mint(kit.data, launch.WINDOW, system_clock))
    assert window.process is not None
    try:
        with sync_playwright() as play:
            browser = play.chromium.connect_over_cdp(f"http://127.0.0.1:{_port(window)}")
            page = browser.contexts[0].pages[0]
            page.set_default_timeout(20_000)
            yield page
            window.process.send_signal(signal.SIGKILL)
    finally:
        window.process.kill()
        window.process.wait(20)


def _port(window: Window) -> int:
    told = window.profile / "DevToolsActivePort"
    for _ in range(300):
        if told.exists() and told.read_text(encoding="ascii").strip():
            return int(told.read_text(encoding="ascii").split()[0])
        time.sleep(0.05)
    raise TimeoutError("the browser did not start")


def log_in(page: Page, who: str, words: str) -> None:
    page.wait_for_url("**/login**")
    page.locator(f"input[name=user][value={who}]").check()
    page.locator("input[name=passphrase]").fill(words)
    page.get_by_role("button", name="開く").first.click()
    page.wait_for_url(re.compile(r"^(?!.*/login).*$"))


def go(page: Page, origin: str, path: str, code: str) -> None:
    """Go there; where the day is locked, open it with the code of its sheet first."""
    page.goto(origin + path)
    if page.locator("input[name=code]").count():
        page.locator("input[name=code]").fill(code)
        page.get_by_role("button", name="鍵を開ける").click()
        page.wait_for_url(f"{origin}/")
        page.goto(origin + path)


def type_form(page: Page, origin: str, base: str, answers: dict[str, str]) -> None:
    """The first page of the form, key by key, until it says that it was saved by itself."""
    page.goto(f"{origin}{base}/form/1")
    for name, value in answers.items():
        box = page.locator(f"input[name='{name}']")
        if box.count() == 1 and box.is_visible():
            box.fill("")
            box.press_sequentially(value)
    with page.expect_response("**/form/draft"):
        page.keyboard.press("Tab")


def look_at_papers(page: Page, origin: str, base: str) -> None:
    """Screens with the person on them, and the printed form fetched as the print button does."""
    page.goto(f"{origin}{base}/check")
    page.goto(f"{origin}{base}/papers")
    sizes = page.evaluate(
        """async base => Promise.all(["application", "set"].map(async name => {
            const answer = await fetch(`${base}/papers/${name}.pdf`);
            return (await answer.arrayBuffer()).byteLength;
        }))""",
        base,
    )
    assert all(size > 1000 for size in sizes)


def shoot(page: Page, origin: str, base: str) -> None:
    """Camera, crop, the judged picture on its canvas, kept."""
    page.goto(f"{origin}{base}/photo?again=1")
    page.locator("#camera[data-state=live]").wait_for()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="撮影").first.click()
    page.locator("#camera[data-state=taken]").wait_for()
    page.get_by_role("button", name="切り抜きを見る").click()
    page.locator("canvas[data-photo]").wait_for()
    page.wait_for_timeout(500)
    page.locator("input[name=checked]").first.check()
    page.get_by_role("button", name="この写真を使う").first.click()
    page.wait_for_url(f"**{base}")
