"""A burst: several frames of one press of the shutter, and which of them to judge.

Why: a person who has to sit still blinks. Three to five frames within half a second hold one with
open eyes; only that one is judged and sealed, so a burst costs little more than one picture.

How a burst travels: one raw body with the JPEGs one after another, and the header `X-Frames` with
their lengths in bytes, as `183220,181004,190377`. No multipart form: that would touch the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from fieldkit.errors import BadInput
from fieldkit.photo import features as f
from fieldkit.photo.cropping import straighten
from fieldkit.photo.engine import EngineMissing, FaceEngine, shared_engine
from fieldkit.photo.faces import mesh_box
from fieldkit.photo.measuring import shrink
from fieldkit.photo.opening import MAX_PIXELS, Pixels, checked

MOST = 5
"""Frames of one burst."""
LOOK_AT = 640
"""Longest side, px, of the frames that are compared."""
WIDE = 0.92
"""Share of the burst's widest eyes from which on eyes count as just as open."""
SHARP = 0.9
"""Share of the burst's sharpest face from which on a face counts as just as sharp."""
LARGER = 1.2
"""A frame with so many times the pixels is a still picture of the camera, not a video frame."""
_FIELD = "photo"
_REDUCED = ((4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))

Spot = npt.NDArray[np.float64]
"""Middle of the eyes (x, y) and their distance, px of the reduced frame."""


@dataclass(frozen=True)
class Look:
    """What is compared of one frame. `eyes`: the narrower eye's lid gap over its width, None
    without a face. `sharp`: variance of the Laplacian. `moved`: distance to the burst's middle
    place, in eye distances. `pixels`: of the frame as it was sent, 0 where it cannot be read."""

    eyes: float | None
    sharp: float
    moved: float
    pixels: int


def split(body: bytes, lengths: str) -> tuple[bytes, ...]:
    """The frames of a burst. Raises BadInput where the header and the body do not agree."""
    parts = [part.strip() for part in lengths.split(",")]
    if not body:
        raise BadInput(_FIELD, "写真が空です。もう一度撮ってください。")
    if len(parts) > MOST:
        raise BadInput(_FIELD, f"一度に送れる写真は{MOST}枚までです。もう一度撮ってください。")
    good = all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts)
    sizes = [int(part) for part in parts] if good else []
    if not sizes or min(sizes) == 0 or sum(sizes) != len(body):
        raise BadInput(_FIELD, "写真の一部が届きませんでした。もう一度撮ってください。")
    ends = np.cumsum(sizes).tolist()
    return tuple(body[end - size:end] for size, end in zip(sizes, ends, strict=True))


def best_frame(frames: Sequence[bytes], faces: FaceEngine | None = None) -> int:
    """Which frame to judge: eyes widest, then the larger picture, then sharpest, then stillest.

    A frame that cannot be read is taken only where none can: the judge then says what is wrong.
    """
    if len(frames) == 1:
        return 0
    return best_of(looks(frames, faces or shared_engine()))


def best_of(seen: Sequence[Look]) -> int:
    """The ranking alone. Nearly equal counts as equal, or noise would decide.

    Eyes are compared with the widest eyes of this burst only: narrow eyes are not closed eyes.
    """
    left = [n for n, look in enumerate(seen) if look.pixels] or list(range(len(seen)))
    left = [n for n in left if seen[n].eyes is not None] or left
    widest = max(seen[n].eyes or 0.0 for n in left)
    left = [n for n in left if (seen[n].eyes or 0.0) >= WIDE * widest]
    largest = max(seen[n].pixels for n in left)
    left = [n for n in left if LARGER * seen[n].pixels >= largest]
    sharpest = max(seen[n].sharp for n in left)
    left = [n for n in left if seen[n].sharp >= SHARP * sharpest]
    return min(left, key=lambda n: seen[n].moved)


def looks(frames: Sequence[bytes], faces: FaceEngine) -> list[Look]:
    """Every frame of a burst at reduced size. Without a face engine only the sharpness is seen."""
    found = [_look(frame, faces) for frame in frames]
    places = [place for _, place in found if place is not None]
    middle = np.median(places, axis=0) if places else np.zeros(3)
    return [
        Look(
            look.eyes,
            look.sharp,
            0.0 if place is None else float(np.hypot(*(place - middle)[:2]) / max(middle[2], 1.0)),
            look.pixels,
        )
        for look, place in found
    ]


def _look(data: bytes, faces: FaceEngine) -> tuple[Look, Spot | None]:
    """One frame, and where its eyes lie; the movement is known only beside the others."""
    small, pixels = _open_small(data)
    if small is None:
        return Look(None, 0.0, 0.0, 0), None
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    try:
        found = faces.find(small)
    except EngineMissing:  # no engine: the sharpest frame is the best that can be known
        return Look(None, _sharpness(grey), 0.0, pixels), None
    if not found.meshes:
        return Look(None, _sharpness(grey), 0.0, pixels), None
    mesh = found.meshes[0]
    x, y, w, h = (max(0, round(v)) for v in mesh_box(mesh))
    straight = straighten(mesh)
    eyes = mesh[[33, 133, 362, 263], :2].mean(axis=0)
    place = np.array([eyes[0], eyes[1], straight.eye_px])
    face = grey[y:y + h, x:x + w]
    return Look(f.eyes_open(straight.points), _sharpness(face), 0.0, pixels), place


def _open_small(data: bytes) -> tuple[Pixels | None, int]:
    """Reduced sRGB pixels, decoded at a half or a quarter where the frame is large, and its size
    in pixels; None and 0 for what is no frame of a burst."""
    try:
        kind = checked(data, MAX_PIXELS)
    except BadInput:
        return None, 0
    longest = max(kind.width, kind.height)
    flag = next((flag for part, flag in _REDUCED if longest >= part * LOOK_AT), cv2.IMREAD_COLOR)
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if seen is None:
        return None, 0
    rgb = np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return shrink(rgb, LOOK_AT)[0], kind.width * kind.height


def _sharpness(grey: npt.NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) if grey.size else 0.0
