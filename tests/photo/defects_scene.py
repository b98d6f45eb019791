"""Random walls, light, focus, pose, size and compression around a face."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from tests.photo.defects_base import Base, Rng, dot, laid
from tests.photo.frames import Pixels


def walled(base: Base, rng: Rng, paint: Callable[[npt.NDArray[np.float32]], None]) -> Pixels:
    """The person before a light wall on which `paint` has drawn."""
    h, w = base.person.shape
    wall = np.empty((h, w, 3), np.float32)
    wall[:] = rng.uniform(205, 235) + rng.uniform(-5, 5, 3)
    paint(wall)
    wall += rng.normal(0, 1.2, (h, w, 1))
    return laid(np.clip(wall, 0, 255).astype(np.uint8), base.person, base.frame)


def plain_wall(base: Base, rng: Rng) -> Pixels:
    """A plain wall with a gentle fall of light across it: no defect."""
    def paint(wall: npt.NDArray[np.float32]) -> None:
        wall *= np.linspace(1, rng.uniform(0.97, 1.0), wall.shape[1])[None, :, None]
    return walled(base, rng, paint)


def pattern(base: Base, rng: Rng) -> Pixels:
    def paint(wall: npt.NDArray[np.float32]) -> None:
        size = rng.uniform(0.2, 0.5) * base.e
        y, x = np.mgrid[:wall.shape[0], :wall.shape[1]]
        on = ((x // size).astype(int) + (y // size).astype(int)) % 2 == 0
        wall[on] *= rng.uniform(0.7, 0.88)
    return walled(base, rng, paint)


def two_tone(base: Base, rng: Rng) -> Pixels:
    def paint(wall: npt.NDArray[np.float32]) -> None:
        factor = rng.uniform(0.82, 0.93) * np.array([1, rng.uniform(0.97, 1), rng.uniform(0.94, 1)])
        x, y = base.eyes.mean(axis=0)
        if rng.random() < 0.5:
            wall[round(y + rng.uniform(-0.6, 0.7) * base.e):] *= factor
        else:
            side = rng.choice([-1, 1])
            edge = round(x + side * rng.uniform(1.1, 1.45) * base.e)
            part = wall[:, :edge] if side < 0 else wall[:, edge:]
            part *= factor
    return walled(base, rng, paint)


def panel_lines(base: Base, rng: Rng) -> Pixels:
    def paint(wall: npt.NDArray[np.float32]) -> None:
        step = rng.uniform(0.5, 0.9) * base.e
        width = max(2, round(rng.uniform(0.02, 0.05) * base.e))
        for x in np.arange(rng.uniform(0, step), wall.shape[1], step):
            wall[:, round(x):round(x) + width] *= rng.uniform(0.82, 0.9)
    return walled(base, rng, paint)


def curtain(base: Base, rng: Rng) -> Pixels:
    def paint(wall: npt.NDArray[np.float32]) -> None:
        x = np.arange(wall.shape[1]) / base.e
        wave = np.sin(x * 2 * np.pi / rng.uniform(0.3, 0.8) + rng.uniform(0, 6))
        wall *= (1 + rng.uniform(0.05, 0.08) * wave)[None, :, None]
    return walled(base, rng, paint)


def wall_shadow(base: Base, rng: Rng) -> Pixels:
    def paint(wall: npt.NDArray[np.float32]) -> None:
        shift = np.float32([[1, 0, rng.choice([-1, 1]) * rng.uniform(0.35, 0.55) * base.e],
                            [0, 1, rng.uniform(0, 0.15) * base.e]])
        cast = cv2.warpAffine(base.person, shift, base.person.shape[::-1])
        cast = cv2.GaussianBlur(cast, (0, 0), rng.uniform(0.05, 0.15) * base.e)
        wall *= 1 - rng.uniform(0.28, 0.45) * cast[..., None]
    return walled(base, rng, paint)


def half_shade(base: Base, rng: Rng) -> Pixels:
    x = np.arange(base.frame.shape[1])
    edge = base.at(1)[0] + rng.uniform(-0.1, 0.1) * base.e
    ramp = 1 / (1 + np.exp(-rng.choice([-1, 1]) * (x - edge) / (rng.uniform(0.05, 0.15) * base.e)))
    light = 1 - rng.uniform(0.5, 0.65) * ramp
    shaded = np.clip(base.frame * light[None, :, None], 0, 255).astype(np.uint8)
    return laid(base.frame, base.person, shaded)


def exposed(frame: Pixels, stops: float) -> Pixels:
    light = np.clip((frame / 255.0) ** 2.2 * 2.0**stops, 0, 1)
    return np.asarray(np.round(light ** (1 / 2.2) * 255), np.uint8)


def grained(frame: Pixels, rng: Rng, sigma: float) -> Pixels:
    noise = rng.normal(0, sigma, frame.shape)
    return np.asarray(np.clip(np.round(frame + noise), 0, 255), np.uint8)


def defocus(base: Base, rng: Rng) -> Pixels:
    soft = cv2.GaussianBlur(base.frame, (0, 0), rng.uniform(0.02, 0.035) * base.e)
    return grained(np.asarray(soft, np.uint8), rng, 1.0)


def motion(base: Base, rng: Rng) -> Pixels:
    length = rng.uniform(0.11, 0.19) * base.e
    size = int(length) // 2 * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    angle, middle = rng.uniform(0, np.pi), size // 2
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    cv2.line(kernel, dot(middle - step), dot(middle + step), 1, 1, cv2.LINE_AA)
    blurred = cv2.filter2D(base.frame, -1, kernel / kernel.sum())
    return grained(np.asarray(blurred, np.uint8), rng, 1.0)


def turned(base: Base, degrees: float) -> Pixels:
    x, y = (float(v) for v in base.eyes.mean(axis=0))
    matrix = cv2.getRotationMatrix2D((x, y), degrees, 1)
    h, w = base.frame.shape[:2]
    return np.asarray(cv2.warpAffine(base.frame, matrix, (w, h), flags=cv2.INTER_CUBIC,
                                     borderMode=cv2.BORDER_REPLICATE), np.uint8)


def tilted(base: Base, rng: Rng) -> Pixels:
    left, right = base.eyes
    now = np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0]))
    return turned(base, float(now + rng.choice([-1, 1]) * rng.uniform(12.5, 18)))


def scaled(frame: Pixels, factor: float) -> Pixels:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(frame, None, fx=factor, fy=factor, interpolation=way), np.uint8)


def far(base: Base, rng: Rng) -> Pixels:
    return scaled(base.frame, rng.uniform(40, 80) / base.e)


def top_cut(base: Base, rng: Rng) -> Pixels:
    head = base.at(10)[1] - rng.uniform(0.0, 0.2) * base.e
    return base.frame[max(0, round(head)):].copy()


def enlarged(base: Base, rng: Rng) -> Pixels:
    """A small face made large by software: few real pixels."""
    factor = rng.uniform(35, 50) / base.e
    small = scaled(base.frame, factor)
    h, w = base.frame.shape[:2]
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC), np.uint8)


def blocky(base: Base, rng: Rng) -> Pixels:
    code = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(4, 11))]
    data = cv2.imencode(".jpg", base.frame[..., ::-1], code)[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def clean(base: Base, rng: Rng) -> Pixels:
    """The good frame with what happens anyway: exposure, grain, a tilt of up to 4 degrees, size."""
    left, right = base.eyes
    level = np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0]))
    frame = turned(base, float(level + rng.uniform(-4, 4)))
    frame = exposed(frame, float(rng.uniform(-0.5, 0.5)))
    return grained(scaled(frame, float(rng.uniform(0.9, 1.1))), rng, float(rng.uniform(0, 2)))
