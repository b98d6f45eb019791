"""Picture bytes to pixels, in memory only, and a kind refusal of everything else.

Why: pictures come from the browser, an SD card or a phone; a broken or hostile file must end in
one Japanese sentence, never in a crash or a full memory (`001 §9(2)イ（オ）`).
"""

from __future__ import annotations

import io
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from fieldkit.errors import BadInput

Pixels = npt.NDArray[np.uint8]
"""Height x width x 3, sRGB."""

MAX_BYTES = 30_000_000
MAX_PIXELS = 36_000_000
"""The largest accepted picture: 6000 x 6000, the upper limit of the online application."""
_FIELD = "photo"
_RAW = (b"II*\x00", b"MM\x00*", b"IIU\x00", b"IIRO", b"FUJIFILMCCD-RAW", b"FOVb")


def open_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> Pixels:
    """JPEG or PNG bytes as upright sRGB pixels (Exif rotation applied, profile converted).

    Raises BadInput for empty, broken, too large or foreign files. Nothing touches the disk.
    """
    _refuse_foreign(data)
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        width, height = picture.size
        if width * height > max_pixels:
            raise BadInput(_FIELD, f"写真が大きすぎます（{width}×{height}）。"
                                   "縦横6000ピクセルまでの設定で撮り直してください。")
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return np.ascontiguousarray(np.asarray(_to_srgb(picture), dtype=np.uint8))
    except BadInput:
        raise
    except Image.DecompressionBombError:
        raise BadInput(_FIELD, "写真が大きすぎます。縦横6000ピクセルまでの設定で"
                               "撮り直してください。") from None
    except Exception:  # Pillow's decoders raise almost anything on broken bytes
        raise BadInput(_FIELD, "写真を読めませんでした。ファイルが壊れているか、写真では"
                               "ありません。もう一度撮るか、別のファイルを"
                               "選んでください。") from None


def _refuse_foreign(data: bytes) -> None:
    if not data:
        raise BadInput(_FIELD, "写真が空です。もう一度撮ってください。")
    if len(data) > MAX_BYTES:
        raise BadInput(_FIELD, "写真のファイルが大きすぎます（30MBまで）。"
                               "画質を下げて撮り直してください。")
    if data[4:8] == b"ftyp":
        raise BadInput(_FIELD, "HEIC形式の写真は使えません。カメラの設定を「互換性優先（JPEG）」に"
                               "するか、JPEGに変えてから選んでください。")
    if data.startswith(_RAW):
        raise BadInput(_FIELD, "RAW・TIFF形式の写真は使えません。カメラの設定をJPEGにして"
                               "撮り直してください。")


def _to_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if picture.mode in ("RGBA", "LA", "P", "PA"):
        clear = picture.convert("RGBA")
        picture = Image.new("RGBA", clear.size, "white")
        picture.alpha_composite(clear)
    if picture.mode.startswith("I"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if not profile or picture.mode not in ("RGB", "L", "CMYK"):
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        shown = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        return cast(Image.Image, shown)
    except ImageCms.PyCMSError:
        return picture.convert("RGB")
