"""The city's own sheet as the background of a form: pages of a PDF become PNG at 300 dpi.

`layout.toml` keeps its comments: only the line of `background` (and of `paper`, where the sheet
has another size) is written, and the file is read back before it replaces the old one.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import Image, ImageChops

from fieldkit.errors import BadCityData, BadInput, KitError
from fieldkit.forms.text import read_text
from fieldkit.paper.layout import MOST_PAGES, Size, checked_layout
from fieldkit.paper.layout_keys import SHEET_SIZES
from fieldkit.store.files import write_atomic

DPI = 300
MM = 25.4 / 72
MOST_BYTES = 50_000_000
#: The longest side of a sheet in mm; an A0 plan is no form.
LONGEST = 600
_SAME = 2.0
_LINE = "{} = {}"


@dataclass(frozen=True)
class Behind:
    """What was made: the picture files, the sheet's size in mm, and the lines that layout.toml
    still needs by hand (none when they could be written)."""

    files: tuple[str, ...]
    size: Size
    by_hand: tuple[str, ...] = ()
    warning: str = ""


def pages_of(data: bytes, dpi: int = DPI) -> list[tuple[Image.Image, Size]]:
    """Each page of a PDF as a picture, with its size in mm.

    BadInput with a sentence for what is not a PDF, is broken, locked, too long or too large.
    """
    if len(data) > MOST_BYTES:
        raise _bad(f"PDF が大きすぎます（{MOST_BYTES // 1_000_000} MB まで）。")
    if b"%PDF-" not in data[:1024]:
        raise _bad("PDF ではありません。用紙の PDF を選んでください。")
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
            raise _bad("PDF にパスワードが付いています。外してから選び直してください。") from None
        raise _bad("PDF が壊れていて読めません。作り直すか、別の PDF を選んでください。") from None
    try:
        return [_picture(page, dpi) for page in _sheets(document)]
    except pdfium.PdfiumError:
        raise _bad("PDF のページを読めません。作り直すか、別の PDF を選んでください。") from None
    finally:
        document.close()


def _sheets(document: Any) -> list[Any]:
    if not 1 <= len(document) <= MOST_PAGES:
        raise _bad(f"PDF は {len(document)} ページあります。1～{MOST_PAGES} ページにしてください。")
    return [document[number] for number in range(len(document))]


def _picture(page: Any, dpi: int) -> tuple[Image.Image, Size]:
    wide, high = (round(float(side) * MM, 1) for side in page.get_size())
    if min(wide, high) < 30 or max(wide, high) > LONGEST:
        says = f"用紙の大きさ（{wide:g}×{high:g} mm）が 30～{LONGEST} mm にありません。"
        raise _bad(says + "様式の用紙の PDF を選んでください。")
    return page.render(scale=dpi / 72).to_pil().convert("RGB"), (wide, high)


def png_of(picture: Image.Image, dpi: int = DPI) -> bytes:
    """A small PNG: grey where the sheet has no colour."""
    red, green, blue = picture.split()
    bands = (ImageChops.difference(red, green), ImageChops.difference(green, blue))
    colourless = not any(sum(band.histogram()[9:]) for band in bands)
    out = io.BytesIO()
    (green if colourless else picture).save(out, "PNG", optimize=True, dpi=(dpi, dpi))
    return out.getvalue()


def put_background(folder: Path, data: bytes) -> Behind:
    """Write `background.png`, `background-2.png`, … of the PDF `data` into the form's `folder`
    and name them in its layout.toml. All pages must have one size."""
    pages = pages_of(data)
    size = pages[0][1]
    if any(abs(a - b) > _SAME for _, other in pages for a, b in zip(size, other, strict=True)):
        raise _bad("ページの大きさがそろっていません。同じ大きさの用紙だけにしてください。")
    files = tuple(
        "background.png" if number == 1 else f"background-{number}.png"
        for number in range(1, len(pages) + 1)
    )
    for file, (picture, _) in zip(files, pages, strict=True):
        write_atomic(folder / file, png_of(picture))
    for old in sorted(folder.glob("background-*.png")):
        if old.name not in files:
            old.unlink()
    return _named(folder / "layout.toml", files, size)


def _named(path: Path, files: tuple[str, ...], size: Size) -> Behind:
    """Write the two lines where that is safe, else say them."""
    lines = {"background": _toml(list(files) if len(files) > 1 else files[0]), **_paper(size)}
    text = read_text(path) if path.exists() else "draw = false\n"
    try:
        old = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        says = "書き方に誤りがあります。直してから、もう一度実行してください"
        raise BadCityData(path.name, "", says) from None
    wanted = {key: value for key, value in lines.items() if not _holds(old, key, value)}
    new = _with_lines(text, wanted)
    expected = old | {key: tomllib.loads(f"v = {value}")["v"] for key, value in wanted.items()}
    by_hand = [_LINE.format(key, value) for key, value in wanted.items()]
    try:
        if tomllib.loads(new) == expected:
            write_atomic(path, new.encode("utf-8"))
            by_hand = []
    except tomllib.TOMLDecodeError:
        pass
    return Behind(files, size, tuple(by_hand), _off_sheet(expected))


def _paper(size: Size) -> dict[str, str]:
    """The `paper` (and `orientation`) of a sheet, by name where it has one."""
    for name, known in SHEET_SIZES.items():
        for turned, sides in (("portrait", known), ("landscape", known[::-1])):
            if all(abs(a - b) <= _SAME for a, b in zip(size, sides, strict=True)):
                return {"paper": _toml(name), "orientation": _toml(turned)}
    return {"paper": f"[{size[0]:g}, {size[1]:g}]", "orientation": _toml("portrait")}


def _holds(layout: dict[str, Any], key: str, value: str) -> bool:
    """The line says so already, or is what is meant without one."""
    unsaid = {"paper": "a4", "orientation": "portrait"}.get(key)
    return bool(layout.get(key, unsaid) == tomllib.loads(f"v = {value}")["v"])


def _with_lines(text: str, lines: dict[str, str]) -> str:
    """The text with each line put in place of the old one above the first table, or behind the
    line of `paper`, or on top; a comment behind an old value stays."""
    head, tables = _parted(text)
    for key, value in lines.items():
        old = re.compile(rf"^({key}\s*=\s*)(\"[^\"\n]*\"|\[[^\]\n]*\])", re.M)
        if old.search(head):
            head = old.sub(rf"\g<1>{value}", head, count=1)
            continue
        line = _LINE.format(key, value) + "\n"
        paper = re.search(r"^paper\s*=.*\n", head, re.M)
        head = head[: paper.end()] + line + head[paper.end() :] if paper else line + head
    return head + tables


def _parted(text: str) -> tuple[str, str]:
    """What stands above the first table, and the tables."""
    found = re.search(r"^\[", text, re.M)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _off_sheet(layout: dict[str, Any]) -> str:
    """What no longer lies on the new sheet, or blank."""
    try:
        checked_layout(layout)
    except KitError as error:
        return error.sentence
    return ""


def _toml(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "[" + ", ".join(f'"{part}"' for part in value) + "]"


def _bad(sentence: str) -> BadInput:
    return BadInput("sheet", sentence)

