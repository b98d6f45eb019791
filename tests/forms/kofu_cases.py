"""What the tests of (ア), (イ) and (エ) on paper share: filled forms and a look at their parts."""

from __future__ import annotations

import io
import subprocess
from functools import lru_cache
from typing import Any

from PIL import Image

from fieldkit.forms import load_form
from fieldkit.paper import print_form
from tests.forms.form_cases import FORMS, PRINTED_AT, run_on_pdf

NAMES = ("kofu_shinsei", "kofu_tegaki", "pin_sofu", "hoken_doi")
#: 254 dots an inch are 10 dots a millimetre, the unit of layout.toml.
DOTS = 10
AGENT = {
    "has_agent": "yes",
    "agent_name": "髙橋葛󠄀城　𠮷之進",
    "agent_rel": "parent",
    "agent_addr": "北海道汐見市緑９丁目９９番９号　" + "はまなす" * 10,
    "agent_tel": "090-0000-0000",
}


def answers(form: str, **changes: str) -> dict[str, str]:
    return dict(load_form(FORMS, form).sample) | changes


def printed(form: str, **changes: str) -> bytes:
    return print_form(FORMS, form, answers(form, **changes), None, PRINTED_AT)


def unfilled(form: str) -> bytes:
    return print_form(FORMS, form, {}, None, PRINTED_AT, blank=True)


def bare(text: str) -> str:
    return "".join(text.split())


def in_area(pdf: bytes, x: float, y: float, w: float, h: float) -> str:
    """The text layer of a part of the first page, in mm, without blanks."""
    spot = [str(round(part * DOTS)) for part in (x, y, w, h)]
    crop = [word for pair in zip("xyWH", spot, strict=True) for word in (f"-{pair[0]}", pair[1])]
    return bare(run_on_pdf("pdftotext", "-r", "254", *crop, "-layout", "-", "-", pdf=pdf))


@lru_cache(maxsize=4)
def seen(pdf: bytes) -> Image.Image:
    """The first page as grey dots."""
    done = subprocess.run(
        ["pdftoppm", "-r", "254", "-gray", "-png", "-"], input=pdf, capture_output=True, check=True
    )
    return Image.open(io.BytesIO(done.stdout))


def ink(pdf: bytes, x: float, y: float, w: float, h: float) -> float:
    """How much of a part of the first page is black, from 0 to 1."""
    left, top, right, bottom = (round(edge * DOTS) for edge in (x, y, x + w, y + h))
    part = seen(pdf).crop((left, top, right, bottom))
    return sum(part.histogram()[:128]) / (part.width * part.height)


def cells(form: str) -> list[dict[str, Any]]:
    """The boxes for a hand to write digits in."""
    return list(load_form(FORMS, form).layout["digits_blank"])


def place(form: str, name: str) -> dict[str, Any]:
    fields = load_form(FORMS, form).layout["field"]
    return dict(next(f for f in fields if f["name"] == name))
