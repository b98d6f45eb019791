"""Tries one rule on one case: `fieldkit rules try CASE.json`.

A case is a JSON object with `kind` and the fields of that kind; dates in any form that
`rules.wareki.parse_date` reads. The answer is `{"kind", "answer", "says", …}`: `answer` is a
short word for programs, `says` the Japanese sentence for people. A refusal always has `nearest`,
what would work instead. A field that the kind does not know is refused with the nearest name.

kind         fields (defaults in brackets)
fee          applicant_kind [""] (new, renew, lost, damaged, other), reason_code [""] (a code of
             fees.toml), day, express [null], certificate [true], evidence [""],
             loss_report_date [null] (the day the clock of the reason starts), old_card_returned
             [null], birth [null] (new and under 1: reason UNDER_1), tendered [null]
             → "fee" with yen, breakdown, express | "needs_evidence" with asks, otherwise |
             "refused". 0 yen for lost, damaged or other always needs reason and evidence.
id_papers    papers [[]] (codes of id_papers.toml), method ["uketsuke"] (or "kofu"),
             applicant_kind ["new"], role ["applicant"] (minor, under_1, legal_parent,
             legal_guardian, legal_other, agent_pickup_applicant, agent_pickup_agent), day [null],
             proofs [[]] (codes of [[proof]]; one is needed for a representative),
             proof_issued [null], pickup_reason [""] (needed for agent_pickup_agent),
             place [""] (home, facility: may an adult guardian apply there?)
             → "enough" with by | "short" with nearest | "refused"
forms        applicant_kind, reason_code [""], day [null], and any fact as true or false:
             has_photo_id [true], wants_insurance, face_auth, tsuchi_card_lost, has_juki_card,
             mail_elsewhere, or a fact of papers.toml (no_photo_id, id_enough, notice_card_lost,
             notice_card_held, juki_card_held, card_gone, card_in_hand, card_kept, under_15,
             has_agent, collected, facility, handwritten, scribed, pickup)
             → "forms" with forms (code, label, reason, level must | offer) and script (the fee
             named, given day)
validity     birth, issue_day, applied_on [issue_day], stay_until [null], no_photo [false] (only
             under 1 on applied_on),
             today [null], applicant_kind [""] ("renew" also judges the renewal on today)
             → "validity" with card_until, certificate_until, renewal_opens (each iso, wareki),
             notice [from, to], cut_by ("" | "stay"), age_at_issue, warnings, valid_today,
             renewal | "refused"
express      day, report_date [null], reason_code [""] or applicant_kind ["lost"], birth [null],
             place ["home"], send_kind ["home"], same_address [null]
             → "open" with days_left, last_day, warnings (delivery) | "refused"
certificates birth, day, ward [false], face_auth [false], sign [true], auth [true] (the wishes)
             → "certificates" with sign, auth, reasons, pins (codes of the boxes to write: never a
             number), pin_boxes, pin_writer (self | legal | ""), warning (15 years soon)
pins         the same as certificates
renewal      expiry, day, uses_as_insurance [not judged] and has_shikaku (yes | no | unsure)
             → "allowed" | "refused", with renewal_opens
date         text, today [null] → "date" with iso, wareki, and age_text when today is given
slot         date, today, half, group_size [1], place ["home"], travel_min [null],
             third_ok [false], override [""], booked [[]] of {date, half, order, group_size,
             place} → "offer" with date, half, order, from, to | "refused" with clause, nearest
caller       relation, place ["home"], applicant_beside [false] → "allowed" | "refused"
number       text → "clean" | "ask" | "refused", with the text masked
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldkit import rules_try_cards as on_cards
from fieldkit import rules_try_papers as on_papers
from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, KitError
from fieldkit.rules import callers, personal_number, slots, wareki
from fieldkit.rules.tables import guess
from fieldkit.rules.verdict import Refused
from fieldkit.rules_try_fields import Answer, day_of, get, maybe_day, only, refused

BOOKED_FIELDS = ("date", "half", "order", "group_size", "place")


@dataclass(frozen=True)
class Kind:
    """One kind of case: what judges it, and the fields that it may have."""

    judge: Callable[[Mapping[str, Any], CityData], Answer]
    fields: tuple[str, ...]


def answer(case: Mapping[str, Any], city: CityData) -> Answer:
    """Judge `case` with the city's tables. KitError for an unknown kind, BadInput for a field
    that is missing, unknown or of the wrong type."""
    kind = case.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        known = "、".join(KINDS)
        near = guess(kind, KINDS) if isinstance(kind, str) and kind else ""
        raise KitError("unknown_kind", f"kind は次のどれかにしてください：{known}。{near}", "retry")
    only(case, ("kind", *KINDS[kind].fields), f"kind が {kind} のときに")
    return {"kind": kind, **KINDS[kind].judge(case, city)}


def _date(case: Mapping[str, Any], city: CityData) -> Answer:
    day = wareki.parse_date(get(case, "text", str), "text")
    shown = wareki.wareki(day, weekday=True)
    found: Answer = {"answer": "date", "says": shown, "iso": day.isoformat(), "wareki": shown}
    if today := maybe_day(case, "today"):
        found["age_text"] = wareki.birth_text(day, today)
    return found


def _slot(case: Mapping[str, Any], city: CityData) -> Answer:
    rows = get(case, "booked", list, [])
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput("booked", "「booked」は { } の一覧で書いてください。")
    for i, row in enumerate(rows, start=1):
        only(row, BOOKED_FIELDS, f"booked の{i}件目の")
    booked = [
        slots.Booked(
            day_of(row, "date"),
            get(row, "half", str),
            get(row, "order", int),
            get(row, "group_size", int, 1),
            get(row, "place", str, "home"),
        )
        for row in rows
    ]
    wish = slots.SlotRequest(
        date=day_of(case, "date"),
        half=get(case, "half", str),
        group_size=get(case, "group_size", int, 1),
        place=get(case, "place", str, "home"),
        travel_min=get(case, "travel_min", int, None),
        third_ok=get(case, "third_ok", bool, False),
        override=get(case, "override", str, ""),
    )
    found = slots.offer(wish, booked, city.booking, city.days, day_of(case, "today"))
    if isinstance(found, Refused):
        return refused(found)
    return {
        "answer": "offer",
        "says": found.says,
        "date": found.date.isoformat(),
        "half": found.half,
        "order": found.order,
        "from": found.window.start.isoformat("minutes"),
        "to": found.window.end.isoformat("minutes"),
        "passed": list(found.passed),
    }


def _caller(case: Mapping[str, Any], city: CityData) -> Answer:
    found = callers.may_book(
        get(case, "relation", str),
        get(case, "place", str, "home"),
        get(case, "applicant_beside", bool, False),
    )
    if isinstance(found, Refused):
        return refused(found)
    return {"answer": "allowed", "says": found.says}


def _number(case: Mapping[str, Any], city: CityData) -> Answer:
    text = get(case, "text", str)
    found = personal_number.scan(text)
    masked = personal_number.mask(text)
    if isinstance(found, personal_number.Clean):
        return {"answer": "clean", "says": "個人番号や暗証番号は見つかりません。", "masked": masked}
    word = "refused" if isinstance(found, Refused) else "ask"
    return {"answer": word, "says": found.sentence, "masked": masked}


KINDS: Mapping[str, Kind] = {
    "fee": Kind(on_papers.fee, on_papers.FEE_FIELDS),
    "id_papers": Kind(on_papers.id_papers, on_papers.ID_FIELDS),
    "forms": Kind(on_papers.forms, on_papers.FORMS_FIELDS),
    "validity": Kind(on_cards.card_validity, on_cards.VALIDITY_FIELDS),
    "express": Kind(on_cards.express_issue, on_cards.EXPRESS_FIELDS),
    "certificates": Kind(on_cards.card_certificates, on_cards.CERTIFICATE_FIELDS),
    "pins": Kind(on_cards.card_certificates, on_cards.CERTIFICATE_FIELDS),
    "renewal": Kind(on_cards.card_renewal, on_cards.RENEWAL_FIELDS),
    "date": Kind(_date, ("text", "today")),
    "slot": Kind(
        _slot,
        (
            "date",
            "today",
            "half",
            "group_size",
            "place",
            "travel_min",
            "third_ok",
            "override",
            "booked",
        ),
    ),
    "caller": Kind(_caller, ("relation", "place", "applicant_beside")),
    "number": Kind(_number, ("text",)),
}
