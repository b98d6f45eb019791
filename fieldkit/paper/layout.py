"""The entries of `layout.toml`: which keys each kind needs, checked before anything prints.

An official edits this file by hand, so a missing or misspelt key is named with its place in
the file instead of a failed print at somebody's home.
"""

from __future__ import annotations

from typing import Any

from fieldkit.errors import BadCityData

_AREA = ("x", "y", "w", "h")
FIELD_NEEDS = {
    "text": (*_AREA, "size"),
    "wareki": (*_AREA, "size"),
    "digits": (*_AREA, "cells"),
    "circle": ("x", "y", "h", "size", "options"),
    "check": (*_AREA, "size"),
    "image": _AREA,
}
_DRAWN_NEEDS = {
    "box": _AREA,
    "text": ("x", "y", "w", "size", "body"),
    "digits_blank": (*_AREA, "cells"),
    "seal": ("x", "y", "d"),
}
_WORDS = {"body", "options"}
_SIZES = {"w", "h", "d", "size", "min_size", "cells", "leading"}
#: Width and height in mm of the sheets that an entry is held against; others are not checked.
_SHEETS = {"a3": (297, 420), "a4": (210, 297), "a5": (148, 210), "jis-b5": (182, 257)}


def checked_layout(layout: dict[str, Any]) -> dict[str, Any]:
    """Return `layout` unchanged, or raise BadCityData naming the entry and the keys."""
    if not layout:
        raise BadCityData("layout.toml", "", "この様式には印刷の位置がありません")
    for table in (*_DRAWN_NEEDS, "field"):
        rows = layout.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadCityData("layout.toml", table, f"[[{table}]] の形で書いてください")
    sheet = _SHEETS.get(str(layout.get("paper", "a4")))
    for table, needs in _DRAWN_NEEDS.items():
        for place, entry in enumerate(layout.get(table, []), start=1):
            _demand(entry, needs, f"[[{table}]] {place}番目")
            _on_sheet(entry, sheet, f"[[{table}]] {place}番目")
            if "label" in entry:
                _demand(entry, ("label_w",), f"[[{table}]] {place}番目")
    for place, entry in enumerate(layout.get("field", []), start=1):
        where = f"[[field]] {place}番目（{entry.get('name', '')}）"
        kind = entry.get("kind", "text")
        if kind not in FIELD_NEEDS:
            kinds = "・".join(FIELD_NEEDS)
            raise BadCityData("layout.toml", where, f"kind は {kinds} のどれかにしてください")
        _demand(entry, FIELD_NEEDS[kind], where)
        for option in entry.get("options", []):
            _demand(option, ("w",), f"{where} の options")
        _on_sheet(entry, sheet, where)
    return layout


def _demand(entry: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    """Every key is there, and is a number unless it holds words."""
    gone = [key for key in keys if key not in entry]
    if gone:
        raise BadCityData("layout.toml", where, f"{'・'.join(gone)} がありません")
    for key in (*keys, *({"min_size", "leading"} & set(entry))):
        value = entry[key]
        if key not in _WORDS and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise BadCityData("layout.toml", where, f"{key} は数字で書いてください")
        if key in _SIZES and value <= 0:
            raise BadCityData("layout.toml", where, f"{key} は0より大きい数字で書いてください")


def _on_sheet(entry: dict[str, Any], sheet: tuple[int, int] | None, where: str) -> None:
    """The whole entry lies on the paper: what is printed beside it would be lost unseen."""
    if sheet is None:
        return
    wide = entry.get("w", entry.get("d")) or sum(o["w"] for o in entry.get("options", []))
    high = entry.get("h", entry.get("d", 0))
    for key, size, edge in (("x", wide, sheet[0]), ("y", high, sheet[1])):
        if not 0 <= entry[key] <= edge - size:
            says = f"{key} = {entry[key]} では用紙（{sheet[0]}×{sheet[1]} mm）からはみ出します"
            raise BadCityData("layout.toml", where, says)
