"""The face engine and the live guide: loaded once, quiet, safe for threads, honest when absent."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from fieldkit.photo import guide, judge, mediapipe_engine, self_test, shared_engine
from fieldkit.photo.engine import SETTING, EngineMissing
from fieldkit.photo.mediapipe_engine import MediaPipeEngine
from tests.photo.defects import stops, two_people, wall
from tests.photo.frames import Pixels, astronaut_frame, jpeg_bytes


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    """The engine that makes the test frames is loaded before any test breaks another one."""
    shared_engine().warm()


def test_its_self_test_passes() -> None:
    report = self_test(MediaPipeEngine())
    assert report["ok"] is True and report["code"] == "ok"


def test_it_is_quiet_and_lazy() -> None:
    script = (
        "import sys, fieldkit.app, fieldkit.photo as p\n"
        "heavy = {'mediapipe', 'pi_heif', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert not p.shared_engine().ready\n"
        "assert p.self_test(p.shared_engine())['ok'] and p.shared_engine().ready\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    assert run.stderr == b"" and run.stdout == b""


def test_it_warms_up_in_the_background_once() -> None:
    script = (
        "import sys, threading, time, fieldkit.photo as p\n"
        "begin = time.monotonic()\n"
        "for _ in range(5): p.warm_up()\n"
        "assert time.monotonic() - begin < 0.2\n"
        "names = [t.name for t in threading.enumerate()]\n"
        "assert names.count('face-engine') == 1, names\n"
        "while not p.shared_engine().ready: time.sleep(0.02)\n"
        "p.warm_up()\n"
        "assert p.self_test(p.shared_engine())['ok']\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert run.returncode == 0 and run.stderr == b"", run.stderr.decode(errors="replace")


def test_warming_up_without_an_engine_raises_nothing() -> None:
    script = "import fieldkit.photo as p; p.warm_up(); p.warm_up(); print(p.shared_engine().name)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120,
                         env={**os.environ, SETTING: "none"})
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, b"none", b"")


def without_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "mediapipe"] + ["mediapipe"]:
        monkeypatch.setitem(sys.modules, name, None)


def test_it_says_so_where_the_engine_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    without_mediapipe(monkeypatch)
    engine = MediaPipeEngine()
    with pytest.raises(EngineMissing) as caught:
        engine.find(wall(320, 240))
    assert caught.value.code == "face_engine_missing"
    assert engine.ready  # nobody waits for a second attempt
    assert self_test(engine)["code"] == "face_engine_missing"


def test_it_does_not_believe_an_engine_that_fails_its_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that sees nothing in the drawn face must not judge: the photo is judged by eye."""
    engine = MediaPipeEngine()
    monkeypatch.setattr(mediapipe_engine, "_boxes", lambda boxer, rgb: ())
    assert self_test(engine) == {**self_test(engine), "ok": False, "code": "face_engine_broken"}
    assert judge(jpeg_bytes(astronaut_frame()), engine).engine == "none"


def test_a_fault_in_one_picture_is_judged_by_eye_and_the_next_by_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(mesher: object, rgb: object) -> None:
        raise RuntimeError("graph")

    data = jpeg_bytes(astronaut_frame())
    with monkeypatch.context() as once:
        once.setattr(mediapipe_engine, "_meshes", fails)
        judged = judge(data)
    assert judged.engine == "none" and judged.findings[0].code == "by_eye"
    assert judge(data).engine == "mediapipe"


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
    ("move", "左に寄って", lambda: astronaut_frame(at=(0.15, 0.43))),
    ("move", "左に寄って", lambda: astronaut_frame(at=(0.27, 0.43))),
    ("move", "右に寄って", lambda: astronaut_frame(at=(0.73, 0.43))),
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
