"""One photo in, one `Measured` out: find the face, straighten, place the crop, measure it.

The order matters and is fixed: crop first, then judge only the crop.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.photo import features as f
from fieldkit.photo import features_detail as fd
from fieldkit.photo import features_face as ff
from fieldkit.photo import features_wall as fw
from fieldkit.photo.compression import quality_of
from fieldkit.photo.cropping import (
    ANCHOR,
    EYE,
    FRAME,
    Straight,
    crop_pixels,
    crown_above_eyes,
    fitted_box,
    halved,
    ideal_box,
    inside_mask,
    jpeg,
    straighten,
    warp,
)
from fieldkit.photo.engine import FaceEngine, shared_engine
from fieldkit.photo.faces import Box, Found, Points, mesh_box
from fieldkit.photo.opening import Pixels, open_picture
from fieldkit.photo.placing import missing, places, same, second_face
from fieldkit.rules.photo_marks import Measured

DETECT = 1280
"""Longest side, px, at which faces are looked for."""
FLAT_EYES = 10.0
"""Contrast of the eye zone, L*: below, dark skin under the eyes is a lens and not a shadow."""
BLOWN = 0.10
"""Share of the face blown out from which a shine on glasses cannot be told."""

Numbers = dict[str, float | None]
"""Fields of `Measured` by name."""


_beside = ThreadPoolExecutor(2, "photo")
"""The face is measured while the person is looked for, the crop is made beside the wall."""
_AROUND = 45
"""Work px around the face that its measures reach into."""
_NOBODY = np.zeros((1, 1), np.float32)


@dataclass(frozen=True)
class Examined:
    """A measured photo and its crop in the making (None: no face was found)."""

    measured: Measured
    making: Future[bytes] | None

    def crop_jpeg(self) -> bytes | None:
        """The 35:45 JPEG, or None where no face was found."""
        return self.making.result() if self.making else None


def measure(data: bytes, faces: FaceEngine | None = None) -> Measured:
    """Measure JPEG or PNG bytes. Raises BadInput for what is no usable picture."""
    return examine(open_picture(data), faces or shared_engine(), quality_of(data)).measured


def crop(image: bytes, faces: FaceEngine | None = None) -> bytes | None:
    """The 35:45 crop of JPEG or PNG bytes as JPEG bytes; None where no face is found."""
    return examine(open_picture(image), faces or shared_engine()).crop_jpeg()


def examine(source: Pixels, faces: FaceEngine, quality: float | None = None) -> Examined:
    """Measure upright pixels. See `Measured` for units; `quality` is that of the JPEG, if known."""
    turns, found, scale = _find_upright(source, faces)
    if turns:
        source = np.ascontiguousarray(np.rot90(source, turns))
    height, width = source.shape[:2]
    if not found.meshes:
        none = Measured(width, height, 0, turns, jpeg_quality=quality)
        return Examined(none, None)
    straight = straighten(found.meshes[0] / scale)
    inside = inside_mask(straight.matrix, width, height)
    view = warp(source, straight.matrix, FRAME, cv2.BORDER_REPLICATE)
    face = _beside.submit(_face, view, inside, straight)
    person = faces.person(view)
    crown = crown_above_eyes((person > 0.5) & inside, straight.chin)
    ideal = ideal_box(crown, straight.chin)
    box, fits = fitted_box(ideal, straight.matrix, width, height)
    making = _beside.submit(lambda: jpeg(crop_pixels(source, straight, box)))
    scene, corner = _scene(view, person, inside, straight, box)
    second, second_box = second_face(found, scale, straight, box)
    top, side, bottom = missing(inside, ideal)
    unit = EYE / straight.eye_px
    centre = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0])
    cx, cy = cv2.invertAffineTransform(straight.matrix) @ centre
    measured = Measured(
        width, height, max(len(found.meshes), 1), turns, second, straight.eye_px,
        straightened=straight.roll, roll=abs(straight.roll),
        crop_box=(float(cx), float(cy), box[2] / unit, box[3] / unit),
        crop_fits=float(fits), missing_top=top, missing_side=side, missing_bottom=bottom,
        places=places(straight.points[:, :2] - corner, box, second_box),
        blockiness=fd.blockiness(_native(source, straight)), jpeg_quality=quality,
    )
    numbers = {**_shape(straight), **_wall(scene), **face.result()}
    measured = replace(measured, **numbers)  # type: ignore[arg-type]
    return Examined(measured, making)


def _shape(straight: Straight) -> Numbers:
    """What the mesh alone tells."""
    points = straight.points
    turned, tipped = f.turned(points), f.tipped(points)
    return {"turned": turned, "yaw": abs(turned), "tipped": tipped, "pitch": abs(tipped),
            "eyes_open": f.eyes_open(points), "eyes_shut": f.eyes_shut(points),
            "mouth_open": f.mouth_gap(points, straight.chin)}


def _face(view: Pixels, inside: npt.NDArray[np.bool_], straight: Straight) -> Numbers:
    """Light, cover and detail of the face, wherever the crop comes to lie around it."""
    low, high = straight.points[:, :2].min(axis=0), straight.points[:, :2].max(axis=0)
    box = (*(low - _AROUND), *(high - low + 2 * _AROUND))
    nobody = np.broadcast_to(_NOBODY, inside.shape)
    scene, _ = _scene(view, nobody, inside, straight, box)
    light, clipped = ff.light_of(scene)
    shade = ff.uneven_light(scene)
    hat_colour, hat_light = ff.forehead(scene)
    cast = ff.skin_colour(scene)
    under, eye_shade = ff.under_eyes(scene)
    zone, contrast, glare, shine = ff.eye_zone(scene)
    if clipped is not None and clipped > BLOWN:
        glare = shine = None
    flat = contrast is not None and contrast < FLAT_EYES
    return {
        "mask_colour": ff.mask_colour(scene), "mouth_bare": ff.mouth_bare(scene),
        "eye_zone_light": zone, "eye_contrast": contrast, "lens_light": under,
        "lens_tint": under if flat else None, "eye_glare": glare, "eye_shine": shine,
        "hair_low": ff.hair_low(scene, hat_light), "forehead_colour": hat_colour,
        "forehead_light": hat_light, "forehead_cloth": ff.cloth(scene, cast), "face_light": light,
        "face_clipped": clipped, "shade": shade, "eye_shade": eye_shade,
        "uneven_light": None if shade is None else abs(shade),
        "skin_colour": cast, "sharpness": fd.sharpness(scene),
        "detail": fd.detail(scene),
    }


def _wall(scene: f.Scene) -> Numbers:
    """The wall in view; its grain alone where there is too little of it."""
    grain: Numbers = {"noise": fd.noise(scene)}
    wall = fw.wall_of(scene)
    if wall is None:
        return grain
    edges, colour, light = fw.plainness(wall)
    step, folds = fw.lines_and_folds(wall)
    return {**grain, "background_edges": edges, "background_colour": colour,
            "background_light": light,
            "background_step": step, "background_folds": folds, "wall_shadow": fw.shadow(wall)}


def _native(source: Pixels, straight: Straight) -> npt.NDArray[np.uint8]:
    """Green of at most 384 x 384 source pixels at the face: unresized, for traces of JPEG."""
    x, y = cv2.invertAffineTransform(straight.matrix) @ np.array([*ANCHOR, 1.0])
    x0, y0 = max(0, round(float(x)) - 192), max(0, round(float(y)) - 192)
    return np.ascontiguousarray(source[y0:y0 + 384, x0:x0 + 384, 1])


def shrink(source: Pixels, longest: int) -> tuple[Pixels, float]:
    """The picture at most `longest` px a side, and its scale."""
    scale = min(1.0, longest / max(source.shape[:2]))
    if scale == 1.0:
        return source, 1.0
    size = (max(1, round(source.shape[1] * scale)), max(1, round(source.shape[0] * scale)))
    small = cv2.resize(halved(source, scale), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, dtype=np.uint8), scale


def _find_upright(source: Pixels, faces: FaceEngine) -> tuple[int, Found, float]:
    """Quarter turns (anticlockwise) that show a face, what was found there, and the scale.

    Both models must agree before another turn is believed: the mesh alone also "sees" an upright
    face in one that stands on its head.
    """
    small, scale = shrink(source, DETECT)
    first = faces.find(small)
    if upright(first):
        return 0, first, scale
    for turns in (1, 3, 2):
        found = faces.find(np.ascontiguousarray(np.rot90(small, turns)))
        if upright(found):
            return turns, found, scale
    if not first.meshes and first.boxes:
        first = _look_closer(small, first, faces)
    return 0, first, scale


def upright(found: Found) -> bool:
    """A mesh that the box detector confirms, and that is not lying on its side."""
    if not found.meshes:
        return False
    mesh = found.meshes[0]
    upright = abs(straighten(mesh).roll) < 60
    return upright and any(same(mesh_box(mesh), box) for box, _ in found.boxes)


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


def _scene(
    view: Pixels, person: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_],
    straight: Straight, box: Box,
) -> tuple[f.Scene, npt.NDArray[np.float64]]:
    """A box of the work frame and the position of its corner."""
    x0, y0 = max(0, round(box[0])), max(0, round(box[1]))
    rows, columns = slice(y0, round(box[1] + box[3])), slice(x0, round(box[0] + box[2]))
    points: Points = straight.points - np.array([x0, y0, 0.0])
    scene = f.Scene(f.lab_of(np.ascontiguousarray(view[rows, columns])),
                    np.ascontiguousarray(person[rows, columns]),
                    np.ascontiguousarray(inside[rows, columns]), points)
    return scene, np.array([x0, y0], dtype=np.float64)
