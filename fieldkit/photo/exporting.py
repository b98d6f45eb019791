"""The file for the online application: JPEG bytes in, JPEG bytes out. Never retouched or enlarged.

Why: the application site takes JPEG, RGB, 480..6000 px a side, 20 KB..7 MB, and may refuse edited
pictures. A crop that already fits goes out as it is, byte for byte. What is too smooth to reach the
lower bound is written again with more precision, at last with a restart marker (a regular part of
baseline JPEG) after every block: larger, while the picture stays what it was. Exif, colour
profiles and comments never leave.
"""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from fieldkit.errors import BadInput
from fieldkit.photo.cropping import FULL, MAX_BYTES, MIN_BYTES, jpeg
from fieldkit.photo.opening import Pixels, open_picture

MIN_SIDE, MAX_SIDE = 480, 6000
RATIO = 45 / 35
BROKEN = "写真のファイルが壊れているか、JPEGではありません。撮り直してください。"
FOREIGN = "写真がRGBのJPEGではないか、撮影場所などの情報が付いています。撮り直してください。"
NOT_CROPPED = "縦45ミリ・横35ミリに切り抜いた写真ではありません。写真の画面で撮り直してください。"


def too_small(width: int, height: int) -> str:
    return (
        f"この写真は{width}×{height}ピクセルで、オンライン申請に要る縦横{MIN_SIDE}ピクセルに"
        "足りません（引き伸ばしは認められません）。もっと近づいて撮り直すか、"
        "印刷して申請書に貼ってください。"
    )


def online_problem(data: bytes) -> str | None:
    """Why the online application would not take these bytes, as a sentence; None where it does."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            width, height = picture.size
            plain = picture.mode == "RGB" and not picture.info.keys() & {"exif", "icc_profile"}
            if min(width, height) < MIN_SIDE:
                return too_small(width, height)
            if max(width, height) > MAX_SIDE:
                return f"写真が大きすぎます（縦横{MAX_SIDE}ピクセルまで）。撮り直してください。"
            picture.load()
    except Exception:  # Pillow's decoders raise almost anything on broken bytes
        return BROKEN
    if not plain or b"Exif\0" in data[:65536]:
        return FOREIGN
    if not MIN_BYTES <= len(data) <= MAX_BYTES:
        return (
            f"写真のファイルが{len(data):,}バイトで、オンライン申請の範囲（{MIN_BYTES:,}から"
            f"{MAX_BYTES:,}バイト）に入りません。明るさを変えて撮り直してください。"
        )
    return None


def online_file(crop: bytes) -> bytes:
    """The file for the online application from a 35:45 crop, at most 826 x 1062 px.

    Raises BadInput("photo") with what works instead: too few pixels, not cropped, no picture.
    """
    if _fits(crop):
        return crop
    pixels = open_picture(crop)
    height, width = pixels.shape[:2]
    if min(width, height) < MIN_SIDE:
        raise BadInput("photo", too_small(width, height))
    if not _is_crop(width, height):
        raise BadInput("photo", NOT_CROPPED)
    made = _written(_shrunk(pixels))
    if problem := online_problem(made):
        raise BadInput("photo", problem)
    return made


def _fits(data: bytes) -> bool:
    """A crop as the kit writes it: nothing has to be done."""
    if online_problem(data) is not None:
        return False
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
    return _is_crop(width, height) and width <= FULL[0] and b"\xff\xfe" not in data[:512]


def _is_crop(width: int, height: int) -> bool:
    """35:45 as exactly as whole pixels allow."""
    return math.isclose(height, width * RATIO, abs_tol=1.5)


def _shrunk(pixels: Pixels) -> Pixels:
    if pixels.shape[1] <= FULL[0]:
        return pixels
    small = Image.fromarray(pixels).resize(FULL, Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.uint8)


def _written(pixels: Pixels) -> bytes:
    data = jpeg(pixels)
    if len(data) >= MIN_BYTES:
        return data
    out = io.BytesIO()
    Image.fromarray(pixels).save(
        out, "JPEG", quality=100, subsampling=0, dpi=(600, 600), restart_marker_blocks=1
    )
    return out.getvalue()
