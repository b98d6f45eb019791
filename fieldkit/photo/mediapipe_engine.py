"""Today's face engine: the only file that knows MediaPipe.

MediaPipe 0.10.21 is the last version that carries its models; later ones need model files that a
city would have to supply. Its import takes half a second and much memory, so it happens at the
first use and never at start-up.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fieldkit.photo.engine import EngineMissing, look
from fieldkit.photo.faces import Found, mesh_box
from fieldkit.photo.opening import Pixels

T = TypeVar("T")


class MediaPipeEngine:
    """FaceMesh, FaceDetection and SelfieSegmentation, each used by one thread at a time.

    Loaded once and tried on a drawn face; what fails then has failed for this process, so that
    no photo waits for a second attempt.
    """

    name = "mediapipe"

    def __init__(self) -> None:
        self._loading = threading.RLock()
        self._locks = tuple(threading.Lock() for _ in range(3))
        self._pair = ThreadPoolExecutor(1, "face-boxes")
        self._parts: tuple[Any, Any, Any] | None = None
        self._fault = ""
        self._tried = False

    @property
    def ready(self) -> bool:
        return self._tried

    def warm(self) -> None:
        self._load()

    def find(self, rgb: Pixels) -> Found:
        parts = self._load()
        boxes = self._pair.submit(self._guarded, 1, lambda: _boxes(parts[1], rgb))
        meshes = self._guarded(0, lambda: _meshes(parts[0], rgb))
        return Found(meshes, boxes.result())

    def person(self, rgb: Pixels) -> npt.NDArray[np.float32]:
        parts = self._load()
        return self._guarded(2, lambda: np.array(
            parts[2].process(rgb).segmentation_mask, dtype=np.float32))

    def _guarded(self, part: int, act: Callable[[], T]) -> T:
        """One model's answer; any fault of it is a missing engine, not a crash."""
        with self._locks[part]:
            try:
                return act()
            except Exception:  # it is C++ behind a wrapper: it raises almost anything
                raise EngineMissing("face_engine_broken") from None

    def _load(self) -> tuple[Any, Any, Any]:
        with self._loading:
            if self._fault:
                raise EngineMissing(self._fault)
            if self._parts is None:
                # In a thread of its own: MediaPipe keeps an exception of its start for ever, and
                # with it the frames of whoever called, which hold a photo.
                try:
                    with _quiet(), ThreadPoolExecutor(1) as apart:
                        self._parts = apart.submit(_load_parts).result()
                        look(self)  # the first picture is slow and noisy: spend it here
                except EngineMissing as error:
                    self._parts, self._fault = None, error.code
                    raise
                finally:
                    self._tried = True
            return self._parts


def _load_parts() -> tuple[Any, Any, Any]:
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from mediapipe.python.solutions.face_detection import FaceDetection
        from mediapipe.python.solutions.face_mesh import FaceMesh
        from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation
    except (ImportError, OSError, AttributeError, TypeError):
        raise EngineMissing from None
    try:
        mesh = FaceMesh(static_image_mode=True, max_num_faces=3, refine_landmarks=True,
                        min_detection_confidence=0.5)
        boxes = FaceDetection(model_selection=1, min_detection_confidence=0.5)
        return mesh, boxes, SelfieSegmentation(model_selection=0)
    except Exception:  # a model file that is damaged or out of reach
        raise EngineMissing("face_engine_broken") from None


def _meshes(mesher: Any, rgb: Pixels) -> tuple[npt.NDArray[np.float64], ...]:
    """Largest first, in pixels."""
    height, width = rgb.shape[:2]
    size = np.array([width, height, width], dtype=np.float64)
    meshes = [np.array([(p.x, p.y, p.z) for p in face.landmark]) * size
              for face in mesher.process(rgb).multi_face_landmarks or []]
    meshes.sort(key=lambda m: mesh_box(m)[2] * mesh_box(m)[3], reverse=True)
    return tuple(meshes)


def _boxes(
    boxer: Any, rgb: Pixels
) -> tuple[tuple[tuple[float, float, float, float], float], ...]:
    height, width = rgb.shape[:2]
    boxes = []
    for seen in boxer.process(rgb).detections or []:
        b = seen.location_data.relative_bounding_box
        box = (b.xmin * width, b.ymin * height, b.width * width, b.height * height)
        boxes.append((box, float(seen.score[0])))
    return tuple(boxes)


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
