"""The paper for the supervisor's safe: the secret of the desk's or the office's container.

It opens that data while the city's server cannot be reached. It is worth nothing after the
next renewal (fieldkit/renew.py) and is then shredded before two people (001 特記10).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import inked
from fieldkit.paper.trip import qr_rows

OFTEN = {"予約受付": "訪問の消去のたびに、また少なくとも週に一度、"}


def safe_sheet(
    forms_dir: Path,
    *,
    code26: str,
    since: date,
    until: date,
    fingerprint: str,
    printed_at: datetime,
    device: str = "",
    container: str = "",
    city: str = "",
    name: str = "受付データ",
    screen: str = "予約受付",
) -> bytes:
    """Return the 金庫の控え of one container, A4 PDF/A-2u, with the QR and 26 characters.

    `until` is the day by which the container is renewed at the latest; `name` is what it holds,
    `screen` where it is opened.
    """
    data = {
        "city": city,
        "name": name,
        "screen": screen,
        "often": OFTEN.get(screen, "少なくとも週に一度、"),
        "since": wareki_text(since, weekday=True),
        "until": wareki_text(until, weekday=True),
        "code": [code26[i : i + 4] for i in range(0, 26, 4)],
        "qr": qr_rows(code26),
        "fingerprint": fingerprint,
        "device": device,
        "container": container,
        "printed": printed_mark(printed_at),
    }
    faces = press(forms_dir).body
    return render(forms_dir, "safe_sheet.typ", inked(data, faces, "金庫の控え"), printed_at).pdf
