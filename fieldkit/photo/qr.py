"""Read the QR codes in a camera frame, in memory.

zxing-cpp reads a sharp code upright, turned, mirrored in light and in perspective by itself. What
defeats it is blur: a hand that shakes, a lens too near. So a frame without a code is tried again,
sharpened more and more, at last with the grain of a dark room smoothed away first (each step is
there because tests/bench/qr.py shows that it reads more; half size did not). A frame is never
kept, and neither is the text of a code: the caller takes from it what it may.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp
from PIL import Image

from fieldkit.errors import KitError

Grey = npt.NDArray[np.uint8]
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
LONGEST = 1600
"""Longer frames are made smaller: a code that fills the frame has pixels enough."""
MOST_PIXELS = 50_000_000
SHARPENING = ((0.0, 2.0, 3.0), (0.0, 3.0, 5.0), (1.0, 4.0, 12.0), (1.5, 5.0, 20.0))
"""(sigma of the smoothing before, sigma of the unsharp mask, its gain); sigmas in pixels."""


def read_qr(frame: bytes) -> str:
    """The text of the first QR in a JPEG or PNG frame, or an empty text."""
    return next(iter(read_codes(frame)), "")


def read_codes(frame: bytes, wanted: Callable[[str], bool] = bool) -> tuple[str, ...]:
    """The texts of the QR codes in a frame: those of the first try that shows a `wanted` one.

    Where no try shows one, everything that was read, so that it can be said what it is.
    KitError `not_an_image` for bytes that are no picture.
    """
    read: dict[str, None] = {}
    for tried in _tries(_grey(frame)):
        found = [b.text for b in zxingcpp.read_barcodes(tried, formats=QR) if b.text]
        if any(map(wanted, found)):
            return tuple(dict.fromkeys(found))
        read |= dict.fromkeys(found)
    return tuple(read)


def _grey(frame: bytes) -> Grey:
    """height x width, 0 to 255, no side longer than LONGEST."""
    try:
        image = Image.open(io.BytesIO(frame), formats=("JPEG", "PNG"))
        if image.width * image.height > MOST_PIXELS:
            raise ValueError
        image.draft("L", (LONGEST, LONGEST))
        grey = image.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise KitError("not_an_image", "カメラの画像を読めませんでした。", "retry") from None
    grey.thumbnail((LONGEST, LONGEST))
    return np.asarray(grey, np.uint8)


def _tries(grey: Grey) -> Iterator[Grey]:
    """The frame as it is, then sharpened; a step is made only when the one before failed."""
    yield grey
    for smoothing, sigma, gain in SHARPENING:
        smooth = cv2.GaussianBlur(grey, (0, 0), smoothing) if smoothing else grey
        soft = cv2.GaussianBlur(smooth, (0, 0), sigma)
        yield np.asarray(cv2.addWeighted(smooth, 1 + gain, soft, -gain, 0), np.uint8)
