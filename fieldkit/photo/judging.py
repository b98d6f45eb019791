"""The judgement of a taken photo: measure, decide, crop. The one door for web and command line.

Never blocks by itself: it says what is wrong and what to do; the member of staff decides, and a
declared reason lifts what may be lifted (`001 §9(2)イ（キ）`).
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.photo.faces import FaceEngine, shared_engine
from fieldkit.photo.measuring import examine
from fieldkit.photo.opening import open_picture
from fieldkit.rules.photo_limits import FILE, Limits, limits_from
from fieldkit.rules.photo_marks import Finding, Measured, Verdict, decide, verdict_of


@dataclass(frozen=True)
class Judged:
    """The marks (worst first), the 35:45 JPEG (None: no face), the numbers, the verdict."""

    findings: tuple[Finding, ...]
    crop_jpeg: bytes | None
    measured: Measured
    verdict: Verdict


def load_limits(forms_dir: Path) -> Limits:
    """The city's `photo.toml`; the built-in rows where there is no file. Raises BadCityData."""
    path = forms_dir / FILE
    if not path.is_file():
        return Limits()
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Limits:
    try:
        return limits_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadCityData(FILE, "", "書き方に誤りがあり、読めません。") from None


def judge(
    data: bytes, faces: FaceEngine | None = None, limits: Limits | None = None
) -> Judged:
    """Judge JPEG or PNG bytes, in memory only.

    Raises BadInput for what is no usable picture, KitError `face_engine_missing` where the face
    engine cannot be loaded.
    """
    examined = examine(open_picture(data), faces or shared_engine())
    findings = decide(examined.measured, limits)
    return Judged(findings, examined.crop_jpeg(), examined.measured, verdict_of(findings))


def judge_file_report(data: bytes, limits: Limits | None = None) -> dict[str, Any]:
    """`fieldkit photo judge FILE --json`: verdict, marks, numbers, size of the crop. No pixels."""
    judged = judge(data, limits=limits)
    return {
        "verdict": judged.verdict,
        "findings": [asdict(f) for f in judged.findings],
        "measured": asdict(judged.measured),
        "crop_bytes": len(judged.crop_jpeg) if judged.crop_jpeg else None,
    }
