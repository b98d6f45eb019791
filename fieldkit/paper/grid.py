"""The preview for adjusting a layout: a 5 mm grid over the sheet and every field's box by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.forms.form import Form
from fieldkit.paper.obstacles import Problem
from fieldkit.paper.sheet import Item, pressed, ready

_FULL = 4.0
"""Height or width in mm of a box that says none: a mark's usual size."""


def grid_pdf(
    forms_dir: Path, form: Form, printed_at: datetime, language: str = "ja"
) -> tuple[bytes, list[Problem]]:
    """The sheet with the grid, the answers of sample.json and the outline of every [[field]] (also
    of those whose `when` does not hold), and what does not fit. Numbers are mm from the corner."""
    item = Item(form, form.sample, language=language)
    sheet = ready(forms_dir, item, printed_at)
    sheet.sheet["grid"] = True
    for number, page in enumerate(sheet.sheet["pages"], start=1):
        page["frames"] = [
            frame
            for entry in form.layout.get("field", [])
            if entry.get("page", 1) == number
            for frame in _frames(entry)
        ]
    printed, found = pressed(forms_dir, [item], [sheet], printed_at, title=form.title)
    return printed.pdf, found


def _frames(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The outlines of an entry: its box, and each place where a mark may come."""
    name, options = str(entry["name"]), entry.get("options", [])
    if "x" in entry:
        wide = entry.get("w") or sum(option.get("w", _FULL) for option in options)
        yield _frame(name, entry["x"], entry["y"], wide, entry.get("h", _FULL))
    for option in options:
        if "x" in option:
            side = entry.get("d", _FULL)
            words = f"{name}={option['value']}"
            size = option.get("w", side), option.get("h", side)
            yield _frame(words, option["x"], option["y"], *size)


def _frame(name: str, x: float, y: float, wide: float, high: float) -> dict[str, Any]:
    return {"name": name, "x": x, "y": y, "w": wide, "h": high}
