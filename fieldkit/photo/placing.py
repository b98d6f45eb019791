"""Where things lie in the crop: what is missing, who else is there, what a mark points at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fieldkit.photo.cropping import EYE, Straight
from fieldkit.photo.faces import Box, Found, mesh_box
from fieldkit.rules.photo_marks import Place

SURE = 0.6
"""A face box of the detector alone counts as a second person from this certainty on."""


def same(a: Box, b: Box) -> bool:
    """Two boxes show the same face: the centre of the one lies in the other."""
    x, y = a[0] + a[2] / 2, a[1] + a[3] / 2
    return b[0] <= x <= b[0] + b[2] and b[1] <= y <= b[1] + b[3]


def second_face(
    found: Found, scale: float, straight: Straight, crop_box: Box
) -> tuple[float, Place | None]:
    """1.0 for another face in the crop, else its area against the subject's; 0.0 for none."""
    own = mesh_box(found.meshes[0])
    others = [mesh_box(m) for m in found.meshes[1:]]
    others += [b for b, sure in found.boxes if sure >= SURE]
    worst = 0.0
    place: Place | None = None
    for box in others:
        if same(box, own) or same(own, box):
            continue
        centre = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]) / scale
        x, y = straight.matrix[:, :2] @ centre + straight.matrix[:, 2]
        size = box[2] * EYE / straight.eye_px / scale
        within = (crop_box[0] <= x <= crop_box[0] + crop_box[2]
                  and crop_box[1] <= y <= crop_box[1] + crop_box[3])
        area = 1.0 if within else box[2] * box[3] / max(own[2] * own[3], 1.0)
        if area > worst:
            worst = area
            place = share((x - size / 2, y - size / 2, size, size), crop_box)
            place = place if min(place[2:]) > 0 else None  # wholly outside: nothing to point at
    return worst, place


def missing(inside: npt.NDArray[np.bool_], box: Box) -> tuple[float, float, float]:
    """Missing share of the top 10 %, the worse side (10 %) and the bottom 12 % of the box."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    part = ~inside[y0:round(box[1] + box[3]), x0:round(box[0] + box[2])]
    if not part.size:
        return 1.0, 1.0, 1.0
    h, w = part.shape
    side = max(float(part[:, :w // 10].mean()), float(part[:, -(w // 10):].mean()))
    return float(part[:h // 10].mean()), side, float(part[-(h * 12 // 100):].mean())


def share(box: Box, crop_box: Box) -> Place:
    """A box of the work frame as shares of the crop, cut to it."""
    x0, y0 = (box[0] - crop_box[0]) / crop_box[2], (box[1] - crop_box[1]) / crop_box[3]
    x1, y1 = x0 + box[2] / crop_box[2], y0 + box[3] / crop_box[3]
    x0, y0, x1, y1 = (round(min(max(v, 0.0), 1.0), 4) for v in (x0, y0, x1, y1))
    return x0, y0, round(x1 - x0, 4), round(y1 - y0, 4)


def places(
    points: npt.NDArray[np.float64], box: Box, second: Place | None
) -> dict[str, Place]:
    """Named parts of the crop that a mark can point at."""
    own = (0.0, 0.0, box[2], box[3])

    def around(indices: tuple[int, ...], pad: float) -> Place:
        part = points[list(indices)]
        (x0, y0), (x1, y1) = part.min(axis=0) - pad, part.max(axis=0) + pad
        return share((float(x0), float(y0), float(x1 - x0), float(y1 - y0)), own)

    places = {
        "face_box": around(tuple(range(468)), 0),
        "eyes_box": around((33, 133, 362, 263, 159, 145, 386, 374), 18),
        "mouth_box": around((61, 291, 13, 14, 152, 2), 12),
        "forehead_box": around((10, 54, 284, 9), 20),
        "top_box": (0.0, 0.0, 1.0, 0.1),
        "side_box": (0.0, 0.0, 1.0, 1.0),
        "bottom_box": (0.0, 0.88, 1.0, 0.12),
        "background_box": (0.0, 0.0, 1.0, 0.45),
        "shadow_box": (0.0, 0.1, 1.0, 0.7),
    }
    return {**places, "second_box": second} if second else places
