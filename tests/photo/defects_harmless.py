"""Harmless things around a face, made on any good frame: glasses, hair bands, tubes, plain walls,
sheets, window light, cheap cameras. `HARMLESS` names them all, with the faces of `defects_faces`:
none may be stopped. Lengths are in eye distances."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from tests.photo.defects_base import Base, Rng, base_of, dot, drawn, laid
from tests.photo.defects_cover import lenses, rims
from tests.photo.defects_faces import (
    beard,
    black_and_white,
    black_hair,
    dark_skin,
    dyed_fringe,
    light_skin,
    narrow_eyes,
    neutral,
    pale_mouth,
    white_hair,
)
from tests.photo.defects_scene import exposed, grained, scaled, walled
from tests.photo.frames import Pixels


def thick_glasses(base: Base, rng: Rng) -> Pixels:
    """Thick dark rims and a small reflection in a corner of each lens; the eyes are free."""
    alpha = lenses(base, rng)
    edge = cv2.morphologyEx((alpha > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT,
                            np.ones((3, 3), np.uint8), iterations=int(rng.integers(3, 6)))
    left, right = base.eyes
    cv2.line(edge, dot(left + [0.38 * base.e, 0]), dot(right - [0.38 * base.e, 0]), 1,
             max(3, round(0.05 * base.e)))
    shade = float(rng.uniform(10, 90))
    frame = laid(base.frame, cv2.GaussianBlur(edge.astype(np.float32), (0, 0), 0.8), (shade,) * 3)

    def spots(mask: npt.NDArray[np.uint8]) -> None:
        for eye in base.eyes:
            place = eye + np.array([rng.uniform(-0.28, 0.28), 0.2]) * base.e
            size = (round(rng.uniform(0.02, 0.05) * base.e), round(0.02 * base.e))
            cv2.ellipse(mask, dot(place), size, 20, 0, 360, 255, -1)
    return laid(frame, drawn(base, spots, 1.0) * 0.9, (250, 252, 255))


def faint_lenses(base: Base, rng: Rng) -> Pixels:
    """Clear lenses with a trace of tint or of blue coating: the eyes show plainly."""
    alpha = lenses(base, rng)
    tints = ((120, 95, 70), (90, 110, 170), (110, 110, 110))
    return laid(rims(base, rng, alpha), alpha * float(rng.uniform(0.04, 0.14)),
                tints[rng.integers(3)])


def coloured_wall(base: Base, rng: Rng) -> Pixels:
    """Light blue, beige, white, cream, light or middling grey; a window's gentle fall of light."""
    colours = ((185, 208, 228), (224, 208, 184), (250, 250, 250), (238, 232, 214), (178,) * 3,
               (122,) * 3, (200, 190, 178))
    colour = np.float32(colours[rng.integers(len(colours))]) + rng.uniform(-6, 6, 3)
    slope = rng.uniform(0.93, 1.0)

    def paint(wall: npt.NDArray[np.float32]) -> None:
        wall[:] = colour * np.linspace(1, slope, wall.shape[1])[None, :, None]
    return walled(base, rng, paint)


def sheet(base: Base, rng: Rng) -> Pixels:
    """A stretched bed sheet or pillow: white with soft wrinkles in all directions."""
    deep = rng.uniform(0.01, 0.025)

    def paint(wall: npt.NDArray[np.float32]) -> None:
        h, w = wall.shape[:2]
        noise = rng.normal(0, 1, (h // 16, w // 16)).astype(np.float32)
        soft = cv2.resize(cv2.GaussianBlur(noise, (0, 0), rng.uniform(1.5, 4)), (w, h),
                          interpolation=cv2.INTER_CUBIC)
        wall[:] = 232 * (1 + deep * soft / max(float(soft.std()), 1e-6))[..., None]
    return walled(base, rng, paint)


def clothes_as_the_wall(base: Base, rng: Rng) -> Pixels:
    """Clothes in nearly the tone of the wall."""
    low = np.arange(base.frame.shape[0]) > base.at(152)[1] + 0.35 * base.e
    alpha = base.person * low[:, None].astype(np.float32)
    grey = cv2.cvtColor(base.frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    soft = grey - cv2.GaussianBlur(grey, (0, 0), 0.15 * base.e)
    return laid(base.frame, alpha, (rng.uniform(205, 232) + 0.3 * soft)[..., None])


def window_light(base: Base, rng: Rng) -> Pixels:
    """Light that falls off across face and wall, by up to a quarter over the photo."""
    x = (np.arange(base.frame.shape[1]) - base.at(1)[0]) / base.e
    light = np.clip(0.85 + rng.choice([-1, 1]) * rng.uniform(0.02, 0.065) * x, 0.6, 1)
    return np.asarray(np.clip(base.frame * light[None, :, None], 0, 255), np.uint8)


def tinted_light(base: Base, rng: Rng) -> Pixels:
    """Mildly warm or cold light."""
    warm = rng.uniform(-1, 1)
    gains = np.array([1 + 0.10 * warm, 1, 1 - 0.16 * warm])
    return np.asarray(np.clip(base.frame * gains, 0, 255), np.uint8)


def webcam(base: Base, rng: Rng) -> Pixels:
    """A cheap 1280 x 720 camera: soft lens, grain, its own sharpening."""
    frame = cv2.GaussianBlur(base.frame, (0, 0), float(rng.uniform(0.5, 0.9)))
    frame = grained(np.asarray(frame, np.uint8), rng, float(rng.uniform(2, 6)))
    soft = cv2.GaussianBlur(frame, (0, 0), 1.2)
    own = float(rng.uniform(0, 0.8))
    sharp = cv2.addWeighted(frame, 1 + own, soft, -own, 0)
    sharp = np.clip(sharp, 0, 255).astype(np.uint8)
    code = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))]
    data = cv2.imencode(".jpg", sharp[..., ::-1], code)[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def large(base: Base, rng: Rng) -> Pixels:
    """The pixel count of a telephone."""
    return scaled(base.frame, float(rng.uniform(2.0, 3.1)))


def dim_room(base: Base, rng: Rng) -> Pixels:
    """A grainy picture of a rather dark room."""
    return grained(exposed(base.frame, float(rng.uniform(-1.3, -0.3))), rng,
                   float(rng.uniform(6, 22)))


def smaller(base: Base, rng: Rng) -> Pixels:
    """A face that is just large enough, from a soft grainy camera."""
    frame = cv2.GaussianBlur(base.frame, (0, 0), 0.6)
    return grained(scaled(np.asarray(frame, np.uint8), float(rng.uniform(93, 118)) / base.e), rng,
                   float(rng.uniform(1, 5)))


def tube(base: Base, rng: Rng) -> Pixels:
    """A clear tube under the nose (a reason is given for it), and a scarf at the neck."""
    low, frame = base.at(2) + [0, 0.06 * base.e], base.frame.copy()
    line = np.array([base.at(234), base.at(205), low, base.at(425), base.at(454)])
    cv2.polylines(frame, [np.round(line).astype(np.int32)], False, (205, 225, 225),
                  max(2, round(0.045 * base.e)), cv2.LINE_AA)
    neck = base.at(152) + [0, 0.45 * base.e]

    def scarf(mask: npt.NDArray[np.uint8]) -> None:
        cv2.ellipse(mask, dot(neck), (round(0.85 * base.e), round(0.28 * base.e)), 0, 0, 360,
                    255, -1)
    return laid(frame, drawn(base, scarf), rng.uniform(30, 220, 3))


def hairband(base: Base, rng: Rng) -> Pixels:
    """A narrow hair band over the crown, above the forehead."""
    top, half = base.at(10) - [0, 0.3 * base.e], 0.62 * base.e

    def band(mask: npt.NDArray[np.uint8]) -> None:
        cv2.ellipse(mask, dot(top + [0, 0.35 * base.e]), (round(half), round(0.5 * base.e)), 0,
                    200, 340, 255, max(3, round(0.07 * base.e)))
    return laid(base.frame, drawn(base, band) * base.person, rng.uniform(10, 180, 3))


def together(base: Base, rng: Rng) -> Pixels:
    """Two or three of the harmless things at once."""
    first = (pale_mouth, neutral, beard, black_and_white)[rng.integers(4)](base, rng)
    second = (dark_skin, light_skin, narrow_eyes, clothes_as_the_wall)[rng.integers(4)]
    third = (coloured_wall, window_light, webcam, thick_glasses, smaller)[rng.integers(5)]
    return third(base_of(second(base_of(first), rng)), rng)


HARMLESS: dict[str, Callable[[Base, Rng], Pixels]] = {
    "neutral": neutral, "pale mouth": pale_mouth, "narrow eyes": narrow_eyes,
    "dark skin": dark_skin, "light skin": light_skin, "white hair": white_hair,
    "black hair": black_hair, "dyed fringe": dyed_fringe, "beard": beard,
    "black and white": black_and_white, "thick glasses": thick_glasses,
    "faint lenses": faint_lenses, "coloured wall": coloured_wall, "sheet": sheet,
    "clothes as the wall": clothes_as_the_wall, "window light": window_light,
    "tinted light": tinted_light, "webcam": webcam, "large": large, "dim room": dim_room,
    "smaller": smaller, "tube": tube, "hairband": hairband, "together": together}
