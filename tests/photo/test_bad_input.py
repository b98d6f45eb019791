"""Files that are no usable photo end in one Japanese sentence, and nothing reaches the disk."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldkit import photo
from fieldkit.__main__ import main
from fieldkit.photo import guide, judge
from fieldkit.photo.opening import open_picture
from fieldkit.photo.refusing import SENTENCES, Refused
from tests.photo.frames import astronaut_frame, jpeg_bytes


def png(width: int, height: int, depth: int = 8, more: bytes = b"") -> bytes:
    """A PNG of a few bytes that claims any size."""
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more
            + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b""))


def chunk(kind: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def saved(kind: str, mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (40, 40)).save(out, kind, **more)
    return out.getvalue()


def huge_jpeg() -> bytes:
    """A real JPEG whose header was changed to 200 megapixels."""
    data = jpeg_bytes(np.full((64, 64, 3), 90, np.uint8))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", 14142, 14142) + data[at + 4:]


def text_bomb() -> bytes:
    """A small PNG whose many text chunks unpack to gigabytes."""
    packed = b"k\0\0" + zlib.compress(b"\0" * 60_000_000, 9)
    return png(40, 40, more=chunk(b"zTXt", packed) * 30)


def moving() -> list[Image.Image]:
    return [Image.new("RGB", (40, 40), (20 * i, 90, 90)) for i in range(3)]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.jpg", b"x")
    return out.getvalue()


SHORT = jpeg_bytes(np.full((300, 300, 3), 90, np.uint8))
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>'
BAD = {
    "nothing": ("empty", b""),
    "a text": ("not_a_picture", "これは写真ではありません".encode()),
    "a page": ("not_a_picture", b"<!doctype html><title>x</title>"),
    "only a JPEG head": ("truncated", b"\xff\xd8\xff\xe0"),
    "half a JPEG": ("truncated", SHORT[:900]),
    "half a JPEG, then zeros": ("truncated", SHORT[:900] + b"\0" * 9000),
    "a JPEG of millions of parts": ("broken", b"\xff\xd8" + b"\xff\xe1\0\x02" * 20_000),
    "a JPEG of noise": ("truncated", b"\xff\xd8\xff\xdb" + bytes(range(255)) * 9),
    "half a PNG": ("broken", saved("PNG")[:60]),
    "a PNG head": ("truncated", saved("PNG")[:20]),
    "half a HEIC": ("heif", Path(__file__).with_name("astronaut.heic").read_bytes()[:3000]),
    "a HEIC head": ("heif", b"\x00\x00\x00\x18ftypheic" + b"\0" * 64),
    "200 megapixels": ("many_pixels", huge_jpeg()),
    "a gigapixel": ("many_pixels", png(50000, 50000)),
    "40 megapixels": ("many_pixels", png(8000, 5000)),
    "gigabytes of text": ("broken", text_bomb()),
    "one pixel": ("few_pixels", png(1, 1)),
    "printer's colours": ("cmyk", saved("JPEG", "CMYK")),
    "16 bits": ("deep", png(40, 40, 16)),
    "16 bits of grey": ("deep", saved("PNG", "I;16")),
    "APNG": ("animated", saved("PNG", save_all=True, append_images=moving())),
    "GIF": ("animated", saved("GIF", save_all=True, append_images=moving())),
    "WebP": ("other_picture", saved("WEBP", save_all=True, append_images=moving())),
    "BMP": ("other_picture", saved("BMP")),
    "AVIF": ("other_picture", b"\x00\x00\x00\x1cftypavif" + b"\0" * 64),
    "TIFF": ("raw", saved("TIFF")),
    "CR3": ("raw", b"\x00\x00\x00\x18ftypcrx " + b"\0" * 64),
    "RAF": ("raw", b"FUJIFILMCCD-RAW 0201" + b"\0" * 64),
    "SVG named .jpg": ("svg", SVG),
    "PDF": ("pdf", b"%PDF-1.7\n"),
    "MP4": ("video", b"\x00\x00\x00\x18ftypmp42" + b"\0" * 64),
    "MOV": ("video", b"\x00\x00\x00\x14ftypqt  " + b"\0" * 64),
    "ZIP": ("archive", archive()),
    "too many bytes": ("many_bytes", b"\xff\xd8" + b"\0" * 30_000_000),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("door", [judge, guide])
def test_it_refuses_kindly(name: str, door: object) -> None:
    cause, data = BAD[name]
    with pytest.raises(Refused) as caught:
        door(data)  # type: ignore[operator]
    assert caught.value.field == "photo" and caught.value.action == "retry"
    assert caught.value.cause == cause
    assert caught.value.sentence.endswith("ください。") and "{" not in caught.value.sentence


def test_every_cause_has_a_sentence_of_its_own_and_a_case_here() -> None:
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert {cause for cause, _ in BAD.values()} == set(SENTENCES)


def test_every_cause_is_in_the_docs() -> None:
    listed = Path(photo.__file__).with_name("CODES.md").read_text(encoding="utf-8")
    assert [cause for cause in (*SENTENCES, "by_eye") if f"`{cause}`" not in listed] == []


def test_it_refuses_every_truncation_of_a_photo() -> None:
    """Never a half-grey portrait, whatever the kind of JPEG."""
    frame = astronaut_frame(320, 240, eye_px=30)
    for data in (jpeg_bytes(frame), jpeg_bytes(frame, progressive=True)):
        for cut in range(0, len(data) - 2, max(1, len(data) // 60)):
            with pytest.raises(Refused):
                open_picture(data[:cut])
            with pytest.raises(Refused):
                open_picture(data[:cut] + b"\0" * (len(data) - cut))


PEAK = """
import sys
import fieldkit.photo as p
from fieldkit.errors import BadInput
def peak(): return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
data = sys.stdin.buffer.read()
before = peak()
try:
    p.judge(data)
except BadInput:
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="!! NOT TESTED: memory is counted by Linux")
@pytest.mark.parametrize("name", ["200 megapixels", "a gigapixel", "gigabytes of text"])
def test_a_bomb_fills_no_memory(name: str) -> None:
    run = subprocess.run([sys.executable, "-c", PEAK], input=BAD[name][1], capture_output=True,
                         timeout=60)
    assert int(run.stdout) < 100_000, f"{run.stdout!r} KB more"  # 200 megapixels are 600 MB


@pytest.mark.parametrize("name", ["a text", "200 megapixels", "printer's colours", "nothing"])
def test_the_command_answers_in_its_one_shape(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cause, data = BAD[name]
    file = tmp_path / "写真 1.jpg"
    file.write_bytes(data)
    assert main(["photo", "judge", str(file), "--json"]) == 1
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["verdict"], report["crop"], err) == ("stop", None, "")
    assert [(f["code"], f["severity"]) for f in report["findings"]] == [(cause, "stop")]
    assert main(["photo", "judge", str(file)]) == 1
    assert capsys.readouterr().err.strip() == report["findings"][0]["advice"]


def test_the_command_is_kind_to_a_wrong_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, word in ((tmp_path, "フォルダー"), (tmp_path / "none.jpg", "ありません")):
        assert main(["photo", "judge", str(path), "--json"]) == 1
        assert word in json.loads(capsys.readouterr().out)["findings"][0]["advice"]


def test_the_command_says_what_it_did_with_a_photo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(jpeg_bytes(astronaut_frame()))
    assert main(["photo", "judge", str(file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] in ("pass", "advise") and report["engine"] == "mediapipe"
    assert all({"code", "severity", "value", "advice"} <= set(f) for f in report["findings"])
    crop = report["crop"]
    assert len(crop["box"]) == 4 and crop["width"] >= 480 and crop["bytes"] >= 20_480
    assert report["ms"] > 0 and report["load_ms"] >= 0


def test_it_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("TEMP", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    judge(jpeg_bytes(astronaut_frame(1920, 1080)))
    assert list(tmp_path.iterdir()) == []
