"""本人確認 of one applicant: whose papers are weighed, and what is still to be checked.

Someone under 15 and an adult ward apply through a legal representative, whose papers and
authority are checked beside the applicant's (domain §3.6). Only kinds of paper are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fieldkit.case import Case, applicant_kind, birth_of
from fieldkit.citydata import CityData
from fieldkit.rules.idpapers import Enough, Short, judge
from fieldkit.rules.representatives import check_guardian_visit, check_proof
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import age_on

METHOD = "uketsuke"
MINOR = 15
"""Below this age a legal representative applies (申請書の代理人欄, domain §3.6)."""
PICKUP = "FALLBACK_PICKUP"
_BY_RELATION = {"parent": "legal_parent", "guardian": "legal_guardian", "other": "legal_other"}


def role_of(case: Case) -> str:
    """The applicant's row of the table: under_1, minor or applicant."""
    birth = birth_of(case)
    age = age_on(birth, case.today) if birth and birth <= case.today else MINOR
    if age < 1:
        return "under_1"
    return "minor" if age < MINOR else "applicant"


def representative_of(case: Case) -> str:
    """The legal representative's role, or "" where the person applies alone.

    Before the form asks, someone under 15 has a parent beside them.
    """
    values, young = case.state.values, role_of(case) != "applicant"
    if values.get("has_agent") != "yes" and not (young and not values.get("has_agent")):
        return ""
    guess = "legal_parent" if young else "legal_guardian"
    return _BY_RELATION.get(values.get("agent_rel", ""), guess)


def weigh(papers: Iterable[str], case: Case, city: CityData, role: str) -> Enough | Short | Refused:
    """What the city's table says about these papers of `role`; unknown codes do not count."""
    known = [code for code in papers if code in city.id_papers.papers]
    kind = applicant_kind(case)
    return judge(known, METHOD, kind, city.id_papers, case.today, role)


def authority(proof: str, case: Case, city: CityData, role: str) -> Allowed | Refused:
    """Is the representative's authority shown by the kind of proof that was ticked?"""
    return check_proof(role, proof, city.id_papers.people, case.today, None)


def guardian_visit(case: Case, city: CityData) -> Allowed | Refused:
    """Whether this city takes applications of an adult guardian at home (offices.toml)."""
    allowed = bool(city.offices.get("delivery", {}).get("guardian_home_visit", False))
    place = str(case.slip.reservation.get("place") or "home")
    return check_guardian_visit(representative_of(case), place, allowed)


def left(case: Case, city: CityData) -> list[str]:
    """What of the check is still to be done, as sentences; empty when it is whole."""
    checked: Mapping[str, Any] = case.body.get("id_check") or {}
    if not checked:
        return ["本人確認書類の確認がまだです。"]
    role = representative_of(case)
    if role and checked.get("outcome") != PICKUP and checked.get("rep_role") != role:
        label = city.id_papers.people.role(role)
        return [f"{label}の本人確認書類の確認がまだです。本人確認書類の画面で確認してください。"]
    if checked.get("outcome") == PICKUP:
        return []
    shown = ((role_of(case), "papers"), (role, "rep_papers"))
    judged = [weigh(checked.get(name) or [], case, city, who) for who, name in shown if who]
    if all(isinstance(one, Enough) for one in judged):
        return []
    return ["申請の区分や生年月日が変わり、確認した本人確認書類では足りなくなりました。"
            "本人確認書類の画面でもう一度確認してください。"]  # fmt: skip
