"""The kinds of `fieldkit rules try` about the card: validity, renewal, express, certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput
from fieldkit.rules import certificates, express, renewal, validity
from fieldkit.rules.papers import KINDS
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import age_on
from fieldkit.rules_try_fields import Answer, day_of, get, maybe_day, one_of, refused, shown

Case = Mapping[str, Any]
VALIDITY_FIELDS = (
    "birth", "issue_day", "applied_on", "stay_until", "no_photo", "today", "applicant_kind",
)  # fmt: skip
EXPRESS_FIELDS = ("reason_code", "applicant_kind", "report_date", "day", "birth", "place",
                  "send_kind", "same_address")  # fmt: skip
CERTIFICATE_FIELDS = ("birth", "day", "ward", "face_auth", "sign", "auth")
RENEWAL_FIELDS = ("expiry", "day", "uses_as_insurance", "has_shikaku")


def card_validity(case: Case, city: CityData) -> Answer:
    """The last days of a card and its certificates, and when its renewal opens."""
    birth, issue = day_of(case, "birth"), day_of(case, "issue_day")
    found = validity.validity(
        birth,
        issue,
        city.validity,
        maybe_day(case, "stay_until"),
        maybe_day(case, "applied_on"),
        get(case, "no_photo", bool, False),
    )
    if isinstance(found, Refused):
        return refused(found)
    answer: Answer = {
        "answer": "validity",
        "says": found.says,
        "card_until": shown(found.card_until),
        "certificate_until": shown(found.certificate_until),
        "renewal_opens": shown(found.renewal_opens),
        "notice": [shown(found.notice_from), shown(found.notice_to)],
        "cut_by": found.cut,
        "age_at_issue": age_on(birth, issue),
        "warnings": list(found.warnings),
    }
    kind = one_of(case, "applicant_kind", KINDS, "")
    if today := maybe_day(case, "today"):
        answer["valid_today"] = issue <= today <= found.card_until
        if kind == "renew":
            checked = renewal.check_renewal(found.card_until, today, city.validity)
            answer["renewal"] = _verdict(checked)
            if isinstance(checked, Refused):
                answer["answer"] = "refused"
                answer |= {"says": checked.sentence, "nearest": list(checked.nearest)}
    elif kind == "renew":
        raise BadInput("today", "更新できるかを見るには「today」を書き足してください。")
    return answer


def express_issue(case: Case, city: CityData) -> Answer:
    """The days left on the express clock, and whether the card would arrive."""
    kind = one_of(case, "applicant_kind", KINDS, "")
    day, birth = day_of(case, "day"), maybe_day(case, "birth")
    implied = city.fees.reason_for(kind or "lost", birth, day)
    code = get(case, "reason_code", str, "") or implied
    asked = express.ExpressCase(code, day, maybe_day(case, "report_date"), birth)
    found = express.express_for(asked, city.fees)
    if isinstance(found, Refused):
        return refused(found)
    place = one_of(case, "place", ("home", "facility"), "home")
    send = one_of(case, "send_kind", ("home", "facility", "other"), "home")
    delivery = express.check_delivery(True, place, send, get(case, "same_address", bool, None))
    if isinstance(delivery, Refused) and not delivery.can_override:
        return refused(delivery)
    warned = [delivery.sentence] if isinstance(delivery, Refused) else []
    near = list(delivery.nearest) if isinstance(delivery, Refused) else []
    return {
        "answer": "open",
        "says": found.says,
        "days_left": found.days,
        "last_day": shown(found.last_day),
        "reason_code": code,
        "warnings": warned,
        "nearest": near,
    }


def card_certificates(case: Case, city: CityData) -> Answer:
    """Which certificates are issued and which boxes of the PIN sheet are written, never what."""
    asked = certificates.CertificateCase(
        birth=day_of(case, "birth"),
        day=day_of(case, "day"),
        ward=get(case, "ward", bool, False),
        face_auth=get(case, "face_auth", bool, False),
        sign=get(case, "sign", bool, True),
        auth=get(case, "auth", bool, True),
    )
    found = certificates.certificates_for(asked, city.validity)
    if isinstance(found, Refused):
        return refused(found)
    return {
        "answer": "certificates",
        "says": found.says,
        "sign": found.sign,
        "auth": found.auth,
        "reasons": list(found.reasons),
        "pins": [box.code for box in found.boxes],
        "pin_boxes": [{"no": b.no, "label": b.label, "rule": b.rule} for b in found.boxes],
        "pin_writer": found.writer,
        "warning": validity.fifteen_soon(asked.birth, asked.day, city.validity),
    }


def card_renewal(case: Case, city: CityData) -> Answer:
    """Is a day inside the renewal window, and is the insurance question settled?"""
    expiry, day = day_of(case, "expiry"), day_of(case, "day")
    checked = renewal.check_renewal(expiry, day, city.validity)
    if isinstance(checked, Allowed) and ("uses_as_insurance" in case or "has_shikaku" in case):
        words = ("yes", "no", "unsure")
        uses, has = (one_of(case, k, words, "") for k in ("uses_as_insurance", "has_shikaku"))
        insured = renewal.check_insurance(uses, has)
        checked = insured if isinstance(insured, Refused) else checked
    opens = shown(validity.renewal_opens(expiry, city.validity))
    return {**_verdict(checked), "renewal_opens": opens}


def _verdict(found: Allowed | Refused) -> Answer:
    if isinstance(found, Refused):
        return refused(found)
    return {"answer": "allowed", "says": found.says}
