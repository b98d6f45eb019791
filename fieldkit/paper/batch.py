"""Many people's forms as one PDF, in seat order, with a cover list (001 §9(3), 現地運営).

One run of typst for everything. Nothing is printed until everything fits: all answers of all
people that overflow or have no font are told together (CannotPrint.problems).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.errors import BadInput
from fieldkit.paper.cover import Cover, CoverRow, made_cover
from fieldkit.paper.obstacles import CannotPrint, Problem
from fieldkit.paper.sheet import Item, filled, pressed

__all__ = ["Batch", "BatchItem", "Cover", "CoverRow", "print_batch"]

BatchItem = Item
"""One form of one person; the items of a person share `seat` and `who`."""


@dataclass(frozen=True)
class Batch:
    """A finished batch. `pages_of` counts the sheets of each item, `cover_pages` those before."""

    pdf: bytes
    pages_of: list[int]
    cover_pages: int = 0


def print_batch(
    forms_dir: Path,
    items: Sequence[Item],
    printed_at: datetime,
    cover: Cover | None = None,
) -> Batch:
    """Print the items in their order, behind a cover list if wished, as one PDF/A-2u.

    Raises CannotPrint with every problem of every person, BadInput for an empty batch.
    """
    if not items:
        raise BadInput("items", "印刷する書類がありません。書類を選んでください。")
    sheets, found = filled(forms_dir, items, printed_at)
    more: dict[str, Any] = {"title": "申請書類一式" if len(items) > 1 else items[0].form.title}
    bad_names: list[Problem] = []
    if cover:
        more["cover"], bad_names = made_cover(forms_dir, cover, items, sheets, printed_at)
    printed, others = pressed(forms_dir, items, sheets, printed_at, **more)
    if found := sorted([*found, *others, *bad_names], key=lambda problem: problem.place):
        raise CannotPrint(found)
    pages_of = [len(sheet.sheet["pages"]) for sheet in sheets if sheet]
    return Batch(printed.pdf, pages_of, printed.pages - sum(pages_of))

