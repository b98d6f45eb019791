"""Which marks a face photo gets: pure decisions on numbers that were measured elsewhere.

Why: the official conditions of the card photo (front, bare head, plain background, sharp, not
dark, not cut) are judged on the spot, so that nobody has to visit a home twice
(`001 §9(2)イ（キ）`). The rows and their limits are data: `photo_limits`.

Promise: `decide` never raises on missing numbers (None means "could not be judged": no mark).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fieldkit.rules.photo_limits import NEVER_OVERRIDABLE, Check, Limits, beyond, limits_from

__all__ = ["Finding", "Limits", "Measured", "Place", "Severity", "Verdict", "decide",
           "limits_from", "verdict_of", "worst_two"]

Severity = Literal["stop", "advise"]
Verdict = Literal["pass", "advise", "stop"]
Place = tuple[float, float, float, float]
"""x, y, width, height as shares (0..1) of the cropped 35:45 photo."""


@dataclass(frozen=True)
class Measured:
    """What was measured on one photo. None: not measurable (say, no wall in view).

    Boxes are `Place`s relative to the crop. `crop_box` is centre x, centre y, width, height in
    pixels of the upright source (after Exif and `quarter_turns`), turned by `straightened`
    degrees around its centre. Angles in degrees (absolute), `face_light` 0..255, other
    lightness in CIE L* (0..100), colour distances in CIE a*b* units.
    """

    width: int
    height: int
    faces: int | None
    quarter_turns: int = 0
    second_face: float = 0.0
    eye_px: float | None = None
    straightened: float = 0.0
    roll: float | None = None
    yaw: float | None = None
    pitch: float | None = None
    crop_box: tuple[float, float, float, float] | None = None
    crop_fits: float | None = None
    missing_top: float | None = None
    missing_side: float | None = None
    missing_bottom: float | None = None
    eyes_open: float | None = None
    eyes_shut: float | None = None
    mouth_open: float | None = None
    turned: float | None = None
    tipped: float | None = None
    mask_colour: float | None = None
    mouth_bare: float | None = None
    eye_zone_light: float | None = None
    eye_contrast: float | None = None
    eye_glare: float | None = None
    eye_shine: float | None = None
    lens_light: float | None = None
    lens_tint: float | None = None
    hair_low: float | None = None
    forehead_colour: float | None = None
    forehead_light: float | None = None
    forehead_cloth: float | None = None
    face_light: float | None = None
    face_clipped: float | None = None
    uneven_light: float | None = None
    shade: float | None = None
    eye_shade: float | None = None
    skin_colour: float | None = None
    background_edges: float | None = None
    background_colour: float | None = None
    background_light: float | None = None
    background_step: float | None = None
    background_folds: float | None = None
    wall_shadow: float | None = None
    sharpness: float | None = None
    detail: float | None = None
    noise: float | None = None
    blockiness: float | None = None
    jpeg_quality: float | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One mark. `value` is the measured number, `place` where to draw the box (or None). `ask`
    names the picture of a question where the machine is not sure: a person decides by it."""

    code: str
    severity: Severity
    value: float
    advice: str
    overridable: bool
    place: Place | None = None
    ask: str = ""


def decide(measured: Measured, limits: Limits | None = None) -> tuple[Finding, ...]:
    """All marks of a photo, worst first: stops before advice, then in row order; one per code.

    A margin that is missing says nothing new where a cut edge is named already. `faces` None
    (no engine) is not the same as none seen: there is no mark then.
    """
    limits = limits or Limits()
    found: dict[str, Finding] = {}
    for check in limits.checks:
        mark = _mark(check, measured, limits)
        if mark is None:
            continue
        before = found.get(mark.code)
        if before is None or (before.severity == "advise" and mark.severity == "stop"):
            found[mark.code] = mark
    if found.keys() & {"cut_top", "cut_side", "cut_bottom"}:
        found.pop("cut_margin", None)
    return tuple(sorted(found.values(), key=lambda f: f.severity != "stop"))


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """`stop` if any mark stops, else `advise` if there is any, else `pass`."""
    if any(f.severity == "stop" for f in findings):
        return "stop"
    return "advise" if findings else "pass"


def worst_two(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The two marks a screen shows at once; more would not be read."""
    return findings[:2]


def _mark(check: Check, measured: Measured, limits: Limits) -> Finding | None:
    value = getattr(measured, check.measure)
    if value is None:
        return None
    severity: Severity
    if beyond(check, value, check.stop):
        severity = "stop"
    elif beyond(check, value, check.advise):
        severity = "advise"
    else:
        return None
    overridable = check.code not in NEVER_OVERRIDABLE and bool(limits.reasons_for(check.code))
    place = measured.places.get(check.place)
    ask = check.ask if severity == "advise" else ""
    return Finding(check.code, severity, float(value), _advice(check, measured), overridable,
                   place, ask)


def _advice(check: Check, measured: Measured) -> str:
    """The sentence of the row, or that of the side where the side is known."""
    side = getattr(measured, check.side) if check.side else None
    if not side:
        return check.advice
    return (check.advice_minus if side < 0 else check.advice_plus) or check.advice
