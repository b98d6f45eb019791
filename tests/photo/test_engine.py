"""The face engine and the live guide: loaded once, quiet, safe for threads, honest when absent."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from fieldkit.errors import KitError
from fieldkit.photo import FaceEngine, guide, judge, shared_engine
from tests.photo.defects import stops, two_people, wall
from tests.photo.frames import Pixels, astronaut_frame, jpeg_bytes


def test_its_self_test_passes() -> None:
    report = FaceEngine().self_test()
    assert report["ok"] is True and report["code"] == "ok"


def test_it_is_quiet_and_lazy() -> None:
    script = (
        "import sys, fieldkit.photo as p\n"
        "assert 'mediapipe' not in sys.modules\n"
        "assert p.shared_engine().self_test()['ok']\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    assert run.stderr == b"" and run.stdout == b""


def test_it_says_so_where_the_engine_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "mediapipe"] + ["mediapipe"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(KitError) as caught:
        judge(jpeg_bytes(wall(320, 240)), FaceEngine())
    assert caught.value.code == "face_engine_missing"
    assert FaceEngine().self_test()["code"] == "face_engine_missing"


def test_it_serves_several_threads() -> None:
    data = jpeg_bytes(astronaut_frame())
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda _: judge(data).verdict, range(8)))
    assert len(set(verdicts)) == 1
    assert shared_engine() is shared_engine()


def small(frame: Pixels) -> bytes:
    height = 640 * frame.shape[0] // frame.shape[1]
    shrunk = cv2.resize(frame, (640, height), interpolation=cv2.INTER_AREA)
    return jpeg_bytes(np.asarray(shrunk, np.uint8), 80)


GUIDED = [
    ("ok", "動かないで", lambda: astronaut_frame()),
    ("ok", "動かないで", lambda: astronaut_frame(1920, 1080, eye_px=150)),
    ("none", "顔が見つかりません", lambda: wall()),
    ("two", "二人", lambda: two_people()),
    ("move", "近づいて", lambda: astronaut_frame(eye_px=80)),
    ("move", "下がって", lambda: astronaut_frame(eye_px=230, at=(0.5, 0.5))),
    ("move", "横に寄って", lambda: astronaut_frame(at=(0.15, 0.43))),
    ("move", "頭の上", lambda: astronaut_frame(at=(0.5, 0.25))),
    ("move", "あごの下", lambda: astronaut_frame(at=(0.5, 0.68))),
    ("move", "傾いて", lambda: astronaut_frame(roll=13)),
    ("move", "暗い", lambda: stops(astronaut_frame(), -3)),
]


@pytest.mark.parametrize(("state", "says", "make"), GUIDED, ids=[f"{s} {t}" for s, t, _ in GUIDED])
def test_it_guides_one_step_at_a_time(state: str, says: str, make: object) -> None:
    answer = guide(small(make()))  # type: ignore[operator]
    assert (answer["state"], says in answer["says"]) == (state, True), answer
    if answer["box"]:
        assert all(-0.5 <= v <= 1.5 for v in answer["box"])


def test_it_asks_to_come_nearer_to_a_coarse_camera() -> None:
    frame = small(astronaut_frame(1280, 720, eye_px=110, at=(0.5, 0.45)))
    assert guide(frame, full_height=1080)["state"] == "ok"
    assert "近づいて" in guide(frame, full_height=720)["says"]
