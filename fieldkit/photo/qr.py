"""Read a QR code in a camera frame, in memory."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image, ImageFilter

from fieldkit.errors import KitError

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read_qr(frame: bytes) -> str:
    """The text of the first QR in a JPEG frame, or an empty text.

    A blurred code is tried again sharpened (it doubles what is read, research of decoders).
    """
    try:
        image = Image.open(io.BytesIO(frame))
        image.load()
    except (OSError, ValueError, Image.DecompressionBombError):
        raise KitError("not_an_image", "カメラの画像を読めませんでした。", "retry") from None
    grey = image.convert("L")
    for tried in (grey, grey.filter(ImageFilter.UnsharpMask(radius=2, percent=300))):
        for found in zxingcpp.read_barcodes(tried, formats=QR):
            if found.text:
                return str(found.text)
    return ""
