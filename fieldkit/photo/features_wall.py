"""The wall behind the person: objects, tones, lines, folds, shadows, grain.

Measured at half and quarter size of the crop: what a clerk sees as a pattern is large.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fieldkit.photo.cropping import EYE
from fieldkit.photo.features import Mask, Plane, Scene


@dataclass(frozen=True)
class Wall:
    """The crop at half size: L* 0..100, the sure wall, where the person is; and Lab (signed) and
    the sure wall at quarter size."""

    light: Plane
    sure: Mask
    tiny: Plane
    tiny_sure: Mask
    person: Mask
    chin: float
    middle: float


def wall_of(scene: Scene) -> Wall | None:
    """The wall at half size; None where too little of it is in view."""
    size = (scene.lab.shape[1] // 2, scene.lab.shape[0] // 2)
    if min(size) < 8:
        return None
    small = cv2.resize(scene.lab, size, interpolation=cv2.INTER_AREA)
    light = small[..., 0].astype(np.float32) * np.float32(100 / 255)
    person = cv2.resize(scene.person, size, interpolation=cv2.INTER_AREA)
    far = cv2.dilate((person > 0.08).astype(np.uint8), np.ones((7, 7), np.uint8))
    inside = cv2.resize(scene.inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    inner = cv2.erode(inside, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT,
                      borderValue=(1,))
    sure = (far == 0) & (inner == 1)
    if sure.mean() < 0.03:
        return None
    half = (size[0] // 2, size[1] // 2)
    tiny = cv2.resize(small, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    tiny -= np.array([0, 128, 128], np.float32)
    tiny[..., 0] *= np.float32(100 / 255)
    fewer = cv2.resize(sure.astype(np.float32), half, interpolation=cv2.INTER_AREA) > 0.99
    return Wall(light, sure, tiny, np.asarray(fewer), np.asarray(person > 0.5),
                float(scene.points[152, 1] / 2), float(scene.points[10, 0] / 2))


def plainness(wall: Wall) -> tuple[float, float, float]:
    """Edge share, a*b* spread and lightness spread of the wall."""
    light = cv2.GaussianBlur(wall.light, (0, 0), 1.0)
    slope = cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    chosen = wall.tiny[wall.tiny_sure]
    spread = chosen.std(axis=0) if len(chosen) else np.zeros(3)
    return (float((slope[wall.sure] > 18.8).mean()), float(np.hypot(spread[1], spread[2])),
            float(spread[0]))


def lines_and_folds(wall: Wall) -> tuple[float | None, float | None]:
    """The step across the strongest long upright or level line, and how much upright folds wave.

    Smoothing along a line and not across it lifts a faint panel joint or the edge between two
    tones out of the grain. Steps are colour differences in L*a*b*, folds the spread of L*.
    """
    small, sure = wall.tiny, wall.tiny_sure
    if sure.sum() < 300:
        return None, None
    weight = sure.astype(np.float32)
    weighted = small * weight[..., None]
    steps, folds = [], 0.0
    for upright in (True, False):
        window = (1, 13) if upright else (13, 1)
        share = _mean(weight, window)
        smooth = _mean(weighted, window) / np.maximum(share, 1e-3)[..., None]
        good = sure & (share > 0.35)
        gaps = _gaps(smooth, good, 1 if upright else 0)
        if gaps.size > 200:
            steps.append(float(np.percentile(gaps, 99)))
        if upright:
            light = np.ascontiguousarray(smooth[..., 0])
            level = _mean(light * weight, (17, 17)) / np.maximum(_mean(weight, (17, 17)), 1e-3)
            left = (light - level)[good]
            folds = float(left.std()) if left.size else 0.0
    return max(steps, default=None), folds


def _mean(plane: Plane, window: tuple[int, int]) -> Plane:
    """Twice the mean over a window (width, height): nearly a Gaussian, at a fraction of it."""
    return np.asarray(cv2.blur(cv2.blur(plane, window), window), dtype=np.float32)


def _gaps(smooth: Plane, good: Mask, axis: int) -> Plane:
    """Colour differences over three quarter-size pixels, less the slope on either side of them
    (a gentle fall of light is no line)."""
    moved = np.moveaxis(smooth, axis, 0)
    fine = np.moveaxis(good, axis, 0)
    here = moved[6:-3] - moved[3:-6]
    slope = (np.abs(moved[9:] - moved[6:-3]) + np.abs(moved[3:-6] - moved[:-9])) / 2
    whole = fine[:-9] & fine[3:-6] & fine[6:-3] & fine[9:]
    edge = np.maximum(np.abs(here) - slope, 0)
    return np.asarray(np.sqrt((edge ** 2).sum(axis=-1))[whole], dtype=np.float32)


def shadow(wall: Wall) -> float | None:
    """Lightness of the wall near the head against the wall further off, the darker side."""
    distance = cv2.distanceTransform((~wall.person).astype(np.uint8), cv2.DIST_L2, 3)
    rows = np.arange(wall.sure.shape[0]) < wall.chin
    near, far = distance < 0.225 * EYE, distance > 0.3 * EYE
    columns = np.arange(wall.sure.shape[1])
    sides = []
    for side in (columns < wall.middle, columns >= wall.middle):
        area = wall.sure & rows[:, None] & side[None, :]
        close, away = wall.light[area & near], wall.light[area & far]
        if len(close) > 75 and len(away) > 75:
            sides.append(float(np.median(close) - np.median(away)))
    return min(sides) if sides else None
