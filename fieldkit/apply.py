"""One applicant's application: answers, fee and what is still missing, by the city's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldkit import id_check, renewals
from fieldkit.case import (
    FORM,
    Case,
    applicant_kind,
    birth_of,
    case_of,
    loss_report_date,
    typed,
    unsaved,
)
from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, NotReady
from fieldkit.rules import photo_exceptions
from fieldkit.rules.applications import ApplicationCase, Needed, papers_needed
from fieldkit.rules.express import check_delivery
from fieldkit.rules.fees import REISSUE, Fee, FeeCase, NeedsEvidence, fee_for
from fieldkit.rules.validity import fifteen_soon
from fieldkit.rules.verdict import Allowed, Refused

__all__ = [
    "FORM",
    "Case",
    "applicant_kind",
    "birth_of",
    "case_of",
    "delivery",
    "fee_choice",
    "fee_of",
    "fee_yen",
    "loss_report_date",
    "missing",
    "needed_papers",
    "no_photo",
    "refuse",
    "refuse_photo",
    "typed",
    "unsaved",
    "warnings",
]
PHOTO_ID_CLASS = "A"
UNSAVED = (
    "交付申請書に、入力の途中のページがあります。交付申請書を開き、そのページで「保存して次へ」を"
    "押してください。押すまでは、書類に入りません。"
)
_YES_NO = {"yes": True, "no": False}


def fee_of(
    case: Case, city: CityData, reason_code: str = "", evidence: str = ""
) -> Fee | NeedsEvidence | Refused:
    """The fee by the city's table.

    A saved choice of reason and evidence counts for the kind that it was made for. A reason that
    is given here brings its own evidence: that of another reason never counts for it.
    A card that cannot be renewed today has no fee; one that is sent elsewhere is no express card.
    The day of a loss that was told by mistake starts no clock of a card that is here.
    """
    if refused := renewals.refused(case, city):
        return refused
    choice = {} if reason_code else fee_choice(case)
    values, kind = case.state.values, applicant_kind(case)
    code = reason_code or str(choice.get("reason_code", ""))
    gone = "card_gone" in city.papers.card_facts(kind, code)
    return fee_for(
        FeeCase(
            kind=kind,
            day=case.today,
            reason_code=code,
            express=_YES_NO.get(values.get("express", ""), False if _sent_away(values) else None),
            certificate=not (values.get("sign_off") == "yes" and values.get("auth_off") == "yes"),
            evidence=evidence or str(choice.get("evidence", "")),
            loss_report_date=loss_report_date(case) if gone else None,
            old_card_returned=_YES_NO.get(values.get("old_card", "")),
            birth=birth_of(case),
        ),
        city.fees,
    )


def _sent_away(values: Mapping[str, str]) -> bool:
    """Whether the card goes anywhere but to the registered address."""
    return values.get("send_kind", "home") not in ("", "home")


def fee_choice(case: Case) -> dict[str, Any]:
    """The saved reason and evidence, unless the form now says another kind."""
    choice: dict[str, Any] = case.body.get("fee_choice") or {}
    return choice if choice.get("kind") == applicant_kind(case) else {}


def fee_yen(case: Case, city: CityData) -> int | None:
    """The amount, once the form says what is applied for; None until then.

    None too while a free re-issue is not written down: its reason, its proof and who saw it.
    """
    if not case.state.complete:
        return None
    fee = fee_of(case, city)
    if isinstance(fee, Fee):
        return None if fee.yen == 0 and not _written(case, fee) else fee.yen
    return fee.otherwise.yen if isinstance(fee, NeedsEvidence) else None


def _written(case: Case, fee: Fee) -> bool:
    """Whether somebody has recorded a fee of 0 yen; a first issue and a renewal need no record."""
    now = case.body.get("fee") or {}
    by, reason = now.get("by"), now.get("reason_code")
    return applicant_kind(case) not in REISSUE or bool(by and reason == fee.reason_code)


def needed_papers(case: Case, city: CityData) -> tuple[Needed, ...]:
    """The forms that this person hands in, each with its reason (001 §9(3); forms/papers.toml)."""
    checked = case.body.get("id_check") or {}
    shown = checked.get("papers") or case.applicant.get("id_papers") or []
    classes = {code: paper.klass for code, paper in city.id_papers.papers.items()}
    values = case.state.values
    return papers_needed(
        ApplicationCase(
            kind=applicant_kind(case),
            reason_code=str(fee_choice(case).get("reason_code", "")),
            has_photo_id=any(classes.get(code) == PHOTO_ID_CLASS for code in shown),
            wants_insurance=values.get("hokensho") == "yes",
            face_auth=values.get("face_only") == "yes",
            tsuchi_card_lost=values.get("notice_card") == "lost",
            has_juki_card=values.get("juki_card") == "yes",
            mail_elsewhere=_sent_away(values),
            facts=_facts(case, checked),
        ),
        city.papers,
    )


def _facts(case: Case, checked: Mapping[str, Any]) -> dict[str, bool]:
    """What the table of forms asks beyond the kind: cards, people, place, the 申請書ID."""
    values = case.state.values
    handed = values.get("notice_card") == "hand_in"
    cards = (handed, values.get("juki_card") == "yes", values.get("old_card") == "yes")
    enough = checked.get("outcome") == "ok" and "kao_shomei" not in checked.get("papers", [])
    return {
        "notice_card_held": handed,
        "card_kept": values.get("old_card") == "no",
        "under_15": id_check.role_of(case) != "applicant",
        "has_agent": bool(id_check.representative_of(case)),
        "collected": any(cards),
        "facility": case.slip.reservation.get("place") == "facility",
        "handwritten": not values.get("form_id", "").strip(),
        "scribed": values.get("scribed") == "yes",
        "id_enough": enough,
        "pickup": checked.get("outcome") == id_check.PICKUP,
    }


def delivery(case: Case, city: CityData) -> Allowed | Refused:
    """Whether the card will find this person: express cards go to the registered address only."""
    fee, values = fee_of(case, city), case.state.values
    fee = fee.otherwise if isinstance(fee, NeedsEvidence) else fee
    express = fee.express if isinstance(fee, Fee) else values.get("express") == "yes"
    place = str(case.slip.reservation.get("place") or "home")
    return check_delivery(express, place, values.get("send_kind", ""))


def warnings(case: Case, city: CityData) -> list[str]:
    """What stops nothing but must be settled with the applicant before the answers are confirmed:
    a card that may not arrive, the 15th birthday before the card, a guardian at home, nothing
    to show at the doctor's while the old card is gone."""
    birth = birth_of(case)
    says = [fifteen_soon(birth, case.today, city.validity)] if birth else []
    if unsaved(case):
        says.append(UNSAVED)
    if case.state.complete:
        verdicts = (
            delivery(case, city),
            id_check.guardian_visit(case, city),
            renewals.without_insurance(case),
        )
        says += [v.sentence + "".join(v.nearest) for v in verdicts if isinstance(v, Refused)]
    return [one for one in says if one]


def no_photo(case: Case, city: CityData) -> str:
    """Why this person needs no photo (under 1 year old at the application), or "".

    Confirmed answers stay as they were confirmed: a birthday after the application asks nothing.
    """
    if case.body.get("state") == "confirmed":
        return str(case.body.get("no_photo_reason") or "")
    return photo_exceptions.no_photo(birth_of(case), case.today, city.photo.no_photo)


def refuse_photo(case: Case, city: CityData) -> None:
    """NotReady where this person needs no photo: then none is taken, not even for a moment."""
    if why := no_photo(case, city):
        raise NotReady(why)


def missing(case: Case, city: CityData) -> list[str]:
    """What must be there before the answers can be confirmed, each as a sentence."""
    says = id_check.left(case, city)
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
    if too_early := renewals.refused(case, city):
        says.append(too_early.sentence)
    elif yen is None and case.state.complete:
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
