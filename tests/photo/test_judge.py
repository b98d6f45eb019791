"""The judgement of whole photos: a good one goes through, a known defect is named."""

from __future__ import annotations

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from fieldkit.photo import judge, judge_file_report
from tests.photo.defects import STOPPED, helper_beside, stops
from tests.photo.frames import astronaut_frame, jpeg_bytes


def codes(judged: object) -> set[str]:
    return {f.code for f in judged.findings}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("width", "height", "eye_px"), [(1280, 960, 136), (1920, 1080, 140), (1280, 720, 128)]
)
def test_it_lets_a_good_photo_through(width: int, height: int, eye_px: float) -> None:
    judged = judge(jpeg_bytes(astronaut_frame(width, height, eye_px=eye_px)))
    assert judged.verdict in ("pass", "advise")
    assert codes(judged) <= {"mouth", "hat", "small"}  # she smiles and has a fringe
    assert judged.crop_jpeg is not None


@pytest.mark.parametrize("name", STOPPED)
def test_it_stops_a_known_defect(name: str) -> None:
    code, make = STOPPED[name]
    judged = judge(jpeg_bytes(make()))
    assert judged.verdict == "stop"
    assert code in {f.code for f in judged.findings if f.severity == "stop"}


def test_it_ignores_a_helper_outside_the_crop() -> None:
    assert "two" not in codes(judge(jpeg_bytes(helper_beside())))


def test_it_advises_when_it_is_rather_dark() -> None:
    judged = judge(jpeg_bytes(stops(astronaut_frame(), -3)))
    assert ("dark", "advise") in {(f.code, f.severity) for f in judged.findings}


def test_it_accepts_black_and_white() -> None:
    grey = cv2.cvtColor(astronaut_frame(), cv2.COLOR_RGB2GRAY)
    judged = judge(jpeg_bytes(np.repeat(grey[..., None], 3, axis=2)))
    assert judged.verdict != "stop" and "colour" not in codes(judged)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_turns_a_photo_upright(turns: int) -> None:
    frame = np.ascontiguousarray(np.rot90(astronaut_frame(), turns))
    judged = judge(jpeg_bytes(frame))
    assert judged.verdict != "stop"
    assert judged.measured.quarter_turns == 4 - turns


def test_it_obeys_exif_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = np.ascontiguousarray(np.rot90(astronaut_frame()))
    judged = judge(jpeg_bytes(sideways, exif=exif.tobytes()))
    assert judged.verdict != "stop" and judged.measured.quarter_turns == 0


def test_it_takes_png_as_well_as_jpeg() -> None:
    out = io.BytesIO()
    Image.fromarray(astronaut_frame()).save(out, "PNG")
    assert judge(out.getvalue()).verdict != "stop"


def test_it_gives_the_same_answer_twice() -> None:
    data = jpeg_bytes(astronaut_frame())
    first, second = judge(data), judge(data)
    assert first.findings == second.findings and first.crop_jpeg == second.crop_jpeg


def test_it_points_at_the_place_inside_the_crop() -> None:
    for name in ("very far away", "4 stops dark", "top cut"):
        code, make = STOPPED[name]
        place = next(f.place for f in judge(jpeg_bytes(make())).findings if f.code == code)
        assert place is not None
        x, y, w, h = place
        assert min(x, y) >= 0 and min(w, h) > 0, code
        assert x + w <= 1.0001 and y + h <= 1.0001, code


def test_its_report_is_json_without_pixels() -> None:
    text = json.dumps(judge_file_report(jpeg_bytes(astronaut_frame())), ensure_ascii=False)
    assert '"verdict"' in text and len(text) < 20_000
