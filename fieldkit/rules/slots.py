"""Offers a visit slot or says, with the clause, why not and what is free instead.

001 §8(2)ア–オ. The limits are "about": `Refused.can_override` tells which of them a person may
pass with a written reason (`SlotRequest.override`). Order of checks: season, past, lead time,
closed day, planned day, group size, capacity, travel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fieldkit.rules.booking import HALVES, BookingRules, Window
from fieldkit.rules.holidays import OpenDays, closed_sentence
from fieldkit.rules.tables import months_after
from fieldkit.rules.travel import check_travel
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import wareki

NEAREST = 3
PLACES = ("home", "facility")


@dataclass(frozen=True)
class Booked:
    """A visit that already holds a place in a half day (cancelled ones are left out)."""

    date: date
    half: str
    order: int
    group_size: int = 1
    place: str = "home"


@dataclass(frozen=True)
class SlotRequest:
    """What the caller wishes. `travel_min` is the way from the visit before, when known;
    `third_ok` that the city agreed to a third afternoon visit; `override` a written reason."""

    date: date
    half: str
    group_size: int = 1
    place: str = "home"
    travel_min: int | None = None
    third_ok: bool = False
    override: str = ""


@dataclass(frozen=True)
class Offer:
    """A free slot. `passed` lists the clauses that were passed with a reason."""

    date: date
    half: str
    order: int
    window: Window
    says: str
    passed: tuple[str, ...] = ()


def offer(
    wish: SlotRequest,
    booked: Sequence[Booked],
    rules: BookingRules,
    days: OpenDays,
    today: date,
) -> Offer | Refused:
    """The slot for `wish`, or a Refused whose `nearest` names up to three free half days."""
    answer = _judge(wish, booked, rules, days, today)
    if isinstance(answer, Offer):
        return answer
    near = tuple(_say(found) for found in nearest(wish, booked, rules, days, today))
    return replace(answer, nearest=answer.nearest + near)


def nearest(
    wish: SlotRequest,
    booked: Sequence[Booked],
    rules: BookingRules,
    days: OpenDays,
    today: date,
    count: int = NEAREST,
) -> tuple[Offer, ...]:
    """Up to `count` other free half days, closest to the wished day first, no limit passed."""
    plain = replace(wish, override="", travel_min=None, third_ok=False)
    found: list[Offer] = []
    for day, half in _around(wish, rules):
        if (day, half) == (wish.date, wish.half):
            continue
        answer = _judge(replace(plain, date=day, half=half), booked, rules, days, today)
        if isinstance(answer, Offer):
            found.append(answer)
        if len(found) == count:
            break
    return tuple(found)


def last_booking_day(visit: date, group_size: int, place: str, rules: BookingRules) -> date:
    """By when to book (001 §8(2)オ): about two weeks; a facility of six or more, a month."""
    if uses_facility_slot(group_size, place, rules):
        return months_after(visit, -rules.facility_lead_months)
    return visit - timedelta(days=rules.lead_days)


def uses_facility_slot(group_size: int, place: str, rules: BookingRules) -> bool:
    """A facility with fewer than six applicants is booked like a home (001 §8(2)イ)."""
    return place == "facility" and group_size >= rules.facility_min


def capacity(half: str, group_size: int, place: str, third_ok: bool, rules: BookingRules) -> int:
    """Visits of this kind that one half day holds (001 §8(2)イ)."""
    if uses_facility_slot(group_size, place, rules):
        return rules.facility_capacity[half]
    if group_size >= rules.big_group_from:
        return 1
    return rules.pm_max if half == "pm" and third_ok else rules.home_capacity[half]


def _judge(
    wish: SlotRequest, booked: Sequence[Booked], rules: BookingRules, days: OpenDays, today: date
) -> Offer | Refused:
    if wish.half not in HALVES or wish.group_size < 1 or wish.place not in PLACES:
        return Refused(
            "午前か午後か、個人宅か施設かと、申請する人数（1名以上）を選んでください。",
            "001 §8(2)イ",
            ("half は am か pm、place は home か facility、group_size は1以上にする。",),
        )
    if wish.travel_min is not None and wish.travel_min < 0:
        near = ("前の訪問先からの移動時間を、0以上の分で入力する。",)
        return Refused("移動時間は0分以上で入力してください。", "001 §8(2)エ", near)
    passed: list[str] = []
    there = [b for b in booked if (b.date, b.half) == (wish.date, wish.half)]
    order = _free_order(there)
    for refusal in _refusals(wish, there, order, rules, days, today):
        if not (refusal.can_override and wish.override.strip()):
            return refusal
        passed.append(refusal.clause)
    kind = "facility" if uses_facility_slot(wish.group_size, wish.place, rules) else "home"
    window = rules.windows.get((kind, wish.half, order))
    if window is None:
        return Refused(f"{HALVES[wish.half]}の訪問はもういっぱいです。", "001 §8(2)イ・ウ")
    travel = check_travel(order, wish.travel_min, rules)
    note = travel.says if isinstance(travel, Allowed) else ""
    says = f"{_day(wish.date)}{HALVES[wish.half]}、{window.says}にうかがいます。{note}"
    return Offer(wish.date, wish.half, order, window, says, tuple(passed))


def _refusals(
    wish: SlotRequest,
    there: Sequence[Booked],
    order: int,
    rules: BookingRules,
    days: OpenDays,
    today: date,
) -> Iterator[Refused]:
    """Everything against the wish, hard limits first."""
    if not rules.visit_from <= wish.date <= rules.visit_to:
        span = f"{wareki(rules.visit_from)}から{wareki(rules.visit_to)}まで"
        yield Refused(f"訪問は{span}です。", "001 §3(2)ア(ア)")
    if wish.date < today:
        yield Refused("過ぎた日は予約できません。日付を確かめてください。")
    last = last_booking_day(wish.date, wish.group_size, wish.place, rules)
    if today > last:
        lead = f"およそ{rules.lead_days}日前"
        if uses_facility_slot(wish.group_size, wish.place, rules):
            lead = f"およそ{rules.facility_lead_months}か月前"
        yield Refused(
            f"{lead}（{wareki(last, weekday=True)}）までの予約が必要です。",
            "001 §8(2)オ",
            can_override=True,
        )
    if closed := closed_sentence(wish.date, days):
        yield Refused(closed, "001 §8(2)ア※", can_override=True)
    yield from _planned(wish, rules)
    yield from _room(wish, there, rules)
    travel = check_travel(order, wish.travel_min, rules)
    if isinstance(travel, Refused):
        yield travel


def _planned(wish: SlotRequest, rules: BookingRules) -> Iterator[Refused]:
    if not rules.planned_days:
        return
    kind = "facility" if uses_facility_slot(wish.group_size, wish.place, rules) else "home"
    label = {"home": "個人宅", "facility": "福祉施設"}
    planned = rules.planned_days.get(wish.date)
    if planned is None:
        yield Refused(f"{_day(wish.date)}は実施予定日ではありません。", "001 §8(2)ア", (), True)
    elif planned != kind:
        say = f"{_day(wish.date)}は{label[planned]}の実施予定日です。"
        yield Refused(say, "001 §8(2)ア※", can_override=True)


def _room(wish: SlotRequest, there: Sequence[Booked], rules: BookingRules) -> Iterator[Refused]:
    half, clause = HALVES[wish.half], "001 §8(2)イ"
    if wish.place == "facility" and wish.group_size > rules.facility_max:
        yield Refused(
            f"施設1件はおおむね{rules.facility_max}名までです。"
            "午前と午後の両方、または別の日にも分けて予約してください。",
            clause,
            (f"{rules.facility_max}名までに分けて、午前と午後の両方を予約する。",),
            can_override=True,
        )
    whole = [b for b in there if b.group_size >= min(rules.big_group_from, rules.facility_min)]
    if whole:
        yield Refused(
            f"この{half}は{whole[0].group_size}名の訪問が入っているため、1件だけです。",
            clause,
            can_override=True,
        )
        return
    most = capacity(wish.half, wish.group_size, wish.place, wish.third_ok, rules)
    if there and most == 1:
        yield Refused(
            f"{wish.group_size}名の訪問は{half}に1件だけですが、もう予約が入っています。",
            clause,
            can_override=True,
        )
    elif len(there) >= most:
        third = wish.half == "pm" and most < rules.pm_max
        more = f"（市と協議すれば{rules.pm_max}件まで）" if third else ""
        yield Refused(f"この{half}は{len(there)}件でいっぱいです{more}。", clause, (), True)


def _free_order(there: Sequence[Booked]) -> int:
    taken = {b.order for b in there}
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def _around(wish: SlotRequest, rules: BookingRules) -> Iterator[tuple[date, str]]:
    other = "pm" if wish.half == "am" else "am"
    reach = (rules.visit_to - rules.visit_from).days + 1
    start = min(max(wish.date, rules.visit_from), rules.visit_to)
    for distance in range(reach):
        for day in dict.fromkeys(
            (start + timedelta(days=distance), start - timedelta(days=distance))
        ):
            if rules.visit_from <= day <= rules.visit_to:
                yield from ((day, half) for half in (wish.half, other))


def _say(found: Offer) -> str:
    return f"{_day(found.date)}{HALVES[found.half]}（{found.window.says}）"


def _day(day: date) -> str:
    return wareki(day, weekday=True)
