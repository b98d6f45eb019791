"""Reads the notices as paper: what is ticked or circled, and what is left to the hand."""

from __future__ import annotations

import io
import re
import subprocess
from typing import Any

from PIL import Image

from fieldkit.forms import Evaluated, Form, load_form
from fieldkit.paper import print_form
from tests.forms.form_cases import FORMS, PRINTED_AT, TODAY

NOTICES = (
    "kao_shomei",
    "funshitsu",
    "henno",
    "tsuchi_funshitsu",
    "juki_henno",
    "azukari",
    "inin",
)
CERTIFIERS = {
    "hospital": "証明者（病院長）",
    "facility": "証明者（施設長）",
    "homecare": "指定居宅介護支援事業者の長と介護支援専門員。2人とも署名します",
    "support": "公的な支援機関の長と職員。2人とも署名します",
    "minor": "証明者（法定代理人）",
    "ward": "証明者（法定代理人）",
    "assist": "証明者（保佐人・補助人・任意後見人）",
}
_DPI = 150
_DARK = 110
_TICK_SIDE = 3.6


def sample(name: str, /, **changes: str) -> dict[str, str]:
    """The filled example with changes; a blank value takes an answer away."""
    answers = {**load_form(FORMS, name).sample, **changes}
    return {key: value for key, value in answers.items() if value}


def state(name: str, answers: dict[str, str]) -> Evaluated:
    return load_form(FORMS, name).evaluate(answers, TODAY)


def paper(name: str, answers: dict[str, str], language: str = "ja", blank: bool = False) -> bytes:
    return print_form(FORMS, name, answers, None, PRINTED_AT, language=language, blank=blank)


def page_of(pdf: bytes) -> Image.Image:
    """The first page in grey, as a scanner sees it."""
    done = subprocess.run(
        ["pdftoppm", "-r", str(_DPI), "-gray", "-png", "-singlefile", "-"],
        input=pdf,
        capture_output=True,
        check=True,
    )
    return Image.open(io.BytesIO(done.stdout))


def ink(page: Image.Image, x: float, y: float, w: float, h: float) -> float:
    """The share of dark points, 0 to 1, in a rectangle in mm."""
    unit = _DPI / 25.4
    part = page.crop(
        (round(x * unit), round(y * unit), round((x + w) * unit), round((y + h) * unit))
    )
    dark = sum(part.histogram()[:_DARK])
    return dark / (part.width * part.height)


def marked(form: Form, page: Image.Image) -> dict[str, set[str]]:
    """Question → the values whose box is ticked or whose words are circled, seen on the page."""
    found: dict[str, set[str]] = {}
    for entry in form.layout["field"]:
        if entry["kind"] == "check":
            top = entry["y"] + (entry["h"] - _TICK_SIDE) / 2
            if ink(page, entry["x"] + 0.5, top + 0.5, 2.6, 2.6) > 0.08:
                found.setdefault(entry["name"], set()).add(str(entry.get("on", "yes")))
        elif entry["kind"] == "circle":
            x = entry["x"]
            for option in entry["options"]:
                high = min(entry["h"], 6.4)
                top = entry["y"] + (entry["h"] - high) / 2
                if ink(page, x + option["w"] / 2 - 1, top - 0.3, 2, 0.6) > 0.3:
                    found.setdefault(entry["name"], set()).add(option["value"])
                x += option["w"]
    return found


def thick_boxes(form: Form, values: dict[str, str]) -> list[dict[str, Any]]:
    """The boxes for the hand that these answers bring."""
    return [box for box in form.layout["box"] if box.get("thick") and _drawn(box, values)]


def signature_boxes(
    form: Form, values: dict[str, str]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The boxes for the hand that hold a place for the seal, each with that place."""
    seals = [seal for seal in form.layout["seal"] if _drawn(seal, values)]
    return [
        (box, seal)
        for box in thick_boxes(form, values)
        for seal in seals
        if box["x"] < seal["x"] < box["x"] + box["w"] and box["y"] < seal["y"] < box["y"] + box["h"]
    ]


def _drawn(entry: dict[str, Any], values: dict[str, str]) -> bool:
    return all(values.get(name, "") in wanted for name, wanted in entry.get("when", {}).items())


def longest(form: Form, answers: dict[str, str]) -> dict[str, str]:
    """The answers with every text as long as its rule allows, of the widest letters."""
    full = dict(answers)
    for question in form.questions:
        limit = re.search(r"string-length\(\.\) <= (\d+)", question.constraint_expr)
        if question.type == "text" and limit:
            full[question.name] = ("漢字の長い答え" * 40)[: int(limit[1])]
    return full
