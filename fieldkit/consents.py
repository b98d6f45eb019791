"""Consent to a wording: which text was shown, in which language, and what the person answered.

Every form of the applicant that has `consent.<language>.md` is asked about on the 見せる画面. Each
answer is one entry of the application's list `consents`; none is ever taken out, so that a later
"no" or a newer wording does not hide what was said before. An answer counts while the text that it
was given to is still the city's text; when the text changes, the person is asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fieldkit import apply, visit
from fieldkit.apply import FORM, Case
from fieldkit.case import changing
from fieldkit.citydata import CityData
from fieldkit.errors import BadInput
from fieldkit.forms import Form
from fieldkit.forms.form import Wording
from fieldkit.paper.languages import LANGUAGES
from fieldkit.sheets import Shelf, of_application
from fieldkit.store.vault import Vault

KIND = "consent"
ANSWERS = ("yes", "no")
ANSWER_JA = {"yes": "同意する", "no": "同意しない", "": "まだ"}
WITHDRAWS = {"hoken_doi": {"hokensho": "no"}}
"""What staff may set in the application, by one press, after a "no" to a form's wording."""
CHANGED = "同意文が新しくなりました。いまの同意文をもう一度お読みになってから、お答えください。"


@dataclass(frozen=True)
class Consent:
    """One wording that is asked about, and the newest answer to it ({} where there is none).

    `answer` is yes, no or "" (not asked yet, or asked about a text that has changed since).
    """

    form: Form
    said: dict[str, Any]

    @property
    def answer(self) -> str:
        """yes, no, or "" where nothing counts."""
        return str(self.said.get("answer", "")) if self._counts() else ""

    @property
    def outdated(self) -> bool:
        """Whether there is an answer, but to a text that is not the city's any more."""
        return bool(self.said) and not self._counts()

    def _counts(self) -> bool:
        now = self.form.wording(KIND, str(self.said.get("language") or "ja"))
        if now is None or str(self.said.get("version")) != now.version:
            return False
        return str(self.said.get("text_sha256") or sha_of(now)) == sha_of(now)


def sha_of(wording: Wording) -> str:
    """The SHA-256 of a text as it was shown: proof of which words were agreed to."""
    return hashlib.sha256(wording.text.encode()).hexdigest()


def languages_of(form: Form, kind: str = KIND) -> tuple[str, ...]:
    """The languages in which the form's folder has this text, Japanese first."""
    return tuple(one for one in LANGUAGES if f"{kind}.{one}" in form.wordings)


def asked(shelf: Shelf, case: Case, city: CityData) -> tuple[Consent, ...]:
    """The wordings for this person: the application's, then those of the other needed forms."""
    names = dict.fromkeys([FORM, *(n.form for n in apply.needed_papers(case, city))])
    forms = [case.form, *(shelf.form(n) for n in names if n != FORM and n in shelf.names)]
    return tuple(
        Consent(form, _newest(history(case), form.name))
        for form in forms
        if languages_of(form) and (form.name == FORM or not of_application(form))
    )


def history(case: Case) -> Sequence[dict[str, Any]]:
    """Every answer that was given, oldest first."""
    return tuple(case.body.get("consents") or ())


def _newest(told: Sequence[dict[str, Any]], form: str) -> dict[str, Any]:
    mine = [one for one in told if one.get("form") == form]
    return mine[-1] if mine else {}


def record(
    vault: Vault, case: Case, consent: Consent, answer: str, language: str, shown: str
) -> None:
    """Keep an answer. `shown` is the SHA-256 of the text on the screen ("" is not compared).

    BadInput where the answer is neither yes nor no, where the text is not there in this language,
    or where it changed while it was read. The same answer to the same text is kept once.
    """
    wording = consent.form.wordings.get(f"{KIND}.{language}")
    if answer not in ANSWERS or wording is None or language not in LANGUAGES:
        raise BadInput("consent", "「同意する」か「同意しない」を選んでください。")
    if shown and shown != sha_of(wording):
        raise BadInput("consent", CHANGED)
    said = {
        "form": consent.form.name,
        "answer": answer,
        "version": wording.version,
        "language": language,
        "text_sha256": sha_of(wording),
        "read_by": vault.user.id,
    }
    visit.refuse_if_closed(case.trip, case.applicant)
    with changing(case) as body:
        before = body.get("consents") or ()
        newest = _newest(before, consent.form.name)
        if {name: newest.get(name) for name in said} == said:
            return
        entry = {**said, "at": vault.now()}
        fields: dict[str, Any] = {"consents": [*before, entry]}
        if consent.form.name == FORM:
            fields["consent"] = entry
        visit.save_application(vault, case.trip, case.applicant, fields)
    result = f"{consent.form.name}:{answer}:{wording.version}"
    vault.note("consented", case.applicant.id, result)


def to_withdraw(consents: Sequence[Consent], case: Case) -> tuple[Consent, ...]:
    """The refused wordings whose wish still stands in the application."""
    return tuple(
        one
        for one in consents
        if one.answer == "no"
        and any(
            case.answers.get(question) != value
            for question, value in WITHDRAWS.get(one.form.name, {}).items()
        )
    )


def withdraw(vault: Vault, case: Case, form: str) -> None:
    """Staff confirm: the application no longer asks for what the person did not agree to."""
    change = WITHDRAWS.get(form)
    if not change or _newest(history(case), form).get("answer") != "no":
        raise BadInput("consent", "ご本人が同意しなかったものだけを取り下げられます。")
    with changing(case) as body:
        answers = {**case.answers, **(body.get("answers") or {}), **change}
        fields = {"answers": answers, "state": "doing"}
        visit.save_application(vault, case.trip, case.applicant, fields)
