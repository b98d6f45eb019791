"""Print sheets of the face photo: 35 x 45 mm, four on an L print (L判) or a postcard (はがき).

Why: the photo that is pasted on the paper form is 45 x 35 mm, with name and birth date on its back
(003 §4(1)③, 顔写真のチェックポイント). Sizes are true on paper at 100 % only: a ruler of 50 mm
tells whether the printer kept them. Cut marks lie in the gaps, never on a photo.

The four photos are spread evenly: L 89 x 127 mm leaves gaps of 6.3 and 12.3 mm, a postcard
100 x 148 mm gaps of 10 and 19.3 mm. Six on a postcard (2 x 3) would leave 3.25 mm above, below and
between: less than most printers can print to, and no room for marks and ruler.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fieldkit.errors import BadInput
from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import Face, called

PHOTO_MM = (35.0, 45.0)
ACROSS, DOWN = 2, 2
COPIES = ACROSS * DOWN
LONG_NAME = 24
"""Characters; a longer name is printed smaller, so that all of it stands behind its photo."""


@dataclass(frozen=True)
class SheetPaper:
    """A paper of the printer, in mm, portrait."""

    name: str
    width: float
    height: float


PAPERS = {"l": SheetPaper("L判", 89, 127), "hagaki": SheetPaper("はがき", 100, 148)}


@dataclass(frozen=True)
class Back:
    """What stands on the back of each photo; `birth` ISO or "", `taken` the day of the shot,
    `other` the name in 代替文字 or kana, for a name that no font draws."""

    name: str
    birth: str
    taken: date
    other: str = ""


def photo_sheet(
    forms_dir: Path, paper: str, photo: bytes, printed_at: datetime, back: Back | None = None
) -> bytes:
    """Return the sheet as PDF/A-2u; with `back` a second page for the other side of the paper.

    `paper` is a key of PAPERS, `photo` a 35:45 JPEG. The grid is symmetrical, so that the backs
    lie behind their photos when the printer turns the sheet over its long edge.
    """
    if paper not in PAPERS:
        raise BadInput("paper", "用紙は、L判（l）かはがき（hagaki）を選んでください。")
    chosen, ready = PAPERS[paper], press(forms_dir)
    data: dict[str, Any] = {
        "title": f"顔写真（{chosen.name}）",
        "width": chosen.width,
        "height": chosen.height,
        "photo": PHOTO_MM,
        "x": _places(chosen.width, PHOTO_MM[0], ACROSS),
        "y": _places(chosen.height, PHOTO_MM[1], DOWN),
        "back": _back(back, ready.name) if back else None,
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "photo_sheet.typ", data, printed_at, {"photo": photo}).pdf


def _places(room: float, size: float, count: int) -> list[float]:
    """Where each photo begins, in mm, with even gaps."""
    gap = (room - count * size) / (count + 1)
    return [gap + i * (size + gap) for i in range(count)]


def _back(back: Back, faces: tuple[Face, ...]) -> dict[str, Any]:
    return {
        "name": called(back.name, back.other, faces),
        "size": 10 if len(back.name) <= LONG_NAME else 7,
        "birth": [wareki_text(back.birth), f"（{back.birth[:4]}年）"] if back.birth else [""],
        "taken": wareki_text(back.taken),
    }
