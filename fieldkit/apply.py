"""One applicant's application: answers, fee and what is still missing, by the city's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit import visit
from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, NotReady
from fieldkit.forms import Evaluated, Form
from fieldkit.reserve import Slip
from fieldkit.rules import photo_exceptions
from fieldkit.rules.applications import ApplicationCase, Needed, papers_needed
from fieldkit.rules.fees import Fee, FeeCase, NeedsEvidence, fee_for
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import age_on
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.records import Record

FORM = "kofu_shinsei"
PHOTO_ID_CLASS = "A"


@dataclass(frozen=True)
class Case:
    """Everything that the screens of one applicant need, read once."""

    trip: OpenTrip
    slip: Slip
    applicant: Record
    application: Record | None
    form: Form
    answers: dict[str, str]
    state: Evaluated
    today: date

    @property
    def body(self) -> dict[str, Any]:
        return self.application.body if self.application else {}


def case_of(trip: OpenTrip, slip: Slip, applicant: Record, form: Form, today: date) -> Case:
    """The applicant's answers: from the desk, then saved ones, then what is being typed."""
    now = visit.application(trip, applicant.id)
    saved = (now.get("answers", {}) if now else {}) or {}
    answers = {
        **form.defaults(),
        **form.prefill(slip.reservation.body, applicant.body),
        **{k: str(v) for k, v in saved.items()},
    }
    return Case(trip, slip, applicant, now, form, answers, form.evaluate(answers, today), today)


def typed(case: Case) -> dict[str, str]:
    """The answers with the unsaved draft on top: what the screen shows after a power cut."""
    draft = records.draft(case.trip, case.applicant.id, FORM) or {}
    return {**case.answers, **{k: str(v) for k, v in draft.items()}}


def applicant_kind(case: Case) -> str:
    """The kind as the form now says it, in the desk's words (new, renew, lost, damaged, other)."""
    return visit.kind_of(case.applicant, case.state.values)


def fee_of(
    case: Case, city: CityData, reason_code: str = "", evidence: str = ""
) -> Fee | NeedsEvidence | Refused:
    """The fee by the city's table.

    A saved choice of reason and evidence counts for the kind that it was made for. A reason that
    is given here brings its own evidence: that of another reason never counts for it.
    """
    choice = {} if reason_code else fee_choice(case)
    values = case.state.values
    express = {"yes": True, "no": False}.get(values.get("express", ""))
    loss = str(case.applicant.get("loss_report_date"))
    return fee_for(
        FeeCase(
            kind=applicant_kind(case),
            day=case.today,
            reason_code=reason_code or str(choice.get("reason_code", "")),
            express=express,
            certificate=not (values.get("sign_off") == "yes" and values.get("auth_off") == "yes"),
            evidence=evidence or str(choice.get("evidence", "")),
            loss_report_date=date.fromisoformat(loss) if loss else None,
        ),
        city.fees,
    )


def fee_choice(case: Case) -> dict[str, Any]:
    """The saved reason and evidence, unless the form now says another kind."""
    choice: dict[str, Any] = case.body.get("fee_choice") or {}
    return choice if choice.get("kind") == applicant_kind(case) else {}


def fee_yen(case: Case, city: CityData) -> int | None:
    """The amount, once the form says what is applied for; None until then."""
    if not case.state.complete:
        return None
    fee = fee_of(case, city)
    if isinstance(fee, Fee):
        return fee.yen
    return fee.otherwise.yen if isinstance(fee, NeedsEvidence) else None


def needed_papers(case: Case, city: CityData) -> tuple[Needed, ...]:
    """The forms that this person hands in, each with its reason (001 §9(3))."""
    shown = (case.body.get("id_check") or {}).get("papers", [])
    classes = {code: paper.klass for code, paper in city.id_papers.papers.items()}
    values = case.state.values
    return papers_needed(
        ApplicationCase(
            kind=applicant_kind(case),
            has_photo_id=any(classes.get(code) == PHOTO_ID_CLASS for code in shown),
            wants_insurance=values.get("hokensho") == "yes",
            face_auth=values.get("face_only") == "yes",
            mail_elsewhere=values.get("send_kind", "home") not in ("", "home"),
        )
    )


def id_kind(case: Case, city: CityData) -> str:
    """Which row of the ID-paper table counts: a minor's own row where the city has one."""
    birth = case.state.values.get("birth", "")
    try:
        young = bool(birth) and age_on(date.fromisoformat(birth), case.today) < 15
    except ValueError:
        young = False
    if young and ("uketsuke", "minor") in city.id_papers.rules:
        return "minor"
    return applicant_kind(case)


def no_photo(case: Case, city: CityData) -> str:
    """Why this person needs no photo (under 1 year old at the application), or "".

    Confirmed answers stay as they were confirmed: a birthday after the application asks nothing.
    """
    if case.body.get("state") == "confirmed":
        return str(case.body.get("no_photo_reason") or "")
    text = case.state.values.get("birth") or str(case.applicant.get("birth"))
    try:
        birth = date.fromisoformat(text)
    except ValueError:
        return ""
    return photo_exceptions.no_photo(birth, case.today, city.photo.no_photo)


def refuse_photo(case: Case, city: CityData) -> None:
    """NotReady where this person needs no photo: then none is taken, not even for a moment."""
    if why := no_photo(case, city):
        raise NotReady(why)


def missing(case: Case, city: CityData) -> list[str]:
    """What must be there before the answers can be confirmed, each as a sentence."""
    says = []
    if not case.body.get("id_check"):
        says.append("本人確認書類の確認がまだです。")
    if not case.state.complete:
        labels = [case.form.question(name).label for name in case.state.missing[:3]]
        wrong = [message for _, message in case.state.violations[:3]]
        says.append("申請書に足りない項目があります：" + "、".join([*labels, *wrong]))
    if not case.body.get("photo_id") and not no_photo(case, city):
        says.append("顔写真がまだです。")
    if (case.body.get("consent") or {}).get("answer") == "no":
        says.append(
            "ご本人が同意していません。申請を続けるときは、もう一度説明して同意を得てください。"
        )
    yen = fee_yen(case, city)
    received = int((case.body.get("fee") or {}).get("yen", 0)) if case.body.get("receipt_no") else 0
    if yen is None and case.state.complete:
        says.append("手数料が決まっていません。手数料の画面で理由を確かめてください。")
    elif yen and not received:
        says.append("手数料をまだ受け取っていません。")
    elif received and yen is not None and yen != received:
        says.append(
            "申請の内容が変わり、受け取った金額と手数料が合いません。監督者へ連絡してください。"
        )
    return says


def refuse(found: Refused, field: str) -> BadInput:
    """A rule's refusal as an error of one field; the nearest thing that works is named."""
    near = "　".join(found.nearest)
    return BadInput(field, f"{found.sentence}{'　' + near if near else ''}")
