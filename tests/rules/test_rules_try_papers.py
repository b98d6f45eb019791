"""`fieldkit rules try`: papers, validity, express, certificates; unknown fields; no silent zero."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, KitError
from fieldkit.rules_try import KINDS, answer

VALID = {"kind": "validity", "birth": "S20.3.5", "issue_day": "2026-07-01"}
PARENT = {"kind": "id_papers", "role": "legal_parent", "day": "2026-07-01",
          "papers": ["passport", "nenkin"]}  # fmt: skip


@pytest.mark.parametrize(
    ("case", "expect"),
    [
        (VALID, {"answer": "validity", "card_until": {"iso": "2036-03-05",
                                                      "wareki": "令和18年3月5日"}}),
        (VALID | {"stay_until": "2028-01-31"}, {"cut_by": "stay"}),
        (VALID | {"today": "2035-12-05", "applicant_kind": "renew"},
         {"answer": "validity", "valid_today": True}),
        (VALID | {"today": "2035-12-04", "applicant_kind": "renew"}, {"answer": "refused"}),
        ({"kind": "renewal", "expiry": "2026-10-01", "day": "2026-07-01"}, {"answer": "allowed"}),
        ({"kind": "renewal", "expiry": "2026-10-01", "day": "2026-07-01",
          "uses_as_insurance": "yes", "has_shikaku": "no"}, {"answer": "refused"}),
        ({"kind": "express", "report_date": "2026-06-01", "day": "2026-07-01"},
         {"answer": "open", "days_left": 0, "reason_code": "LOST"}),
        ({"kind": "express", "report_date": "2026-06-01", "day": "2026-07-02"},
         {"answer": "refused"}),
        ({"kind": "express", "day": "2026-07-01", "applicant_kind": "renew"},
         {"answer": "refused"}),
        ({"kind": "express", "day": "2026-07-01", "reason_code": "UNDER_1",
          "birth": "2025-07-02"}, {"answer": "open", "days_left": 0}),
        ({"kind": "express", "day": "2026-07-02", "reason_code": "UNDER_1",
          "birth": "2025-07-02"}, {"answer": "refused"}),
        ({"kind": "express", "report_date": "2026-06-20", "day": "2026-07-01",
          "send_kind": "facility"}, {"answer": "refused"}),
        ({"kind": "certificates", "birth": "2012-01-01", "day": "2026-07-01"},
         {"sign": False, "auth": True, "pins": ["auth", "juki", "kenmen"], "pin_writer": "legal"}),
        ({"kind": "pins", "birth": "1945-03-05", "day": "2026-07-01", "face_auth": True},
         {"pins": [], "sign": False, "auth": True}),
        (PARENT | {"proofs": ["same_household"]}, {"answer": "enough"}),
        (PARENT, {"answer": "short"}),
        (PARENT | {"proofs": ["koseki"], "papers": ["nenkin"]}, {"answer": "short"}),
        ({"kind": "id_papers", "role": "legal_guardian", "papers": ["passport", "nenkin"],
          "proofs": ["toki_jiko"], "proof_issued": "2026-03-31", "day": "2026-07-01"},
         {"answer": "short"}),
        ({"kind": "id_papers", "role": "legal_guardian", "place": "home"}, {"answer": "refused"}),
        ({"kind": "id_papers", "role": "agent_pickup_agent", "papers": ["passport"]},
         {"answer": "refused"}),
        ({"kind": "id_papers", "role": "agent_pickup_agent", "method": "kofu",
          "papers": ["passport", "nenkin"], "proofs": ["ininjo"], "pickup_reason": "age_75"},
         {"answer": "enough"}),
        ({"kind": "id_papers", "role": "agent_pickup_agent", "method": "kofu",
          "papers": ["passport", "nenkin"], "proofs": ["ininjo"], "pickup_reason": "busy"},
         {"answer": "refused"}),
        ({"kind": "fee", "applicant_kind": "new", "reason_code": "UNDER_1",
          "birth": "2025-07-01", "day": "2026-07-01"}, {"answer": "refused"}),
    ],
)  # fmt: skip
def test_it_answers(city: CityData, case: dict[str, Any], expect: dict[str, Any]) -> None:
    found = answer(case, city)
    assert expect.items() <= found.items(), found
    assert found["says"]
    assert found["answer"] not in ("refused", "short") or found["nearest"]
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ({"handwritten": True}, "kofu_tegaki"),
        ({"no_photo_id": True}, "kao_shomei"),
        ({"has_photo_id": False}, "kao_shomei"),
        ({"notice_card_lost": True}, "tsuchi_funshitsu"),
        ({"tsuchi_card_lost": True}, "tsuchi_funshitsu"),
        ({"juki_card_held": True}, "juki_henno"),
        ({"collected": True}, "azukari"),
        ({"face_auth": True}, "hoken_doi"),
    ],
)
def test_forms_takes_every_fact(city: CityData, facts: dict[str, bool], more: str) -> None:
    found = answer({"kind": "forms", "applicant_kind": "new", **facts}, city)
    assert more in [form["code"] for form in found["forms"]]
    assert all(form["label"] and form["reason"] for form in found["forms"])


def test_an_offer_is_not_among_what_is_said_to_be_needed(city: CityData) -> None:
    found = answer({"kind": "forms", "applicant_kind": "new", "face_auth": True}, city)
    assert "同意書" not in found["says"]
    assert ("hoken_doi", "offer") in [(f["code"], f["level"]) for f in found["forms"]]


@pytest.mark.parametrize(
    ("case", "field", "near"),
    [
        ({"kind": "fee", "aplicant_kind": "lost", "day": "2026-07-01"}, "aplicant_kind",
         "applicant_kind"),
        ({"kind": "validity", "birthday": "1945-03-05", "issue_day": "2026-07-01"}, "birthday",
         "birth"),
        ({"kind": "id_papers", "roles": "minor"}, "roles", "role"),
        ({"kind": "forms", "applicant_kind": "new", "faceauth": True}, "faceauth", "face_auth"),
        ({"kind": "slot", "date": "2026-07-22", "today": "2026-07-01", "half": "am",
          "booked": [{"date": "2026-07-22", "halv": "am", "order": 1}]}, "halv", "half"),
        ({"kind": "id_papers", "role": "minors"}, "role", "minor"),
        ({"kind": "id_papers", "papers": ["nenkinn"]}, "id_papers", "nenkin"),
        ({"kind": "id_papers", "method": "koufu"}, "method", "kofu"),
        (PARENT | {"proofs": ["kosekii"]}, "proofs", "koseki"),
        ({"kind": "forms", "applicant_kind": "renewal"}, "applicant_kind", "renew"),
        ({"kind": "forms", "applicant_kind": "other", "reason_code": "STOLN"}, "reason_code",
         "STOLEN"),
        ({"kind": "express", "day": "2026-07-01", "report_date": "2026-06-20",
          "place": "hom"}, "place", "home"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_refused_with_the_nearest(
    city: CityData, case: dict[str, Any], field: str, near: str
) -> None:
    with pytest.raises(BadInput) as wrong:
        answer(case, city)
    assert wrong.value.field == field
    assert f"「{near}」ではありませんか" in wrong.value.sentence


def test_an_unknown_kind_is_refused_with_the_nearest(city: CityData) -> None:
    with pytest.raises(KitError, match="「validity」ではありませんか"):
        answer({"kind": "validty"}, city)


def test_an_unknown_field_that_is_no_name_is_not_repeated(city: CityData) -> None:
    with pytest.raises(BadInput) as wrong:
        answer({"kind": "date", "text": "S20.3.5", "汐見 太郎": 1}, city)
    assert "汐見" not in wrong.value.sentence


@pytest.mark.parametrize("kind", ["lost", "damaged", "other"])
def test_no_reissue_is_free_without_a_reason_and_a_note(city: CityData, kind: str) -> None:
    for code in ("", *city.fees.reasons):
        for evidence in ("", "　", "なし", "。", "未確認"):
            case = {"kind": "fee", "applicant_kind": kind, "reason_code": code,
                    "day": "2026-07-01", "evidence": evidence}  # fmt: skip
            found = answer(case, city)
            assert found.get("yen") != 0, (code, evidence)
            if found["answer"] != "fee":
                assert found["nearest"]


@given(
    kind=st.sampled_from(["", "new", "renew", "lost", "damaged", "other"]),
    code=st.sampled_from(["", "FIRST_ISSUE", "RENEWAL", "STOLEN", "LOST", "CHIP_FAIL", "UNDER_1"]),
    evidence=st.sampled_from(["", "受理番号を確認"]),
    returned=st.sampled_from([None, True, False]),
    express=st.sampled_from([None, True, False]),
    certificate=st.booleans(),
)
def test_an_amount_always_says_why(
    city: CityData,
    kind: str,
    code: str,
    evidence: str,
    returned: bool | None,
    express: bool | None,
    certificate: bool,
) -> None:
    found = answer(
        {"kind": "fee", "applicant_kind": kind, "reason_code": code, "day": "2026-07-01",
         "evidence": evidence, "old_card_returned": returned, "express": express,
         "certificate": certificate}, city,
    )  # fmt: skip
    if found["answer"] == "fee":
        assert found["reason_code"] in city.fees.reasons
        assert found["yen"] == sum(yen for _, yen in found["breakdown"])
        if found["yen"] == 0:
            assert city.fees.reasons[found["reason_code"]].charge == "no"
            assert kind not in ("lost", "damaged", "other") or evidence


def test_every_kind_and_field_stands_in_the_description() -> None:
    from fieldkit import rules_try

    text = rules_try.__doc__ or ""
    for name, kind in KINDS.items():
        assert f"\n{name} " in text, name
        if name != "pins":
            block = text.split(f"\n{name} ")[1]
            assert not [field for field in kind.fields if field not in block], name
