"""`fieldkit rules try CASE.json`: one case of each kind, and clear refusals."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from fieldkit.citydata import CityData
from fieldkit.errors import BadCityData, BadInput, KitError
from fieldkit.rules.personal_number import check_digit
from fieldkit.rules_try import KINDS, answer

NUMBER = "12345678901" + str(check_digit("12345678901"))
BOOKED = [{"date": "2026-07-01", "half": "am", "order": 1}]
SLOT = {"kind": "slot", "date": "2026-07-01", "half": "am", "today": "2026-06-10"}


@pytest.mark.parametrize(
    ("case", "expect"),
    [
        ({"kind": "fee", "applicant_kind": "lost", "day": "2026-07-01"},
         {"answer": "fee", "yen": 2000}),
        ({"kind": "slot", "date": "2026-07-22", "today": "2026-07-01", "half": "am",
          "place": "moon"}, {"answer": "refused", "clause": "001 §8(2)イ"}),
        ({"kind": "slot", "date": "2026-07-22", "today": "2026-07-01", "half": "am",
          "travel_min": -5}, {"answer": "refused", "clause": "001 §8(2)エ"}),
        ({"kind": "fee", "applicant_kind": "lost", "day": "令和8年7月1日", "tendered": 5000},
         {"answer": "refused"}),
        ({"kind": "fee", "reason_code": "STOLEN", "day": "2026-07-01"},
         {"answer": "needs_evidence", "asks": "被害届の受理番号"}),
        ({"kind": "id_papers", "papers": ["passport"]}, {"answer": "short"}),
        ({"kind": "id_papers", "papers": ["mynumber_card"], "applicant_kind": "renew"},
         {"answer": "enough", "by": ["mynumber_card"]}),
        ({"kind": "date", "text": "S20.3.5", "today": "2026-07-01"},
         {"iso": "1945-03-05", "age_text": "昭和20年3月5日（1945年・81歳）"}),
        (SLOT | {"booked": BOOKED}, {"answer": "offer", "order": 2, "from": "10:30"}),
        (SLOT | {"booked": BOOKED, "travel_min": 40},
         {"answer": "refused", "clause": "001 §8(2)エ", "can_override": True}),
        ({"kind": "caller", "relation": "other"}, {"answer": "refused"}),
        ({"kind": "caller", "relation": "self"}, {"answer": "allowed"}),
        ({"kind": "number", "text": f"番号{NUMBER}"},
         {"answer": "refused", "masked": "番号●●●●●●●●●●●●"}),
        ({"kind": "number", "text": "暗証番号 1234"}, {"answer": "ask"}),
        ({"kind": "number", "text": "犬がいます"}, {"answer": "clean"}),
        ({"kind": "forms", "applicant_kind": "new", "has_photo_id": False}, {"answer": "forms"}),
    ],
)  # fmt: skip
def test_it_answers(city: CityData, case: dict[str, Any], expect: dict[str, Any]) -> None:
    found = answer(case, city)
    assert expect.items() <= found.items()
    assert found["kind"] == case["kind"] and found["says"]
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found


def test_it_names_the_fee_in_the_script(city: CityData) -> None:
    found = answer({"kind": "forms", "applicant_kind": "lost", "day": "2026-07-01"}, city)
    assert any("2,000円" in point for point in found["script"])


@pytest.mark.parametrize("kind", ["weather", "", None, 3])
def test_it_lists_the_kinds_when_it_does_not_know_one(city: CityData, kind: Any) -> None:
    with pytest.raises(KitError) as wrong:
        answer({"kind": kind}, city)
    assert wrong.value.code == "unknown_kind"
    assert all(name in wrong.value.sentence for name in KINDS)


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"kind": "slot", "date": "2026-07-22", "today": "2026-07-01", "half": "am",
          "booked": [5]}, "booked"),
        ({"kind": "forms", "applicant_kind": "x"}, "applicant_kind"),
        ({"kind": "fee", "applicant_kind": "lost"}, "day"),
        ({"kind": "fee", "applicant_kind": "lost", "day": 20260701}, "day"),
        ({"kind": "fee", "applicant_kind": "lost", "day": "2026-07-01", "tendered": True},
         "tendered"),
        ({"kind": "date"}, "text"),
        ({"kind": "forms", "applicant_kind": "new", "face_auth": "yes"}, "face_auth"),
    ],
)  # fmt: skip
def test_it_names_the_field_that_is_wrong(
    city: CityData, case: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as wrong:
        answer(case, city)
    assert wrong.value.field == field


def test_its_errors_keep_what_they_say() -> None:
    wrong = BadCityData("fees.toml", "price", "だめです。")
    assert "fees.toml" in str(wrong) and wrong.action == "ask_supervisor"
    with pytest.raises(AttributeError):
        wrong.sentence = "別の文"
    again = pickle.loads(pickle.dumps(wrong))
    assert (again.sentence, again.key, str(again)) == (wrong.sentence, "price", str(wrong))
