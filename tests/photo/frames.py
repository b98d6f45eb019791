"""Test frames without any picture in the repository: NASA's public-domain astronaut portrait,
read from the installed scikit-image package, cut out and set on a plain light wall.

Also writes Y4M files (I420, BT.601 limited range), which Chromium takes as a fake camera.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fieldkit.photo.engine import shared_engine
from fieldkit.photo.faces import eye_centres

Pixels = npt.NDArray[np.uint8]
WALL = (222, 224, 226)


@cache
def astronaut() -> Pixels:
    """The 512 x 512 portrait, found by path: scikit-image itself (and scipy) is not imported."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None and spec.origin is not None, "scikit-image is a test dependency"
    path = Path(spec.origin).parent / "data" / "astronaut.png"
    return np.array(Image.open(path).convert("RGB"))


@cache
def _cut_out(zoom: float) -> tuple[Pixels, npt.NDArray[np.float32], tuple[float, float], float]:
    """The enlarged person, its soft mask, the middle of its eyes and their distance."""
    large = np.asarray(cv2.resize(astronaut(), None, fx=zoom, fy=zoom,
                                  interpolation=cv2.INTER_LANCZOS4), np.uint8)
    soft = cv2.GaussianBlur(large, (0, 0), 1.0)
    large = np.clip(1.6 * large.astype(np.float32) - 0.6 * soft, 0, 255).astype(np.uint8)
    mask = shared_engine().person(large)
    mask = np.clip((cv2.GaussianBlur(mask, (0, 0), 1.5) - 0.45) / 0.3, 0, 1)
    left, right = eye_centres(shared_engine().find(large).meshes[0])
    middle = (left + right) / 2
    return large, mask, (float(middle[0]), float(middle[1])), float(np.hypot(*(right - left)))


def astronaut_frame(
    width: int = 1280, height: int = 960, *, eye_px: float = 136, roll: float = 0.0,
    at: tuple[float, float] = (0.5, 0.43), wall: Sequence[int] | Pixels = WALL,
) -> Pixels:
    """height x width x 3: the person with eyes `eye_px` apart, their middle at `at` (shares of
    the frame), tilted by `roll` degrees, before `wall` (a colour or a picture of that size)."""
    person, mask, middle, eyes = _cut_out(3.0)
    angle = np.degrees(np.arctan2(0.0, 1.0)) - roll
    matrix = cv2.getRotationMatrix2D(middle, angle, eye_px / eyes)
    matrix[:, 2] += np.array([at[0] * width, at[1] * height]) - middle
    front = cv2.warpAffine(person, matrix, (width, height), flags=cv2.INTER_AREA,
                           borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    alpha = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)[..., None]
    behind = np.empty((height, width, 3), np.float32)
    behind[:] = np.asarray(wall, np.float32)
    grain = np.random.default_rng(7).normal(0, 1.2, (height, width, 1))
    frame = front * alpha + behind * (1 - alpha) + grain
    return np.asarray(np.clip(np.round(frame), 0, 255), dtype=np.uint8)


def jpeg_bytes(frame: Pixels, quality: int = 95, **more: object) -> bytes:
    """A frame as JPEG, as the browser sends it."""
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=quality, **more)
    return out.getvalue()


def write_y4m(path: Path, frames: Sequence[Pixels], fps: int = 10) -> None:
    """Frames (even sizes, all alike) as YUV4MPEG2, I420, BT.601 limited range."""
    height, width = frames[0].shape[:2]
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            out.write(b"FRAME\n")
            out.write(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
