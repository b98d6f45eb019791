"""The live view's cheap look at one small frame: one sentence at a time, while people wait.

Nothing is kept and nothing is decided here; the taken photo is judged by `judge`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from fieldkit.photo import features as f
from fieldkit.photo.cropping import Straight, ideal_box, straighten
from fieldkit.photo.engine import EngineMissing, FaceEngine, shared_engine
from fieldkit.photo.faces import Box, mesh_box
from fieldkit.photo.measuring import shrink, upright
from fieldkit.photo.opening import Pixels, open_picture

FRAME_PIXELS = 2_100_000
"""A guide frame is small; more than full HD is refused."""
FAR = 0.125
"""Eye distance over frame height: below, a 1080-line camera gives too few pixels."""
WANTED = 130
"""Eye distance, px of the full frame, that gives the 480 px of the online application."""
DRAWN = 0.92 * 35 / 45
"""Width of the frame that the screen draws, over the height of the picture."""

BY_EYE = "自動の案内が使えません。枠の中の線に顔を合わせて、「撮影」を押してください。"
NO_FACE = "顔が見つかりません。カメラの正面に座ってもらってください。"
NO_FACE_LYING = "顔が見つかりません。カメラを真上から顔に向けてください。"


def guide(
    frame: bytes,
    faces: FaceEngine | None = None,
    full_height: int | None = None,
    lying: bool = False,
) -> dict[str, Any]:
    """What to do next: {"state": "ok|move|none|two|byeye", "says": …, "box": [x, y, w, h] or None,
    "move": …, "turns": …}.

    `box` is the face as shares of the frame; `move` is where the face has to go in the picture
    ("left", "right", "up", "down", "near", "far" or ""). `full_height` is the height of the
    camera's own picture, px: a coarse camera has to come nearer. `lying`: taken from above, the
    head may point anywhere; `turns` quarter turns anticlockwise then show the face upright.
    Raises BadInput for what is no picture.
    """
    small, _ = shrink(open_picture(frame, FRAME_PIXELS), 640)
    engine = faces or shared_engine()
    try:
        found = engine.find(small)
    except EngineMissing:
        return _answer("byeye", BY_EYE, None)
    if lying and not upright(found):
        turns = _turns(small, engine)
        if turns:
            return {**_answer("move", "向きを合わせています。", None), "turns": turns}
    height, width = small.shape[:2]
    if not found.meshes:
        if found.boxes:
            return _answer("move", "もう少し近づいてください。", None, "near")
        return _answer("none", NO_FACE_LYING if lying else NO_FACE, None)
    mesh = found.meshes[0]
    own = mesh_box(mesh)
    box = [round(own[0] / width, 4), round(own[1] / height, 4),
           round(own[2] / width, 4), round(own[3] / height, 4)]
    if _others(own, [mesh_box(m) for m in found.meshes[1:]]):
        return _answer("two", "二人写っています。介助の方は写真の枠の外に出てください。", box)
    far = min(0.185, WANTED / full_height) if full_height else FAR
    says, move = _where(straighten(mesh), width, height, far, lying)
    says = says or _light(small, own)
    if says:
        return _answer("move", says, box, move)
    return _answer("ok", "そのまま動かないでください。撮影できます。", box)


def _others(own: Box, others: list[Box]) -> bool:
    """Another face that is at least 40 % as large as the subject's."""
    return any(b[2] * b[3] >= 0.4 * own[2] * own[3] for b in others)


def _turns(small: Pixels, faces: FaceEngine) -> int:
    """Quarter turns anticlockwise that show an upright face; 0 where none does."""
    for turns in (1, 3, 2):
        if upright(faces.find(np.ascontiguousarray(np.rot90(small, turns)))):
            return turns
    return 0


def _where(
    straight: Straight, width: int, height: int, far: float, lying: bool
) -> tuple[str, str]:
    """Distance, place in the frame, then pose: the sentence and the way; "" when all is well."""
    unit = 1 / straight.matrix[0, :2].dot(straight.matrix[0, :2]) ** 0.5
    if straight.eye_px < far * height:
        return "もう少し近づいてください。", "near"
    box = ideal_box(1.1 * straight.chin, straight.chin)
    if box[3] * unit > 1.06 * height or box[2] * unit > width:
        return "近すぎます。" + (
            "カメラを少し離してください。" if lying else "少し下がってください。"), "far"
    inverse = cv2.invertAffineTransform(straight.matrix)
    x, y = inverse @ np.array([box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0])
    half = np.array([box[2] * unit / 2, box[3] * unit / 2])
    aside = 0.35 * DRAWN * height  # further off, nobody would believe the drawn frame
    if x - 0.9 * half[0] < 0 or x < width / 2 - aside:
        return "顔が画面の左に寄っています。画面の右へ、中央まで動かしてください。", "right"
    if x + 0.9 * half[0] > width or x > width / 2 + aside:
        return "顔が画面の右に寄っています。画面の左へ、中央まで動かしてください。", "left"
    if y - 0.96 * half[1] < 0:
        return "頭の上に余白が足りません。" + (
            "カメラを頭の方へ動かしてください。" if lying else
            "カメラを少し上に向けてください。"), "down"
    if y + 0.9 * half[1] > height:
        return "あごの下に余白が足りません。" + (
            "カメラを足の方へ動かしてください。" if lying else
            "カメラを少し下に向けてください。"), "up"
    if abs(straight.roll) > 10:
        return ("顔が傾いています。カメラを少し回して、まっすぐにしてください。" if lying else
                "首が傾いています。まっすぐに起こしてください。"), ""
    if f.yaw(straight.points) > 20:
        return ("カメラが斜めです。顔の真上から撮ってください。" if lying else
                "顔が横を向いています。レンズを正面から見てください。"), ""
    return "", ""


def _light(small: Pixels, box: Box) -> str:
    x, y, w, h = (round(v) for v in box)
    part = small[max(0, y):y + h, max(0, x):x + w]
    lightness = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2LAB)[..., 0]
    if lightness.mean() < 80:
        return "顔が暗いです。照明をつけるか、窓の方を向いてください。"
    if (lightness >= 247).mean() > 0.10:
        return "明るすぎます。直射日光や照明を避けてください。"
    return ""


def _answer(
    state: str, says: str, box: list[float] | None, move: str = ""
) -> dict[str, Any]:
    return {"state": state, "says": says, "box": box, "move": move, "turns": 0}
