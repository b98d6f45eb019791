"""Files that are no usable photo end in one Japanese sentence, and nothing reaches the disk."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fieldkit.errors import BadInput
from fieldkit.photo import guide, judge
from fieldkit.photo.opening import open_picture
from tests.photo.frames import astronaut_frame, jpeg_bytes


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be very large."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999))
            + chunk(b"IEND", b""))


def saved(kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((40, 40, 3), 200, np.uint8)).save(out, kind)
    return out.getvalue()


BAD = {
    "nothing": b"",
    "text": "これは写真ではありません".encode(),
    "only a JPEG head": b"\xff\xd8\xff\xe0",
    "truncated JPEG": jpeg_bytes(np.full((300, 300, 3), 90, np.uint8))[:900],
    "40 megapixels": bomb(8000, 5000),
    "a gigapixel": bomb(50000, 50000),
    "HEIC": b"\x00\x00\x00\x18ftypheic" + b"\0" * 64,
    "CR3": b"\x00\x00\x00\x18ftypcrx " + b"\0" * 64,
    "TIFF or RAW": b"II*\x00" + b"\0" * 64,
    "GIF": saved("GIF"),
    "BMP": saved("BMP"),
    "too many bytes": b"\xff\xd8" + b"\0" * 30_000_000,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("door", [judge, guide])
def test_it_refuses_kindly(name: str, door: object) -> None:
    with pytest.raises(BadInput) as caught:
        door(BAD[name])  # type: ignore[operator]
    assert caught.value.field == "photo" and caught.value.action == "retry"
    assert caught.value.sentence.endswith("ください。")


def test_it_refuses_every_truncation_of_a_photo() -> None:
    data = jpeg_bytes(astronaut_frame(320, 240, eye_px=30))
    for cut in range(0, len(data) - 2, max(1, len(data) // 60)):
        with pytest.raises(BadInput):
            open_picture(data[:cut])


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_it_opens_every_colour_mode(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = Image.new("I;16", (20, 20), 40000) if mode == "I;16" else (
        Image.fromarray(np.full((20, 20, 3), 180, np.uint8)).convert(mode))
    out = io.BytesIO()
    picture.save(out, kind)
    assert open_picture(out.getvalue()).shape == (20, 20, 3)


def test_it_converts_an_embedded_profile() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.fromarray(np.full((20, 20, 3), 180, np.uint8)).save(out, "PNG", icc_profile=lab)
    assert abs(int(open_picture(out.getvalue()).mean()) - 180) <= 1


def test_it_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("TEMP", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    judge(jpeg_bytes(astronaut_frame(1920, 1080)))
    assert list(tmp_path.iterdir()) == []
