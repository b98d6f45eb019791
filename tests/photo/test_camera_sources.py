"""Which camera, a camera that freezes, a kit without an engine, and a file instead of a shot."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.needs import needs
from tests.photo.camera_page import ALLOW, Desk, live, opened, until
from tests.photo.frames import astronaut_frame, jpeg_bytes

pytestmark = [pytest.mark.browser, needs("chromium")]
TWO = "--use-fake-device-for-media-stream=device-count=2"
USED = "document.querySelector('video').srcObject?.getTracks()[0].label"
FREEZES = """navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 640; canvas.height = 480;
    const pen = canvas.getContext("2d");
    pen.fillRect(0, 0, 640, 480);
    const stream = canvas.captureStream(0);
    setTimeout(() => { pen.fillRect(9, 9, 9, 9); stream.getTracks()[0].requestFrame(); }, 50);
    return stream;
};"""


def test_the_chosen_camera_is_remembered_by_its_name(desk: Desk) -> None:
    with opened(desk, "/", TWO, ALLOW) as (page, complaints):
        page.locator("#camera[data-state=live]").wait_for()
        choice = page.locator("#camera-choice")
        expect(choice).to_be_visible()
        names = choice.locator("option").all_inner_texts()
        assert len(names) == 2
        before = page.evaluate(USED)
        other = next(name for name in names if name != before)
        choice.select_option(label=other)
        until(page, f"{USED} === {other!r}")
        page.locator("#camera[data-state=live]").wait_for()
        assert desk.label == other
        page.reload()
        page.locator("#camera[data-state=live]").wait_for()
        until(page, f"{USED} === {other!r}")
        stores = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert other not in stores
        assert complaints == []


def test_one_camera_needs_no_choice(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        expect(page.locator("#camera-choice")).to_be_hidden()


def test_a_frozen_camera_is_said_and_can_be_connected_again(desk: Desk) -> None:
    with opened(desk, "/", TWO, ALLOW, before=FREEZES) as (page, _):
        expect(page.locator("#camera-says")).to_contain_text("映像が止まりました")
        expect(page.locator("[data-act=shoot]")).to_be_hidden()
        page.evaluate("delete navigator.mediaDevices.getUserMedia")
        page.locator("[data-act=start]").click()
        page.locator("#camera[data-state=live]").wait_for()


def test_without_an_engine_it_says_so_and_still_shoots(desk: Desk, y4m: Path) -> None:
    desk.hint = {"state": "byeye", "says": "顔の自動案内は使えません。", "box": None}
    with live(desk, y4m) as (page, _):
        expect(page.locator("#camera-says")).to_contain_text("自動案内は使えません")
        page.locator("[data-act=shoot]").click()
        page.locator("#camera[data-state=taken]").wait_for()
        assert len(desk.sent("shoot")) == 1


def test_a_file_goes_through_the_same_door_and_has_to_be_deleted(desk: Desk, y4m: Path) -> None:
    picture = jpeg_bytes(astronaut_frame(1600, 1200, eye_px=150))
    with live(desk, y4m) as (page, complaints):
        page.locator("#photo-file").set_input_files(
            {"name": "氏名.jpg", "mimeType": "image/jpeg", "buffer": picture})
        expect(page.locator("#camera-says")).to_contain_text("消してください")
        expect(page.locator("[data-act=keep]")).to_be_focused()
        assert page.evaluate("document.getElementById('photo-file').value") == ""
        assert complaints == []
    sent = desk.sent("shoot")[-1]
    assert sent.headers["X-Source"] == "file" and sent.headers["X-Frames"] is None
    assert sent.body == picture and "氏名" not in str(sent.headers)


def test_garbage_named_heic_gets_a_sentence_and_the_camera_goes_on(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        page.locator("#photo-file").set_input_files(
            {"name": "IMG_0001.HEIC", "mimeType": "image/heic", "buffer": b"no picture" * 99})
        expect(page.locator("#camera-says")).to_contain_text("写真")
        expect(page.locator("[data-act=keep]")).to_be_hidden()
        page.locator("[data-act=retake]").click()
        page.locator("#camera[data-state=live]").wait_for()


def test_a_file_that_is_too_large_is_not_sent(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m) as (page, _):
        page.locator("#photo-file").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\0" * (24 * 1024 * 1024)})
        expect(page.locator("#camera-says")).to_contain_text("大きすぎます")
        assert desk.sent("shoot") == []


LARGER = """ImageCapture.prototype.getPhotoCapabilities = async () => (
    {imageWidth: {max: 2560}, imageHeight: {max: 1920}});
ImageCapture.prototype.takePhoto = async () => {
    if (window.neverComes) return new Promise(() => undefined);
    const canvas = new OffscreenCanvas(2560, 1920);
    const video = document.querySelector("video");
    canvas.getContext("2d").drawImage(video, 0, 0, 2560, 1920);
    return canvas.convertToBlob({type: "image/png"});
};"""


def test_the_larger_still_picture_of_the_camera_is_taken(desk: Desk, y4m: Path) -> None:
    with live(desk, y4m, before=LARGER) as (page, complaints):
        page.wait_for_timeout(500)
        page.locator("[data-act=shoot]").click()
        page.locator("#camera[data-state=taken]").wait_for()
        frames = desk.sent("shoot")[-1].frames
        sizes = [Image.open(io.BytesIO(frame)).size for frame in frames]
        assert sizes[-1] == (2560, 1920) and set(sizes[:-1]) == {(1280, 960)}
        assert desk.taken[-1] == len(frames) - 1
        assert complaints == []


def test_a_still_picture_that_does_not_come_is_not_waited_for_again(
    desk: Desk, y4m: Path
) -> None:
    with live(desk, y4m, before=LARGER + "window.neverComes = true;") as (page, _):
        for _ in range(2):
            page.wait_for_timeout(500)
            begun = page.evaluate("performance.now()")
            page.locator("[data-act=shoot]").click()
            page.locator("#camera[data-state=taken]").wait_for()
            took = page.evaluate("performance.now()") - begun
            page.locator("[data-act=retake]").click()
        assert took < 2000
    sizes = {Image.open(io.BytesIO(f)).size for s in desk.sent("shoot") for f in s.frames}
    assert sizes == {(1280, 960)}
