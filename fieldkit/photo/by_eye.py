"""A photo without a face engine: crop as the guide drew it, measure what needs no face.

Why: a kit whose engine fails must still take photos. The person has put the face into the oval on
the screen, so light, size and sharpness are measured there; what only a face would tell (pose,
eyes, cover, a second person) stays unknown, and the finding `by_eye` asks the person for it.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from fieldkit.photo import features as f
from fieldkit.photo.cropping import EYE, FULL, jpeg
from fieldkit.photo.features_detail import sharpness
from fieldkit.photo.features_face import light_of
from fieldkit.photo.opening import Pixels
from fieldkit.rules.photo_marks import Finding, Measured

LISTED = (
    "顔が一人だけ、正面を向いて写っている", "目が開いている",
    "帽子・マスク・色の濃い眼鏡がなく、髪が目にかかっていない", "背景が無地で影がない",
    "頭の上とあごの下が切れていない",
)
"""What the person looks at, in the order of the picture from the face outwards."""
FINDING = Finding(
    "by_eye", "advise", 0.0,
    "写真の自動判定が使えません。目で確かめてください：" + "、".join(LISTED) + "。", False,
)
_FRAME = 0.92
"""Share of the picture that the guide's frame takes; frame and oval are those of the screen."""
_EYES = 3.8
"""Width of the frame over the distance of the eyes of a face that fills the oval."""


class _Oval(f.Scene):
    """The face is the oval: 25 x 34 mm of 35 x 45, its middle 21 mm below the top."""

    @cached_property
    def face_window(self) -> f.Window:
        return slice(0, self.lab.shape[0]), slice(0, self.lab.shape[1])

    @cached_property
    def face(self) -> f.Mask:
        height, width = self.lab.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        axes = (round(height * 12.5 / 45), round(height * 17 / 45))
        cv2.ellipse(mask, (width // 2, round(height * 21 / 45)), axes, 0, 0, 360, (1,), -1)
        return mask.astype(bool)


def framed(source: Pixels) -> Pixels:
    """The 35:45 middle of the picture, as the guide drew it on the screen."""
    height, width = source.shape[:2]
    h = max(1, round(min(height * _FRAME, width * _FRAME * 45 / 35)))
    w = max(1, round(h * 35 / 45))
    x, y = (width - w) // 2, (height - h) // 2
    return source[y:y + h, x:x + w]


def crop_by_eye(source: Pixels) -> bytes:
    """The JPEG of the frame, at 826 x 1062 or smaller, never enlarged."""
    part = framed(source)
    if part.shape[1] > FULL[0]:
        part = np.asarray(cv2.resize(part, FULL, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg(np.ascontiguousarray(part))


def measure_by_eye(source: Pixels) -> Measured:
    """What can be told without a face; `faces` is unknown."""
    height, width = source.shape[:2]
    part = framed(source)
    eye_px = part.shape[1] / _EYES
    size = (round(EYE * _EYES), round(EYE * _EYES * 45 / 35))
    way = cv2.INTER_AREA if part.shape[1] > size[0] else cv2.INTER_CUBIC
    view = np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)
    nobody = np.zeros(view.shape[:2], np.float32)
    scene = _Oval(f.lab_of(view), nobody, np.ones(view.shape[:2], bool), np.zeros((478, 3)))
    light, clipped = light_of(scene)
    box = (width / 2, height / 2, float(part.shape[1]), float(part.shape[0]))
    return Measured(width, height, None, eye_px=eye_px, crop_box=box, face_light=light,
                    face_clipped=clipped, sharpness=sharpness(scene))
