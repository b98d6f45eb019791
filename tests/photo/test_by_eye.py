"""A kit without a face engine: it captures, judges light, size and sharpness, asks for the rest."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fieldkit.photo import Judged, NoEngine, guide, judge
from fieldkit.photo.engine import SETTING
from tests.photo.defects import stops
from tests.photo.frames import Pixels, astronaut_frame, jpeg_bytes


def by_eye(frame: Pixels) -> Judged:
    return judge(jpeg_bytes(frame), NoEngine())


def marks(judged: Judged) -> set[tuple[str, str]]:
    return {(f.code, f.severity) for f in judged.findings}


def good() -> Pixels:
    """A face that fills the oval of the screen."""
    return astronaut_frame(1920, 1080, eye_px=200, at=(0.5, 0.45))


def test_it_advises_to_look_and_names_what_to_look_at() -> None:
    judged = by_eye(good())
    assert (judged.engine, judged.verdict) == ("none", "advise")
    assert marks(judged) == {("by_eye", "advise")}
    for word in ("一人", "正面", "目", "帽子", "マスク", "眼鏡", "背景", "頭の上"):
        assert word in judged.findings[0].advice


def test_it_crops_what_the_guide_framed() -> None:
    frame = good()
    judged = by_eye(frame)
    assert judged.crop_jpeg is not None
    picture = Image.open(io.BytesIO(judged.crop_jpeg))
    assert picture.size == (773, 994) and not picture.getexif()
    source = frame[43:43 + 994, 573:573 + 773].astype(np.float32)
    assert np.abs(np.asarray(picture, np.float32) - source).mean() < 4


@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (2560, 1920), (640, 480)])
def test_its_crop_is_35_to_45_and_never_enlarged(width: int, height: int) -> None:
    judged = by_eye(astronaut_frame(width, height, eye_px=100))
    assert judged.crop_jpeg is not None
    w, h = Image.open(io.BytesIO(judged.crop_jpeg)).size
    assert abs(h / w - 45 / 35) < 0.01 and w <= min(826, width) and h <= min(1062, height)


def soft(frame: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), 8), np.uint8)


WRONG = {
    "dark": lambda: stops(good(), -5),
    "over": lambda: stops(good(), 3),
    "blur": lambda: soft(good()),
    "small": lambda: astronaut_frame(480, 360, eye_px=66),
}


@pytest.mark.parametrize("code", WRONG)
def test_it_still_stops_what_needs_no_face(code: str) -> None:
    judged = by_eye(WRONG[code]())
    assert (code, "stop") in marks(judged) and judged.verdict == "stop"
    assert ("by_eye", "advise") in marks(judged) and judged.findings[0].severity == "stop"
    assert judged.crop_jpeg is not None


def test_it_guesses_nothing_about_the_face() -> None:
    measured = by_eye(good()).measured
    assert measured.faces is None and measured.roll is None and measured.eyes_open is None


def test_the_live_view_says_that_it_cannot_guide() -> None:
    answer = guide(jpeg_bytes(astronaut_frame(640, 480, eye_px=70)), NoEngine())
    assert answer["state"] == "byeye" and answer["box"] is None
    assert "自動の案内が使えません" in answer["says"] and "枠" in answer["says"]


def test_a_whole_kit_can_do_without(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(jpeg_bytes(good()))
    run = subprocess.run(
        [sys.executable, "-m", "fieldkit", "photo", "judge", str(file), "--json"],
        capture_output=True, timeout=60, env={**os.environ, SETTING: "none"},
    )
    report = json.loads(run.stdout)
    assert (run.returncode, report["engine"], report["verdict"]) == (0, "none", "advise")
    assert report["findings"][0]["code"] == "by_eye" and report["crop"]["width"] == 773
    assert b"mediapipe" not in run.stderr
