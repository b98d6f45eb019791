"""Tries one rule on one case: `fieldkit rules try CASE.json`.

A case is a JSON object with `kind` and the fields of that kind; dates in any form that
`rules.wareki.parse_date` reads. The answer is `{"kind", "answer", "says", …}`: `answer` is a
short word for programs, `says` the Japanese sentence for people.

kind        fields (defaults in brackets)
fee         applicant_kind [""], reason_code [""], day, express [null], certificate [true],
            evidence [""], loss_report_date [null], old_card_returned [null], tendered [null]
            → "fee" with yen, breakdown | "needs_evidence" with asks | "refused"
id_papers   papers (codes), method ["uketsuke"], applicant_kind ["new"], day [null]
            → "enough" with by | "short" with nearest
date        text, today [null] → "date" with iso, wareki, and age_text when today is given
slot        date, today, half, group_size [1], place ["home"], travel_min [null],
            third_ok [false], override [""], booked [[]] of {date, half, order, group_size,
            place} → "offer" with date, half, order, from, to | "refused" with clause, nearest
caller      relation, place ["home"], applicant_beside [false] → "allowed" | "refused"
number      text → "clean" | "ask" | "refused", with the text masked
forms       applicant_kind, day [null], any flag of rules.applications.ApplicationCase
            → "forms" with forms (code, label, reason) and script (the fee named, given day)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, KitError
from fieldkit.rules import applications, callers, fees, idpapers, personal_number, slots, wareki
from fieldkit.rules.verdict import Refused

Answer = dict[str, Any]


def answer(case: Mapping[str, Any], city: CityData) -> Answer:
    """Judge `case` with the city's tables. KitError for an unknown kind, BadInput for a field
    that is missing or of the wrong type."""
    kind = case.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        known = "、".join(KINDS)
        raise KitError("unknown_kind", f"kind は次のどれかにしてください：{known}。", "retry")
    return {"kind": kind, **KINDS[kind](case, city)}


def _fee(case: Mapping[str, Any], city: CityData) -> Answer:
    fee_case = fees.FeeCase(
        kind=_get(case, "applicant_kind", str, ""),
        day=_day(case, "day"),
        reason_code=_get(case, "reason_code", str, ""),
        express=_get(case, "express", bool, None),
        certificate=_get(case, "certificate", bool, True),
        evidence=_get(case, "evidence", str, ""),
        loss_report_date=_maybe_day(case, "loss_report_date"),
        old_card_returned=_get(case, "old_card_returned", bool, None),
    )
    found = fees.fee_for(fee_case, city.fees)
    if isinstance(found, Refused):
        return _refused(found)
    if isinstance(found, fees.NeedsEvidence):
        until = _fee_fields(found.otherwise)
        return {
            "answer": "needs_evidence", "says": found.says, "asks": found.asks, "otherwise": until
        }  # fmt: skip
    tendered = _get(case, "tendered", int, None)
    if tendered is not None:
        checked = fees.check_tendered(found, tendered, city.fees)
        if isinstance(checked, Refused):
            return _refused(checked)
    return {"answer": "fee", "says": found.says, **_fee_fields(found)}


def _fee_fields(fee: fees.Fee) -> Answer:
    return {
        "yen": fee.yen,
        "breakdown": [list(line) for line in fee.breakdown],
        "reason_code": fee.reason_code,
        "express": fee.express,
    }


def _id_papers(case: Mapping[str, Any], city: CityData) -> Answer:
    found = idpapers.evaluate(
        _get(case, "papers", list, []),
        _get(case, "method", str, "uketsuke"),
        _get(case, "applicant_kind", str, "new"),
        city.id_papers,
        _maybe_day(case, "day"),
    )
    if isinstance(found, idpapers.Enough):
        return {"answer": "enough", "says": found.says, "by": list(found.by)}
    return {"answer": "short", "says": found.says, "nearest": list(found.nearest)}


def _date(case: Mapping[str, Any], city: CityData) -> Answer:
    day = wareki.parse_date(_get(case, "text", str), "text")
    shown = wareki.wareki(day, weekday=True)
    found: Answer = {"answer": "date", "says": shown, "iso": day.isoformat(), "wareki": shown}
    if today := _maybe_day(case, "today"):
        found["age_text"] = wareki.birth_text(day, today)
    return found


def _slot(case: Mapping[str, Any], city: CityData) -> Answer:
    rows = _get(case, "booked", list, [])
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput("booked", "「booked」は { } の一覧で書いてください。")
    booked = [
        slots.Booked(
            _day(row, "date"),
            _get(row, "half", str),
            _get(row, "order", int),
            _get(row, "group_size", int, 1),
            _get(row, "place", str, "home"),
        )
        for row in rows
    ]
    wish = slots.SlotRequest(
        date=_day(case, "date"),
        half=_get(case, "half", str),
        group_size=_get(case, "group_size", int, 1),
        place=_get(case, "place", str, "home"),
        travel_min=_get(case, "travel_min", int, None),
        third_ok=_get(case, "third_ok", bool, False),
        override=_get(case, "override", str, ""),
    )
    found = slots.offer(wish, booked, city.booking, city.days, _day(case, "today"))
    if isinstance(found, Refused):
        return _refused(found)
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
        _get(case, "relation", str),
        _get(case, "place", str, "home"),
        _get(case, "applicant_beside", bool, False),
    )
    if isinstance(found, Refused):
        return _refused(found)
    return {"answer": "allowed", "says": found.says}


def _number(case: Mapping[str, Any], city: CityData) -> Answer:
    text = _get(case, "text", str)
    found = personal_number.scan(text)
    masked = personal_number.mask(text)
    if isinstance(found, personal_number.Clean):
        return {"answer": "clean", "says": "個人番号や暗証番号は見つかりません。", "masked": masked}
    word = "refused" if isinstance(found, Refused) else "ask"
    return {"answer": word, "says": found.sentence, "masked": masked}


def _forms(case: Mapping[str, Any], city: CityData) -> Answer:
    kind = _get(case, "applicant_kind", str)
    if kind not in applications.KINDS:
        known = "、".join(applications.KINDS)
        raise BadInput("applicant_kind", f"「applicant_kind」は {known} のどれかにしてください。")
    given = {
        field.name: _get(case, field.name, type(field.default))
        for field in fields(applications.ApplicationCase)
        if field.name != "kind" and field.name in case
    }
    needed = applications.papers_needed(applications.ApplicationCase(kind=kind, **given))
    day = _maybe_day(case, "day")
    fee = fees.fee_for(fees.FeeCase(kind, day), city.fees) if day else None
    fee_text = f"{fee.yen:,}円" if isinstance(fee, fees.Fee) and fee.yen else ""
    return {
        "answer": "forms",
        "says": "、".join(form.label for form in needed) + "が必要です。",
        "forms": [{"code": n.form, "label": n.label, "reason": n.reason} for n in needed],
        "script": list(applications.script_points(kind, fee_text, city.script)),
    }


KINDS: Mapping[str, Callable[[Mapping[str, Any], CityData], Answer]] = {
    "fee": _fee,
    "id_papers": _id_papers,
    "date": _date,
    "slot": _slot,
    "caller": _caller,
    "number": _number,
    "forms": _forms,
}

_MISSING = object()
_WORDS = {str: "文字", int: "整数", bool: "true か false", list: "一覧"}


def _get(case: Mapping[str, Any], key: str, kind: type, default: Any = _MISSING) -> Any:
    value = case.get(key, default)
    if value is _MISSING:
        raise BadInput(key, f"「{key}」がありません。書き足してください。")
    if value is None and default is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadInput(key, f"「{key}」は{_WORDS[kind]}で書いてください。")
    return value


def _day(case: Mapping[str, Any], key: str) -> Any:
    return wareki.parse_date(_get(case, key, str), key)


def _maybe_day(case: Mapping[str, Any], key: str) -> Any:
    text = _get(case, key, str, None)
    return wareki.parse_date(text, key) if text else None


def _refused(found: Refused) -> Answer:
    return {
        "answer": "refused",
        "says": found.sentence,
        "clause": found.clause,
        "nearest": list(found.nearest),
        "can_override": found.can_override,
    }
