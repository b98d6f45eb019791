"""Sharpness, grain, and the traces of enlarging and of strong compression."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.features import Bytes, Mask, Plane, Scene

_GRAINS = 20_000
"""Wall pixels, from the top down, that are enough to know the grain."""
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def sharpness(scene: Scene) -> float | None:
    """Weakest of four directional second derivatives in the face, over its contrast, x 100.

    The weakest direction, because motion blur leaves the others sharp.
    """
    face = cv2.erode(scene.face.astype(np.uint8), np.ones((9, 9), np.uint8),
                     borderType=cv2.BORDER_CONSTANT, borderValue=(0,)).astype(bool)
    if face.sum() < 500:
        return None
    light = scene.face_lab[..., 0].astype(np.float32) * np.float32(100 / 255)
    soft = np.asarray(cv2.GaussianBlur(light, (0, 0), 1.0), dtype=np.float32)
    contrast = max(float(soft[face].std()), 1.6)
    return 100 * min(_bend(soft, face, dy, dx) for dy, dx in _STEPS) / contrast


def _bend(light: Plane, face: Mask, dy: int, dx: int) -> float:
    """Mean second difference along one direction."""
    h, w = light.shape
    inner = (slice(2, h - 2), slice(2, w - 2))
    ahead = light[2 + dy:h - 2 + dy, 2 + dx:w - 2 + dx]
    behind = light[2 - dy:h - 2 - dy, 2 - dx:w - 2 - dx]
    return float(np.abs(2 * light[inner] - ahead - behind)[face[inner]].mean())


def detail(scene: Scene) -> float | None:
    """Share of fine in middling detail of the face: low where a small picture was enlarged."""
    if scene.face.sum() < 500:
        return None
    light = scene.face_lab[..., 0].astype(np.float32)
    one, two = cv2.GaussianBlur(light, (0, 0), 0.7), cv2.GaussianBlur(light, (0, 0), 1.4)
    four = cv2.GaussianBlur(light, (0, 0), 2.8)
    fine, coarse = np.abs(one - two)[scene.face], np.abs(two - four)[scene.face]
    return float(fine.mean() / max(float(coarse.mean()), 0.05))


def noise(scene: Scene) -> float | None:
    """Grain in the wall: median absolute deviation of what a light blur removes."""
    light = scene.lab[..., 0]
    wall = (cv2.dilate((scene.person > 0.08).astype(np.uint8), np.ones((15, 15), np.uint8)) == 0)
    wall &= scene.inside
    if wall.mean() < 0.03:
        return None
    enough = np.flatnonzero(np.cumsum(wall.sum(axis=1)) >= min(_GRAINS, int(wall.sum())))
    high = max(16, int(enough[0]) + 1)
    part = light[:high].astype(np.float32) * np.float32(100 / 255)
    grain = (part - cv2.GaussianBlur(part, (0, 0), 1.5))[wall[:high]]
    return float(np.median(np.abs(grain - np.median(grain))))


def blockiness(green: Bytes) -> float | None:
    """How much stronger the steps at every eighth pixel are than elsewhere, in source pixels
    that were never resized: 1 for none. The weaker of both directions (a fence is not JPEG)."""
    if min(green.shape) < 64:
        return None
    part = green.astype(np.int16)
    return min(_eighths(part), _eighths(part.T))


def _eighths(part: npt.NDArray[np.int16]) -> float:
    steps = np.abs(part[:, 1:-2] * 3 - part[:, 2:-1] * 3 - part[:, :-3] + part[:, 3:])
    columns = np.minimum(steps, 60).mean(axis=0)
    whole = columns[:len(columns) // 8 * 8].reshape(-1, 8).mean(axis=0)
    return float(whole.max() / max(float(np.median(whole)), 0.05))
