"""The file for the online application: what goes out, and what is refused with a way out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from fieldkit.errors import BadInput
from fieldkit.photo.cropping import jpeg
from fieldkit.photo.exporting import MAX_BYTES, MIN_BYTES, online_file, online_problem
from tests.photo.frames import astronaut_frame, jpeg_bytes


def portrait(width: int = 826, height: int = 1062) -> bytes:
    return jpeg(astronaut_frame(width, height, eye_px=width * 0.3))


def flat(width: int = 480, height: int = 617, grey: int = 200) -> Image.Image:
    return Image.new("RGB", (width, height), (grey, grey + 2, grey + 4))


def saved(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("size", [(826, 1062), (700, 900), (480, 617)])
def test_it_gives_a_crop_of_the_kit_out_as_it_is(size: tuple[int, int]) -> None:
    crop = portrait(*size)
    assert online_problem(crop) is None
    assert online_file(crop) is crop


@pytest.mark.parametrize("size", [(479, 616), (413, 531)])
def test_it_never_enlarges_and_says_what_works_instead(size: tuple[int, int]) -> None:
    crop = portrait(*size)
    with pytest.raises(BadInput, match=f"{size[0]}×{size[1]}") as caught:
        online_file(crop)
    assert "近づいて撮り直す" in caught.value.sentence
    assert "印刷して申請書に貼って" in caught.value.sentence
    assert online_problem(crop) == caught.value.sentence


def test_it_shrinks_to_826_by_1062() -> None:
    picture = opened(online_file(portrait(1400, 1800)))
    assert (picture.size, picture.mode) == ((826, 1062), "RGB")


def test_it_takes_off_exif_profile_and_comment() -> None:
    exif = Image.Exif()
    exif[0x010F] = "CAMERA-CANARY"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    told = saved(opened(portrait()), exif=exif, icc_profile=profile, comment=b"COMMENT-CANARY")
    assert online_problem(told) is not None
    data = online_file(told)
    picture = opened(data)
    assert not picture.getexif() and not picture.info.keys() & {"icc_profile", "comment"}
    assert b"CANARY" not in data and b"Exif" not in data
    only_comment = saved(opened(portrait()), comment=b"COMMENT-CANARY")
    assert b"CANARY" not in online_file(only_comment)


def test_it_makes_rgb_of_grey() -> None:
    grey = saved(opened(portrait()).convert("L"), quality=95)
    assert online_problem(grey) is not None
    assert opened(online_file(grey)).mode == "RGB"


def test_it_refuses_print_colours() -> None:
    cmyk = saved(opened(portrait()).convert("CMYK"), quality=95)
    assert "RGB" in (online_problem(cmyk) or "")
    with pytest.raises(BadInput, match="RGB"):
        online_file(cmyk)


def test_it_puts_no_transparency_into_the_file() -> None:
    clear = saved(flat().convert("RGBA"), "PNG")
    picture = opened(online_file(clear))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize("grey", [20, 200, 240])
def test_it_reaches_20480_bytes_with_the_picture_as_it_was(grey: int) -> None:
    smooth = flat(grey=grey)
    assert len(jpeg(np.asarray(smooth))) < MIN_BYTES, "the case would not be tested"
    data = online_file(saved(smooth, quality=92))
    assert MIN_BYTES <= len(data) <= MAX_BYTES and online_problem(data) is None
    assert np.abs(np.asarray(opened(data), int) - np.asarray(smooth, int)).max() <= 3


def test_it_refuses_what_stays_too_small_in_bytes() -> None:
    nothing = Image.new("RGB", (480, 617), (128, 128, 128))
    with pytest.raises(BadInput, match="20,480"):
        online_file(saved(nothing))


def test_it_refuses_what_was_not_cropped() -> None:
    with pytest.raises(BadInput, match="切り抜いた"):
        online_file(jpeg_bytes(astronaut_frame(1280, 960)))


@pytest.mark.parametrize("data", [b"", b"no picture", portrait()[:9000]])
def test_it_says_that_a_file_is_broken(data: bytes) -> None:
    assert "撮り直してください" in (online_problem(data) or "")
    with pytest.raises(BadInput):
        online_file(data)


def test_it_names_a_file_of_other_kinds_and_sizes() -> None:
    assert online_problem(saved(flat(), "PNG")) is not None
    assert "6000" in (online_problem(saved(flat(6001, 7716))) or "")
    assert "20,480" in (online_problem(saved(flat())) or "")
    noise = np.random.default_rng(1).integers(0, 255, (3600, 2800, 3), dtype=np.uint8)
    large = saved(Image.fromarray(noise), quality=95)
    assert len(large) > MAX_BYTES and "7,000,000" in (online_problem(large) or "")
