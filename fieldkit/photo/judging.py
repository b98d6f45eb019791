"""The judgement of a taken photo: measure, decide, crop. The one door for web and command line.

Never blocks by itself: it says what is wrong and what to do; the member of staff decides, and a
declared reason lifts what may be lifted (`001 §9(2)イ（キ）`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fieldkit.errors import BadCityData
from fieldkit.photo import by_eye
from fieldkit.photo.compression import quality_of
from fieldkit.photo.engine import EngineMissing, FaceEngine, shared_engine
from fieldkit.photo.measuring import examine
from fieldkit.photo.opening import Pixels, open_picture
from fieldkit.rules.photo_limits import FILE, Limits, limits_from
from fieldkit.rules.photo_marks import Finding, Measured, Verdict, decide, verdict_of


@dataclass(frozen=True)
class Judged:
    """The marks (worst first), the 35:45 JPEG (None: no face), the numbers, the verdict, and the
    name of the engine that looked (`none`: by eye)."""

    findings: tuple[Finding, ...]
    crop_jpeg: bytes | None
    measured: Measured
    verdict: Verdict
    engine: str


def load_limits(forms_dir: Path) -> Limits:
    """The city's `photo.toml`; the built-in rows where there is no file. Raises BadCityData."""
    path = forms_dir / FILE
    if not path.is_file():
        return Limits()
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Limits:
    try:
        return limits_from(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadCityData(FILE, "", "書き方に誤りがあり、読めません。") from None


def judge(
    data: bytes, faces: FaceEngine | None = None, limits: Limits | None = None
) -> Judged:
    """Judge the bytes of a picture, in memory only. Where no engine can look at it, light, size
    and sharpness are judged and the finding `by_eye` asks for the rest.

    Raises BadInput for what is no usable picture.
    """
    source = open_picture(data)
    engine = faces or shared_engine()
    try:
        examined = examine(source, engine, quality_of(data))
    except EngineMissing:
        return _by_eye(source, limits)
    findings = decide(examined.measured, limits)
    return Judged(findings, examined.crop_jpeg(), examined.measured, verdict_of(findings),
                  engine.name)


def _by_eye(source: Pixels, limits: Limits | None) -> Judged:
    measured = by_eye.measure_by_eye(source)
    marks = (by_eye.FINDING, *decide(measured, limits))
    findings = tuple(sorted(marks, key=lambda f: f.severity != "stop"))
    return Judged(findings, by_eye.crop_by_eye(source), measured, verdict_of(findings), "none")
