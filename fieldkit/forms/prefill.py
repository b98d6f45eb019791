"""From the reception slip to the application form: nobody is asked the same thing twice.

Maps the fields of a reservation and of one of its applicants (001 §8(2)オ(ア)a, c, f) to the
answer names that the forms share. Pure; what the desk did not ask stays blank, so that the
visit asks it. The Individual Number is in neither.

At a facility the address of the slip is the facility's. It is offered as the place to send the
card to, and never taken for the registered address (001 §9(2)ウ(エ): the two often differ);
whether the card goes there is still asked.
"""

from __future__ import annotations

from typing import Any

from fieldkit.rules.names import postal_text

_FROM_APPLICANT = {
    "name": "name",
    "kana": "kana",
    "birth": "birth",
    "sex": "sex",
    "postal": "zip",
    "address": "address",
    "katagaki": "katagaki",
    "phone": "tel",
}
_HOME = {"postal": "zip", "address": "address", "katagaki": "katagaki", "phone": "tel"}
_FACILITY = {
    "postal": "send_zip",
    "address": "send_addr",
    "katagaki": "send_name",
    "phone": "tel",
}
_ZIPS = ("zip", "send_zip")
#: `other` at the desk may be a broken chip as well as a question; the visit asks again.
_KINDS = {
    "new": {"kind": "new"},
    "renew": {"kind": "renew"},
    "lost": {"kind": "reissue", "reason": "lost"},
    "damaged": {"kind": "reissue", "reason": "damaged"},
}


def prefill(reservation: dict[str, Any], applicant: dict[str, Any]) -> dict[str, str]:
    """Return the answers known from the desk. Blank fields are left out, never guessed."""
    place = _FACILITY if reservation.get("place") == "facility" else _HOME
    answers = _copied(reservation, place) | _copied(applicant, _FROM_APPLICANT)
    answers |= {name: postal_text(answers[name]) for name in _ZIPS if name in answers}
    answers |= _KINDS.get(str(applicant.get("kind") or ""), {})
    if applicant.get("can_write") == "no":
        answers["scribed"] = "yes"
    return answers


def _copied(source: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """The non-blank fields of `source`, renamed."""
    return {there: str(source[here]) for here, there in names.items() if source.get(here)}
