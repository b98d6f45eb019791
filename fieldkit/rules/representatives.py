"""Who acts for an applicant, what shows their authority, and who may not act here.

A legal representative (parent, adult guardian) applies for someone under 15 or an adult ward and
shows a family register or a registration certificate; a voluntary agent never applies at an
outreach visit and may only collect the card at the counter, for a reason that the city accepts
(municipal tables; "busy with work or study" is not one). All of it is `forms/id_papers.toml`.
Only kinds of proof are named here: nothing of a paper's content is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.tables import (
    guess,
    known_words,
    maybe,
    months_after,
    need,
    no_twins,
    rows,
    words,
)
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import wareki

ROLES: Mapping[str, str] = {
    "applicant": "ご本人",
    "minor": "ご本人（15歳未満）",
    "under_1": "ご本人（1歳未満）",
    "legal_parent": "法定代理人（親権者）",
    "legal_guardian": "法定代理人（成年後見人）",
    "legal_other": "法定代理人",
    "agent_pickup_applicant": "代理受け取りのときの、ご本人",
    "agent_pickup_agent": "代理で受け取る方",
}
"""Whose papers are weighed, with the words for a city file that names no role."""

_ASK = "担当課に電話で確かめる。"


@dataclass(frozen=True)
class Proof:
    """One way to show authority. `paper` False: the city's own records show it."""

    code: str
    label: str
    roles: tuple[str, ...]
    paper: bool = True
    max_age_months: int | None = None

    @property
    def says(self) -> str:
        """The label with its age limit, for a list to choose from."""
        limit = f"（発行から{self.max_age_months}か月以内）" if self.max_age_months else ""
        return self.label + limit


@dataclass(frozen=True)
class NotHere:
    """Roles that a method does not take, why, and what works instead."""

    method: str
    roles: tuple[str, ...]
    says: str
    nearest: tuple[str, ...]


@dataclass(frozen=True)
class PickupReason:
    """Why somebody else collects the card; `accepted` False is a reason often given in vain."""

    code: str
    label: str
    accepted: bool


@dataclass(frozen=True)
class Representatives:
    """The city's table of roles, proofs, refused roles and pick-up reasons."""

    roles: Mapping[str, str] = field(default_factory=lambda: dict(ROLES))
    proofs: tuple[Proof, ...] = ()
    not_here: tuple[NotHere, ...] = ()
    reasons: tuple[PickupReason, ...] = ()

    def role(self, code: str) -> str:
        """The label of a role; BadInput with the nearest for one that is not in the table."""
        if code not in self.roles:
            says = f"本人確認書類の表にない立場（role）です。{guess(code, self.roles)}"
            raise BadInput("role", says)
        return self.roles[code]

    def proofs_of(self, role: str) -> tuple[Proof, ...]:
        """What shows the authority of `role`, any one of them; empty where none is asked for."""
        return tuple(proof for proof in self.proofs if role in proof.roles)

    def refused(self, method: str, role: str) -> Refused | None:
        """Why `role` cannot act under `method`, or None."""
        for row in self.not_here:
            if row.method == method and role in row.roles:
                return Refused(row.says, "001 §3(2)ア(ウ)", row.nearest)
        return None


def check_proof(
    role: str, shown: str, table: Representatives, day: date | None, issued: date | None
) -> Allowed | Refused:
    """Is the authority of `role` shown? `shown` is a proof's code, or "" where none was.

    With `issued` and `day` the age of the paper is judged as well.
    """
    known = table.proofs_of(role)
    if not known:
        return Allowed("代理の権限を示す書類は要りません。")
    ways = tuple(proof.says for proof in known)
    proof = next((one for one in known if one.code == shown), None)
    if proof is None:
        says = f"{table.role(role)}であることを示すもの（どれか1つ）が確かめられていません。"
        return Refused(says, "", ways)
    if issued and day and issued > day:
        return Refused(f"{proof.label}の発行日が申請の日より後です。", "", ("発行日を確かめる。",))
    if proof.max_age_months and issued and day:
        last = months_after(issued, proof.max_age_months)
        if day > last:
            says = f"{proof.label}は発行から{proof.max_age_months}か月以内のものが要ります"
            return Refused(
                f"{says}（{wareki(last)}まででした）。",
                "",
                ("新しく発行してもらう。", *(way for way in ways if way != proof.says)),
            )
    return Allowed(f"{proof.label}で確かめました。")


def check_pickup_reason(code: str, table: Representatives) -> Allowed | Refused:
    """May somebody else collect the card for this reason?"""
    accepted = tuple(reason.label for reason in table.reasons if reason.accepted)
    found = next((reason for reason in table.reasons if reason.code == code), None)
    if found is None:
        says = (
            "代理で受け取る理由が選ばれていません。"
            if not code
            else (
                "代理で受け取る理由の表にない理由です。"
                f"{guess(code, [reason.code for reason in table.reasons])}"
            )
        )
        return Refused(says, "", accepted or (_ASK,))
    if not found.accepted:
        return Refused(
            f"「{found.label}」は、代理で受け取る理由として認められません。",
            "",
            ("ご本人が窓口で受け取る。", *accepted),
        )
    return Allowed(f"「{found.label}」は、代理で受け取る理由になります。")


def check_guardian_visit(role: str, place: str, home_visit: bool) -> Allowed | Refused:
    """May an adult guardian apply at `place` ("home" | "facility")? Cities differ (a setting)."""
    if role != "legal_guardian" or place != "home" or home_visit:
        return Allowed()
    return Refused(
        "この市では、成年後見人のいる方のご自宅への出張申請は受け付けていません。",
        "",
        ("成年後見人が市の窓口で申請する。", _ASK),
        can_override=True,
    )


def representatives_from(data: Mapping[str, Any], file: str) -> Representatives:
    """Build the table; an older file without these rows gets the kit's own words for the roles."""
    labels = {}
    for row, at in _each(data, "role", file):
        code = need(row, "code", str, file, at)
        known_words([code], ROLES, "立場", file, f"{at}.code")
        labels[code] = need(row, "label", str, file, at)
    proofs = [
        Proof(
            need(row, "code", str, file, at),
            need(row, "label", str, file, at),
            _roles(row, file, at),
            maybe(row, "paper", True, file, at),
            maybe(row, "max_age_months", 0, file, at) or None,
        )
        for row, at in _each(data, "proof", file)
    ]
    no_twins([proof.code for proof in proofs], "proof", file)
    refused = tuple(
        NotHere(
            need(row, "method", str, file, at),
            _roles(row, file, at),
            need(row, "says", str, file, at),
            words(row, "nearest", file, at),
        )
        for row, at in _each(data, "not_here", file)
    )
    for i, one in enumerate(refused, start=1):
        if not one.nearest:
            says = "代わりにできることを書いてください。"
            raise BadCityData(file, f"not_here[{i}].nearest", says)
    reasons = [
        PickupReason(
            need(row, "code", str, file, at),
            need(row, "label", str, file, at),
            maybe(row, "accepted", True, file, at),
        )
        for row, at in _each(data, "pickup_reason", file)
    ]
    no_twins([reason.code for reason in reasons], "pickup_reason", file)
    return Representatives({**ROLES, **labels}, tuple(proofs), refused, tuple(reasons))


def _each(data: Mapping[str, Any], key: str, file: str) -> list[tuple[Mapping[str, Any], str]]:
    if key not in data:
        return []
    return [(row, f"{key}[{i}]") for i, row in enumerate(rows(data, key, file), start=1)]


def _roles(row: Mapping[str, Any], file: str, at: str) -> tuple[str, ...]:
    found = words(row, "roles", file, at)
    known_words(found, ROLES, "立場", file, f"{at}.roles")
    return found
