"""Test pictures beside the repository: verdicts against their manifest (never committed).

The floors are what was measured when the limits were set; a change that loses one must say so.
"""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from fieldkit.photo import Judged, judge

CASES = Path(__file__).resolve().parents[3] / "shared" / "photo-cases"
OURS = {"pass": "pass", "warn": "advise", "fail": "stop"}
CODES = {"multi": "two", "crop_top": "cut_top", "crop_side": "cut_side",
         "crop_bottom": "cut_bottom"}

pytestmark = pytest.mark.skipif(
    not (CASES / "manifest.csv").is_file(),
    reason="the test pictures (../shared/photo-cases) are not on this machine",
)


@cache
def judged() -> list[tuple[dict[str, str], Judged]]:
    with (CASES / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row, judge((CASES / row["file"]).read_bytes())) for row in rows]


def test_it_never_stops_a_photo_that_should_pass(capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counter((OURS[r["expected_verdict"]], j.verdict) for r, j in judged())
    with capsys.disabled():
        print("\nphoto cases (expected, given):", dict(sorted(counts.items())))
    assert counts["pass", "stop"] == 0
    assert counts["advise", "stop"] == 0


def test_it_stops_every_picture_that_it_stopped_when_measured() -> None:
    missed = {r["file"] for r, j in judged()
              if r["expected_verdict"] == "fail" and j.verdict != "stop"}
    assert missed == set()


def test_it_passes_no_defect_in_silence() -> None:
    silent = [r["file"] for r, j in judged()
              if r["expected_verdict"] == "fail" and j.verdict == "pass"]
    assert silent == []


def test_it_names_the_right_defect() -> None:
    wrong = []
    for row, result in judged():
        if row["expected_verdict"] != "fail":
            continue
        wanted = {CODES.get(c, c) for c in row["expected_codes"].split(";")}
        if not wanted & {f.code for f in result.findings if f.severity == "stop"}:
            wrong.append(row["file"])
    assert wrong == []


@pytest.mark.parametrize(("file", "code"), [
    ("comp_01_jpeg_q6.jpg", "compression"), ("hard_04_curtain_folds.jpg", "background"),
    ("bg_05_gradient.jpg", "background"), ("col_01_orange_cast.jpg", "colour"),
    ("col_02_blue_cast.jpg", "colour"), ("noise_01_high_iso.jpg", "noise"),
    ("ok_04_plain_elderly_narrow_eyes.jpg", "eyes"),
])
def test_it_advises_by_name(file: str, code: str) -> None:
    found = {f.code: f.severity for r, j in judged() if r["file"] == file for f in j.findings}
    assert found.get(code) == "advise"


@pytest.mark.parametrize("code", ["sunglasses", "glare", "mask", "hat", "hair", "light", "blur"])
def test_it_sees_no_cover_or_shade_on_a_plain_portrait(code: str) -> None:
    wrong = [r["file"] for r, j in judged()
             if r["file"].startswith("ok_") and code in {f.code for f in j.findings}]
    assert wrong == []
