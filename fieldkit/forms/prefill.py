"""From the reception slip to the application form: nobody is asked the same thing twice.

Maps the fields of a reservation and of one of its applicants (001 §8(2)オ(ア)a, c) to the
answer names that the forms share. Pure; what the desk did not ask stays blank, so that the
visit asks it. The Individual Number is in neither.
"""

from __future__ import annotations

from typing import Any

from fieldkit.rules.names import postal_text

_FROM_APPLICANT = {"name": "name", "kana": "kana", "birth": "birth", "sex": "sex"}
_FROM_RESERVATION = {
    "postal": "zip",
    "address": "address",
    "katagaki": "katagaki",
    "phone": "tel",
}
#: `other` at the desk may be a broken chip as well as a question; the visit asks again.
_KINDS = {
    "new": {"kind": "new"},
    "renew": {"kind": "renew"},
    "lost": {"kind": "reissue", "reason": "lost"},
    "damaged": {"kind": "reissue", "reason": "damaged"},
}


def prefill(reservation: dict[str, Any], applicant: dict[str, Any]) -> dict[str, str]:
    """Return the answers known from the desk. Blank fields are left out, never guessed."""
    answers = _copied(reservation, _FROM_RESERVATION) | _copied(applicant, _FROM_APPLICANT)
    if "zip" in answers:
        answers["zip"] = postal_text(answers["zip"])
    answers |= _KINDS.get(str(applicant.get("kind") or ""), {})
    return answers


def _copied(source: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """The non-blank fields of `source`, renamed."""
    return {there: str(source[here]) for here, there in names.items() if source.get(here)}
