"""What random defects are painted on: a good frame with its face and person, and the brushes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.engine import shared_engine
from fieldkit.photo.faces import Points, eye_centres
from tests.photo.frames import Pixels

Rng = np.random.Generator
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Base:
    """A good frame, its face mesh, the share of each pixel that is person, eye distance px."""

    frame: Pixels
    mesh: Points
    person: npt.NDArray[np.float32]
    e: float

    @property
    def eyes(self) -> npt.NDArray[np.float64]:
        return eye_centres(self.mesh)

    def at(self, index: int) -> npt.NDArray[np.float64]:
        return np.asarray(self.mesh[index, :2])


def base_of(frame: Pixels) -> Base:
    """Find face and person in a good frame of about 1280 px."""
    mesh = shared_engine().find(frame).meshes[0]
    left, right = eye_centres(mesh)
    person = cv2.GaussianBlur(shared_engine().person(frame), (0, 0), 1.5)
    person = np.clip((person - 0.45) / 0.3, 0, 1).astype(np.float32)
    return Base(frame, mesh, person, float(np.hypot(*(right - left))))


def laid(frame: Pixels, alpha: npt.NDArray[np.float32], colour: object) -> Pixels:
    """`colour` (one, or a picture) over the frame where `alpha` says so."""
    over = np.empty(frame.shape, np.float32)
    over[:] = np.asarray(colour, np.float32)
    mixed = frame * (1 - alpha[..., None]) + over * alpha[..., None]
    return np.asarray(np.clip(np.round(mixed), 0, 255), np.uint8)


def drawn(base: Base, paint: Callable[[npt.NDArray[np.uint8]], object],
          soft: float = 1.0) -> npt.NDArray[np.float32]:
    """A soft-edged mask painted by OpenCV calls (value 255)."""
    mask = np.zeros(base.frame.shape[:2], np.uint8)
    paint(mask)
    return cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32) / 255


def dot(p: npt.NDArray[np.float64]) -> tuple[int, int]:
    return round(float(p[0])), round(float(p[1]))
