"""Turn a template and prepared data into PDF bytes, in memory.

typst reads only the templates of `forms/print` and the fonts of `forms/fonts`: system fonts
and typst's own are off, so an unknown character is an error and not a wrong shape. Data and
pictures travel as text in `sys_inputs`; nothing is written to disk. typst may keep
recent input in the memory of the process (its cache cannot be emptied from here).
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Lock
from typing import Any

import typst
from PIL import Image

from fieldkit.errors import BadCityData, KitError
from fieldkit.paper.glyphs import Face, read_face

#: The family that ships with the kit; every other family in forms/fonts is the city's.
HOUSE_FONT = "Noto Sans JP"
EVICTS, BLANK = 12, b"#set page(width: 1pt, height: 1pt)"
_JST = timezone(timedelta(hours=9))
_FONT_FILES = ("*.ttf", "*.otf", "*.ttc", "*.TTF", "*.OTF")


@dataclass(frozen=True)
class Overflow:
    """A text that does not fit its box even at the smallest size; `need_mm` would be enough.

    `sheet` counts the filled forms of one print from 0."""

    field: str
    need_mm: float
    sheet: int = 0


@dataclass(frozen=True)
class Press:
    """The fonts of one forms folder, read once."""

    fonts: typst.Fonts
    body: tuple[Face, ...]
    name: tuple[Face, ...]


@dataclass(frozen=True)
class Printed:
    """A finished paper."""

    pdf: bytes
    overflows: tuple[Overflow, ...]
    pages: int = 0


_presses: dict[Path, tuple[frozenset[tuple[str, int]], Press]] = {}
_lock = Lock()


def press(forms_dir: Path) -> Press:
    """The fonts of `forms_dir/fonts`, reloaded when a file is added, changed or removed."""
    folder = forms_dir / "fonts"
    files = {path for pattern in _FONT_FILES for path in folder.glob(pattern)}
    stamp = frozenset((path.name, path.stat().st_mtime_ns) for path in files)
    with _lock:
        known = _presses.get(folder)
        if known and known[0] == stamp:
            return known[1]
        ready = _load(folder)
        _presses[folder] = (stamp, ready)
        return ready


def _load(folder: Path) -> Press:
    """Read the fonts; city fonts come first where names are printed, last elsewhere."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
    )
    paths: dict[str, Path] = {}
    for info in sorted(fonts.fonts(), key=lambda info: abs(info.weight - 400)):
        if info.path:
            paths.setdefault(info.family, Path(info.path))
    if HOUSE_FONT not in paths:
        raise BadCityData("fonts", HOUSE_FONT, "標準のフォントがありません。入れ直してください")
    house = read_face(paths.pop(HOUSE_FONT), HOUSE_FONT)
    city = tuple(read_face(path, family) for family, path in sorted(paths.items()))
    return Press(fonts, body=(house, *city), name=(*city, house))


def render(
    forms_dir: Path,
    template: str,
    data: dict[str, Any],
    printed_at: datetime,
    pictures: dict[str, bytes] | dict[str, str] | None = None,
) -> Printed:
    """Print `data` with `forms/print/<template>`, as PDF/A-2u.

    `printed_at` becomes the creation time of the file (a naive time is Japan's), so the same
    input gives the same bytes. `pictures` are JPEG or PNG, or what `as_svg` made of them.
    `pages` of the result counts what a template marks as <pages>.
    Raises KitError `print_failed` without any personal data.
    """
    ready = press(forms_dir)
    inputs = inputs_of(ready, data, pictures)
    root = forms_dir / "print"
    try:
        compiler = typst.Compiler(
            str(root / template), root=str(root), font_paths=ready.fonts, sys_inputs=inputs
        )
        pdf = compiler.compile(
            format="pdf", pdf_standards=["a-2u"], timestamp=_fixed_offset(printed_at)
        )
        found = json.loads(compiler.query("<overflow>", field="value"))
        counted = json.loads(compiler.query("<pages>", field="value"))
    except typst.TypstError as error:
        raise _failed(template, error) from None
    finally:
        _forget(ready)
    if not isinstance(pdf, bytes):
        raise KitError("print_failed", "印刷できませんでした。もう一度お試しください。", "retry")
    overflows = (Overflow(o["field"], float(o["need_mm"]), o.get("sheet", 0)) for o in found)
    return Printed(pdf, tuple(overflows), sum(counted))


def inputs_of(
    ready: Press,
    data: dict[str, Any],
    pictures: dict[str, bytes] | dict[str, str] | None = None,
) -> dict[str, str]:
    """What a template gets: data, fonts and pictures as text."""
    families = {"body": [f.family for f in ready.body], "name": [f.family for f in ready.name]}
    inputs = {"data": _json(data), "fonts": _json(families)}
    for name, picture in (pictures or {}).items():
        inputs[name] = picture if isinstance(picture, str) else as_svg(picture)
    return inputs


def _forget(ready: Press) -> None:
    """typst keeps what it printed, photo and name included, until it has printed ten other things:
    print empty pages."""
    for _ in range(EVICTS):
        typst.compile(BLANK, font_paths=ready.fonts, format="svg")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_svg(picture: bytes) -> str:
    """The JPEG or PNG as text for `sys_inputs`: typst takes no other bytes from memory.

    The JPEG or PNG goes into the PDF as it is, not recompressed. It is decoded here once,
    because typst would leave out a broken picture in silence.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as opened:
            opened.load()
            kind, (wide, high) = str(opened.format).lower(), opened.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _bad_picture() from None
    text = base64.b64encode(picture).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{wide}" height="{high}"><image width="{wide}" height="{high}" '
        f'xlink:href="data:image/{kind};base64,{text}"/></svg>'
    )


def _bad_picture() -> KitError:
    sentence = "顔写真を読めません。写真を撮り直してから、印刷してください。"
    return KitError("bad_picture", sentence, "retry")


def _fixed_offset(moment: datetime) -> datetime:
    """typst wants a time with a fixed offset; without one the time is Japan's."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=_JST, microsecond=0)
    return moment.astimezone(timezone(moment.utcoffset() or timedelta())).replace(microsecond=0)


def _failed(template: str, error: typst.TypstError) -> KitError:
    """typst's own words may quote an answer, so only their kind is kept."""
    if "could not be displayed" in error.message:
        return KitError(
            "unprintable",
            "印刷できない文字があります。代替文字に置きかえてください。",
            "ask_supervisor",
        )
    return KitError(
        "print_failed",
        f"印刷のひな形（{template}）か layout.toml に誤りがあり、印刷できませんでした。"
        "様式の担当者に連絡してください。",
        "ask_supervisor",
    )
