"""What a face engine tells: meshes and boxes, in pixels of the picture it was given."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.opening import Pixels

Points = npt.NDArray[np.float64]
"""478 x 3: x, y, depth in pixels of the picture given."""
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

_EYES = ((33, 133), (362, 263))


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
