"""The visit sheet of a trip: who is visited when, and the day secret that opens the laptop.

The sheet is the only place of the day secret outside the city's server; the laptop keeps it
in memory only. It is shredded after the trip and two people sign that (001 特記10).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import zxingcpp

from fieldkit.errors import KitError
from fieldkit.paper.dates import printed_mark
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import Face, inked, readable
from fieldkit.rules.names import postal_text
from fieldkit.rules.wareki import wareki

_HALVES = {"am": "午前", "pm": "午後"}
_PARKING = {"yes": "あり", "no": "なし", "unknown": "未確認"}
_FIELDS = ("reception_no", "address", "katagaki", "phone", "notes", "postal")


def visit_sheet(
    forms_dir: Path,
    *,
    day: date,
    visits: Sequence[dict[str, Any]],
    code26: str,
    fingerprint: str,
    printed_at: datetime,
    trip: str = "",
    device: str = "",
    qr_text: str = "",
) -> bytes:
    """Return the 訪問予定表 of one trip as A4 PDF/A-2u.

    Each visit has the reservation's fields and may add `time` (e.g. "10:00〜10:45"; otherwise
    午前/午後 is printed) and `applicants` (names, or dicts with `name`, `kana`, `kind_label`).
    `code26` is the day secret in 26 characters, printed in groups of four; the QR carries
    `qr_text` (default: the same 26 characters). `fingerprint` is the city key's.
    """
    plain = re.sub(r"[\s-]", "", code26)
    if len(plain) != 26:
        raise KitError(
            "bad_code", "当日コードが26文字ではありません。持出しの手続をやり直してください。"
        )
    ready = press(forms_dir)
    data = {
        "day": wareki(day, weekday=True),
        "visits": [readable(_visit(v, i, ready.name), ready.name) for i, v in enumerate(visits, 1)],
        "code": [plain[i : i + 4] for i in range(0, 26, 4)],
        "qr": qr_rows(qr_text or plain),
        "fingerprint": fingerprint,
        "trip": trip,
        "device": device,
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "visit_sheet.typ", data, printed_at).pdf


def qr_rows(text: str) -> list[list[int]]:
    """The QR code of `text` as rows of dark runs `[x, y, length]` in modules, plus its size.

    The last entry is `[size]`. Drawn as vectors: sharp on any printer, no picture file.
    """
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture: Any = memoryview(code.to_image(scale=1, add_quiet_zones=False))  # type: ignore
    height, width = picture.shape[:2]
    runs: list[list[int]] = []
    for y in range(height):
        x = 0
        while x < width:
            start = x
            while x < width and _dark(picture, y, x):
                x += 1
            if x > start:
                runs.append([start, y, x - start])
            x += 1
    return [*runs, [width]]


def _dark(picture: Any, y: int, x: int) -> bool:
    return int(picture[y, x] if picture.ndim == 2 else picture[y, x, 0]) < 128


def _visit(visit: dict[str, Any], order: int, faces: tuple[Face, ...]) -> dict[str, Any]:
    """One row: blanks for what the desk did not ask."""
    row: dict[str, Any] = {key: str(visit.get(key) or "") for key in _FIELDS}
    half = _HALVES.get(str(visit.get("half") or ""), "")
    row["postal"] = postal_text(row["postal"])
    row["order"] = order
    place = f"{visit['order']}件目" if visit.get("order") else ""
    row["time"] = str(visit.get("time") or f"{half}\n{place}".strip())
    row["parking"] = _PARKING.get(str(visit.get("parking") or ""), "未確認")
    row["applicants"] = [
        {"name": a, "kind": ""} if isinstance(a, str) else _applicant(a, faces)
        for a in visit.get("applicants", [])
    ]
    return row


def _applicant(applicant: dict[str, Any], faces: tuple[Face, ...]) -> dict[str, str]:
    """A name that no font draws gets its kana, so that staff can address the person."""
    name, kana, bad = str(applicant.get("name") or ""), applicant.get("kana"), list[str]()
    inked(name, faces, bad=bad)
    return {
        "name": f"{name}（{kana}）" if bad and kana else name,
        "kind": str(applicant.get("kind_label") or ""),
    }
