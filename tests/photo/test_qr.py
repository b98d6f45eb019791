"""QR codes in camera frames: what the retries read that one try does not, and bad bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fieldkit.errors import KitError
from fieldkit.photo.qr import read_codes, read_qr
from tests.bench.qr import plain
from tests.photo.qr_frames import ADDRESS, DEGRADED, jpeg, on_paper, qr

NOT_ALWAYS = {"blur 0.7 module", "motion 1.75 modules", "motion 2.5 modules", "noise 90"}
SAVED = ("blur 0.6 module", "blur 0.4, noise 25", "blur 0.5, noise 25")
OTHER = "https://shop.example/coupon"


def frame(name: str) -> bytes:
    return jpeg(DEGRADED[name](np.random.default_rng(5)))


@pytest.mark.parametrize("name", sorted(set(DEGRADED) - NOT_ALWAYS))
def test_it_reads(name: str) -> None:
    assert read_qr(frame(name)) == ADDRESS


@pytest.mark.parametrize("name", SAVED)
def test_the_retries_read_what_one_try_does_not(name: str) -> None:
    assert plain(frame(name)) == ()
    assert read_codes(frame(name)) == (ADDRESS,)


def test_it_gives_every_code_in_view() -> None:
    shown = jpeg(on_paper(qr(), qr(OTHER)))
    assert sorted(read_codes(shown)) == sorted((ADDRESS, OTHER))


def test_it_looks_on_for_the_wanted_one_behind_another() -> None:
    """The sharp code of a leaflet does not hide the blurred one of the form."""
    form = DEGRADED["blur 0.6 module"](np.random.default_rng(5))
    leaflet = on_paper(qr(OTHER, 4), size=(320, 960))
    shown = jpeg(np.concatenate([form[:, 160:], leaflet], axis=1))
    assert read_codes(shown) == (OTHER,)
    assert ADDRESS in read_codes(shown, lambda text: text == ADDRESS)


def test_it_finds_nothing_in_a_frame_without_a_code() -> None:
    assert read_qr(jpeg(on_paper())) == ""
    assert read_qr(jpeg(np.zeros((1, 1), np.uint8))) == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 3000, b"GIF89a" + b"\0" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     jpeg(on_paper(qr()))[:2000]],
)  # fmt: skip
def test_bytes_that_are_no_picture_are_refused_kindly(data: bytes) -> None:
    with pytest.raises(KitError) as raised:
        read_codes(data)
    assert raised.value.code == "not_an_image"


def test_a_bomb_of_a_picture_is_not_opened() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 9_000)).save(out, "PNG")
    with pytest.raises(KitError) as raised:
        read_codes(out.getvalue())
    assert raised.value.code == "not_an_image"
