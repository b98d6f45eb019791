"""The contact sheet of a session: small photos with their internal numbers, and no names.

Why: in a facility many people are photographed one after the other; the sheet shows at a glance
whether each number has its photo. Who a number is stands on the screen only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.errors import NotReady
from fieldkit.paper.dates import printed_mark
from fieldkit.paper.engine import render

PER_SHEET = 20


def contact_sheet(
    forms_dir: Path, shots: Sequence[tuple[str, bytes]], title: str, printed_at: datetime
) -> bytes:
    """Return the sheets as A4 PDF/A-2u, 20 photos each, in the order of `shots`: (number, JPEG).

    NotReady where there is no photo to print.
    """
    if not shots:
        raise NotReady("表示できる写真がありません。写真を撮ってから印刷してください。")
    numbers = [number for number, _ in shots]
    data: dict[str, Any] = {
        "title": title,
        "sheets": [numbers[i : i + PER_SHEET] for i in range(0, len(numbers), PER_SHEET)],
        "per_sheet": PER_SHEET,
        "count": len(numbers),
        "printed": printed_mark(printed_at),
    }
    pictures = {f"photo{i}": jpeg for i, (_, jpeg) in enumerate(shots)}
    return render(forms_dir, "photo_contact.typ", data, printed_at, pictures).pdf
