"""More of what must not pass in silence: printed and pleated masks, a scarf over the mouth, paler
and graded lenses, knitted and checked hats, a slanting lens, two small faults at once."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from tests.photo.defects_base import Base, Colour, Rng, drawn, laid
from tests.photo.defects_cover import (
    beige_mask,
    dark_hat,
    dark_sunglasses,
    face_mask,
    hat,
    lenses,
    rims,
    tinted_sunglasses,
)
from tests.photo.defects_scene import motion, panel_lines, two_tone
from tests.photo.frames import Pixels


def _over(base: Base, masked: Pixels, cloth: npt.NDArray[np.float32]) -> Pixels:
    """`cloth` (times of lightness, height x width x 1 or 3) where the mask changed the frame."""
    moved = np.abs(masked.astype(np.int16) - base.frame).sum(axis=2) > 6
    alpha = cv2.morphologyEx(moved.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    soft = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 1.0)
    return laid(masked, soft, np.clip(masked * cloth, 0, 255))


def printed_mask(base: Base, rng: Rng) -> Pixels:
    """Dots, stripes or checks on a mask of any colour."""
    masked = face_mask(base, rng, tuple(rng.uniform(90, 235, 3)))  # type: ignore[arg-type]
    h, w = base.frame.shape[:2]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    size, kind = rng.uniform(0.1, 0.3) * base.e, rng.integers(3)
    u, v = np.sin(2 * np.pi * x / size), np.sin(2 * np.pi * y / size)
    on = (u * v > 0.3) if kind == 0 else (u > 0) if kind == 1 else (u > 0) ^ (v > 0)
    return _over(base, masked, (1 - rng.uniform(0.1, 0.45) * on)[..., None].astype(np.float32))


def pleated_mask(base: Base, rng: Rng) -> Pixels:
    """Three pleats across, each with its own shadow, and the wire over the nose."""
    colours: tuple[Colour, ...] = ((240, 240, 240), (180, 205, 232), (150, 150, 155),
                                   (226, 196, 172), (70, 72, 78), (240, 205, 210))
    masked = face_mask(base, rng, colours[rng.integers(6)])
    y = np.arange(base.frame.shape[0], dtype=np.float32)
    top, low = base.at(4)[1], base.at(152)[1]
    step = (low - top) / 3.5
    phase = np.mod((y - top) / step, 1.0)
    shade = 1 - rng.uniform(0.04, 0.16) * np.exp(-(phase / 0.12) ** 2)
    return _over(base, masked, shade[:, None, None].astype(np.float32))


def scarf(base: Base, rng: Rng) -> Pixels:
    """A knitted scarf drawn up over mouth and nose."""
    top = base.at(4)[1] - rng.uniform(0.0, 0.2) * base.e
    middle, half = base.at(152), 0.95 * base.e

    def paint(mask: npt.NDArray[np.uint8]) -> None:
        cv2.rectangle(mask, (round(middle[0] - half), round(top)),
                      (round(middle[0] + half), round(middle[1] + 0.5 * base.e)), 255, -1)
    alpha = drawn(base, paint, 2.0)
    h, w = alpha.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    knit = 1 + 0.12 * np.sin(x / base.e * 60) * np.sin(y / base.e * 40)
    knit += 0.1 * np.sin(y / base.e * 9 + x / base.e * 2)
    return laid(base.frame, alpha, knit[..., None] * np.float32(rng.uniform(30, 210, 3)))


def graded_lenses(base: Base, rng: Rng) -> Pixels:
    """Sunglasses that are darker above than below."""
    alpha = lenses(base, rng)
    y = (np.arange(base.frame.shape[0]) - base.eyes.mean(axis=0)[1]) / base.e
    down = np.clip(0.75 - rng.uniform(0.8, 1.5) * y, 0.25, 0.92).astype(np.float32)
    tint = ((70, 50, 35), (45, 45, 50), (60, 40, 60))[rng.integers(3)]
    return laid(rims(base, rng, alpha), alpha * down[:, None], tint)


def grey_hat(base: Base, rng: Rng) -> Pixels:
    shade = rng.uniform(70, 200)
    return hat(base, rng, (shade, shade, shade + float(rng.uniform(-8, 8))))


def masked_and_capped(base: Base, rng: Rng) -> Pixels:
    return dark_hat(covered(base, beige_mask(base, rng)), rng)


def lenses_and_lines(base: Base, rng: Rng) -> Pixels:
    return panel_lines(covered(base, tinted_sunglasses(base, rng)), rng)


def dark_lenses_and_motion(base: Base, rng: Rng) -> Pixels:
    return motion(covered(base, dark_sunglasses(base, rng)), rng)


def mask_before_two_tones(base: Base, rng: Rng) -> Pixels:
    return two_tone(covered(base, beige_mask(base, rng)), rng)


def covered(base: Base, frame: Pixels) -> Base:
    """The same face and person under a new cover."""
    return Base(frame, base.mesh, base.person, base.e)


WIDER: dict[str, tuple[tuple[str, ...], Callable[[Base, Rng], Pixels]]] = {
    "printed mask": (("mask",), printed_mask), "pleated mask": (("mask",), pleated_mask),
    "scarf over the mouth": (("mask",), scarf), "graded lenses": (("sunglasses",), graded_lenses),
    "grey hat": (("hat",), grey_hat), "mask and hat": (("mask", "hat"), masked_and_capped),
    "lenses and panel lines": (("sunglasses", "background"), lenses_and_lines),
    "dark lenses and motion": (("sunglasses", "blur"), dark_lenses_and_motion),
    "mask before two tones": (("mask", "background"), mask_before_two_tones),
}
