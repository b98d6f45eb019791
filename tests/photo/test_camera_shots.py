"""Hints, bursts, keys and the lying-down mode: what a member of staff does at the bedside."""

from __future__ import annotations

import io
import re
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from fieldkit.photo.cropping import straighten
from fieldkit.photo.engine import shared_engine
from fieldkit.photo.faces import mesh_box
from tests.needs import needs
from tests.photo.camera_page import Desk, live
from tests.photo.defects import eyes_painted_shut
from tests.photo.frames import Pixels, astronaut_frame, write_y4m
from tests.web.browser import AXE_TAGS

pytestmark = [pytest.mark.browser, needs("chromium")]
NEARER = "もう少し近づいてください。"
HINT = {"state": "move", "says": NEARER, "box": [0.4, 0.2, 0.2, 0.3],
        "move": "near", "turns": 0}
EYES = (slice(385, 425), slice(545, 745))


def pixels(jpeg: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), dtype=np.uint8)


def looks_shut(jpeg: bytes) -> bool:
    """Which of the two drawn frames this one is, by the zone of the eyes."""
    seen = pixels(jpeg)[EYES].astype(float)
    shut, awake = eyes_painted_shut()[EYES], astronaut_frame()[EYES]
    return bool(np.abs(seen - shut).mean() < np.abs(seen - awake).mean())


def shoot(page: Page) -> None:
    page.locator("[data-act=shoot]").click()
    page.locator("#camera[data-state=taken]").wait_for()


def test_it_asks_for_hints_four_times_a_second(desk: Desk, y4m: Path) -> None:
    desk.hint = HINT
    with live(desk, y4m) as (page, _):
        expect(page.locator("#camera-says")).to_have_text(NEARER)
        before = len(desk.sent("guide"))
        page.wait_for_timeout(4000)
        assert len(desk.sent("guide")) - before >= 8
        size = page.evaluate("getComputedStyle(document.getElementById('camera-says')).fontSize")
        assert float(size.removesuffix("px")) >= 28


def test_a_screen_reader_hears_a_hint_once(desk: Desk, y4m: Path) -> None:
    desk.hint = HINT
    with live(desk, y4m) as (page, _):
        expect(page.locator("#camera-voice")).to_have_text(NEARER)
        page.evaluate("""() => {
            window.heard = 0;
            const voice = document.getElementById("camera-voice");
            const changed = () => { window.heard += 1; };
            new MutationObserver(changed).observe(voice, {childList: true, subtree: true}); }""")
        page.wait_for_timeout(2000)
        assert page.evaluate("window.heard") == 0


def test_it_proposes_the_frame_with_open_eyes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "blink.y4m"
    write_y4m(path, [eyes_painted_shut(), astronaut_frame()], fps=5)
    with live(desk, path) as (page, _):
        for _ in range(5):
            page.wait_for_timeout(600)
            shoot(page)
            frames = desk.sent("shoot")[-1].frames
            shut = [looks_shut(frame) for frame in frames]
            assert not shut[desk.taken[-1]]
            if any(shut):
                break
            page.locator("[data-act=retake]").click()
        assert any(shut), "no burst held a blink: this proved nothing"
        film = page.locator("#camera-film button")
        expect(film).to_have_count(len(frames))
        chosen = film.nth(desk.taken[-1])
        expect(chosen).to_contain_text("おすすめ")
        expect(chosen).to_have_attribute("aria-pressed", "true")


def test_another_frame_of_the_burst_is_judged_alone(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        shoot(page)
        other = (desk.taken[-1] + 1) % 3
        page.locator("#camera-film button").nth(other).click()
        expect(page.locator("#camera-film button").nth(other)).to_have_attribute(
            "aria-pressed", "true")
        page.locator("#camera[data-state=taken]").wait_for()
        first, second = desk.sent("shoot")
        assert second.headers["X-Frames"] is None
        assert second.body == first.frames[other]
        expect(page.locator("[data-act=keep]")).to_be_visible()


def test_nothing_stays_after_a_retake_or_when_the_screen_is_hidden(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        shoot(page)
        page.locator("[data-act=retake]").click()
        expect(page.locator("#camera-film canvas")).to_have_count(0)
        page.wait_for_timeout(500)
        shoot(page)
        page.evaluate("document.getElementById('curtain').hidden = false")
        expect(page.locator("#camera-film canvas")).to_have_count(0)
        assert page.evaluate("document.querySelector('.camera-view').width") == 1
        assert page.evaluate("document.querySelector('video').srcObject") is None


@pytest.mark.parametrize("key", ["Enter", "Space", "PageDown", "AudioVolumeUp"])
def test_a_key_or_a_remote_shutter_shoots(desk: Desk, y4m: Path, key: str) -> None:
    with live(desk, y4m) as (page, _):
        page.evaluate("document.activeElement.blur()")
        if key == "AudioVolumeUp":  # no such key on Playwright's keyboard: the browser's own event
            page.evaluate("""document.body.dispatchEvent(
                new KeyboardEvent("keydown", {key: "AudioVolumeUp", bubbles: true}))""")
        else:
            page.keyboard.press(key)
        page.locator("#camera[data-state=taken]").wait_for()
        assert page.evaluate("window.scrollY") == 0
        page.keyboard.press("r")
        page.locator("#camera[data-state=live]").wait_for()
        assert page.evaluate("document.activeElement.dataset.act") == "shoot"
        assert len(desk.sent("shoot")) == 1


def test_a_person_who_lies_is_shown_sent_and_cropped_upright(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "lying.y4m"
    upright = astronaut_frame(1080, 1920, eye_px=170)
    write_y4m(path, [np.ascontiguousarray(cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE))] * 4)
    with live(desk, path) as (page, _):
        page.locator("[data-act=lying]").click()
        expect(page.locator("[data-act=lying]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#lying-tips")).to_be_visible()
        view = "document.querySelector('.camera-view')"
        for _ in range(100):
            if page.evaluate(f"{view}.height > {view}.width"):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(f"{view}.height > {view}.width")
        page.wait_for_timeout(500)
        shoot(page)
    shot = desk.sent("shoot")[-1]
    assert shot.headers["X-Pose"] == "lying"
    assert pixels(shot.frames[0]).shape == (1920, 1080, 3)
    crop = desk.crops[-1]
    assert crop is not None
    mesh = shared_engine().find(pixels(crop)).meshes[0]
    assert abs(straighten(mesh).roll) < 5 and mesh_box(mesh)[3] > 300


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180)], ids=["laptop", "tablet"])
def test_every_state_fits_the_screen_and_breaks_no_rule(
    desk: Desk, y4m: Path, size: tuple[int, int]
) -> None:
    """Live, lying, taken: the first button is seen without scrolling, and axe finds nothing."""
    with live(desk, y4m, size=size) as (page, _):
        fits(page, "shoot", size[1])
        no_violation(page)
        page.locator("[data-act=lying]").click()
        fits(page, "shoot", size[1])
        no_violation(page)
        shoot(page)
        fits(page, "keep", size[1])
        fits(page, "retake", size[1])
        no_violation(page)


def test_a_shot_that_is_stopped_is_taken_again_by_enter(desk: Desk, tmp_path: Path) -> None:
    dark = tmp_path / "dark.y4m"
    write_y4m(dark, [np.asarray(astronaut_frame() // 5, dtype=np.uint8)] * 4)
    with live(desk, dark) as (page, _):
        shoot(page)
        expect(page.locator("#camera-says")).to_contain_text("暗い")
        expect(page.locator("[data-act=retake]")).to_be_focused()
        expect(page.locator("[data-act=retake]")).to_have_class(re.compile("btn-main"))
        expect(page.locator(".keys-keep")).to_be_hidden()
        again, look = (page.locator(f"[data-act={act}]").bounding_box()
                       for act in ("retake", "keep"))
        assert again and look and again["y"] < look["y"]
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Enter")
        page.locator("#camera[data-state=live]").wait_for()


def fits(page: Page, act: str, height: int) -> None:
    box = page.locator(f"[data-act={act}]").bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= height
    assert page.evaluate("window.scrollY") == 0


def no_violation(page: Page) -> None:
    page.evaluate(axe_script() + "\n;0")
    rules = "{runOnly: {type: 'tag', values: tags}}"
    found = page.evaluate(f"tags => axe.run(document, {rules})", AXE_TAGS)
    assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in found["violations"]] == []


def axe_script() -> str:
    home = find_spec("axe_playwright_python")
    assert home and home.origin
    return (Path(home.origin).parent / "axe.min.js").read_text(encoding="utf-8")
