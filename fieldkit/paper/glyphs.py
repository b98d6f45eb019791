"""Which font can draw which character, variation selectors included.

typst refuses a character that no font has, but it draws the plain shape of 葛 in silence when
the font lacks the selected variant: a wrong name on an official paper. So every text is
looked up here first (cmap format 14), and a variant that only one font has is printed in
that font. Names are never normalised: 神 (U+FA19) stays itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

from fieldkit.errors import KitError

Ink = str | list[dict[str, str | None]]
#: What printers set for a letter they do not have; on official papers only measured.
GETA = "〓"
#: What is looked at one by one: variation selectors, private and control characters.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\uf8ff\ufe00-\ufe0f\ufffd\U000e0100-\U0010ffff]"
)


@dataclass(frozen=True)
class Face:
    """One font family: its characters and its (character, selector) pairs."""

    family: str
    chars: frozenset[int]
    pairs: frozenset[tuple[int, int]]


def read_face(path: Path, family: str) -> Face:
    """Read what the font file covers. `family` is the name that typst knows it by."""
    with TTFont(path, lazy=True, fontNumber=0) as font:
        chars = frozenset(font.getBestCmap() or {})
        pairs = frozenset(
            (base, selector)
            for table in font["cmap"].tables
            if table.format == 14
            for selector, entries in table.uvsDict.items()
            for base, _glyph in entries
        )
    return Face(family, chars, pairs)


def inked(
    value: Any, faces: tuple[Face, ...], where: str = "", bad: list[str] | None = None
) -> Any:
    """Make a value ready for a template: text checked, rare variants tied to their font.

    Walks lists and dicts; a text without variants stays a plain string.
    `where` is the label of the box, for the error. Raises KitError `unprintable`, which
    names the one character (never the whole text) and the way out; with a list in `bad`, the
    characters are put there instead and 〓 stands in their place, so that all can be told at once.
    """
    if isinstance(value, str):
        return _inked_text(value, faces, where, bad)
    if isinstance(value, dict):
        return {key: inked(part, faces, where, bad) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [inked(part, faces, where, bad) for part in value]
    return value


def readable(value: Any, faces: tuple[Face, ...]) -> Any:
    """`inked` for the office's own papers (受付票, 訪問予定表, 表紙): never refuses.

    Nobody signs those, and without the 訪問予定表 the day cannot be opened. A variant without a
    font is printed in its plain shape, any other letter that no font draws as 〓.
    """
    if isinstance(value, str):
        bad: list[str] = []
        inked(value, faces, bad=bad)
        for cluster in dict.fromkeys(bad):
            value = value.replace(cluster, _plain_shape(cluster, faces))
        return inked(value, faces, bad=[])
    if isinstance(value, dict):
        return {key: readable(part, faces) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(part, faces) for part in value]
    return value


def called(name: str, other: str, faces: tuple[Face, ...]) -> Any:
    """A name on a paper of the office: `other` (its 代替文字) where no font draws the name."""
    bad: list[str] = []
    drawn = inked(name, faces, bad=bad)
    return readable(other or name, faces) if bad else drawn


def _plain_shape(cluster: str, faces: tuple[Face, ...]) -> str:
    """The letter without its variation selector where a font draws that, else 〓."""
    bad: list[str] = []
    inked(cluster[0], faces, bad=bad)
    return GETA if bad else cluster[0]


def _inked_text(text: str, faces: tuple[Face, ...], where: str, bad: list[str] | None) -> Ink:
    """Split `text` where a character needs another font than the default order gives."""
    if _is_plain(text, faces):
        return text
    runs: list[dict[str, str | None]] = []
    for cluster in _clusters(text):
        drawn, font = cluster, None
        try:
            font = _font_for(cluster, faces, where)
        except KitError:
            if bad is None:
                raise
            bad.append(cluster)
            drawn = GETA
        if runs and runs[-1]["font"] == font:
            runs[-1]["text"] = str(runs[-1]["text"]) + drawn
        else:
            runs.append({"text": drawn, "font": font})
    if all(run["font"] is None for run in runs):
        return "".join(str(run["text"]) for run in runs)
    return runs


def _is_plain(text: str, faces: tuple[Face, ...]) -> bool:
    """Most texts: no variant, nothing private, and every character in some font."""
    if _ODD.search(text):
        return False
    left = {ord(char) for char in text} - {9, 10}
    for face in faces:
        left -= face.chars
    return not left


def _clusters(text: str) -> Iterator[str]:
    """Characters, each with the variation selector that follows it."""
    cluster = ""
    for char in text:
        if cluster and not _is_selector(char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _is_selector(char: str) -> bool:
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def _font_for(cluster: str, faces: tuple[Face, ...], where: str) -> str | None:
    """None when any order of the fonts draws it right, else the family that must be used."""
    base = ord(cluster[0])
    if cluster in "\n\t":
        return None
    private = unicodedata.category(cluster[0]) in {"Co", "Cc", "Cs"} or base == 0xFFFD
    having = [face for face in faces if base in face.chars]
    if private or not having or _is_selector(cluster[0]):
        raise unprintable(cluster, where)
    if len(cluster) == 1:
        return None
    pair = (base, ord(cluster[1]))
    for face in having:
        if len(cluster) == 2 and pair in face.pairs:
            return None if len(faces) == 1 else face.family
    raise unprintable(cluster, where)


def code_of(cluster: str) -> str:
    """The code points of a character, as tables of characters name it: U+845B U+E0102."""
    return " ".join(f"U+{ord(char):04X}" for char in cluster)


def shown(cluster: str) -> str:
    """The character between brackets; nothing for one that has no shape."""
    return f"「{cluster}」" if unicodedata.category(cluster[0])[0] != "C" else ""


def unprintable(cluster: str, where: str) -> KitError:
    """The error for a character that cannot be printed, with 代替文字 as the way out."""
    place = f"「{where}」の" if where else ""
    return KitError(
        "unprintable",
        f"{place}文字{shown(cluster)}（{code_of(cluster)}）を印刷できるフォントがありません。"
        "「代替文字を使いますか」を「はい」にして、似た字に置きかえてください。"
        "市の文字フォントを forms/fonts に入れると印刷できることがあります。",
        "ask_supervisor",
    )
