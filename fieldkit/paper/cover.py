"""The cover list (表紙) of a batch: who, which forms, which pages, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.paper.dates import printed_mark
from fieldkit.paper.engine import press
from fieldkit.paper.fill import SUBSTITUTE, Fault
from fieldkit.paper.glyphs import Face, called, inked
from fieldkit.paper.obstacles import Problem, of_fault
from fieldkit.paper.sheet import Item, Ready

NOTE = "この表紙には氏名があります。書類といっしょに渡さず、使い終わったら裁断してください。"
_MOST = 4
"""So many missing answers are named; the others are counted."""


@dataclass(frozen=True)
class CoverRow:
    """What the cover says about a person besides the papers: `notes` go to the last column.
    `seat` and `who` are those of the Items; a person without any Item is listed, too."""

    who: str
    notes: tuple[str, ...] = ()
    seat: str = ""


@dataclass(frozen=True)
class Cover:
    """The list on top: `title` with place and day. Everyone in the items gets a row; `rows` add
    notes and people without papers, and give the order where they name everybody."""

    title: str
    rows: Sequence[CoverRow] = ()


@dataclass
class _Line:
    """One row of the list while it is counted."""

    seat: str
    who: str
    notes: list[str]
    forms: list[str] = field(default_factory=list)
    pages: int = 0
    span: list[int] = field(default_factory=list)


def made_cover(
    forms_dir: Path,
    cover: Cover,
    items: Sequence[Item],
    sheets: Sequence[Ready | None],
    printed_at: datetime,
) -> tuple[dict[str, Any], list[Problem]]:
    """The cover as the template takes it, and the letters on it that no font draws.

    Pages are counted from the first sheet behind the cover.
    """
    lines = _lines(cover, items, sheets)
    faces, bad = press(forms_dir), list[str]()
    titles = list(dict.fromkeys(item.form.title for item in items))
    signs = {title: _sign(number) for number, title in enumerate(titles, start=1)}
    copies = [item.form.title for item in items]
    rows = [
        {
            "seat": line.seat or str(number),
            "who": _called(line, items, faces.name),
            "signs": "".join(signs[title] for title in line.forms),
            "pages": line.pages,
            "range": f"{line.span[0]}～{line.span[-1]}" if line.pages else "－",
            "lacks": inked(list(dict.fromkeys(line.notes)) or [""], faces.body, bad=bad),
        }
        for number, line in enumerate(lines, start=1)
    ]
    total = sum(line.pages for line in lines)
    data = {
        "title": inked(cover.title, faces.body, bad=bad),
        "sum": f"{len(lines)}人　書類{len(items)}部　{total}枚（この表紙を除く）",
        "forms": [
            {"sign": signs[t], "title": inked(t, faces.body, bad=bad), "count": copies.count(t)}
            for t in titles
        ],
        "note": NOTE,
        "printed": f"印刷 {printed_mark(printed_at)}",
        "rows": rows,
    }
    form = items[0].form
    found = [of_fault(form, Fault("", "表紙", cluster)) for cluster in dict.fromkeys(bad)]
    return data, found


def _called(line: _Line, items: Sequence[Item], faces: tuple[Face, ...]) -> Any:
    """A name as it stands on the papers: in 代替文字 where no font draws it."""
    theirs = [item for item in items if (item.seat, item.who) == (line.seat, line.who)]
    others = [item.substitute or item.answers.get(SUBSTITUTE, "") for item in theirs]
    return called(line.who, next(filter(None, others), ""), faces)


def _lines(
    cover: Cover, items: Sequence[Item], sheets: Sequence[Ready | None]
) -> list[_Line]:
    told = {(row.seat, row.who): list(row.notes) for row in cover.rows}
    people = [(item.seat, item.who) for item in items]
    order = [*told, *people] if set(people) <= set(told) else [*people, *told]
    lines = {key: _Line(*key, list(told.get(key, []))) for key in dict.fromkeys(order)}
    at = 1
    for item, sheet in zip(items, sheets, strict=True):
        line = lines[item.seat, item.who]
        pages = len(sheet.sheet["pages"]) if sheet else 0
        line.forms.append(item.form.title)
        line.pages += pages
        line.span += range(at, at + pages)
        line.notes += _lacks(sheet.missing if sheet else ())
        at += pages
    return list(lines.values())


def _lacks(missing: tuple[str, ...]) -> list[str]:
    """What the paper waits for, in few words."""
    more = [f"ほか{len(missing) - _MOST}件"] if len(missing) > _MOST else []
    return [*missing[:_MOST], *more]


def _sign(number: int) -> str:
    """①, ②, …; (21) behind ⑳."""
    return chr(0x245F + number) if number <= 20 else f"({number})"
