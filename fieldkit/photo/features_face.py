"""Light on the face, its colour, and what covers it. Lightness is L* (0..100) unless said.

Each function takes a `Scene` and gives numbers, or None for "cannot be judged here".
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.features import CHEEKS, EYE_LEFT, EYE_RIGHT, Scene, signed

_PALE = 88.0
"""L* from which colourless skin around the eyes is shine, however light the skin is."""
_BRIDGE = (168, 6, 8)
_FOREHEAD = (9, 151, 108, 337)
_HAIRLINE = (10, 151, 109, 338)
_CHIN = (199, 200, 18, 83, 313)
_UNDER = ((230, 229), (450, 449))
_LIDS = ((27, 28), (257, 258))
_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_MIRROR = ((50, 280), (101, 330), (205, 425), (108, 337), (69, 299), (207, 427))


def light_of(scene: Scene) -> tuple[float | None, float | None]:
    """Mean lightness of the face, 0..255, and the share of it that is blown out."""
    light = scene.face_lab[..., 0][scene.face]
    if not light.size:
        return None, None
    return float(light.mean()), float((light >= 247).mean())


def uneven_light(scene: Scene) -> float | None:
    """Difference of lightness between the two halves of the face; positive: darker at the
    right of the picture. The larger of halves (median) and mirrored spots (median)."""
    rows, columns = scene.face_window
    middle = scene.points[[10, 1, 152], 0].mean() - columns.start
    left = (np.arange(columns.stop - columns.start) < middle)[::2]
    light, face = scene.face_lab[::2, ::2, 0], scene.face[::2, ::2]
    a, b = light[face & left], light[face & ~left]
    if not a.size or not b.size:
        return None
    halves = float(np.median(a) - np.median(b)) / 2.55
    pairs = [(scene.patch((i,)), scene.patch((j,))) for i, j in _MIRROR]
    gaps = [float(p[0] - q[0]) for p, q in pairs if p is not None and q is not None]
    spots = float(np.median(gaps)) if gaps else halves
    return max(halves, spots, key=abs)


def skin_colour(scene: Scene) -> float | None:
    """How far the cheeks lie outside the colours of skin; None for a black-and-white photo."""
    colours = scene.lab[::4, ::4, 1:]
    cheek = scene.cheeks
    if cheek is None or max(int(colours.max()) - 128, 128 - int(colours.min())) < 4:
        return None
    a, b = float(cheek[1]), float(cheek[2])
    return float(np.hypot(a - np.clip(a, 5, 25), b - np.clip(b, 5, 35)))


def mask_colour(scene: Scene) -> float | None:
    """Colour distance of the chin from bare skin: a mask differs from bridge and forehead both."""
    return _colour_from(scene, _CHIN, (_BRIDGE, _FOREHEAD))


def mouth_bare(scene: Scene) -> float | None:
    """How plainly mouth or nostrils show, against the lightness of the cheeks: the larger of the
    lightness range across the lips and the depth of the nostrils. Near 0 under any mask, also
    one in the colour of skin."""
    cheek = scene.cheeks
    lips = scene.window(scene.points[list(_LIPS), :2], 8)
    if cheek is None or cheek[0] < 4 or scene.polygon(_LIPS, lips).sum() < 200:
        return None
    middle = round(float(scene.points[[0, 17, 13], 0].mean())) - lips[1].start
    band = scene.lab[lips][:, max(0, middle - 12):middle + 12, 0]
    nose = scene.lab[scene.window(scene.points[[98, 327, 2], :2], 5)][..., 0]
    if not band.size or not nose.size:
        return None
    low, high = np.percentile(band.mean(axis=1), (5, 95))
    dip, level = np.percentile(nose, (2, 50))
    return float(max(high - low, level - dip) / 2.55 / cheek[0])


def forehead(scene: Scene) -> tuple[float | None, float | None]:
    """Colour distance and lightness difference of the upper forehead against bare skin."""
    high, cheek = scene.patch(_HAIRLINE), scene.cheeks
    light = None if high is None or cheek is None else float(high[0] - cheek[0])
    return _colour_from(scene, _HAIRLINE, (CHEEKS, _BRIDGE)), light


def cloth(scene: Scene, cast: float | None) -> float | None:
    """Chroma of the upper forehead where neither skin nor hair is of that colour: blue, green,
    purple of any lightness, or a strong dark red; 0 otherwise. None under coloured light (`cast`:
    the skin colour's distance), where colours mean nothing."""
    high, cheek = scene.patch(_HAIRLINE), scene.cheeks
    if high is None or cheek is None or cast is None or cast > 6:
        return None
    hue, chroma = float(np.degrees(np.arctan2(high[2], high[1]))), float(np.hypot(*high[1:]))
    strange = not -5 <= hue <= 115
    dark_red = hue < 30 and chroma > 26 and high[0] < min(45.0, cheek[0] - 20)
    return chroma if strange or dark_red else 0.0


def _colour_from(
    scene: Scene, part: tuple[int, ...], skins: tuple[tuple[int, ...], ...]
) -> float | None:
    """a*b* distance of a part of the face from the nearest of several skin patches."""
    own = scene.patch(part)
    others = [p for p in map(scene.patch, skins) if p is not None]
    if own is None or not others:
        return None
    return min(float(np.linalg.norm(own[1:] - p[1:])) for p in others)


def under_eyes(scene: Scene) -> tuple[float | None, float | None]:
    """Lightness of the skin below the eyes as a share of the cheeks, the lighter side (a lens
    darkens it), and the difference of the two sides (one lies in the shade)."""
    cheek = scene.cheeks
    sides = [scene.patch(side, 5) for side in _UNDER]
    if cheek is None or cheek[0] < 4 or sides[0] is None or sides[1] is None:
        return None, None
    left, right = float(sides[0][0] / cheek[0]), float(sides[1][0] / cheek[0])
    return max(left, right), abs(left - right)


def hair_low(scene: Scene, forehead_light: float | None) -> float | None:
    """Lightness of the upper lids as a share of the cheeks, the darker side, where the forehead
    is dark already: hair that reaches over the eyes. None where the forehead is bare."""
    cheek = scene.cheeks
    lids = [p for p in (scene.patch(side, 5) for side in _LIDS) if p is not None]
    if cheek is None or cheek[0] < 4 or not lids:
        return None
    if forehead_light is None or forehead_light > -15:
        return None
    return min(float(p[0] / cheek[0]) for p in lids)


def eye_zone(scene: Scene) -> tuple[float | None, float | None, float | None, float | None]:
    """Lightness of the eye zone against the cheeks, its contrast, the share that is blown out
    and the share of pale shine outside the eye openings."""
    cheek = scene.cheeks
    lights: list[npt.NDArray[np.float64]] = []
    shine = []
    for eye in (EYE_LEFT, EYE_RIGHT):
        centre = scene.points[list(eye), :2].mean(axis=0)
        window = scene.window(centre[None, :], 40)
        part = signed(scene.lab[window])
        y, x = np.mgrid[window[0], window[1]]
        near = ((x - centre[0]) / 32) ** 2 + ((y - centre[1]) / 18) ** 2 <= 1
        lights.append(part[near & scene.inside[window]])
        opening = cv2.dilate(scene.polygon(eye, window).astype(np.uint8), np.ones((7, 7)))
        wide = ((x - centre[0]) / 38) ** 2 + ((y - centre[1] - 6) / 24) ** 2 <= 1
        ring = part[wide & (opening == 0) & scene.inside[window]]
        if cheek is None or len(ring) < 200:
            continue
        pale = np.hypot(ring[:, 1], ring[:, 2]) < 0.5 * np.hypot(cheek[1], cheek[2])
        shine.append(float((pale & (ring[:, 0] > min(cheek[0] + 10, _PALE))).mean()))
    zone = np.concatenate(lights)
    if not len(zone) or cheek is None:
        return None, None, None, None
    light = float(np.percentile(zone[:, 0], 75) - cheek[0])
    glare = float(((zone[:, 0] >= 96) & (np.hypot(zone[:, 1], zone[:, 2]) < 8)).mean())
    return light, float(zone[:, 0].std()), glare, max(shine, default=None)
