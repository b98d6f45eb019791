"""Bad cases of `fieldkit rules try`: one Japanese sentence that names the field and the nearest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldkit.citydata import CityData
from fieldkit.cli_files import read_json
from fieldkit.errors import BadInput, KitError
from fieldkit.rules_try import KINDS, answer
from tests.rules.by_hand import DAY, check

FEE = {"kind": "fee", "applicant_kind": "lost", "day": DAY}
GOOD: dict[str, dict[str, Any]] = {
    "fee": {"applicant_kind": "lost", "day": DAY},
    "id_papers": {"papers": ["passport"], "day": DAY},
    "forms": {"applicant_kind": "new"},
    "validity": {"birth": "1990-01-01", "issue_day": DAY},
    "express": {"day": DAY, "report_date": DAY},
    "certificates": {"birth": "1990-01-01", "day": DAY},
    "renewal": {"expiry": "2026-09-01", "day": DAY},
}
ODD = (None, True, 0, -1, 10**30, 1.5, "", "x", "2026-02-30", "R99.1.1", "2199-12-31",
       "1800-01-01", "２０２６年７月１日", [], [1], [[]], ["pasport"], {}, "\0")  # fmt: skip


@pytest.mark.parametrize(
    ("case", "field", "words"),
    [
        (FEE | {"applicant_kind": "losst"}, "applicant_kind", ["「lost」ではありませんか"]),
        (FEE | {"applicant_kind": "renewal", "reason_code": "LOST"}, "applicant_kind", ["renew"]),
        (FEE | {"evidance": "x"}, "evidance", ["「evidence」ではありませんか"]),
        (FEE | {"day": 20260701}, "day", ["「day」", "文字"]),
        (FEE | {"loss_report_date": "2026-02-30"}, "loss_report_date",
         ["「loss_report_date」", "28日まで"]),
        (FEE | {"birth": "きのう"}, "birth", ["「birth」", "日付として読み取れません"]),
        (FEE | {"certificate": "yes"}, "certificate", ["true か false"]),
        (FEE | {"tendered": "2000"}, "tendered", ["整数"]),
        ({"kind": "fee", "applicant_kind": "lost"}, "day", ["「day」がありません"]),
        ({"kind": "id_papers", "papers": ["pasport"]}, "id_papers", ["「passport」"]),
        ({"kind": "id_papers", "applicant_kind": "renewal"}, "applicant_kind", ["「renew」"]),
        ({"kind": "id_papers", "papers": "passport"}, "papers", ["一覧"]),
        ({"kind": "id_papers", "role": "guardian"}, "role", ["「legal_guardian」"]),
        ({"kind": "forms", "applicant_kind": "damage"}, "applicant_kind", ["「damaged」"]),
        ({"kind": "validity", "birth": "1990-01-01"}, "issue_day", ["「issue_day」がありません"]),
        ({"kind": "renewal", "expiry": "2026-09-31", "day": DAY}, "expiry",
         ["「expiry」", "30日まで"]),
    ],
)  # fmt: skip
def test_it_refuses_with_the_field_and_the_nearest(
    city: CityData, case: dict[str, Any], field: str, words: list[str]
) -> None:
    with pytest.raises(BadInput) as refused:
        answer(case, city)
    assert refused.value.field == field
    assert all(word in refused.value.sentence for word in words), refused.value.sentence


def test_an_unknown_reason_is_offered_the_nearest_code(city: CityData) -> None:
    found = answer(FEE | {"reason_code": "STOLLEN"}, city)
    assert found["answer"] == "refused" and "「STOLEN」ではありませんか" in found["says"]


def test_a_birth_after_the_day_is_no_case(city: CityData) -> None:
    check(city, FEE | {"birth": "2026-07-02"}, {"answer": "refused"})


@pytest.mark.parametrize("kind", GOOD)
def test_nothing_odd_gets_through_or_falls_over(city: CityData, kind: str) -> None:
    for field in KINDS[kind].fields:
        for value in ODD:
            try:
                found = answer({"kind": kind, **GOOD[kind], field: value}, city)
            except KitError as error:
                assert error.sentence.endswith("。"), error.sentence
            else:
                assert json.dumps(found) and found["says"]
                assert found["answer"] not in ("refused", "short") or found["nearest"]


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    there = tmp_path / "case.json"
    there.write_text('{"kind": "fee", "day": "2026-07-01", "day": "2026-07-02"}')
    with pytest.raises(KitError) as refused:
        read_json(there)
    assert "2回" in refused.value.sentence
