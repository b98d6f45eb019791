"""A real Chromium on the real kit: fake camera, axe on every screen, a picture of each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.needs import chromium

OUTPUT = Path(__file__).resolve().parents[1] / "output"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
SIZES = {"laptop": (1366, 768), "tablet": (820, 1180)}


class Watch:
    """One page and what it did: requests to anywhere else, and what its policy refused."""

    def __init__(self, page: Page, link: str, folder: Path) -> None:
        self.page = page
        self.link = link
        self.origin = link.split("/#")[0].rstrip("/")
        self.folder = folder
        self.foreign: list[str] = []
        self.refused: list[str] = []
        self.violations: list[str] = []
        self.count = 0
        spec = find_spec("axe_playwright_python")
        assert spec is not None and spec.origin is not None
        self.axe = (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")
        page.on("request", lambda r: self._asked(r.url))
        page.on("console", lambda m: self._said(m.text))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin, "blob:", "data:", "about:")):
            self.foreign.append(url)

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.refused.append(text)

    def enter(self) -> None:
        """Open the one-time link as a person does: the launch page leads on to the login."""
        self.page.goto(self.link)
        self.page.wait_for_url(self.origin + "/login")

    def go(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def snap(self, name: str) -> None:
        """A picture of the whole page and axe over it."""
        self.count += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.folder / f"{self.count:02d}-{name}.png", full_page=True)
        self.page.evaluate(self.axe + "\n;0")
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", AXE_TAGS
        )
        for rule in found["violations"]:
            where = [node["target"] for node in rule["nodes"]][:3]
            self.violations.append(f"{name}: {rule['id']} {where}")

    def bytes_of(self, path: str) -> bytes:
        """What the signed-in browser gets from an address of the kit."""
        text = self.page.evaluate(
            """async path => {
                const answer = await fetch(path, {cache: "no-store"});
                if (!answer.ok) return "!" + answer.status + " " + await answer.text();
                const bytes = new Uint8Array(await answer.arrayBuffer());
                let text = "";
                for (let i = 0; i < bytes.length; i += 32768)
                    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
                return btoa(text);
            }""",
            path,
        )
        assert not text.startswith("!"), text
        return base64.b64decode(text)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text).first.click()

    def fill(self, name: str, text: str) -> None:
        self.page.locator(f"[name='{name}']").fill(text)

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f"input[name='{name}'][value='{value}']").check()


@contextmanager
def open_browser(
    link: str, profile: Path, y4m: Path | None, size: str = "laptop", name: str = "job"
) -> Iterator[Watch]:
    """Chromium with a camera that shows `y4m`, its profile in `profile`; `link` as printed."""
    width, height = SIZES[size]
    flags = [*FLAGS, *([f"--use-file-for-fake-video-capture={y4m}"] if y4m else [])]
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(profile),
            executable_path=chromium(),
            headless=True,
            args=flags,
            viewport={"width": width, "height": height},
            locale="ja-JP",
            reduced_motion="reduce",
        )
        page = context.pages[0] if context.pages else context.new_page()
        page.set_default_timeout(15_000)
        yield Watch(page, link, OUTPUT / name)
        context.close()


def no_storage(page: Page) -> dict[str, Any]:
    """What the browser's own stores hold (must be nothing personal)."""
    found: dict[str, Any] = page.evaluate(
        "() => ({local: {...localStorage}, session: {...sessionStorage}})"
    )
    return found
