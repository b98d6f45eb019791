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
KNOWN_MISSES = {"occ_06_hat.jpg", "occ_07_cap_navy.jpg", "hard_03_two_tone_wall.jpg"}
"""Hats look like a fringe to these measures and are left to the member of staff; the two-tone
wall is only advised."""
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


def test_it_catches_the_defects_it_caught_when_measured() -> None:
    missed = {r["file"] for r, j in judged()
              if r["expected_verdict"] == "fail" and j.verdict != "stop"}
    assert missed <= KNOWN_MISSES


def test_it_passes_no_defect_in_silence() -> None:
    silent = [r["file"] for r, j in judged()
              if r["expected_verdict"] == "fail" and j.verdict == "pass"]
    assert silent == []


def test_it_names_the_right_defect() -> None:
    wrong = []
    for row, result in judged():
        if row["expected_verdict"] != "fail" or row["file"] in KNOWN_MISSES:
            continue
        wanted = {CODES.get(c, c) for c in row["expected_codes"].split(";")}
        if not wanted & {f.code for f in result.findings if f.severity == "stop"}:
            wrong.append(row["file"])
    assert wrong == []
