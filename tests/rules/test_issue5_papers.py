"""Identity papers, form sets, validity and certificates, worked out by hand (domain §2.6–§6.1)."""

from __future__ import annotations

from typing import Any

import pytest

from fieldkit.citydata import CityData
from tests.rules.by_hand import DAY, NO, Row, check

CARD, LICENCE, PASSPORT = "mynumber_card", "driving_licence", "passport"
CARE, BANK, NENKIN, OLD_PAPER, NOTICE = "kaigo_hokensho", "tsucho", "nenkin", "tsuchi_card", \
    "bango_tsuchisho"  # fmt: skip
HOKEN, SHIKAKU, FACE = "hokensho", "shikaku_kakuninsho", "kao_shomei"


def ids(*papers: str, **more: Any) -> dict[str, Any]:
    return {"kind": "id_papers", "papers": list(papers), "day": DAY, **more}


ENOUGH, SHORT = {"answer": "enough"}, {"answer": "short"}
MINOR, UNDER_1 = {"role": "minor"}, {"role": "under_1"}
PARENT = {"role": "legal_parent", "proofs": ["same_household"]}
GUARDIAN = {"role": "legal_guardian", "proofs": ["toki_jiko"]}
AGENT = {"role": "agent_pickup_agent", "method": "kofu", "proofs": ["ininjo"],
         "pickup_reason": "age_75"}  # fmt: skip
THEIRS = {"role": "agent_pickup_applicant", "method": "kofu"}
ID_PAPERS: list[Row] = [
    (ids(), SHORT | {"nearest": ["A 2点", "A 1点と B 1点", "通知カードか個人番号通知書と B 2点"]}),
    (ids(LICENCE), SHORT | {"says": "A 1点・B 0点 → あと A または B を1点"}),
    (ids(LICENCE, LICENCE), SHORT),
    (ids(LICENCE, PASSPORT), ENOUGH | {"by": [LICENCE, PASSPORT]}),
    (ids(LICENCE, CARE), ENOUGH),
    (ids(CARE, BANK), SHORT),
    (ids(CARE, BANK, NENKIN), SHORT),
    (ids(OLD_PAPER, CARE, BANK), ENOUGH),
    (ids(NOTICE, CARE, BANK), ENOUGH),
    (ids(OLD_PAPER, CARE), SHORT),
    (ids(OLD_PAPER, NOTICE, CARE), SHORT),
    (ids(OLD_PAPER, LICENCE), SHORT),
    (ids(FACE, CARE), SHORT),
    (ids(FACE, LICENCE), ENOUGH),
    (ids(OLD_PAPER, FACE, CARE), ENOUGH),
    # insurance cards ended; the certificate that replaced them began
    (ids(LICENCE, HOKEN, day="2025-12-01"), ENOUGH),
    (ids(LICENCE, HOKEN, day="2025-12-02"), SHORT),
    (ids(LICENCE, SHIKAKU, day="2024-12-02"), ENOUGH),
    (ids(LICENCE, SHIKAKU, day="2024-12-01"), SHORT),
    # a renewal is identified by the old card itself
    (ids(CARD, applicant_kind="renew"), ENOUGH | {"by": [CARD]}),
    (ids(LICENCE, applicant_kind="renew"), SHORT),
    (ids(LICENCE, CARE, applicant_kind="renew"), ENOUGH),
    # someone under 15, and a baby: A+B or B x2
    (ids(CARE, BANK, **MINOR), ENOUGH),
    (ids(LICENCE, **MINOR), SHORT),
    (ids("kodomo_iryo", "boshi_techo", **UNDER_1), ENOUGH),
    (ids("boshi_techo", **UNDER_1), SHORT),
    (ids(CARD, applicant_kind="renew", **MINOR), ENOUGH),
    # who acts for them: A x2 or A+B, and the proof of it
    (ids(LICENCE, CARE, **PARENT), ENOUGH),
    (ids(LICENCE, PASSPORT, **PARENT), ENOUGH),
    (ids(CARE, BANK, **PARENT), SHORT),
    (ids(LICENCE, CARE, role="legal_parent"), SHORT),
    (ids(LICENCE, CARE, role="legal_parent", proofs=["toki_jiko"]), SHORT),
    (ids(LICENCE, CARE, place="facility", **GUARDIAN), ENOUGH),
    (ids(LICENCE, CARE, place="home", **GUARDIAN), NO),
    (ids(LICENCE, CARE, proof_issued="2026-04-01", **GUARDIAN), ENOUGH),
    (ids(LICENCE, CARE, proof_issued="2026-03-31", **GUARDIAN), SHORT),
    (ids(LICENCE, CARE, proof_issued="2026-07-02", **GUARDIAN), SHORT),
    # a voluntary agent never at an outreach; at the counter with a reason
    (ids(LICENCE, CARE, **AGENT | {"method": "uketsuke"}), NO),
    (ids(LICENCE, CARE, **AGENT), ENOUGH),
    (ids(LICENCE, **AGENT), SHORT),
    (ids(LICENCE, CARE, **AGENT | {"proofs": []}), SHORT),
    (ids(LICENCE, CARE, **AGENT | {"pickup_reason": "busy"}), NO),
    (ids(LICENCE, CARE, **AGENT | {"pickup_reason": ""}), NO),
    (ids(FACE, CARE, BANK, **THEIRS), ENOUGH),
    (ids(CARE, BANK, NENKIN, **THEIRS), SHORT),
    (ids(LICENCE, CARE, **THEIRS), ENOUGH),
    # at the counter one A, or two B
    (ids(LICENCE, method="kofu"), ENOUGH),
    (ids(CARE, BANK, method="kofu"), ENOUGH),
    (ids(CARE, method="kofu"), SHORT | {"says": "A 0点・B 1点 → あと A または B を1点"}),
]  # fmt: skip


def forms(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": "forms", "applicant_kind": kind, **more}


def need(*must: str, **offer: str) -> dict[str, Any]:
    always = dict.fromkeys(("kofu_shinsei", "pin_sofu"), "must")
    return {"levels": always | dict.fromkeys(must, "must") | offer}


NO_PHOTO_ID, FACE_ONLY = {"has_photo_id": False}, {"face_auth": True}
FORMS: list[Row] = [
    (forms("new"), need()),
    (forms("new", **NO_PHOTO_ID), need("kao_shomei")),
    (forms("new", wants_insurance=True), need("hoken_doi")),
    (forms("new", **FACE_ONLY), need(hoken_doi="offer")),
    (forms("new", wants_insurance=True, **FACE_ONLY), need("hoken_doi")),
    (forms("new", tsuchi_card_lost=True), need("tsuchi_funshitsu")),
    (forms("new", has_juki_card=True), need("juki_henno")),
    (forms("new", mail_elsewhere=True, facility=True), need()),
    (forms("renew"), need("henno")),
    (forms("renew", **NO_PHOTO_ID), need("henno")),
    (forms("renew", tsuchi_card_lost=True), need("henno")),
    (forms("renew", wants_insurance=True, **FACE_ONLY), need("henno", "hoken_doi")),
    (forms("lost"), need("funshitsu")),
    (forms("lost", **NO_PHOTO_ID), need("funshitsu", "kao_shomei")),
    (forms("lost", reason_code="STOLEN", **FACE_ONLY), need("funshitsu", hoken_doi="offer")),
    (forms("damaged"), need("henno")),
    (forms("damaged", **NO_PHOTO_ID), need("henno")),
    *((forms("other", reason_code=code), need("henno")) for code in (
        "CHIP_FAIL", "SPACE_FULL", "CITY_ERROR", "ADOPTION", "SEX_CHANGE", "STAY_EXPIRED")),
    (forms("other", reason_code="SPACE_FULL", card_kept=True), need()),
    (forms("other", reason_code="BURNT"), need("funshitsu")),
    (forms("other", reason_code="STOLEN", **NO_PHOTO_ID), need("funshitsu", "kao_shomei")),
    (forms("lost", reason_code="FROM_ABROAD"), need("funshitsu")),
    (forms("new", handwritten=True), {"levels": {"kofu_tegaki": "must", "pin_sofu": "must"}}),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expect"), [*ID_PAPERS, *FORMS])
def test_it_answers_as_worked_out_by_hand(
    city: CityData, case: dict[str, Any], expect: dict[str, Any]
) -> None:
    check(city, case, expect)
