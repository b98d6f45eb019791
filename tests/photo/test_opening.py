"""Pictures of every camera come out upright, in sRGB, and without anything but pixels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from fieldkit.photo import judge
from fieldkit.photo.opening import open_picture
from tests.photo.frames import Pixels, astronaut_frame, jpeg_bytes

HEIC = Path(__file__).with_name("astronaut.heic")
"""NASA's public-domain portrait as an iPhone writes it: stored lying, turned by the container
(`irot`), and an Exif that says the same again, with a maker and a place."""


def frame() -> Pixels:
    return astronaut_frame(640, 480, eye_px=70)


def saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def located(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "CAMERA-CANARY"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (35.0, 40.0, 12.0)
    return exif.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_it_turns_by_exif_as_other_programs_do(kind: str, orientation: int) -> None:
    data = saved(Image.fromarray(frame()), kind, exif=located(orientation))
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert np.array_equal(open_picture(data), wanted)


def test_it_opens_heic_and_does_not_turn_it_twice() -> None:
    judged = judge(HEIC.read_bytes())
    assert (judged.measured.width, judged.measured.height) == (480, 616)
    assert judged.measured.faces == 1 and judged.measured.quarter_turns == 0
    assert judged.measured.roll is not None and judged.measured.roll < 10


def test_nothing_of_exif_reaches_the_crop() -> None:
    lying = Image.fromarray(astronaut_frame()).transpose(Image.Transpose.ROTATE_90)
    for data in (HEIC.read_bytes(), saved(lying, "JPEG", exif=located(6))):
        assert b"CANARY" in data
        crop = judge(data).crop_jpeg
        assert crop is not None and b"CANARY" not in crop and b"Exif" not in crop
        assert not Image.open(io.BytesIO(crop)).getexif()


def test_it_opens_what_cameras_write() -> None:
    picture = Image.fromarray(frame())
    second = Image.fromarray(frame()[::-1])
    kinds = {
        "progressive": saved(picture, "JPEG", progressive=True, quality=95),
        "restart markers": saved(picture, "JPEG", restart_marker_rows=1, quality=95),
        "trailing bytes": saved(picture, "JPEG", quality=95) + b"\0\xff\xd8garbage" * 99,
        "two pictures": saved(picture, "MPO", save_all=True, append_images=[second], quality=95),
    }
    for name, data in kinds.items():
        gap = np.abs(open_picture(data).astype(int) - frame()).mean()
        assert gap < 3, name


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_it_opens_every_usual_colour_mode(mode: str) -> None:
    grey = Image.new("RGB", (20, 20), (180, 180, 180)).convert(mode)
    pixels = open_picture(saved(grey, "PNG"))
    assert pixels.shape == (20, 20, 3)
    assert mode == "1" or abs(int(pixels.mean()) - 180) <= 1


def test_it_shows_white_where_a_picture_is_transparent() -> None:
    assert open_picture(saved(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")).min() == 255


def test_it_opens_a_grey_jpeg() -> None:
    assert open_picture(saved(Image.new("L", (20, 20), 90), "JPEG")).shape == (20, 20, 3)


def test_it_converts_an_embedded_profile() -> None:
    """A green of ProPhoto-like primaries is not the same numbers in sRGB."""
    lab = Image.new("RGB", (600, 600), (80, 160, 90))
    swapped = wide_profile()
    plain = open_picture(saved(lab, "PNG"))
    assert np.array_equal(open_picture(saved(lab, "PNG", icc_profile=srgb())), plain)
    converted = open_picture(saved(lab, "PNG", icc_profile=swapped))
    wanted = ImageCms.profileToProfile(
        lab, ImageCms.ImageCmsProfile(io.BytesIO(swapped)), ImageCms.createProfile("sRGB"))
    assert wanted is not None
    assert np.array_equal(converted, np.asarray(wanted)) and not np.array_equal(converted, plain)


@pytest.mark.parametrize("profile", [b"", b"not a profile", b"\0" * 200])
def test_a_damaged_profile_spoils_nothing(profile: bytes) -> None:
    lab = Image.new("RGB", (20, 20), (80, 160, 90))
    assert np.array_equal(
        open_picture(saved(lab, "JPEG", icc_profile=profile)), open_picture(saved(lab, "JPEG")))


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged, and another name."""
    data = srgb().replace(b"rXYZ", b"tXYZ", 1).replace(b"bXYZ", b"rXYZ", 1)
    return data.replace(b"tXYZ", b"bXYZ", 1).replace("sRGB".encode("utf-16-be"),
                                                     "WIDE".encode("utf-16-be"))


def test_a_frame_of_the_browser_keeps_its_pixels() -> None:
    data = jpeg_bytes(frame())
    assert np.array_equal(open_picture(data), np.asarray(Image.open(io.BytesIO(data))))
