"""Known defects made from one good frame; every one names the code that must be found."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tests.photo.frames import WALL, Pixels, astronaut_frame


def wall(width: int = 1280, height: int = 960) -> Pixels:
    return np.full((height, width, 3), WALL, np.uint8)


def stops(frame: Pixels, count: float) -> Pixels:
    """Exposure changed by `count` stops, in linear light."""
    light = np.clip((frame / 255.0) ** 2.2 * 2.0**count, 0, 1)
    return np.asarray(np.round(light ** (1 / 2.2) * 255), np.uint8)


def blurred(sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(astronaut_frame(), (0, 0), sigma), np.uint8)


def moved(pixels: int) -> Pixels:
    kernel = np.zeros((pixels, pixels), np.float32)
    kernel[pixels // 2] = 1 / pixels
    return np.asarray(cv2.filter2D(astronaut_frame(), -1, kernel), np.uint8)


def half_shaded() -> Pixels:
    frame = astronaut_frame().astype(np.float32)
    frame[:, 655:] *= 0.35
    return np.asarray(frame, np.uint8)


def striped() -> Pixels:
    behind = wall()
    behind[:, (np.arange(1280) // 40) % 2 == 0] = (150, 160, 190)
    return astronaut_frame(wall=behind)


def picture_on_wall() -> Pixels:
    behind = wall()
    behind[150:420, 880:1000] = (90, 60, 40)
    return astronaut_frame(wall=behind)


def shadowed() -> Pixels:
    behind = wall()
    cv2.ellipse(behind, (740, 430), (210, 250), 0, 0, 360, (130, 130, 132), -1)
    return astronaut_frame(wall=np.asarray(cv2.GaussianBlur(behind, (0, 0), 15), np.uint8))


def two_people() -> Pixels:
    frame = astronaut_frame(eye_px=100, at=(0.3, 0.43))
    frame[:, 640:] = astronaut_frame(eye_px=100, at=(0.7, 0.43))[:, 640:]
    return frame


def helper_beside() -> Pixels:
    """A smaller second person, outside the 35:45 crop: no defect."""
    frame = astronaut_frame(at=(0.36, 0.43))
    frame[:, 980:] = astronaut_frame(eye_px=60, at=(0.9, 0.5))[:, 980:]
    return frame


def eyes_painted_shut() -> Pixels:
    """Skin over both eyes and a line of lashes low in it."""
    frame = astronaut_frame()
    for x, y in ((578, 405), (710, 412)):
        skin = tuple(int(v) for v in frame[y + 45, x])
        cv2.ellipse(frame, (x, y), (36, 19), 0, 0, 360, skin, -1)
        cv2.ellipse(frame, (x, y + 4), (30, 6), 0, 0, 180, (70, 50, 45), 3)
    return frame


STOPPED: dict[str, tuple[str, Callable[[], Pixels]]] = {
    "no person": ("noface", wall),
    "two people": ("two", two_people),
    "far away": ("small", lambda: astronaut_frame(eye_px=60)),
    "very far away": ("small", lambda: astronaut_frame(eye_px=35)),
    "top cut": ("cut_top", lambda: astronaut_frame(at=(0.5, 0.2))),
    "left cut": ("cut_side", lambda: astronaut_frame(at=(0.12, 0.43))),
    "bottom cut": ("cut_bottom", lambda: astronaut_frame(at=(0.5, 0.8))),
    "eyes shut": ("eyes", eyes_painted_shut),
    "tilted 16 degrees": ("roll", lambda: astronaut_frame(roll=13)),
    "4 stops dark": ("dark", lambda: stops(astronaut_frame(), -4)),
    "1.5 stops over": ("over", lambda: stops(astronaut_frame(), 1.5)),
    "half the face in shade": ("light", half_shaded),
    "striped wall": ("background", striped),
    "picture on the wall": ("background", picture_on_wall),
    "shadow on the wall": ("shadow", shadowed),
    "defocus sigma 3": ("blur", lambda: blurred(3)),
    "motion 15 px": ("blur", lambda: moved(15)),
}
