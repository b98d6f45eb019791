"""One straightened, cropped face as the measures see it, and what the mesh alone tells.

Numbers about light and cover are in `features_face`, about the wall in `features_wall`, about
detail in `features_detail`. Everything is measured on the judged crop only: a helper or a door
outside it must not fail the photo. Pixels stay bytes and areas stay small, because a verdict
must come within a third of a second on a slow machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo.faces import Points

Bytes = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Window = tuple[slice, slice]

_OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
         152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
CHEEKS = (50, 280)
EYE_LEFT = (33, 160, 158, 133, 153, 144)
EYE_RIGHT = (362, 385, 387, 263, 373, 380)
"""Corner, two points of the upper lid, corner, two of the lower lid; left and right as seen."""

_LOW_SLIT = -0.03
"""Open eyes lie between -0.08 and -0.04 of their width, shut ones above -0.02 (measured)."""


@dataclass(frozen=True)
class Scene:
    """`lab`: height x width x 3 bytes as OpenCV stores them (L* x 2.55, a* + 128, b* + 128);
    `person`: share 0..1; `inside`: exists in the source; `points`: face mesh in crop pixels."""

    lab: Bytes
    person: Plane
    inside: Mask
    points: Points

    @cached_property
    def face_window(self) -> Window:
        """The part of the crop that holds the face."""
        return self.window(self.points[list(_OVAL), :2], 0)

    @cached_property
    def face(self) -> Mask:
        """The face inside its outline, within `face_window`."""
        return self.polygon(_OVAL, self.face_window)

    @cached_property
    def face_lab(self) -> Bytes:
        """Lab bytes of `face_window`."""
        return self.lab[self.face_window]

    def window(self, points: npt.NDArray[np.float64], pad: float) -> Window:
        """Rows and columns around some points, cut to the crop."""
        height, width = self.lab.shape[:2]
        x0, y0 = np.clip(np.floor(points.min(axis=0) - pad), 0, [width, height]).astype(int)
        x1, y1 = np.clip(np.ceil(points.max(axis=0) + pad) + 1, 0, [width, height]).astype(int)
        return slice(int(y0), int(y1)), slice(int(x0), int(x1))

    def polygon(self, indices: tuple[int, ...], window: Window) -> Mask:
        """Filled polygon through mesh points, where the source exists, within a window."""
        rows, columns = window
        mask = np.zeros((max(0, rows.stop - rows.start), max(0, columns.stop - columns.start)),
                        np.uint8)
        if mask.size:
            corner = np.array([columns.start, rows.start])
            corners = np.round(self.points[list(indices), :2] - corner).astype(np.int32)
            cv2.fillPoly(mask, [corners], (1,))
        return mask.astype(bool) & self.inside[window]

    def near(self, indices: tuple[int, ...], radius: int) -> npt.NDArray[np.float64] | None:
        """All L*, a*, b* of small discs around mesh points; None where most lie outside."""
        x, y = _disc(radius)
        centres = np.round(self.points[list(indices), :2]).astype(int)
        columns = (centres[:, :1] + x).ravel()
        rows = (centres[:, 1:] + y).ravel()
        height, width = self.inside.shape
        held = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        rows, columns = rows[held], columns[held]
        seen = self.inside[rows, columns]
        if 2 * int(seen.sum()) <= len(centres) * len(x):
            return None
        return signed(self.lab[rows[seen], columns[seen]])

    def patch(
        self, indices: tuple[int, ...], radius: int = 10
    ) -> npt.NDArray[np.float64] | None:
        """Median L*, a*, b* of discs around mesh points; None where most lie outside."""
        chosen = self.near(indices, radius)
        return None if chosen is None else np.asarray(np.median(chosen, axis=0))

    @cached_property
    def cheeks(self) -> npt.NDArray[np.float64] | None:
        """Median L*, a*, b* of both cheeks: the bare skin that other parts are compared with."""
        return self.patch(CHEEKS)


@lru_cache(maxsize=8)
def _disc(radius: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """x and y of the pixels of a disc around its centre."""
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    disc = x * x + y * y <= radius * radius
    return x[disc], y[disc]


def lab_of(rgb: Bytes) -> Bytes:
    """sRGB pixels as Lab bytes."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), dtype=np.uint8)


def signed(lab: Bytes) -> npt.NDArray[np.float64]:
    """Lab bytes as L* 0..100 and signed a*, b*."""
    return (lab - np.array([0, 128.0, 128.0])) * np.array([100 / 255, 1, 1])


def eyes_open(points: Points) -> float:
    """The smaller of the two eye aspect ratios (lid gap over width)."""
    return min(_eye(points, EYE_LEFT)[0], _eye(points, EYE_RIGHT)[0])


def eyes_shut(points: Points) -> float | None:
    """The same where the slit lies low between the corners of the eyes: an upper lid that is
    down. None where it lies high, as in eyes that are narrow by nature or with laughing (there
    the lower lid comes up)."""
    left, right = _eye(points, EYE_LEFT), _eye(points, EYE_RIGHT)
    return min(left[0], right[0]) if left[1] + right[1] > 2 * _LOW_SLIT else None


def _eye(points: Points, eye: tuple[int, ...]) -> tuple[float, float]:
    """Lid gap, and how far the slit lies below the corners, over the width of the eye."""
    p = points[list(eye), :2]
    width = max(float(np.linalg.norm(p[0] - p[3])), 1e-6)
    gap = float(np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])) / 2
    return gap / width, float(p[[1, 2, 4, 5], 1].mean() - p[[0, 3], 1].mean()) / width


def turned(points: Points) -> float:
    """Degrees turned sideways, the larger of mesh depth and off-centre nose; positive: towards
    the right of the picture, which is the person's own left."""
    left, right, nose = points[234], points[454], points[1]
    depth = float(np.degrees(np.arctan2(right[2] - left[2], right[0] - left[0])))
    a, b = nose[0] - left[0], right[0] - nose[0]
    off = float(45 * (a - b) / max(abs(a + b), 1e-6))
    return max(depth, off, key=abs)


def yaw(points: Points) -> float:
    """Degrees turned sideways, whichever side."""
    return abs(turned(points))


def tipped(points: Points) -> float:
    """Degrees tipped against the usual 5; positive: chin up."""
    top, chin = points[10], points[152]
    return 5 - float(np.degrees(np.arctan2(chin[2] - top[2], chin[1] - top[1])))


def mouth_gap(points: Points, chin: float) -> float:
    """Gap between the inner lips over the eye-chin distance."""
    return float(np.linalg.norm(points[13, :2] - points[14, :2]) / max(chin, 1e-6))
