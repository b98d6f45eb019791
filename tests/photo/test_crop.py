"""The crop: 35:45, never enlarged, never retouched, fit for the online application."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fieldkit.photo import crop, measure
from fieldkit.photo.cropping import MAX_BYTES, MIN_BYTES, fitted_box
from fieldkit.photo.cropping import jpeg as to_jpeg
from tests.photo.defects import wall
from tests.photo.frames import astronaut_frame, jpeg_bytes


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def test_it_gives_600_dpi_when_the_source_allows() -> None:
    picture = opened(crop(jpeg_bytes(astronaut_frame(2560, 1920, eye_px=260))))
    assert picture.size == (826, 1062)


def test_it_never_enlarges() -> None:
    data = jpeg_bytes(astronaut_frame(eye_px=110))
    box = measure(data).crop_box
    assert box is not None
    width, height = opened(crop(data)).size
    assert width <= box[2] and abs(height / width - 45 / 35) < 0.01


def test_it_reaches_480_pixels_at_the_advised_distance() -> None:
    width, height = opened(crop(jpeg_bytes(astronaut_frame(eye_px=128)))).size
    assert width >= 480 and height >= 480


def test_it_writes_baseline_srgb_jpeg_without_exif() -> None:
    exif = Image.Exif()
    exif[0x010F] = "CAMERA-CANARY"
    data = crop(jpeg_bytes(astronaut_frame(), exif=exif.tobytes()))
    assert data is not None
    picture = opened(data)
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert not picture.info.get("progressive") and not picture.getexif()
    assert b"CANARY" not in data and b"Exif" not in data


@pytest.mark.parametrize("eye_px", [100, 128, 200])
def test_it_keeps_the_size_the_online_application_takes(eye_px: float) -> None:
    data = crop(jpeg_bytes(astronaut_frame(eye_px=eye_px)))
    assert data is not None and MIN_BYTES <= len(data) <= MAX_BYTES


def test_it_writes_a_smooth_picture_at_a_higher_quality() -> None:
    ramp = np.linspace(0, 30, 617)[:, None, None] + 200 + np.zeros((617, 480, 3))
    smooth = np.asarray(ramp, np.uint8)
    plain = io.BytesIO()
    Image.fromarray(smooth).save(plain, "JPEG", quality=92)
    assert len(to_jpeg(smooth)) > len(plain.getvalue())


def test_it_does_not_retouch() -> None:
    """A crop that needs no resizing keeps the pixels of the source (within JPEG error)."""
    frame = astronaut_frame(roll=-3.1)  # eyes level: no turn
    data = jpeg_bytes(frame, 98)
    box, cropped = measure(data).crop_box, np.asarray(opened(crop(data)), np.float32)
    assert box is not None
    x0, y0 = round(box[0] - box[2] / 2), round(box[1] - box[3] / 2)
    source = frame[y0:y0 + cropped.shape[0], x0:x0 + cropped.shape[1]].astype(np.float32)
    assert np.abs(source - cropped).mean() < 4


def test_it_straightens_a_tilted_head() -> None:
    data = crop(jpeg_bytes(astronaut_frame(roll=4)))
    assert data is not None
    roll = measure(data).roll
    assert roll is not None and roll < 1.5


def test_it_puts_the_head_where_the_card_wants_it() -> None:
    data = crop(jpeg_bytes(astronaut_frame()))
    assert data is not None
    pixels = np.asarray(opened(data), np.float32)
    background = np.abs(pixels - np.array([222, 224, 226])).max(axis=2) < 25
    middle = background[:, pixels.shape[1] // 2 - 40:pixels.shape[1] // 2 + 40].all(axis=1)
    gap = float(np.argmin(middle)) / len(middle) * 45
    assert 2 <= gap <= 6  # mm above the hair


def test_it_gives_no_crop_without_a_face() -> None:
    assert crop(jpeg_bytes(wall())) is None


def test_it_moves_the_box_rather_than_inventing_pixels() -> None:
    identity = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    box, fits = fitted_box((-10.0, -5.0, 350.0, 450.0), identity, 400, 460)
    assert fits and box[0] >= -0.5 and box[1] >= -0.5 and box[1] + box[3] <= 460.5
    assert fitted_box((-300.0, 0.0, 350.0, 450.0), identity, 400, 460)[1] is False
