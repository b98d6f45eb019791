"""Numbers about light, colour, background and sharpness of one straightened, cropped face.

Every function takes a `Scene` (the crop at 120 px eye distance) and gives one number or None
("cannot be judged here"). Lightness is CIE L* (0..100), a* and b* are signed.
Measured on the judged crop only: a helper or a door outside it must not fail the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.cropping import EYE
from fieldkit.photo.faces import Points

Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
         152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
_EYE_LEFT = (33, 160, 158, 133, 153, 144)
_EYE_RIGHT = (362, 385, 387, 263, 373, 380)
_CHEEKS = (50, 280)
_BRIDGE = (168, 6, 8)
_FOREHEAD = (9, 151, 108, 337)
_HAIRLINE = (10, 151, 109, 338)
_CHIN = (199, 200, 18, 83, 313)


@dataclass(frozen=True)
class Scene:
    """`lab`: height x width x 3 (L, a, b); `person`: share 0..1; `inside`: exists in the source;
    `points`: face mesh in pixels of the crop."""

    lab: Plane
    person: Plane
    inside: Mask
    points: Points

    @cached_property
    def face(self) -> Mask:
        """The face inside its outline."""
        return self.polygon(_OVAL) & self.inside

    @cached_property
    def wall(self) -> Mask:
        """Surely background, one head's breadth of hair away from the person."""
        far = cv2.dilate((self.person > 0.08).astype(np.uint8), np.ones((15, 15), np.uint8))
        inner = cv2.erode(self.inside.astype(np.uint8), np.ones((5, 5), np.uint8),
                          borderType=cv2.BORDER_CONSTANT, borderValue=(1,))
        return (far == 0) & (inner == 1)

    def polygon(self, indices: tuple[int, ...]) -> Mask:
        """Filled polygon through mesh points."""
        mask = np.zeros(self.lab.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(self.points[list(indices), :2]).astype(np.int32)], (1,))
        return mask.astype(bool)

    def patch(self, indices: tuple[int, ...]) -> npt.NDArray[np.float32] | None:
        """Median L, a, b of small discs around mesh points; None where most lie outside."""
        mask = np.zeros(self.lab.shape[:2], np.uint8)
        for x, y in np.round(self.points[list(indices), :2]).astype(int):
            cv2.circle(mask, (int(x), int(y)), 10, (1,), -1)
        chosen = self.lab[mask.astype(bool) & self.inside]
        return np.median(chosen, axis=0) if len(chosen) > 157 * len(indices) else None

    @cached_property
    def eye_zone(self) -> Mask:
        """Both eyes with a margin: where dark lenses and reflections sit."""
        mask = np.zeros(self.lab.shape[:2], np.uint8)
        for eye in (_EYE_LEFT, _EYE_RIGHT):
            x, y = self.points[list(eye), :2].mean(axis=0)
            cv2.ellipse(mask, (round(x), round(y)), (32, 18), 0, 0, 360, (1,), -1)
        return mask.astype(bool) & self.inside


def lab_of(rgb: npt.NDArray[np.uint8]) -> Plane:
    """sRGB pixels as L* 0..100, a*, b*."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] *= 100 / 255
    lab[..., 1:] -= 128
    return np.asarray(lab, dtype=np.float32)


def eyes_open(points: Points) -> float:
    """The smaller of the two eye aspect ratios (lid gap over width)."""
    ratios = []
    for eye in (_EYE_LEFT, _EYE_RIGHT):
        p = points[list(eye), :2]
        gap = np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])
        ratios.append(float(gap / (2 * max(float(np.linalg.norm(p[0] - p[3])), 1e-6))))
    return min(ratios)


def yaw(points: Points) -> float:
    """Degrees turned sideways: the larger of mesh depth and off-centre nose."""
    left, right, nose = points[234], points[454], points[1]
    depth = abs(np.degrees(np.arctan2(right[2] - left[2], right[0] - left[0])))
    a, b = nose[0] - left[0], right[0] - nose[0]
    return float(max(depth, 45 * abs(a - b) / max(abs(a + b), 1e-6)))


def pitch(points: Points) -> float:
    """Degrees tipped up or down against the usual 5."""
    top, chin = points[10], points[152]
    tipped = np.degrees(np.arctan2(chin[2] - top[2], chin[1] - top[1]))
    return float(abs(tipped - 5))


def mouth_gap(points: Points, chin: float) -> float:
    """Gap between the inner lips over the eye-chin distance."""
    return float(np.linalg.norm(points[13, :2] - points[14, :2]) / max(chin, 1e-6))


def face_light(scene: Scene) -> float | None:
    """Mean lightness of the face, 0..255."""
    face = scene.lab[..., 0][scene.face]
    return float(face.mean()) * 2.55 if face.size else None


def face_clipped(scene: Scene) -> float | None:
    """Share of the face that is blown out."""
    face = scene.lab[..., 0][scene.face]
    return float((face >= 247 / 2.55).mean()) if face.size else None


def uneven_light(scene: Scene) -> float | None:
    """Difference of the median lightness of the two face halves."""
    x = np.arange(scene.lab.shape[1]) < scene.points[[10, 1, 152], 0].mean()
    light = scene.lab[..., 0]
    a, b = light[scene.face & x[None, :]], light[scene.face & ~x[None, :]]
    return float(abs(np.median(a) - np.median(b))) if a.size and b.size else None


def skin_colour(scene: Scene) -> float | None:
    """How far the cheeks lie outside the colours of skin; None for a black-and-white photo."""
    if float(np.abs(scene.lab[..., 1:]).max()) < 4:
        return None
    cheek = scene.patch(_CHEEKS)
    if cheek is None:
        return None
    a, b = float(cheek[1]), float(cheek[2])
    return float(np.hypot(a - np.clip(a, 5, 25), b - np.clip(b, 5, 35)))


def mask_colour(scene: Scene) -> float | None:
    """Colour distance of the chin from bare skin: a mask differs from bridge and forehead both."""
    return _colour_from(scene, _CHIN, (_BRIDGE, _FOREHEAD))


def forehead(scene: Scene) -> tuple[float | None, float | None]:
    """Colour distance and lightness difference of the upper forehead against bare skin."""
    high, cheek = scene.patch(_HAIRLINE), scene.patch(_CHEEKS)
    light = None if high is None or cheek is None else float(high[0] - cheek[0])
    return _colour_from(scene, _HAIRLINE, (_CHEEKS, _BRIDGE)), light


def _colour_from(
    scene: Scene, part: tuple[int, ...], skins: tuple[tuple[int, ...], ...]
) -> float | None:
    """a*b* distance of a part of the face from the nearest of several skin patches."""
    own = scene.patch(part)
    others = [p for p in map(scene.patch, skins) if p is not None]
    if own is None or not others:
        return None
    return min(float(np.linalg.norm(own[1:] - p[1:])) for p in others)


def eye_zone(scene: Scene) -> tuple[float | None, float | None, float | None]:
    """Lightness of the eye zone against the cheeks, its contrast, share of reflection."""
    zone, cheek = scene.lab[scene.eye_zone], scene.patch(_CHEEKS)
    if not len(zone) or cheek is None:
        return None, None, None
    light = float(np.percentile(zone[:, 0], 75) - cheek[0])
    chroma = np.hypot(zone[:, 1], zone[:, 2])
    glare = float(((zone[:, 0] >= 96) & (chroma < 8)).mean())
    return light, float(zone[:, 0].std()), glare


def background(scene: Scene) -> tuple[float | None, float | None, float | None]:
    """Edge share, a*b* spread and lightness spread of the wall in view."""
    wall = scene.wall
    if wall.mean() < 0.03:
        return None, None, None
    soft = cv2.GaussianBlur(scene.lab, (0, 0), 2.0)
    light = np.ascontiguousarray(soft[..., 0])
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    edges = float((slope[wall] > 9.4).mean())
    spread = soft[wall].std(axis=0)
    return edges, float(np.hypot(spread[1], spread[2])), float(spread[0])


def wall_shadow(scene: Scene) -> float | None:
    """Lightness of the wall near the head against the wall further off, the darker side."""
    head = (scene.person > 0.5).astype(np.uint8)
    distance = cv2.distanceTransform(1 - head, cv2.DIST_L2, 3)
    rows = np.arange(head.shape[0]) < scene.points[152, 1]
    middle = scene.points[10, 0]
    sides = []
    for side in (np.arange(head.shape[1]) < middle, np.arange(head.shape[1]) >= middle):
        area = scene.wall & rows[:, None] & side[None, :]
        near = area & (distance < 0.45 * EYE)
        far = area & (distance > 0.6 * EYE)
        if near.sum() > 300 and far.sum() > 300:
            light = scene.lab[..., 0]
            sides.append(float(np.median(light[near]) - np.median(light[far])))
    return min(sides) if sides else None


def sharpness(scene: Scene) -> float | None:
    """Weakest of four directional second derivatives in the face, over its contrast, x 100.

    The weakest direction, because motion blur leaves the others sharp.
    """
    face = cv2.erode(scene.face.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    light = cv2.GaussianBlur(np.ascontiguousarray(scene.lab[..., 0]), (0, 0), 1.0)
    if face.sum() < 500:
        return None
    contrast = max(float(light[face].std()), 1.6)
    weakest = min(
        float(np.abs(2 * light - np.roll(light, (dy, dx), (0, 1))
                     - np.roll(light, (-dy, -dx), (0, 1)))[face].mean())
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1))
    )
    return 100 * weakest / contrast


def noise(scene: Scene) -> float | None:
    """Grain in the wall: median absolute deviation of what a light blur removes."""
    light = np.ascontiguousarray(scene.lab[..., 0])
    if scene.wall.mean() < 0.03:
        return None
    grain = (light - cv2.GaussianBlur(light, (0, 0), 1.5))[scene.wall]
    return float(np.median(np.abs(grain - np.median(grain))))
