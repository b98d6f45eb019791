"""The live view's cheap look at one small frame: one sentence at a time, while people wait.

Nothing is kept and nothing is decided here; the taken photo is judged by `judge`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from fieldkit.photo import features as f
from fieldkit.photo.cropping import Straight, ideal_box, straighten
from fieldkit.photo.faces import Box, FaceEngine, mesh_box, shared_engine
from fieldkit.photo.measuring import shrink
from fieldkit.photo.opening import Pixels, open_picture

FRAME_PIXELS = 2_100_000
"""A guide frame is small; more than full HD is refused."""
FAR = 0.125
"""Eye distance over frame height: below, a 1080-line camera gives too few pixels."""
WANTED = 130
"""Eye distance, px of the full frame, that gives the 480 px of the online application."""


def guide(
    frame: bytes, faces: FaceEngine | None = None, full_height: int | None = None
) -> dict[str, Any]:
    """What to do next: {"state": "ok|move|none|two", "says": …, "box": [x, y, w, h] or None}.

    `box` is the face as shares of the frame. `full_height` is the height of the camera's own
    picture, px: a coarse camera has to come nearer. Raises BadInput for what is no picture.
    """
    small, _ = shrink(open_picture(frame, FRAME_PIXELS), 640)
    height, width = small.shape[:2]
    found = (faces or shared_engine()).find(small)
    if not found.meshes:
        if found.boxes:
            return _answer("move", "もう少し近づいてください。", None)
        return _answer("none", "顔が見つかりません。カメラの正面に座ってもらってください。", None)
    mesh = found.meshes[0]
    own = mesh_box(mesh)
    box = [round(own[0] / width, 4), round(own[1] / height, 4),
           round(own[2] / width, 4), round(own[3] / height, 4)]
    if _others(own, [mesh_box(m) for m in found.meshes[1:]]):
        return _answer("two", "二人写っています。介助の方は写真の枠の外に出てください。", box)
    far = min(0.185, WANTED / full_height) if full_height else FAR
    says = _where(straighten(mesh), width, height, far) or _light(small, own)
    if says:
        return _answer("move", says, box)
    return _answer("ok", "そのまま動かないでください。撮影できます。", box)


def _others(own: Box, others: list[Box]) -> bool:
    """Another face that is at least 40 % as large as the subject's."""
    return any(b[2] * b[3] >= 0.4 * own[2] * own[3] for b in others)


def _where(straight: Straight, width: int, height: int, far: float) -> str | None:
    """Distance, place in the frame, then pose; None when all is well."""
    unit = 1 / straight.matrix[0, :2].dot(straight.matrix[0, :2]) ** 0.5
    if straight.eye_px < far * height:
        return "もう少し近づいてください。"
    box = ideal_box(1.1 * straight.chin, straight.chin)
    if box[3] * unit > 1.06 * height or box[2] * unit > width:
        return "近すぎます。少し下がってください。"
    inverse = cv2.invertAffineTransform(straight.matrix)
    x, y = inverse @ np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0])
    half = np.array([box[2] * unit / 2, box[3] * unit / 2])
    if x - 0.9 * half[0] < 0 or x + 0.9 * half[0] > width:
        return "顔が枠の横に寄っています。中央に入れてください。"
    if y - 0.96 * half[1] < 0:
        return "頭の上に余白が足りません。カメラを少し上に向けてください。"
    if y + 0.9 * half[1] > height:
        return "あごの下に余白が足りません。カメラを少し下に向けてください。"
    if abs(straight.roll) > 10:
        return "首が傾いています。まっすぐに起こしてください。"
    if f.yaw(straight.points) > 20:
        return "顔が横を向いています。レンズを正面から見てください。"
    return None


def _light(small: Pixels, box: Box) -> str | None:
    x, y, w, h = (round(v) for v in box)
    part = small[max(0, y):y + h, max(0, x):x + w]
    lightness = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2LAB)[..., 0]
    if lightness.mean() < 80:
        return "顔が暗いです。照明をつけるか、窓の方を向いてください。"
    if (lightness >= 247).mean() > 0.10:
        return "明るすぎます。直射日光や照明を避けてください。"
    return None


def _answer(state: str, says: str, box: list[float] | None) -> dict[str, Any]:
    return {"state": state, "says": says, "box": box}
