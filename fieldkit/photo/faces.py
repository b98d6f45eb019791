"""Faces and people in a picture: the only file that knows MediaPipe.

Why one file: MediaPipe 0.10.21 is a frozen line (its later versions need model files that we
cannot carry), so its replacement must touch nothing else. Nothing here recognises *who* a person
is; only where a face is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.errors import KitError
from fieldkit.photo.opening import Pixels

Points = npt.NDArray[np.float64]
"""478 x 3: x, y, depth in pixels of the picture given."""
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

_EYES = ((33, 133), (362, 263))
MISSING = KitError(
    "face_engine_missing",
    "顔を調べる部品（mediapipe）を読み込めません。写真の自動判定は使えません。"
    "キットの入れ直しを担当者に依頼してください。",
    "ask_supervisor",
)


@dataclass(frozen=True)
class Found:
    """What was found: face meshes (largest first) and face boxes with their certainty 0..1."""

    meshes: tuple[Points, ...]
    boxes: tuple[tuple[Box, float], ...]


def mesh_box(mesh: Points) -> Box:
    """The upright box around all points of a mesh."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def eye_centres(mesh: Points) -> npt.NDArray[np.float64]:
    """2 x 2: centre of the eye on the picture's left, then on its right (mean of the corners)."""
    return np.array([mesh[list(pair), :2].mean(axis=0) for pair in _EYES])


class FaceEngine:
    """MediaPipe, loaded at first use, once, and used by one thread at a time.

    `find` and `person` take sRGB pixels of any size (detection is best at 1280 px or less).
    Raises KitError `face_engine_missing` where MediaPipe cannot be imported.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any, Any] | None = None

    def find(self, rgb: Pixels) -> Found:
        """All faces: up to 3 meshes and any number of boxes."""
        with self._lock:
            return _find(*self._load()[:2], rgb)

    def person(self, rgb: Pixels) -> npt.NDArray[np.float32]:
        """Height x width share 0..1: how surely each pixel belongs to a person."""
        with self._lock:
            mask = self._load()[2].process(rgb).segmentation_mask
        return np.array(mask, dtype=np.float32)

    def self_test(self) -> dict[str, Any]:
        """Load, look at one drawn face, report. Never raises: the doctor prints the report."""
        start = time.perf_counter()
        try:
            found = self.find(drawn_face())
            share = float((self.person(drawn_face()) > 0.5).mean())
        except KitError as error:
            return {"ok": False, "code": error.code, "sentence": error.sentence}
        except Exception as error:  # any fault of the engine is a finding, not a crash
            return {"ok": False, "code": "face_engine_broken", "fault": type(error).__name__,
                    "sentence": "顔を調べる部品が正しく動きません。担当者に連絡してください。"}
        ok = len(found.meshes) == 1 and len(found.boxes) == 1 and 0.05 < share < 0.95
        sentence = "写真の自動判定が使えます。" if ok else (
            "顔を調べる部品の試験に合格しませんでした。担当者に連絡してください。")
        return {"ok": ok, "code": "ok" if ok else "face_engine_broken", "sentence": sentence,
                "meshes": len(found.meshes), "boxes": len(found.boxes),
                "ms": round((time.perf_counter() - start) * 1000)}

    def _load(self) -> tuple[Any, Any, Any]:
        if self._parts is None:
            # In a thread of its own: MediaPipe keeps an exception of its start for ever, and with
            # it the frames of whoever called, which hold a photo.
            with ThreadPoolExecutor(1) as apart:
                self._parts = apart.submit(_start).result()
        return self._parts


_shared = FaceEngine()


def shared_engine() -> FaceEngine:
    """The engine of this process; a model is loaded at most once."""
    return _shared


def _start() -> tuple[Any, Any, Any]:
    with _quiet():
        parts = _load_parts()
        frame = drawn_face()  # the first frame is slow and noisy: spend it here
        _find(*parts[:2], frame)
        parts[2].process(frame)
    return parts


def _load_parts() -> tuple[Any, Any, Any]:
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from mediapipe.python.solutions.face_detection import FaceDetection
        from mediapipe.python.solutions.face_mesh import FaceMesh
        from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation
    except (ImportError, OSError, AttributeError, TypeError):
        raise KitError(MISSING.code, MISSING.sentence, MISSING.action) from None
    mesh = FaceMesh(static_image_mode=True, max_num_faces=3, refine_landmarks=True,
                    min_detection_confidence=0.5)
    boxes = FaceDetection(model_selection=1, min_detection_confidence=0.5)
    return mesh, boxes, SelfieSegmentation(model_selection=0)


def _find(mesher: Any, boxer: Any, rgb: Pixels) -> Found:
    height, width = rgb.shape[:2]
    size = np.array([width, height, width], dtype=np.float64)
    meshes = [np.array([(p.x, p.y, p.z) for p in face.landmark]) * size
              for face in mesher.process(rgb).multi_face_landmarks or []]
    meshes.sort(key=lambda m: mesh_box(m)[2] * mesh_box(m)[3], reverse=True)
    boxes = []
    for seen in boxer.process(rgb).detections or []:
        b = seen.location_data.relative_bounding_box
        box = (b.xmin * width, b.ymin * height, b.width * width, b.height * height)
        boxes.append((box, float(seen.score[0])))
    return Found(tuple(meshes), tuple(boxes))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the engine's own start-up chatter (written by C++ to file descriptor 2) off the
    console. Only while loading: about one second in the life of a process."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):  # no console at all (pythonw on Windows)
        yield
        return
    hole = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(hole, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(hole)


def drawn_face() -> Pixels:
    """A simple drawn face, 480 x 480, that both face models find: self-test without a person."""
    f = np.full((480, 480, 3), 225, np.uint8)
    hair, skin = (60, 45, 40), (225, 180, 155)
    cv2.ellipse(f, (240, 470), (170, 120), 0, 0, 360, (70, 80, 110), -1)
    cv2.ellipse(f, (240, 180), (112, 140), 0, 0, 360, hair, -1)
    cv2.ellipse(f, (240, 240), (95, 130), 0, 0, 360, skin, -1)
    cv2.rectangle(f, (205, 340), (275, 400), (210, 165, 140), -1)
    for x in (200, 280):
        cv2.ellipse(f, (x, 225), (20, 10), 0, 0, 360, (245, 245, 245), -1)
        cv2.circle(f, (x, 225), 9, (50, 35, 30), -1)
        cv2.ellipse(f, (x, 203), (26, 6), 0, 180, 360, hair, 5)
    cv2.ellipse(f, (240, 275), (16, 10), 0, 0, 180, (180, 120, 100), 4)
    cv2.ellipse(f, (240, 315), (34, 10), 0, 0, 360, (185, 90, 90), -1)
    return np.asarray(cv2.GaussianBlur(f, (0, 0), 2), dtype=np.uint8)
