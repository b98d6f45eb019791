"""The call screen's rules: check what was typed, name each wrong field, offer free slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput
from fieldkit.reserve import Slip
from fieldkit.rules import callers, slots
from fieldkit.rules.applications import KINDS
from fieldkit.rules.names import check_name, check_phone, check_postal, katakana
from fieldkit.rules.slots import Booked, Offer, SlotRequest
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import parse_date, wareki

RESERVATION_FIELDS = (
    "caller_name",
    "caller_relation",
    "phone",
    "reason_cannot_go",
    "place",
    "postal",
    "district",
    "address",
    "katagaki",
    "parking",
    "notes",
)
APPLICANT_FIELDS = (
    "name",
    "kana",
    "sex",
    "kind",
    "photo_ok",
    "can_write",
    "helper",
    "uses_as_insurance",
    "has_shikaku",
)
OFFERS = 6


def booked_from(slips: Sequence[Slip], without: str = "") -> list[Booked]:
    """The visits that hold a place, from the desk's slips (`without` one that is being changed)."""
    found = []
    for slip in slips:
        body = slip.reservation
        if slip.reservation.id == without or body.get("state") == "cancelled":
            continue
        try:
            day = date.fromisoformat(str(body.get("visit_date")))
        except ValueError:
            continue
        found.append(
            Booked(
                day,
                str(body.get("half")),
                int(body.get("order", 1) or 1),
                max(1, len(slip.applicants)),
                str(body.get("place", "home")),
            )
        )
    return found


def offers(
    booked: Sequence[Booked], city: CityData, today: date, group: int, place: str
) -> list[Offer]:
    """The next free half days that the rules allow, soonest first."""
    first = today + timedelta(days=city.booking.lead_days)
    wish = SlotRequest(first, "am", group, place or "home")
    found = []
    answer = slots.offer(wish, booked, city.booking, city.days, today)
    if isinstance(answer, Offer):
        found.append(answer)
    found += slots.nearest(wish, booked, city.booking, city.days, today, OFFERS)
    return sorted(found, key=lambda o: (o.date, o.half))[:OFFERS]


def check_reservation(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[BadInput]]:
    """The slip's own fields as they will be kept, and every field that is wrong."""
    body = {name: str(values.get(name, "")).strip() for name in RESERVATION_FIELDS}
    body["place"] = body["place"] or "home"
    errors: list[BadInput] = []
    checks = {
        "caller_name": lambda: _need(body, "caller_name", "電話をくださった方のお名前"),
        "caller_relation": lambda: _caller(body),
        "phone": lambda: check_phone(body["phone"]),
        "reason_cannot_go": lambda: _need(body, "reason_cannot_go", "外出が難しい事情"),
        "postal": lambda: check_postal(body["postal"]),
        "address": lambda: _need(body, "address", "住所"),
    }
    for name, check in checks.items():
        try:
            body[name] = check()
        except BadInput as error:
            errors.append(BadInput(name, error.sentence))
    return body, errors


def check_applicant(
    values: Mapping[str, Any], index: int, today: date
) -> tuple[dict[str, Any], list[BadInput]]:
    """One applicant's row, `applicant-<index>-<field>`. The name is kept exactly as typed."""
    prefix = f"applicant-{index}-"
    body: dict[str, Any] = {n: str(values.get(prefix + n, "")).strip() for n in APPLICANT_FIELDS}
    body["id_papers"] = list(values.get(prefix + "id_papers", []))
    who = f"{index + 1}人目の"
    errors: list[BadInput] = []
    try:
        body["name"] = check_name(body["name"])
    except BadInput as error:
        errors.append(BadInput(prefix + "name", f"{who}氏名：{error.sentence}"))
    body["kana"] = katakana(body["kana"])
    if not body["kana"]:
        errors.append(BadInput(prefix + "kana", f"{who}フリガナを入れてください。"))
    if body["kind"] not in KINDS:
        errors.append(BadInput(prefix + "kind", f"{who}申請の種類を選んでください。"))
    for name, label, needed in (
        ("birth", "生年月日", True),
        ("loss_report_date", "紛失の届け出をした日", False),
    ):
        text = str(values.get(prefix + name, "")).strip()
        try:
            body[name] = _past_day(text, label, today) if text or needed else ""
        except BadInput as error:
            errors.append(BadInput(prefix + name, f"{who}{label}：{error.sentence}"))
    return body, errors


def check_offer(
    choice: str, booked: Sequence[Booked], city: CityData, today: date, group: int, place: str
) -> dict[str, Any]:
    """The chosen slot, judged again at the moment of saving; BadInput names the nearest free."""
    parts = choice.split("|")
    if len(parts) != 3:
        raise BadInput("offer", "訪問の日時を選んでください。")
    try:
        wish = SlotRequest(date.fromisoformat(parts[0]), parts[1], group, place)
    except ValueError:
        raise BadInput("offer", "訪問の日時を選んでください。") from None
    answer = slots.offer(wish, booked, city.booking, city.days, today)
    if isinstance(answer, Refused):
        near = "、".join(answer.nearest)
        tail = f"近い空きは、{near}です。" if near else ""
        raise BadInput("offer", f"{answer.sentence}{tail}")
    return {
        "visit_date": answer.date.isoformat(),
        "half": answer.half,
        "order": answer.order,
    }


def _need(body: Mapping[str, Any], name: str, label: str) -> str:
    if not body[name]:
        raise BadInput(name, f"{label}を入れてください。")
    return str(body[name])


def _caller(body: Mapping[str, Any]) -> str:
    answer = callers.may_book(str(body["caller_relation"]), str(body["place"]))
    if isinstance(answer, Refused):
        raise BadInput("caller_relation", answer.sentence + "".join(answer.nearest))
    return str(body["caller_relation"])


def _past_day(text: str, label: str, today: date) -> str:
    if not text:
        raise BadInput("birth", f"{label}を入れてください。")
    day = parse_date(text)
    if day > today:
        raise BadInput("birth", f"{wareki(day)}はまだ来ていません。日付を確かめてください。")
    return day.isoformat()
