"""The 35:45 crop: where it lies, and its JPEG. Straighten, cut and resize only: never retouch.

Why: the card photo is 35 x 45 mm (published photo conditions), the online application takes
JPEG, sRGB, 480..6000 px a side and 20 KB..7 MB, and pictures that were edited may be refused.
Sizes "in mm" below are on the 35 x 45 mm print; head 34 mm with 4 mm above is the usual guide.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fieldkit.photo.faces import Points, eye_centres
from fieldkit.photo.opening import Pixels

Matrix = npt.NDArray[np.float64]

EYE = 120.0
"""Distance of the eyes in the work frame, px: every check sees every face at this size."""
FRAME = (720, 900)
ANCHOR = (360.0, 400.0)
"""Size of the work frame and where the middle of the eyes lies in it."""
FULL = (826, 1062)
"""35 x 45 mm at 600 dpi."""
MIN_BYTES, MAX_BYTES = 20_480, 7_000_000
_GREY = (128, 128, 128)
_FAR = 1.25
"""A face that is enlarged so much is too small for the card: there the pixels must be exact."""


@dataclass(frozen=True)
class Straight:
    """The straightened view of one face. `matrix` leads from source pixels to the work frame."""

    matrix: Matrix
    points: Points
    eye_px: float
    roll: float

    @property
    def chin(self) -> float:
        """T: distance from the middle of the eyes to the chin, work px."""
        return float(self.points[152, 1] - ANCHOR[1])


def straighten(mesh: Points) -> Straight:
    """Turn and scale so that the eyes lie level, 120 px apart, at the anchor."""
    left, right = eye_centres(mesh)
    dx, dy = right - left
    eye_px = max(math.hypot(dx, dy), 1.0)
    roll = math.atan2(dy, dx)
    scale = EYE / eye_px
    cos, sin = math.cos(roll) * scale, math.sin(roll) * scale
    middle = (left + right) / 2
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array(ANCHOR) - turn @ middle
    matrix = np.column_stack([turn, shift])
    points = np.column_stack([mesh[:, :2] @ turn.T + shift, mesh[:, 2] * scale])
    return Straight(matrix, points, eye_px, math.degrees(roll))


def warp(rgb: Pixels, matrix: Matrix, size: tuple[int, int], edge: int) -> Pixels:
    """The source seen through `matrix` at `size` (width, height).

    Shrinking averages before it turns (between three quarters and the whole, neighbours are enough
    for that). At about the source's own scale, cubic curves double the pixels before a straight
    turn: as good as a cubic turn, in half the time. `edge` is OpenCV's border mode for what lies
    outside the source.
    """
    part, moved = _cut_out(rgb, matrix, size)
    scale = _scale(matrix)
    turn = cv2.INTER_LINEAR
    if scale < 0.9:
        whole, part = part.shape, halved(part, scale)
        way = cv2.INTER_LINEAR if scale * whole[0] > 0.75 * part.shape[0] else cv2.INTER_AREA
        part, moved = _resized(part, moved, whole, scale, way)
    elif scale < _FAR:
        part, moved = _resized(part, moved, part.shape, 2 * scale, cv2.INTER_CUBIC)
    else:
        turn = cv2.INTER_CUBIC
    out = cv2.warpAffine(part, moved, size, flags=turn, borderMode=edge, borderValue=_GREY)
    return np.asarray(out, dtype=np.uint8)


def _scale(matrix: Matrix) -> float:
    return math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))


def _resized(
    part: Pixels, matrix: Matrix, whole: tuple[int, ...], scale: float, way: int
) -> tuple[Pixels, Matrix]:
    """The part at `scale` of its `whole` shape, and the matrix that leads on from there."""
    size = (max(1, round(whole[1] * scale)), max(1, round(whole[0] * scale)))
    ratio = np.array([whole[1] / size[0], whole[0] / size[1]])
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ ((ratio - 1) / 2)  # centres of pixels stay in place
    moved[:, :2] *= ratio
    return np.asarray(cv2.resize(part, size, interpolation=way), dtype=np.uint8), moved


def _cut_out(rgb: Pixels, matrix: Matrix, size: tuple[int, int]) -> tuple[Pixels, Matrix]:
    """The part of the source that is seen through `matrix`, and the matrix from that part."""
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size], dtype=np.float64)
    seen = corners @ inverse[:, :2].T + inverse[:, 2]
    margin = 4 / min(_scale(matrix), 1)
    height, width = rgb.shape[:2]
    x0, y0 = np.clip(np.floor(seen.min(axis=0) - margin), 0, [width - 1, height - 1]).astype(int)
    x1, y1 = np.clip(np.ceil(seen.max(axis=0) + margin), [x0 + 1, y0 + 1], [width, height])
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ np.array([x0, y0])
    return rgb[y0:int(y1), x0:int(x1)], moved


def halved(rgb: Pixels, scale: float) -> Pixels:
    """The picture halved as often as a reduction to `scale` allows: each of its pixels is the
    mean of whole source pixels, which is many times faster than averaging at any scale."""
    while scale <= 0.5 and min(rgb.shape[:2]) >= 2:
        size = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        even = rgb[:size[1] * 2, :size[0] * 2]
        rgb = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        scale *= 2
    return rgb


def inside_mask(matrix: Matrix, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Which pixels of the work frame exist in the source."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    seen = corners @ matrix[:, :2].T + matrix[:, 2]
    mask = np.zeros(FRAME[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.clip(np.round(seen), -20000, 20000).astype(np.int32), (1,))
    return mask.astype(bool)


def crown_above_eyes(person: npt.NDArray[np.bool_], chin: float) -> float:
    """Height of the crown above the eyes, work px: the top of the person mask near the middle,
    kept within 0.85..1.35 of the eye-chin distance; 1.02 of it where there is no mask."""
    x0, x1 = round(ANCHOR[0] - 0.58 * EYE), round(ANCHOR[0] + 0.58 * EYE)
    rows = person[:round(ANCHOR[1]), x0:x1].mean(axis=1) > 0.2
    if not rows[-1]:
        return 1.02 * chin
    gaps = np.flatnonzero(~rows)
    top = int(gaps[-1]) + 1 if gaps.size else 0
    return float(np.clip(ANCHOR[1] - top, 0.85 * chin, 1.35 * chin))


def ideal_box(crown: float, chin: float) -> tuple[float, float, float, float]:
    """x, y, width, height of the crop in the work frame: head 34 mm, 4 mm above it."""
    mm = (crown + chin) / 34.0
    return ANCHOR[0] - 17.5 * mm, ANCHOR[1] - crown - 4 * mm, 35 * mm, 45 * mm


def fitted_box(
    box: tuple[float, float, float, float], matrix: Matrix, width: int, height: int
) -> tuple[tuple[float, float, float, float], bool]:
    """The box nearest to the ideal that lies wholly in the source, and whether there is one.

    It may shrink by 14 %, move 7 % sideways, 6 % down or 10 % up: then the head is still whole
    and near the middle. Where nothing fits, the ideal box comes back and False.
    """
    x, y, w, h = box
    s, dx, dy = (a.ravel() for a in np.meshgrid(
        np.linspace(1, 0.86, 8), np.linspace(-0.07, 0.07, 15), np.linspace(-0.10, 0.06, 17)))
    cx, cy = x + w * (0.5 + dx), y + h * (0.5 + dy)
    inverse = cv2.invertAffineTransform(matrix)
    ok = np.ones(s.shape, bool)
    for sx, sy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        px, py = cx + sx * w * s / 2, cy + sy * h * s / 2
        qx = inverse[0, 0] * px + inverse[0, 1] * py + inverse[0, 2]
        qy = inverse[1, 0] * px + inverse[1, 1] * py + inverse[1, 2]
        ok &= (qx >= -0.5) & (qx <= width + 0.5) & (qy >= -0.5) & (qy <= height + 0.5)
    if not ok.any():
        return box, False
    cost = 2 * (1 - s) + np.abs(dx) + np.abs(dy)
    best = int(np.argmin(np.where(ok, cost, np.inf)))
    k = float(s[best])
    return (float(cx[best] - w * k / 2), float(cy[best] - h * k / 2), w * k, h * k), True


def crop_pixels(rgb: Pixels, straight: Straight, box: tuple[float, float, float, float]) -> Pixels:
    """The crop at 826 x 1062, or smaller where the source has fewer pixels (never enlarged).

    What lies outside the source stays grey, so that a cut-off head is seen as cut off.
    """
    native = box[2] * straight.eye_px / EYE
    width = max(1, min(FULL[0], int(native)))
    height = round(width * FULL[1] / FULL[0])
    zoom = np.array([width / box[2], height / box[3]])
    matrix = straight.matrix.copy()
    matrix[:, 2] -= box[:2]
    matrix *= zoom[:, None]
    return warp(rgb, matrix, (width, height), cv2.BORDER_CONSTANT)


def jpeg(rgb: Pixels) -> bytes:
    """Baseline sRGB JPEG without Exif, 20,480..7,000,000 bytes where the picture allows.

    A very smooth picture is written at a higher quality to reach the lower bound: the pixels
    stay what they were.
    """
    picture = Image.fromarray(rgb)
    data = b""
    for quality, sampling in ((92, 2), (97, 0), (100, 0)):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling=sampling, dpi=(600, 600),
                     progressive=False, optimize=False)
        data = out.getvalue()
        if len(data) >= MIN_BYTES:
            return data
    return data
