"""The kinds of `fieldkit rules try` about what is handed in: money, identity papers, forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from fieldkit.citydata import CityData
from fieldkit.rules import applications, fees, idpapers
from fieldkit.rules.papers import FACTS, KINDS
from fieldkit.rules.representatives import check_guardian_visit, check_pickup_reason, check_proof
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules_try_fields import (
    Answer,
    codes,
    day_of,
    get,
    maybe_day,
    one_of,
    refused,
)

Case = Mapping[str, Any]
_OLD_FACTS = tuple(
    field.name
    for field in fields(applications.ApplicationCase)
    if field.name not in ("kind", "reason_code", "facts")
)
FEE_FIELDS = (
    "applicant_kind", "reason_code", "day", "express", "certificate", "evidence",
    "loss_report_date", "old_card_returned", "birth", "tendered",
)  # fmt: skip
ID_FIELDS = (
    "papers", "method", "applicant_kind", "role", "day", "proofs", "proof_issued",
    "pickup_reason", "place",
)  # fmt: skip
FORMS_FIELDS = ("applicant_kind", "reason_code", "day", *_OLD_FACTS, *FACTS)


def fee(case: Case, city: CityData) -> Answer:
    """What a card costs on a day."""
    fee_case = fees.FeeCase(
        kind=one_of(case, "applicant_kind", KINDS, ""),
        day=day_of(case, "day"),
        reason_code=get(case, "reason_code", str, ""),
        express=get(case, "express", bool, None),
        certificate=get(case, "certificate", bool, True),
        evidence=get(case, "evidence", str, ""),
        loss_report_date=maybe_day(case, "loss_report_date"),
        old_card_returned=get(case, "old_card_returned", bool, None),
        birth=maybe_day(case, "birth"),
    )
    found = fees.fee_for(fee_case, city.fees)
    if isinstance(found, Refused):
        return refused(found)
    if isinstance(found, fees.NeedsEvidence):
        until = _fee_fields(found.otherwise)
        return {
            "answer": "needs_evidence", "says": found.says, "asks": found.asks, "otherwise": until,
            "nearest": [f"{found.asks}を確かめて記録する。"],
        }  # fmt: skip
    tendered = get(case, "tendered", int, None)
    if tendered is not None:
        checked = fees.check_tendered(found, tendered, city.fees)
        if isinstance(checked, Refused):
            return refused(checked)
    return {"answer": "fee", "says": found.says, **_fee_fields(found)}


def _fee_fields(fee: fees.Fee) -> Answer:
    return {
        "yen": fee.yen,
        "breakdown": [list(line) for line in fee.breakdown],
        "reason_code": fee.reason_code,
        "express": fee.express,
    }


def id_papers(case: Case, city: CityData) -> Answer:
    """Are the papers of one role enough, and is the authority of a representative shown?"""
    role = get(case, "role", str, "applicant")
    day, table = maybe_day(case, "day"), city.id_papers
    shown_papers = codes(case, "papers")
    method = get(case, "method", str, "uketsuke")
    kind = one_of(case, "applicant_kind", (*KINDS, "minor"), "new")
    found = idpapers.judge(shown_papers, method, kind, table, day, role)
    if isinstance(found, Refused):
        return refused(found)
    visits = bool(city.offices.get("delivery", {}).get("guardian_home_visit", False))
    verdicts: list[Allowed | Refused] = [
        check_guardian_visit(role, get(case, "place", str, ""), visits)
    ]
    if "pickup_reason" in case or role == "agent_pickup_agent":
        reason = get(case, "pickup_reason", str, "")
        verdicts.append(check_pickup_reason(reason, table.people))
    for verdict in verdicts:
        if isinstance(verdict, Refused):
            return refused(verdict)
    gone = list(idpapers.out_of_date(shown_papers, table, day)) if day else []
    short = isinstance(found, idpapers.Short)
    says, near = [found.says], list(found.nearest) if isinstance(found, idpapers.Short) else []
    if table.people.proofs_of(role):
        proof = _proof(case, role, city)
        says.append(proof.sentence if isinstance(proof, Refused) else proof.says)
        near += list(proof.nearest) if isinstance(proof, Refused) else []
        short = short or isinstance(proof, Refused)
    given: Answer = {"answer": "short" if short else "enough", "says": "　".join([*says, *gone])}
    if isinstance(found, idpapers.Enough):
        given["by"] = list(found.by)
    return {**given, "nearest": near} if short else given


def _proof(case: Case, role: str, city: CityData) -> Allowed | Refused:
    """The first proof that shows the authority, else why the last one does not."""
    people, day = city.id_papers.people, maybe_day(case, "day")
    known = [proof.code for proof in people.proofs]
    verdict: Allowed | Refused = check_proof(role, "", people, day, None)
    for code in codes(case, "proofs"):
        one_of({"proofs": code}, "proofs", known)
        verdict = check_proof(role, code, people, day, maybe_day(case, "proof_issued"))
        if isinstance(verdict, Allowed):
            break
    return verdict


def forms(case: Case, city: CityData) -> Answer:
    """The forms of one application, and what the desk says about its kind."""
    kind = one_of(case, "applicant_kind", KINDS)
    old = {name: get(case, name, bool) for name in _OLD_FACTS if name in case}
    facts = {name: get(case, name, bool) for name in FACTS if name in case and name not in old}
    code = get(case, "reason_code", str, "")
    if code and code not in city.fees.reasons:
        one_of(case, "reason_code", city.fees.reasons)
    given = applications.ApplicationCase(kind, reason_code=code, facts=facts, **old)
    needed = applications.papers_needed(given, city.papers)
    day = maybe_day(case, "day")
    found = fees.fee_for(fees.FeeCase(kind, day, code), city.fees) if day else None
    found = found.otherwise if isinstance(found, fees.NeedsEvidence) else found
    fee_text = f"{found.yen:,}円" if isinstance(found, fees.Fee) and found.yen else ""
    must = [form.label for form in needed if form.level == "must"]
    return {
        "answer": "forms",
        "says": "、".join(must) + "が必要です。",
        "forms": [
            {"code": n.form, "label": n.label, "reason": n.reason, "level": n.level} for n in needed
        ],
        "script": list(applications.script_points(kind, fee_text, city.script)),
    }
