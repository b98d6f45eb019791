"""`layout.toml`: which keys there are, checked before anything prints.

An official edits this file by hand, so a missing, misspelt or impossible entry is named with its
place in the file instead of a failed print at somebody's home. Lengths are mm from the left and
top edge of the sheet, letter sizes are points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.forms.form import Form
from fieldkit.paper.layout_keys import (
    AUDIENCES,
    DRAWN,
    FIELDS,
    LISTS,
    NUMBERS,
    OPTIONS,
    POSITIVE,
    SHEET_SIZES,
    SOURCES,
    SWITCHES,
    TOP,
    WORDS,
    Keys,
)
from fieldkit.paper.layout_names import check_names
from fieldkit.rules.tables import perhaps

Size = tuple[float, float]
#: A sheet set holds at most this many pages: a slip like `page = 200` must not print 200 sheets.
MOST_PAGES = 20
_FILE = "layout.toml"
#: Layouts that were accepted with their form; a loaded form keeps its layout as long as it lives.
_good: dict[int, dict[str, Any]] = {}


def checked_layout(layout: dict[str, Any], form: Form | None = None) -> dict[str, Any]:
    """Return `layout` unchanged, or raise BadCityData naming the entry and the keys.

    With its `form`, the names in `when` and `[copied]` must be questions of it, too (in a repeat
    `name[1]`, `name[2]`).
    """
    if not layout:
        raise BadCityData(_FILE, "", "この様式には印刷の位置がありません")
    if form and _good.get(id(layout)) is layout:
        return layout
    _top(layout)
    wide, high = sheet_size(layout)
    for table in (*DRAWN, "field"):
        rows = layout.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadCityData(_FILE, table, f"[[{table}]] の形で書いてください")
    for where, entry, keys in _entries(layout):
        _entry(entry, keys, where)
        if layout.get("draw", True) or where.startswith("[[field]]"):  # what is never drawn may lie
            _on_sheet(entry, (wide, high), where)  # where it was on the kit's own sheet
    if form:
        check_names(layout, form)
        if len(_good) >= 64:
            _good.clear()
        _good[id(layout)] = layout
    return layout


def sheet_size(layout: dict[str, Any]) -> Size:
    """Width and height of the sheet in mm: `paper` (a name, or [width, height]) turned by
    `orientation`. BadCityData for a paper that is not known."""
    paper = layout.get("paper", "a4")
    if isinstance(paper, list) and len(paper) == 2 and all(_is_number(side) for side in paper):
        size = (float(paper[0]), float(paper[1]))
        if not all(30 <= side <= 1000 for side in size):
            raise BadCityData(_FILE, "paper", "用紙の幅と高さは 30～1000 mm で書いてください")
    elif isinstance(paper, str) and paper in SHEET_SIZES:
        size = SHEET_SIZES[paper]
    else:
        known = "・".join(SHEET_SIZES)
        says = f"用紙は {known} のどれか、または [幅, 高さ]（mm）で書いてください"
        raise BadCityData(_FILE, f"paper = {paper}", says)
    turned = layout.get("orientation", "portrait")
    if turned not in ("portrait", "landscape"):
        says = '"portrait"（縦）か "landscape"（横）で書いてください'
        raise BadCityData(_FILE, "orientation", says)
    return (size[1], size[0]) if turned == "landscape" else size


def backgrounds(layout: dict[str, Any]) -> list[str]:
    """The picture files behind the pages, one each; "" for a page without one."""
    given = layout.get("background", [])
    return [given] if isinstance(given, str) else [str(file) for file in given]


def _entries(layout: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Keys]]:
    """Every entry with its place in the file and the keys that it may have."""
    for table, keys in DRAWN.items():
        for place, entry in enumerate(layout.get(table, []), start=1):
            yield f"[[{table}]] {place}番目", entry, keys
    for place, entry in enumerate(layout.get("field", []), start=1):
        where = f"[[field]] {place}番目（{entry.get('name', '')}）"
        kind = entry.get("kind", "text")
        if not isinstance(kind, str) or kind not in FIELDS:
            kinds = "・".join(FIELDS)
            says = f"kind は {kinds} のどれかにしてください{perhaps(str(kind), FIELDS)}"
            raise BadCityData(_FILE, where, says)
        yield where, entry, FIELDS[kind]


def _entry(entry: dict[str, Any], keys: Keys, where: str) -> None:
    """Every needed key is there, none is unknown, and each holds what it should."""
    for key in entry:
        if key not in keys.known:
            says = f"「{key}」という項目はありません{perhaps(key, keys.known)}"
            raise BadCityData(_FILE, where, says)
    labelled = "label_w" in keys.known and "label" in entry
    needs = (*keys.needs, "label_w") if labelled else keys.needs
    if gone := [key for key in needs if key not in entry]:
        raise BadCityData(_FILE, where, f"{'・'.join(gone)} がありません")
    for key, value in entry.items():
        _value(key, value, where)
    if entry.get("min_size", 0) > entry.get("size", math.inf):
        raise BadCityData(_FILE, where, "min_size は size より小さくしてください")
    for place, option in enumerate(entry.get("options", []), start=1):
        _entry(option, OPTIONS[entry["kind"]], f"{where} の options {place}番目")


def _value(key: str, value: Any, where: str) -> None:
    if key in NUMBERS:
        if not _is_number(value):
            raise BadCityData(_FILE, where, f"{key} は数字で書いてください")
        if key in POSITIVE and value <= 0:
            raise BadCityData(_FILE, where, f"{key} は0より大きい数字で書いてください")
        if key == "cells" and (value != int(value) or value > 60):
            raise BadCityData(_FILE, where, "cells は60までの整数で書いてください")
        if key == "page" and (value != int(value) or not 1 <= value <= MOST_PAGES):
            raise BadCityData(_FILE, where, f"page は1～{MOST_PAGES}の整数で書いてください")
    elif key in SWITCHES:
        if not isinstance(value, bool):
            raise BadCityData(_FILE, where, f"{key} は true か false で書いてください")
    elif key in WORDS:
        wanted = WORDS[key]
        if not isinstance(value, str) or (wanted and value not in wanted):
            says = f"{'・'.join(wanted)} のどれか" if wanted else '"文字" の形'
            raise BadCityData(_FILE, where, f"{key} は {says}で書いてください")
    elif key == "when":
        _when(value, where)
    elif key == "options" and not (
        isinstance(value, list) and value and all(isinstance(o, dict) for o in value)
    ):
        raise BadCityData(_FILE, where, "options は [{ value = …, … }] の形で書いてください")


def _when(value: Any, where: str) -> None:
    """`{ question = "value" }` or `{ question = ["value", …] }`."""
    fits = isinstance(value, dict) and all(
        isinstance(wish, str)
        or (isinstance(wish, list) and wish and all(isinstance(one, str) for one in wish))
        for wish in value.values()
    )
    if not fits:
        says = 'when は { 質問の名前 = ["値", …] } の形で書いてください'
        raise BadCityData(_FILE, where, says)


def _top(layout: dict[str, Any]) -> None:
    """The keys outside the tables."""
    for key in layout:
        if key not in TOP:
            raise BadCityData(_FILE, key, f"この項目はありません{perhaps(key, TOP)}")
    for key in LISTS:
        value = layout.get(key, [])
        if key == "background" and isinstance(value, str):
            continue
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise BadCityData(_FILE, key, '["…", "…"] の形で書いてください')
    for key in ("title", "questions", "group"):
        if not isinstance(layout.get(key, ""), str):
            raise BadCityData(_FILE, key, '"文字" の形で書いてください')
    if isinstance(layout.get("order", 0), bool) or not isinstance(layout.get("order", 0), int):
        raise BadCityData(_FILE, "order", "整数で書いてください")
    for key in ("draw", "footer"):
        if not isinstance(layout.get(key, True), bool):
            raise BadCityData(_FILE, key, "true か false で書いてください")
    if layout.get("audience", AUDIENCES[0]) not in AUDIENCES:
        says = f"{'・'.join(AUDIENCES)} のどれかにしてください"
        raise BadCityData(_FILE, "audience", says)
    copied = layout.get("copied", {})
    if not isinstance(copied, dict):
        raise BadCityData(_FILE, "copied", "[copied] の表にしてください")
    for name, source in copied.items():
        root, _, rest = source.partition(".") if isinstance(source, str) else ("", "", "")
        if root not in SOURCES or not rest:
            known = "・".join(f"{source}.…" for source in SOURCES)
            says = f"「{name}」の写し元は {known} のどれかで書いてください"
            raise BadCityData(_FILE, "[copied]", says + perhaps(root, SOURCES))


def _on_sheet(entry: dict[str, Any], sheet: Size, where: str) -> None:
    """The whole entry lies on the paper: what is printed beside it would be lost unseen."""
    options = entry.get("options", [])
    if "x" in entry:
        wide = entry.get("w", entry.get("d")) or sum(o.get("w", 0) for o in options)
        high = entry.get("h", entry.get("d", 0))
        _inside((entry["x"], entry["y"], wide, high), sheet, where)
    if "x2" in entry:
        _inside((entry["x2"], entry["y2"], 0, 0), sheet, where, ("x2", "y2"))
    for place, option in enumerate(options, start=1):
        if "x" in option:
            size = option.get("w", entry.get("d", 0)), option.get("h", entry.get("d", 0))
            _inside((option["x"], option["y"], *size), sheet, f"{where} の options {place}番目")


def _inside(
    area: tuple[float, float, float, float],
    sheet: Size,
    where: str,
    keys: tuple[str, str] = ("x", "y"),
) -> None:
    x, y, wide, high = area
    for key, at, size, edge in ((keys[0], x, wide, sheet[0]), (keys[1], y, high, sheet[1])):
        if not 0 <= at <= edge - size + 1e-6:
            says = f"{key} = {at} では用紙（{sheet[0]:g}×{sheet[1]:g} mm）からはみ出します"
            raise BadCityData(_FILE, where, says)


def _is_number(value: Any) -> bool:
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return real and math.isfinite(value)
