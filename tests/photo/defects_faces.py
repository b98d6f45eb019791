"""Faces that a clerk accepts, made from any good frame: closed mouths, narrow eyes, skin and hair
of every shade, beards, black and white. None may be stopped. Lengths are in eye distances."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tests.photo.defects_base import Base, Rng, base_of, dot, drawn, laid
from tests.photo.defects_cover import strands
from tests.photo.defects_scene import exposed
from tests.photo.frames import Pixels

Plane = npt.NDArray[np.float32]
_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133),
               (362, 398, 384, 385, 386, 387, 388, 466, 263))
_LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133),
               (362, 382, 381, 380, 374, 373, 390, 249, 263))
_JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288,
        361, 323, 454, 425, 164, 205)


def met(frame: Pixels, upper: npt.NDArray[np.float64], lower: npt.NDArray[np.float64],
        where: float, reach: float) -> Pixels:
    """The gap between two lines (left to right, same ends) closed: both meet at `where` (0: at
    the lower one, 1: at the upper one), and what lies within `reach` of them is stretched."""
    h, w = frame.shape[:2]
    x = np.arange(w, dtype=np.float64)
    up = np.interp(x, upper[:, 0], upper[:, 1], left=np.nan, right=np.nan)
    low = np.interp(x, lower[:, 0], lower[:, 1], left=np.nan, right=np.nan)
    gap = np.nan_to_num(np.maximum(low - up, 0))
    meet = np.nan_to_num(low * (1 - where) + up * where)
    y, columns = np.mgrid[:h, :w].astype(np.float32)
    far = y - meet[None, :]
    fall = np.clip(1 - np.abs(far) / reach, 0, 1)
    shift = np.where(far < 0, -(1 - where) * gap[None, :], where * gap[None, :]) * fall
    shift[:, gap <= 0] = 0
    return np.asarray(cv2.remap(frame, columns, (y + shift).astype(np.float32),
                                cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _line(base: Base, points: tuple[int, ...]) -> npt.NDArray[np.float64]:
    line = base.mesh[list(points), :2]
    return line[np.argsort(line[:, 0])]


def closed_mouth(base: Base) -> Pixels:
    """Lips on each other: the neutral face that is asked for."""
    low = _line(base, _LOWER_LIP) + [0, 0.015 * base.e]
    return met(base.frame, _line(base, _UPPER_LIP) - [0, 0.015 * base.e], low, 0.6,
               0.36 * base.e)


def towards_skin(base: Base, frame: Pixels, part: Plane, share: float) -> Pixels:
    """A part painted with the skin around it, `share` of the way."""
    hole = (part > 0.3).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(hole)
    r = round(0.2 * base.e)
    rows, columns = slice(max(0, y - r), y + h + r), slice(max(0, x - r), x + w + r)
    filled = frame.copy()
    filled[rows, columns] = cv2.inpaint(frame[rows, columns], hole[rows, columns], 5,
                                        cv2.INPAINT_TELEA)
    return laid(frame, part * share, filled)


def pale_mouth(base: Base, rng: Rng) -> Pixels:
    """A closed mouth with pale thin lips, seen from a little above: hardly any nostrils."""
    frame = closed_mouth(base)
    here = base_of(frame)

    def lips(mask: npt.NDArray[np.uint8]) -> None:
        cv2.fillPoly(mask, [np.round(here.mesh[list(_LIPS), :2]).astype(np.int32)], 255)

    def nostrils(mask: npt.NDArray[np.uint8]) -> None:
        for side in (98, 327):
            middle = (here.at(side) + here.at(2)) / 2
            cv2.ellipse(mask, dot(middle), (round(0.12 * here.e), round(0.07 * here.e)), 0, 0,
                        360, 255, -1)
    slit = ((here.at(13) + here.at(14)) / 2)[1]
    line = np.exp(-((np.arange(frame.shape[0]) - slit) / (0.02 * here.e)) ** 2)[:, None]
    soft = drawn(here, lips, 0.03 * here.e) * (1 - line).astype(np.float32)
    frame = towards_skin(here, frame, soft, float(rng.uniform(0.3, 0.7)))
    return towards_skin(here, frame, drawn(here, nostrils, 0.03 * here.e),
                        float(rng.uniform(0.2, 0.7)))


def neutral(base: Base, rng: Rng) -> Pixels:
    return exposed(closed_mouth(base), float(rng.uniform(-0.5, 0.3)))


def lids(base: Base, left: float, where: float) -> Pixels:
    """Both eyes narrowed to the share `left` of their gap; `where` 0: the upper lids fall, 0.5:
    both meet, 1: the lower ones rise (as with laughing)."""
    frame, lash = base.frame, 0.012 * base.e
    for upper, lower in zip(_UPPER_LIDS, _LOWER_LIDS, strict=True):
        up, low = _line(base, upper), _line(base, lower)
        under = np.column_stack([up[:, 0], np.interp(up[:, 0], low[:, 0], low[:, 1])])
        gone = (under - up) * [0, 1 - left]
        first = up * (1 - where) + (under - gone) * where
        frame = met(frame, first + [0, lash * (1 - where)], first + gone - [0, lash * where],
                    where, 0.3 * base.e)
    return frame


def narrow_eyes(base: Base, rng: Rng) -> Pixels:
    """Eyes that are narrow by nature or heavy lids of old age: open, 0.12 or more."""
    now = min(np.linalg.norm(base.at(159) - base.at(145)) / np.linalg.norm(
        base.at(33) - base.at(133)), 0.4)
    return lids(base, float(min(1, rng.uniform(0.13, 0.2) / max(now, 0.05))),
                float(rng.choice([0, 0.5, 1])))


def in_lab(frame: Pixels, alpha: Plane, times: tuple[float, float, float],
           plus: tuple[float, float, float] = (0, 0, 0)) -> Pixels:
    """L*, a*, b* multiplied and moved where `alpha` says so."""
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = lab * np.float32(times) + np.float32(plus)
    rgb = np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1) * 255
    return laid(frame, alpha, rgb)


def skin_mask(base: Base) -> Plane:
    """The person where the colour is near that of the cheeks."""
    lab = cv2.cvtColor(base.frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    x, y = dot(base.at(50))
    cheek = np.median(lab[y - 6:y + 6, x - 6:x + 6].reshape(-1, 3), axis=0)
    near = np.hypot(lab[..., 1] - cheek[1], lab[..., 2] - cheek[2]) < 14
    alike = (near & (lab[..., 0] > 0.4 * cheek[0])).astype(np.float32)
    return cv2.GaussianBlur(alike, (0, 0), 2) * base.person


def dark_skin(base: Base, rng: Rng) -> Pixels:
    return in_lab(base.frame, skin_mask(base), (float(rng.uniform(0.45, 0.75)), 0.9, 0.85))


def light_skin(base: Base, rng: Rng) -> Pixels:
    lighter = float(rng.uniform(0.75, 0.92))
    return in_lab(base.frame, skin_mask(base), (lighter, 0.75, 0.75), (100 * (1 - lighter), 0, 0))


def hair_mask(base: Base) -> Plane:
    """The person above the eyes, without the skin."""
    rows = np.arange(base.frame.shape[0]) < base.eyes.mean(axis=0)[1] - 0.28 * base.e
    hair = base.person * (1 - skin_mask(base)) * rows[:, None].astype(np.float32)
    return np.asarray(cv2.GaussianBlur(hair, (0, 0), 1.5), np.float32)


def white_hair(base: Base, rng: Rng) -> Pixels:
    part = float(rng.uniform(0.35, 0.6))
    return in_lab(base.frame, hair_mask(base), (part, 0.15, 0.15), (94 * (1 - part), 0, 0))


def black_hair(base: Base, rng: Rng) -> Pixels:
    return in_lab(base.frame, hair_mask(base), (float(rng.uniform(0.3, 0.5)), 0.2, 0.2))


def dyed_fringe(base: Base, rng: Rng) -> Pixels:
    """A fringe to the brows, tinted brown, red-brown, grey or (as some elderly) mauve."""
    part = Base(strands(base, rng, 0), base.mesh, base.person, base.e)
    tint = ((8, 14), (14, 10), (0, 0), (9, -9), (6, -3))[rng.integers(5)]
    return in_lab(part.frame, hair_mask(part), (1, 0.4, 0.4),
                  (float(rng.uniform(5, 30)), tint[0], tint[1]))


def beard(base: Base, rng: Rng) -> Pixels:
    """Stubble or a beard, black, brown or white, round a closed mouth."""
    frame = closed_mouth(base)
    here = Base(frame, base.mesh, base.person, base.e)

    def jaw(mask: npt.NDArray[np.uint8]) -> None:
        cv2.fillPoly(mask, [np.round(here.mesh[list(_JAW), :2]).astype(np.int32)], 255)
        cv2.fillPoly(mask, [np.round(here.mesh[list(_LIPS), :2]).astype(np.int32)], 0)
    alpha = drawn(here, jaw, 0.08 * base.e)
    grain = cv2.GaussianBlur(rng.normal(0, 1, frame.shape[:2]).astype(np.float32), (0, 0), 1.0)
    shade = float(rng.choice([35, 70, 120, 205]))
    hairs = shade + grain[..., None] * 60 + np.float32([4, 0, -4])
    return laid(frame, alpha * float(rng.uniform(0.4, 0.85)), np.clip(hairs, 0, 255))


def black_and_white(base: Base, rng: Rng) -> Pixels:
    grey = cv2.cvtColor(closed_mouth(base) if rng.random() < 0.5 else base.frame,
                        cv2.COLOR_RGB2GRAY)
    return exposed(np.repeat(grey[..., None], 3, axis=2), float(rng.uniform(-0.4, 0.3)))
