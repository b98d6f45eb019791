"""ODK's own engine in a headless Chromium: one page, its clock and zone pinned, no network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from tests.needs import chromium
from tests.web.browser import FLAGS

HERE = Path(__file__).resolve().parent
FILES = {
    "/engine.js": HERE / "vendor" / "xforms-engine-0.22.0.js",
    "/oracle.js": HERE / "oracle.js",
}
HOST = "http://localhost"  # a safe origin for the browser; every request is answered here
PAGE = '<!doctype html><script type="module" src="/oracle.js"></script>'

Told = list[list[Any]]


class Oracle:
    """One form at a time: `open` it, then `run` answer sets."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, xform: str) -> None:
        """Load a form; an error of the engine is raised here."""
        self._page.evaluate("xml => openForm(xml)", xform)

    def run(self, sets: list[dict[str, Any]], fresh: bool, turns: int) -> list[Told]:
        """What the engine says for each set: reference, relevant, required, value, valid,
        choices of every node. `fresh` starts a new instance for each set; `turns` is how often
        the answers are set, because a choice that is not offered yet is not taken."""
        call = "([sets, fresh, turns]) => runSets(sets, fresh, turns)"
        found: list[Told] = self._page.evaluate(call, [sets, fresh, turns])
        return found


@contextmanager
def oracle(now: datetime) -> Iterator[Oracle]:
    """A page whose clock stands at `now`, in Japan."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        if path in FILES:
            route.fulfill(path=FILES[path], content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        page = browser.new_context(timezone_id="Asia/Tokyo", locale="ja-JP").new_page()
        page.clock.set_fixed_time(now)
        page.route("**/*", answer)
        page.goto(HOST + "/")
        page.wait_for_function("window.ready === true")
        yield Oracle(page)
        browser.close()
