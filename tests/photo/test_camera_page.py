"""The camera page and photo_canvas.js in a real Chromium with a fake camera, under the CSP."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.needs import needs
from tests.photo.camera_page import ALLOW, FAKE, SEALED, STATIC, Desk, live, opened
from tests.photo.frames import astronaut_frame, jpeg_bytes

pytestmark = [pytest.mark.browser, needs("chromium")]
SCRIPTS = sorted(p.name for p in (*STATIC.glob("camera*.js"), *STATIC.glob("photo*.js")))


def test_it_guides_shoots_and_keeps(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, complaints):
        says = page.locator("#camera-says")
        expect(says).to_contain_text("撮影できます")
        page.evaluate("""() => document.addEventListener("photo:judged",
                         (e) => { document.title = e.detail.verdict; })""")
        page.locator("[data-act=shoot]").focus()
        page.keyboard.press("Space")
        expect(page.locator("[data-act=keep]")).to_be_visible()
        assert page.title() in ("pass", "advise")
        expect(says).to_contain_text("口を軽く閉じ")
        assert page.evaluate("document.activeElement.dataset.act") == "keep"
        page.keyboard.press("Enter")
        page.wait_for_url("**/next")
        assert complaints == []
    shot = desk.sent("shoot")[0]
    assert shot.headers["Content-Type"] == "image/jpeg" and shot.headers["X-CSRF-Token"]
    assert 3 <= len(shot.frames) <= 5
    assert {Image.open(io.BytesIO(frame)).size for frame in shot.frames} == {(1280, 960)}
    guides = desk.sent("guide")
    assert {g.headers["X-Frame-Height"] for g in guides} == {"960"}
    assert max(Image.open(io.BytesIO(g.body)).size[0] for g in guides) <= 640


def test_it_keeps_a_shot_that_could_not_be_sent(desk: Desk, y4m: Path) -> None:
    desk.fail = 1
    with live(desk, y4m) as (page, _):
        page.locator("[data-act=shoot]").click()
        expect(page.locator("#camera-says")).to_contain_text("もう一度送って")
        keep = page.locator("[data-act=keep]")
        expect(keep).to_have_text("もう一度送る")
        keep.click()
        expect(page.locator("#camera-says")).to_contain_text("口を軽く閉じ")
        expect(keep).to_have_text("切り抜きを見る")
        page.locator("[data-act=retake]").click()
        expect(page.locator("#camera")).to_have_attribute("data-state", "live")
    shots = desk.sent("shoot")
    assert len(shots) == 2 and shots[0].body == shots[1].body


def test_it_keeps_the_shot_when_the_camera_is_unplugged(desk: Desk, y4m: Path) -> None:
    desk.fail = 1
    with live(desk, y4m) as (page, _):
        page.locator("[data-act=shoot]").click()
        expect(page.locator("[data-act=keep]")).to_be_visible()
        page.evaluate("""document.querySelector("video").srcObject.getTracks()[0]
                         .dispatchEvent(new Event("ended"))""")
        expect(page.locator("#camera-says")).to_contain_text("撮った写真は残っています")
        page.locator("[data-act=keep]").click()
        expect(page.locator("#camera-says")).to_contain_text("口を軽く閉じ")


def test_a_camera_that_is_lost_before_a_shot_leads_back_by_enter(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        page.evaluate("""document.querySelector("video").srcObject.getTracks()[0]
                         .dispatchEvent(new Event("ended"))""")
        says = page.locator("#camera-says")
        expect(says).to_contain_text("接続が切れました")
        expect(says).not_to_contain_text("残っています")
        expect(page.locator("[data-act=start]")).to_be_focused()
        page.keyboard.press("Enter")
        page.locator("#camera[data-state=live]").wait_for()


@pytest.mark.parametrize(("flags", "says"), [
    ((), "カメラが見つかりません"), ((FAKE,), "許可されていません")])
def test_it_says_what_to_do_without_a_camera(
    desk: Desk, flags: tuple[str, ...], says: str
) -> None:
    with opened(desk, "/", *flags) as (page, _):
        expect(page.locator("#camera-says")).to_contain_text(says)
        expect(page.locator("[data-act=start]")).to_be_enabled()
        expect(page.locator("[data-act=shoot]")).to_be_hidden()


def test_it_says_that_the_camera_is_busy_and_connects_later(desk: Desk) -> None:
    busy = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => window.isFree ? real(wanted)
          : Promise.reject(new DOMException("busy", "NotReadableError"));"""
    with opened(desk, "/", FAKE, ALLOW, before=busy) as (page, _):
        expect(page.locator("#camera-says")).to_contain_text("他のアプリが使っています")
        page.evaluate("window.isFree = true")
        page.locator("[data-act=start]").click()
        page.locator("#camera[data-state=live]").wait_for()


def test_it_draws_a_stored_photo_on_canvas_only(desk: Desk) -> None:
    desk.crop = jpeg_bytes(astronaut_frame(480, 618, eye_px=100))
    with opened(desk, "/view") as (page, _):
        good = page.locator("#good")
        expect(good).to_have_attribute("data-state", "shown")
        assert page.evaluate("[good.width, good.height]") == [480, 618]
        pixel = page.evaluate("[...good.getContext('2d').getImageData(240, 154, 1, 1).data]")
        assert pixel[0] > 200 and pixel[2] < 120  # the yellow line of the place
        expect(page.locator("#sealed + [role=status]")).to_have_text(SEALED)
        assert page.locator("img").count() == 0


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_uses_nothing_that_leaves_a_photo_behind(name: str) -> None:
    source = (STATIC / name).read_text(encoding="utf-8")
    code = "\n".join(line.split("//")[0] for line in source.splitlines())
    for word in ("createObjectURL", "toDataURL", "localStorage", "sessionStorage", "indexedDB",
                 "new Image(", "innerHTML", "eval(", "console.", "FormData", "caches."):
        assert word not in code
