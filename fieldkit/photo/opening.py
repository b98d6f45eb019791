"""Picture bytes to upright sRGB pixels, in memory only: JPEG, PNG and HEIC.

Exif turns a JPEG or PNG, then is forgotten with everything else that is not pixels; a HEIC is
turned by its own container (its Exif must not turn it again). OpenCV decodes JPEG, because it
can decode at half size and lets other threads work meanwhile; its pixels equal Pillow's.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from fieldkit.photo.refusing import MAX_BYTES, MIN_SIDE, Kind, Refused, kind_of

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Kind", "Pixels", "Refused", "checked", "open_picture"]

Pixels = npt.NDArray[np.uint8]
"""Height x width x 3, sRGB."""

MAX_PIXELS = 36_000_000
"""The largest accepted picture: 6000 x 6000, the upper limit of the online application."""
_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_BAND = 256
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, 3),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2), 8: lambda p: np.rot90(p),
}
"""Exif orientation → how its pixels come upright."""


def open_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> Pixels:
    """JPEG, PNG or HEIC bytes as upright sRGB pixels.

    Raises Refused (a BadInput) for empty, broken, too large or foreign files: by size before
    anything is decoded. Nothing touches the disk.
    """
    kind = checked(data, max_pixels)
    try:
        return _DECODE[kind.name](data, max_pixels)
    except Refused:
        raise
    except Exception:  # decoders raise almost anything on broken bytes
        raise Refused("heif" if kind.name == "HEIF" else "broken") from None


def checked(data: bytes, max_pixels: int) -> Kind:
    """The kind of picture; refuses by name and by size."""
    kind = kind_of(data)
    if kind.name != "HEIF":
        _check_size(kind.width, kind.height, max_pixels)
    return kind


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise Refused("many_pixels", width, height)
    if min(width, height) < MIN_SIDE:
        raise Refused("few_pixels", width, height)


def _open_jpeg(data: bytes, _max_pixels: int) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS)
    if pixels is None:
        raise Refused("broken")
    head = Image.open(io.BytesIO(data), formats=("JPEG",))
    return _upright(to_srgb(np.asarray(pixels, np.uint8), head.info.get("icc_profile")), head)


def _open_png(data: bytes, _max_pixels: int) -> Pixels:
    picture = Image.open(io.BytesIO(data), formats=("PNG",))
    profile = picture.info.get("icc_profile")
    flat: Image.Image = picture
    if picture.mode in ("RGBA", "LA", "P", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        flat = Image.new("RGB", clear.size, "white")
        flat.paste(clear, mask=clear.getchannel("A"))
    pixels = np.array(flat if flat.mode == "RGB" else flat.convert("RGB"))
    return _upright(to_srgb(pixels, profile), picture)


def _open_heif(data: bytes, max_pixels: int) -> Pixels:
    import pi_heif  # its decoder is loaded only by those who need it

    picture = pi_heif.open_heif(data, convert_hdr_to_8bit=True)
    width, height = picture.size
    _check_size(width, height, max_pixels)
    shown = picture.to_pillow()  # libheif has turned it
    pixels = np.array(shown if shown.mode == "RGB" else shown.convert("RGB"))
    return to_srgb(pixels, picture.info.get("icc_profile"))


_DECODE = {"JPEG": _open_jpeg, "PNG": _open_png, "HEIF": _open_heif}


def _upright(pixels: Pixels, head: Image.Image) -> Pixels:
    try:
        turn = _TURNS.get(int(head.getexif().get(0x0112, 1)))
    except Exception:  # Exif is anybody's bytes; without it the picture is as it is
        turn = None
    return np.ascontiguousarray(turn(pixels)) if turn else pixels


def to_srgb(pixels: Pixels, profile: bytes | None) -> Pixels:
    """Convert in place from an embedded profile, by bands; a profile that cannot be read or is
    none of RGB is passed over."""
    if not profile:
        return pixels
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB" or _is_srgb(source):
            return pixels
        change = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return pixels
    for top in range(0, len(pixels), _BAND):
        band = Image.fromarray(pixels[top:top + _BAND])
        pixels[top:top + _BAND] = np.asarray(ImageCms.applyTransform(band, change))
    return pixels


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "srgb" in ImageCms.getProfileDescription(profile).lower()
