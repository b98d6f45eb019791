"""camera.js and photo_canvas.js in a real Chromium with a fake camera, under the strict CSP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.needs import chromium, needs
from tests.photo.camera_page import SEALED, Desk, serving
from tests.photo.frames import astronaut_frame, jpeg_bytes, write_y4m

pytestmark = [pytest.mark.browser, needs("chromium")]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
FAKE = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="module")
def y4m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "face.y4m"
    write_y4m(path, [astronaut_frame()] * 4)
    return path


@pytest.fixture
def desk() -> Iterator[Desk]:
    with serving() as running:
        yield running


@contextmanager
def opened(desk: Desk, path: str, *flags: str) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what the browser complained about (CSP reports come as console errors)."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(desk.url + path)
        try:
            yield page, complaints
        finally:
            browser.close()


def wait_until(page: Page, expression: str) -> None:
    """Playwright's own wait_for_function uses eval, which the CSP forbids."""
    for _ in range(200):
        if page.evaluate(f"Boolean({expression})"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {expression}")


def test_it_guides_shoots_and_keeps(desk: Desk, y4m: Path) -> None:
    camera = f"--use-file-for-fake-video-capture={y4m}"
    with opened(desk, "/", FAKE, ALLOW, camera) as (page, complaints):
        says = page.locator("#camera-says")
        expect(says).to_contain_text("撮影できます", timeout=20_000)
        page.evaluate("""() => document.addEventListener("photo:judged",
                         (e) => { document.title = e.detail.verdict; })""")
        page.locator("[data-act=shoot]").focus()
        page.keyboard.press("Space")
        expect(page.locator("[data-act=keep]")).to_be_visible(timeout=20_000)
        assert page.title() in ("pass", "advise")
        expect(says).to_contain_text("口を軽く閉じ")
        assert page.evaluate("document.activeElement.dataset.act") == "keep"
        page.keyboard.press("Enter")
        page.wait_for_url("**/next")
        assert complaints == []
    path, kind, token, body = next(p for p in desk.posts if p[0] == "/photo")
    assert (kind, token) == ("image/jpeg", "canary-token")
    assert Image.open(io.BytesIO(body)).size == (1280, 960)
    assert set(desk.heights) == {"960"}
    guides = [p for p in desk.posts if p[0] == "/guide"]
    assert guides and max(Image.open(io.BytesIO(g[3])).size[0] for g in guides) <= 640


def test_it_keeps_a_shot_that_could_not_be_sent(desk: Desk, y4m: Path) -> None:
    desk.fail = 1
    with opened(desk, "/", FAKE, ALLOW, f"--use-file-for-fake-video-capture={y4m}") as (page, _):
        expect(page.locator("#camera")).to_have_attribute("data-state", "live", timeout=20_000)
        wait_until(page, "document.querySelector('video').videoWidth > 0")
        page.locator("[data-act=shoot]").click()
        expect(page.locator("#camera-says")).to_contain_text("もう一度送って", timeout=20_000)
        page.locator("[data-act=keep]").click()
        expect(page.locator("#camera-says")).to_contain_text("口を軽く閉じ", timeout=20_000)
        page.locator("[data-act=retake]").click()
        expect(page.locator("#camera")).to_have_attribute("data-state", "live")
    shots = [p[3] for p in desk.posts if p[0] == "/photo"]
    assert len(shots) == 2 and shots[0] == shots[1]


def test_it_keeps_the_shot_when_the_camera_is_unplugged(desk: Desk, y4m: Path) -> None:
    desk.fail = 1
    with opened(desk, "/", FAKE, ALLOW, f"--use-file-for-fake-video-capture={y4m}") as (page, _):
        expect(page.locator("#camera")).to_have_attribute("data-state", "live", timeout=20_000)
        wait_until(page, "document.querySelector('video').videoWidth > 0")
        page.locator("[data-act=shoot]").click()
        expect(page.locator("[data-act=keep]")).to_be_visible(timeout=20_000)
        page.evaluate("""document.querySelector("video").srcObject.getTracks()[0]
                         .dispatchEvent(new Event("ended"))""")
        expect(page.locator("#camera-says")).to_contain_text("撮った写真は残っています")
        page.locator("[data-act=keep]").click()
        expect(page.locator("#camera-says")).to_contain_text("口を軽く閉じ", timeout=20_000)


@pytest.mark.parametrize(("flags", "says"), [
    ((), "カメラが見つかりません"), ((FAKE,), "許可されていません")])
def test_it_says_what_to_do_without_a_camera(
    desk: Desk, flags: tuple[str, ...], says: str
) -> None:
    with opened(desk, "/", *flags) as (page, _):
        expect(page.locator("#camera-says")).to_contain_text(says, timeout=20_000)
        expect(page.locator("[data-act=shoot]")).to_be_enabled()


def test_it_offers_the_switch_with_two_cameras(desk: Desk) -> None:
    two = "--use-fake-device-for-media-stream=device-count=2"
    with opened(desk, "/", two, ALLOW) as (page, _):
        expect(page.locator("[data-act=switch]")).to_be_visible(timeout=20_000)
        used = "document.querySelector('video').srcObject.getTracks()[0].getSettings().deviceId"
        wait_until(page, "document.querySelector('video').srcObject")
        before = page.evaluate(used)
        page.locator("[data-act=switch]").click()
        wait_until(page, f"document.querySelector('video').srcObject && {used} !== {before!r}")


def test_it_draws_a_stored_photo_on_canvas_only(desk: Desk) -> None:
    desk.crop = jpeg_bytes(astronaut_frame(480, 618, eye_px=100))
    with opened(desk, "/view") as (page, _):
        good = page.locator("#good")
        expect(good).to_have_attribute("data-state", "shown", timeout=20_000)
        assert page.evaluate("[good.width, good.height]") == [480, 618]
        pixel = page.evaluate("[...good.getContext('2d').getImageData(240, 154, 1, 1).data]")
        assert pixel[0] > 200 and pixel[2] < 120  # the yellow line of the place
        expect(page.locator("#sealed + [role=status]")).to_have_text(SEALED)
        assert page.locator("img").count() == 0


@pytest.mark.parametrize("name", ["camera.js", "camera_parts.js", "photo_canvas.js"])
def test_it_uses_nothing_that_leaves_a_photo_behind(name: str) -> None:
    source = (Path(__file__).resolve().parents[2] / "static" / name).read_text(encoding="utf-8")
    code = "\n".join(line.split("//")[0] for line in source.splitlines())
    for word in ("createObjectURL", "toDataURL", "localStorage", "sessionStorage", "indexedDB",
                 "new Image", "innerHTML", "eval(", "console."):
        assert word not in code
