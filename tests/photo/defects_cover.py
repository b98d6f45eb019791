"""Random things on a face: glasses, glare, masks, hats, hair, shut eyes. Lengths are in eye
distances, so that every face gets the same defect."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tests.photo.defects_base import Base, Colour, Rng, dot, drawn, laid
from tests.photo.frames import Pixels


def lenses(base: Base, rng: Rng) -> npt.NDArray[np.float32]:
    wide, high = rng.uniform(0.34, 0.42), rng.uniform(0.24, 0.32)

    def paint(mask: npt.NDArray[np.uint8]) -> None:
        for eye in base.eyes:
            centre = eye + [0, 0.06 * base.e]
            cv2.ellipse(mask, dot(centre), (round(wide * base.e), round(high * base.e)),
                        0, 0, 360, 255, -1)
    return drawn(base, paint)


def rims(base: Base, rng: Rng, alpha: npt.NDArray[np.float32]) -> Pixels:
    """Clear glasses: rims and bridge only. No defect."""
    edge = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT,
                            np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
    left, right = base.eyes
    cv2.line(edge, dot(left + [0.38 * base.e, 0]), dot(right - [0.38 * base.e, 0]), 1,
             max(2, round(0.03 * base.e)))
    shade = rng.uniform(20, 110)
    return laid(base.frame, cv2.GaussianBlur(edge.astype(np.float32), (0, 0), 0.8),
                (shade, shade * 0.9, shade * 0.8))


def clear_glasses(base: Base, rng: Rng) -> Pixels:
    return rims(base, rng, lenses(base, rng))


def dark_sunglasses(base: Base, rng: Rng) -> Pixels:
    alpha = lenses(base, rng)
    shade = rng.uniform(5, 30)
    return laid(rims(base, rng, alpha), alpha * rng.uniform(0.88, 0.97), (shade,) * 3)


def tinted_sunglasses(base: Base, rng: Rng) -> Pixels:
    alpha = lenses(base, rng)
    tints: tuple[Colour, ...] = ((90, 55, 30), (70, 50, 35), (60, 60, 65), (55, 70, 55))
    return laid(rims(base, rng, alpha), alpha * rng.uniform(0.55, 0.75),
                tints[rng.integers(len(tints))])


def lens_glare(base: Base, rng: Rng) -> Pixels:
    alpha = lenses(base, rng)
    half, angle = rng.uniform(0.12, 0.22), rng.uniform(-40, 40)
    which = [int(rng.integers(2))] if rng.random() < 0.4 else [0, 1]

    def paint(mask: npt.NDArray[np.uint8]) -> None:
        for eye in base.eyes[which]:
            place = eye + rng.uniform(-0.1, 0.1, 2) * base.e
            cv2.ellipse(mask, dot(place), (round(1.5 * half * base.e), round(half * base.e)),
                        angle, 0, 360, 255, -1)
    spots = drawn(base, paint, 0.03 * base.e) * (alpha > 0.5)
    return laid(rims(base, rng, alpha), spots * rng.uniform(0.75, 0.98), (250, 252, 255))


_MASK = (6, 122, 118, 117, 123, 147, 215, 138, 172, 150, 149, 176, 148, 152, 377, 400, 378, 379,
         397, 367, 435, 376, 352, 346, 347, 351)


def face_mask(base: Base, rng: Rng, colour: Colour) -> Pixels:
    low = base.at(197) - base.at(6)
    outline = base.mesh[list(_MASK), :2].copy()
    outline[0] += low * rng.uniform(0.3, 1.2)

    def paint(mask: npt.NDArray[np.uint8]) -> None:
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    alpha = drawn(base, paint)
    h, w = alpha.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    chin, nose = base.at(152), base.at(1)
    bulge = 1 - 0.25 * np.abs(x - nose[0]) / base.e - 0.06 * (y - nose[1]) / base.e
    folds = 1 + rng.uniform(0, 0.05) * np.sin((y - nose[1]) / (chin[1] - nose[1]) * 12)
    cloth = np.clip(bulge * folds, 0.5, 1.05)[..., None] * np.asarray(colour, np.float32)
    cloth += rng.normal(0, 1.5, (h, w, 1))
    return laid(base.frame, alpha, cloth)


def skin_of(base: Base) -> npt.NDArray[np.float64]:
    x, y = dot(base.at(50))
    r = max(2, round(0.06 * base.e))
    return np.asarray(np.median(base.frame[y - r:y + r, x - r:x + r].reshape(-1, 3), axis=0))


def white_mask(base: Base, rng: Rng) -> Pixels:
    colours: tuple[Colour, ...] = ((238, 238, 236), (185, 212, 232), (200, 215, 240))
    return face_mask(base, rng, colours[rng.integers(3)])


def beige_mask(base: Base, rng: Rng) -> Pixels:
    near = np.clip(skin_of(base) * rng.uniform(0.95, 1.15) + rng.uniform(-12, 12, 3), 0, 250)
    r, g, b = (float(v) for v in near)
    return face_mask(base, rng, (r, g, b))


def hat(base: Base, rng: Rng, colour: Colour) -> Pixels:
    """A knitted or soft hat from the brows up, with folds and grain."""
    brow = (base.at(66) + base.at(296)) / 2
    edge = brow + (base.at(10) - brow) * rng.uniform(0.25, 0.6)
    left, right = base.at(127), base.at(356)
    half = float(np.hypot(*(right - left))) / 2 * rng.uniform(1.08, 1.25)
    top = rng.uniform(1.0, 1.35) * base.e

    def paint(mask: npt.NDArray[np.uint8]) -> None:
        cv2.ellipse(mask, dot(edge), (round(half), round(top)), 0, 180, 360, 255, -1)
        cv2.ellipse(mask, dot(edge), (round(half * 1.03), round(0.12 * base.e)), 0, 0, 360,
                    255, -1)
    alpha = drawn(base, paint)
    h, w = alpha.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    shade = 1 - 0.3 * np.abs(x - edge[0]) / half + 0.05 * np.sin(y / base.e * rng.uniform(8, 40))
    cloth = shade[..., None] * np.asarray(colour, np.float32) + rng.normal(0, 3, (h, w, 1))
    return laid(base.frame, alpha, cloth)


def dark_hat(base: Base, rng: Rng) -> Pixels:
    colours: tuple[Colour, ...] = ((25, 25, 28), (25, 30, 60), (60, 30, 30), (40, 45, 40))
    return hat(base, rng, colours[rng.integers(4)])


def vivid_hat(base: Base, rng: Rng) -> Pixels:
    colours: tuple[Colour, ...] = ((40, 70, 150), (30, 120, 80), (120, 60, 140), (90, 150, 210))
    return hat(base, rng, colours[rng.integers(4)])


def beige_hat(base: Base, rng: Rng) -> Pixels:
    return hat(base, rng, (rng.uniform(190, 225), rng.uniform(170, 200), rng.uniform(140, 170)))


def strands(base: Base, rng: Rng, down: float) -> Pixels:
    """Hair falling from the crown to `down` (0: brows, 1: below the eyes)."""
    frame = base.frame.copy()
    brow = (base.at(66) + base.at(296)) / 2
    eyes = base.eyes.mean(axis=0)
    crown = base.at(10) + (base.at(10) - brow) * 0.6
    low = brow + (eyes - brow) * 1.4 * down + (base.at(10) - brow) * (0.15 if down == 0 else 0)
    tone = rng.uniform(15, 60)
    for _ in range(900):
        x = rng.uniform(-0.62, 0.62) * base.e
        start = crown + [x * rng.uniform(0.5, 0.9), rng.uniform(-0.1, 0.2) * base.e]
        end = low + [x + rng.normal(0, 0.05) * base.e, rng.normal(0, 0.06) * base.e]
        shade = tone * rng.uniform(0.5, 1.6)
        cv2.line(frame, dot(start), dot(end), (shade, shade * 0.85, shade * 0.75),
                 max(1, round(rng.uniform(0.008, 0.022) * base.e)), cv2.LINE_AA)
    return frame


def fringe(base: Base, rng: Rng) -> Pixels:
    """A fringe down to the brows: allowed."""
    return strands(base, rng, 0)


def hair_over_eyes(base: Base, rng: Rng) -> Pixels:
    return strands(base, rng, rng.uniform(0.8, 1.0))


def eyes_shut(base: Base, rng: Rng) -> Pixels:
    frame = base.frame
    for corner, other, under in ((33, 133, 230), (362, 263, 450)):
        a, b = base.at(corner), base.at(other)
        centre, wide = (a + b) / 2, float(np.hypot(*(b - a)))
        x, y = dot(base.at(under) + [0, 0.04 * base.e])
        skin = np.median(frame[y - 4:y + 4, x - 6:x + 6].reshape(-1, 3), axis=0)
        skin = skin * rng.uniform(0.92, 1.02)

        def lid(mask: npt.NDArray[np.uint8], c: object = centre, w: float = wide) -> None:
            cv2.ellipse(mask, dot(np.asarray(c)), (round(0.6 * w), round(0.32 * w)), 0, 0, 360,
                        255, -1)

        def lash(mask: npt.NDArray[np.uint8], c: object = centre, w: float = wide) -> None:
            cv2.ellipse(mask, dot(np.asarray(c) + [0, 0.04 * w]),
                        (round(0.5 * w), round(0.12 * w)), 0, 0, 180, 255, max(2, round(0.05 * w)))
        frame = laid(frame, drawn(base, lid, 0.03 * base.e), skin)
        frame = laid(frame, drawn(base, lash, 0.7) * 0.9, skin * 0.35)
    return frame
