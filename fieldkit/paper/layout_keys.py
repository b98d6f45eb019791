"""The words of `layout.toml`: papers, tables, kinds and their keys, as plain tables."""

from __future__ import annotations

from dataclasses import dataclass

#: Width and height in mm. `b4`, `b5` are the sizes of JIS; `jis-…` is their other name.
SHEET_SIZES: dict[str, tuple[float, float]] = {
    "a3": (297, 420),
    "a4": (210, 297),
    "a5": (148, 210),
    "a6": (105, 148),
    "b4": (257, 364),
    "b5": (182, 257),
    "b6": (128, 182),
    "jis-b4": (257, 364),
    "jis-b5": (182, 257),
    "hagaki": (100, 148),
    "naga3": (120, 235),
}
AUDIENCES = ("applicant", "facility", "staff")
#: Where a copied answer may come from.
SOURCES = ("application", "applicant", "reservation", "city", "visit", "receipt")
TOP = frozenset(
    {"paper", "orientation", "background", "draw", "footer", "special", "unprinted", "title",
     "questions", "group", "order", "audience", "copied", "box", "text", "digits_blank", "seal",
     "line", "field"}
)  # fmt: skip
LISTS = ("background", "special", "unprinted")
#: The texts of an entry that may have a second wording: `body_easy`, `label_en`, …
SPOKEN = ("body", "label", "note", "prefix", "suffix")
OTHER_LANGUAGES = ("easy", "en")
#: What of a date, a postal code or a phone number is printed in a box of its own.
PARTS = ("era", "year", "month", "day", "western_year", "1", "2", "3")
MARKS = ("○", "✓", "■", "×")

NUMBERS = frozenset(
    {"x", "y", "w", "h", "d", "x2", "y2", "size", "min_size", "cells", "leading", "tracking",
     "label_w", "page"}
)  # fmt: skip
POSITIVE = frozenset({"w", "h", "d", "size", "min_size", "cells", "leading", "label_w"})
SWITCHES = frozenset({"thick", "dashed", "wrap", "fill", "border"})
#: Keys that hold words; where only some words are possible, those.
WORDS: dict[str, tuple[str, ...]] = {
    "align": ("left", "center", "right"),
    "valign": ("top", "middle", "bottom"),
    "weight": ("regular", "bold"),
    "font": ("name", "body"),
    "mark": MARKS,
    "part": PARTS,
    **dict.fromkeys(("name", "kind", "on", "value"), ()),
    **dict.fromkeys(SPOKEN, ()),
    **dict.fromkeys((f"{key}_{language}" for key in SPOKEN for language in OTHER_LANGUAGES), ()),
}


@dataclass(frozen=True)
class Keys:
    """The keys of one kind of entry: those it needs, and all that it may have."""

    needs: tuple[str, ...]
    known: frozenset[str]


def _keys(needs: str, may: str = "", common: str = "page when") -> Keys:
    names = {*needs.split(), *may.split(), *common.split()}
    spoken = {f"{key}_{lang}" for key in SPOKEN if key in names for lang in OTHER_LANGUAGES}
    return Keys(tuple(needs.split()), frozenset(names | spoken))


_LETTERS = "min_size wrap leading tracking align valign font weight prefix suffix part"
_OF_FIELD = "kind page when"
FIELDS = {
    "text": _keys("name x y w h size", _LETTERS, _OF_FIELD),
    "wareki": _keys("name x y w h size", _LETTERS, _OF_FIELD),
    "digits": _keys("name x y w h cells", "size align part border", _OF_FIELD),
    "circle": _keys("name x y h size options", "w part", _OF_FIELD),
    "check": _keys("name x y w h size", "on label", _OF_FIELD),
    "mark": _keys("name options", "mark d part", _OF_FIELD),
    "image": _keys("name x y w h", "note", _OF_FIELD),
    "prose": _keys("name x y w h size", _LETTERS, _OF_FIELD),
}
OPTIONS = {
    "circle": _keys("value w", "label", ""),
    "mark": _keys("value x y", "w h", ""),
}
DRAWN = {
    "box": _keys("x y w h", "label label_w thick dashed fill border"),
    "text": _keys("x y w size body", "align weight leading tracking font"),
    "digits_blank": _keys("x y w h cells", "size"),
    "seal": _keys("x y d", "label"),
    "line": _keys("x y x2 y2", "thick dashed"),
}
