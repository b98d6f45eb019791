"""What is no usable picture, told from its first bytes: one kind sentence for each cause.

Why: pictures come from the browser, a camera card or a phone. A broken or hostile file must end in
one Japanese sentence that names the nearest thing that works, before anything is decoded: never
in a crash, a full memory or a half-grey portrait (`001 §9(2)イ（オ）`).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from fieldkit.errors import BadInput
from fieldkit.rules.card_shots import RAW_STARTS

FIELD = "photo"
MAX_BYTES = 30_000_000
MIN_SIDE = 16
"""Below, px, a file is an icon or a dot, not a photo."""

_AGAIN = "もう一度撮るか、別の写真を選んでください。"
_JPEG = "カメラやスマートフォンの設定をJPEGにして撮り直すか、JPEGで保存し直してください。"
SENTENCES = {
    "empty": f"写真のファイルが空です（0バイト）。{_AGAIN}",
    "many_bytes": "写真のファイルが大きすぎます（30MBまで）。画質を下げて撮り直してください。",
    "many_pixels": "写真が大きすぎます（{}×{}）。縦横6000ピクセルまでの設定で撮り直してください。",
    "few_pixels": f"写真が小さすぎます（{{}}×{{}}）。{_AGAIN}",
    "truncated": "写真が途中で切れています。カードやケーブルを抜かずに、もう一度写してください。",
    "broken": f"写真のファイルが壊れていて、読めません。{_AGAIN}",
    "cmyk": "印刷用の色（CMYK）の写真は使えません。RGBのJPEGで保存し直してください。",
    "deep": "1色16ビットなどの写真は使えません。1色8ビットのJPEGで保存し直してください。",
    "animated": "動く画像は使えません。静止画を一枚、JPEGで撮り直してください。",
    "heif": f"このHEIC形式の写真は読めませんでした。{_JPEG}",
    "raw": f"RAW・TIFF形式の写真は使えません。{_JPEG}",
    "other_picture": f"この種類の画像（BMP・WebP・AVIFなど）は使えません。{_JPEG}",
    "video": "動画は使えません。静止画を一枚、JPEGで撮り直してください。",
    "svg": "図（SVG）は写真ではありません。カメラで撮ったJPEGの写真を選んでください。",
    "pdf": "PDFは写真として使えません。元の写真をJPEGで選ぶか、カメラで撮ってください。",
    "archive": "圧縮ファイルは使えません。中の写真を取り出し、JPEGを一枚選んでください。",
    "not_a_picture": "写真のファイルではありません。カメラで撮ったJPEGの写真を選んでください。",
}
"""Cause → sentence. The causes are also the codes of `photo judge --json`."""

_STARTS = (
    *((start, "raw") for start in RAW_STARTS), (b"GIF8", "animated"),
    (b"BM", "other_picture"), (b"%PDF", "pdf"), (b"PK\x03\x04", "archive"), (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"), (b"\x1f\x8b", "archive"), (b"\x1aE\xdf\xa3", "video"),
    (b"\x00\x00\x01\xba", "video"),
)
_BRANDS = {b"crx ": "raw", b"avif": "other_picture", b"avis": "animated"}
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
MARKERS = 10_000
"""No camera writes nearly so many; a file of millions would cost seconds to walk through."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class Refused(BadInput):
    """A file that cannot be used as a photo; `cause` is a key of SENTENCES."""

    cause: str

    def __init__(self, cause: str, *numbers: int) -> None:
        super().__init__(FIELD, SENTENCES[cause].format(*numbers))
        self.cause = cause


@dataclass(frozen=True)
class Kind:
    """`JPEG`, `PNG` or `HEIF`, and its size in px where the first bytes tell it (else 0)."""

    name: str
    width: int = 0
    height: int = 0


def kind_of(data: bytes) -> Kind:
    """Which of the three it is. Raises Refused for everything else, without decoding."""
    if not data:
        raise Refused("empty")
    if len(data) > MAX_BYTES:
        raise Refused("many_bytes")
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in _HEIF:
            return Kind("HEIF")
        raise Refused(_BRANDS.get(brand, "video"))
    if data[:4] == b"RIFF":
        raise Refused("other_picture" if data[8:12] == b"WEBP" else "video")
    for start, cause in _STARTS:
        if data.startswith(start):
            raise Refused(cause)
    raise Refused("svg" if b"<svg" in data[:4096].lower() else "not_a_picture")


def _png(data: bytes) -> Kind:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise Refused("truncated")
    width, height, depth = struct.unpack(">IIB", data[16:25])
    if depth == 16:
        raise Refused("deep")
    if b"acTL" in data[33:data.find(b"IDAT")]:
        raise Refused("animated")
    return Kind("PNG", width, height)


def _jpeg(data: bytes) -> Kind:
    """Walk the markers to the end of the first picture: a file that was cut has no end mark, and a
    decoder would paint the missing part grey. What follows the end is not looked at."""
    at, seen = 2, Kind("JPEG")
    for _ in range(MARKERS):
        mark = _MARKER.search(data, at)
        if mark is None:
            raise Refused("truncated")
        code, at = data[mark.start() + 1], mark.end()
        if code == 0xD9:
            break
        if code == 0x01:
            continue
        length = int.from_bytes(data[at:at + 2], "big")
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            seen = _frame(data[at:at + 8])
        at += max(length, 2)
    else:
        raise Refused("broken")
    if not seen.width:
        raise Refused("broken")
    return seen


def _frame(head: bytes) -> Kind:
    """Depth, height, width and number of colours of a JPEG frame."""
    if len(head) < 8:
        raise Refused("truncated")
    depth, height, width, colours = struct.unpack(">2xBHHB", head)
    if depth != 8:
        raise Refused("deep")
    if colours == 4:
        raise Refused("cmyk")
    return Kind("JPEG", width, height)
