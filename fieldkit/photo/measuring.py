"""One photo in, one `Measured` out: find the face, straighten, place the crop, measure it.

The order matters and is fixed: crop first, then judge only the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo import features as f
from fieldkit.photo.cropping import (
    EYE,
    FRAME,
    Straight,
    crop_pixels,
    crown_above_eyes,
    fitted_box,
    ideal_box,
    inside_mask,
    jpeg,
    straighten,
    warp,
)
from fieldkit.photo.faces import Box, FaceEngine, Found, Points, mesh_box, shared_engine
from fieldkit.photo.opening import Pixels, open_picture
from fieldkit.rules.photo_marks import Measured, Place

DETECT = 1280
"""Longest side, px, at which faces are looked for."""
SURE = 0.6
"""A face box of the detector alone counts as a second person from this certainty on."""


@dataclass(frozen=True)
class Examined:
    """A measured photo with what the crop needs; `source` is turned upright."""

    measured: Measured
    source: Pixels
    straight: Straight | None
    box: Box | None

    def crop_jpeg(self) -> bytes | None:
        """The 35:45 JPEG, or None where no face was found."""
        if self.straight is None or self.box is None:
            return None
        return jpeg(crop_pixels(self.source, self.straight, self.box))


def measure(data: bytes, faces: FaceEngine | None = None) -> Measured:
    """Measure JPEG or PNG bytes. Raises BadInput for what is no usable picture."""
    return examine(open_picture(data), faces or shared_engine()).measured


def crop(image: bytes, faces: FaceEngine | None = None) -> bytes | None:
    """The 35:45 crop of JPEG or PNG bytes as JPEG bytes; None where no face is found."""
    return examine(open_picture(image), faces or shared_engine()).crop_jpeg()


def examine(source: Pixels, faces: FaceEngine) -> Examined:
    """Measure upright pixels. See `Measured` for units."""
    turns, found, scale = _find_upright(source, faces)
    if turns:
        source = np.ascontiguousarray(np.rot90(source, turns))
    height, width = source.shape[:2]
    if not found.meshes:
        return Examined(Measured(width, height, 0, turns), source, None, None)
    mesh = found.meshes[0] / scale
    straight = straighten(mesh)
    inside = inside_mask(straight.matrix, width, height)
    view = warp(source, straight.matrix, FRAME, cv2.BORDER_REPLICATE)
    person = faces.person(view)
    crown = crown_above_eyes((person > 0.5) & inside, straight.chin)
    ideal = ideal_box(crown, straight.chin)
    box, fits = fitted_box(ideal, straight.matrix, width, height)
    scene, corner = _scene(view, person, inside, straight, box)
    second, second_box = _second_face(found, scale, straight, box)
    top, side, bottom = _missing(inside, ideal)
    light, contrast, glare = f.eye_zone(scene)
    hat_colour, hat_light = f.forehead(scene)
    edges, wall_colour, wall_light = f.background(scene)
    unit = EYE / straight.eye_px
    centre = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0])
    cx, cy = cv2.invertAffineTransform(straight.matrix) @ centre
    measured = Measured(
        width, height, max(len(found.meshes), 1), turns, second, straight.eye_px,
        straightened=straight.roll, roll=abs(straight.roll),
        yaw=f.yaw(straight.points), pitch=f.pitch(straight.points),
        crop_box=(float(cx), float(cy), box[2] / unit, box[3] / unit),
        crop_fits=float(fits), missing_top=top, missing_side=side, missing_bottom=bottom,
        eyes_open=f.eyes_open(straight.points),
        mouth_open=f.mouth_gap(straight.points, straight.chin),
        mask_colour=f.mask_colour(scene), eye_zone_light=light, eye_contrast=contrast,
        eye_glare=glare, forehead_colour=hat_colour, forehead_light=hat_light,
        face_light=f.face_light(scene), face_clipped=f.face_clipped(scene),
        uneven_light=f.uneven_light(scene), skin_colour=f.skin_colour(scene),
        background_edges=edges, background_colour=wall_colour, background_light=wall_light,
        wall_shadow=f.wall_shadow(scene), sharpness=f.sharpness(scene), noise=f.noise(scene),
        places=_places(straight.points[:, :2] - corner, box, second_box),
    )
    return Examined(measured, source, straight, box)


def shrink(source: Pixels, longest: int) -> tuple[Pixels, float]:
    """The picture at most `longest` px a side, and its scale."""
    scale = min(1.0, longest / max(source.shape[:2]))
    if scale == 1.0:
        return source, 1.0
    size = (max(1, round(source.shape[1] * scale)), max(1, round(source.shape[0] * scale)))
    small = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), scale


def _find_upright(source: Pixels, faces: FaceEngine) -> tuple[int, Found, float]:
    """Quarter turns (anticlockwise) that show a face, what was found there, and the scale.

    Both models must agree before another turn is believed: the mesh alone also "sees" an upright
    face in one that stands on its head.
    """
    small, scale = shrink(source, DETECT)
    first = faces.find(small)
    if _agreed(first):
        return 0, first, scale
    for turns in (1, 3, 2):
        found = faces.find(np.ascontiguousarray(np.rot90(small, turns)))
        if _agreed(found):
            return turns, found, scale
    if not first.meshes and first.boxes:
        first = _look_closer(small, first, faces)
    return 0, first, scale


def _agreed(found: Found) -> bool:
    """A mesh that the box detector confirms, and that is not lying on its side."""
    if not found.meshes:
        return False
    mesh = found.meshes[0]
    upright = abs(straighten(mesh).roll) < 60
    return upright and any(_same(mesh_box(mesh), box) for box, _ in found.boxes)


def _look_closer(small: Pixels, found: Found, faces: FaceEngine) -> Found:
    """A far face that only the box detector sees: cut it out, enlarge, look again."""
    box, _ = max(found.boxes, key=lambda b: b[0][2] * b[0][3])
    x0, y0 = max(0, int(box[0] - box[2])), max(0, int(box[1] - box[3]))
    part = small[y0:int(box[1] + 2 * box[3]), x0:int(box[0] + 2 * box[2])]
    zoom = 640 / max(part.shape[:2])
    large = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    seen = faces.find(np.asarray(large, dtype=np.uint8))
    meshes = tuple(m / zoom + np.array([x0, y0, 0.0]) for m in seen.meshes[:1])
    return Found(meshes, found.boxes)


def _same(a: Box, b: Box) -> bool:
    """Two boxes show the same face: the centre of the one lies in the other."""
    x, y = a[0] + a[2] / 2, a[1] + a[3] / 2
    return b[0] <= x <= b[0] + b[2] and b[1] <= y <= b[1] + b[3]


def _second_face(
    found: Found, scale: float, straight: Straight, crop_box: Box
) -> tuple[float, Place | None]:
    """1.0 for another face in the crop, else its area against the subject's; 0.0 for none."""
    own = mesh_box(found.meshes[0])
    others = [mesh_box(m) for m in found.meshes[1:]]
    others += [b for b, sure in found.boxes if sure >= SURE]
    worst = 0.0
    place: Place | None = None
    for box in others:
        if _same(box, own) or _same(own, box):
            continue
        centre = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2]) / scale
        x, y = straight.matrix[:, :2] @ centre + straight.matrix[:, 2]
        size = box[2] * EYE / straight.eye_px / scale
        within = (crop_box[0] <= x <= crop_box[0] + crop_box[2]
                  and crop_box[1] <= y <= crop_box[1] + crop_box[3])
        share = 1.0 if within else box[2] * box[3] / max(own[2] * own[3], 1.0)
        if share > worst:
            worst = share
            place = _share((x - size / 2, y - size / 2, size, size), crop_box)
            place = place if min(place[2:]) > 0 else None  # wholly outside: nothing to point at
    return worst, place


def _missing(inside: npt.NDArray[np.bool_], box: Box) -> tuple[float, float, float]:
    """Missing share of the top 10 %, the worse side (10 %) and the bottom 12 % of the box."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    part = ~inside[y0:round(box[1] + box[3]), x0:round(box[0] + box[2])]
    if not part.size:
        return 1.0, 1.0, 1.0
    h, w = part.shape
    side = max(float(part[:, :w // 10].mean()), float(part[:, -(w // 10):].mean()))
    return float(part[:h // 10].mean()), side, float(part[-(h * 12 // 100):].mean())


def _scene(
    view: Pixels, person: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_],
    straight: Straight, box: Box,
) -> tuple[f.Scene, npt.NDArray[np.float64]]:
    """The crop of the work frame and the position of its corner."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    rows, columns = slice(y0, round(box[1] + box[3])), slice(x0, round(box[0] + box[2]))
    points: Points = straight.points - np.array([x0, y0, 0.0])
    scene = f.Scene(f.lab_of(np.ascontiguousarray(view[rows, columns])),
                    np.ascontiguousarray(person[rows, columns]),
                    np.ascontiguousarray(inside[rows, columns]), points)
    return scene, np.array([x0, y0], dtype=np.float64)


def _share(box: Box, crop_box: Box) -> Place:
    """A box of the work frame as shares of the crop, cut to it."""
    x0, y0 = (box[0] - crop_box[0]) / crop_box[2], (box[1] - crop_box[1]) / crop_box[3]
    x1, y1 = x0 + box[2] / crop_box[2], y0 + box[3] / crop_box[3]
    x0, y0, x1, y1 = (round(min(max(v, 0.0), 1.0), 4) for v in (x0, y0, x1, y1))
    return x0, y0, round(x1 - x0, 4), round(y1 - y0, 4)


def _places(
    points: npt.NDArray[np.float64], box: Box, second: Place | None
) -> dict[str, Place]:
    """Named parts of the crop that a mark can point at."""
    own = (0.0, 0.0, box[2], box[3])

    def around(indices: tuple[int, ...], pad: float) -> Place:
        part = points[list(indices)]
        (x0, y0), (x1, y1) = part.min(axis=0) - pad, part.max(axis=0) + pad
        return _share((float(x0), float(y0), float(x1 - x0), float(y1 - y0)), own)

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
