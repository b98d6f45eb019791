"""Money and express, worked out by hand from the rules of re-issue (001 §8(2)オ(ア)c(b)).

Each row: what the applicant says, and the answer that `fieldkit rules try` has to give.
"""

from __future__ import annotations

from typing import Any

import pytest

from fieldkit.citydata import CityData
from tests.rules.by_hand import DAY, NO, Row, check

SEEN = {"evidence": "原本を確かめた。受付第12号"}


def fee(kind: str = "", code: str = "", /, **more: Any) -> dict[str, Any]:
    given = {"kind": "fee", "applicant_kind": kind, "reason_code": code, "day": DAY, **more}
    return {name: value for name, value in given.items() if value != ""}


def yen(amount: int, express: bool, **more: Any) -> dict[str, Any]:
    return {"answer": "fee", "yen": amount, "express": express, **more}


def ask(otherwise: int) -> dict[str, Any]:
    return {"answer": "needs_evidence", "otherwise.yen": otherwise}


FEES: list[Row] = [
    # §5.1: 800/1,000 normal, 1,800/2,000 express; Otaru goes by express where it can
    (fee("lost"), yen(2000, True, breakdown=[["カード再交付（特急発行）", 1800],
                                            ["電子証明書", 200]])),
    (fee("lost", certificate=False), yen(1800, True)),
    (fee("lost", express=False), yen(1000, False)),
    (fee("lost", express=False, certificate=False), yen(800, False)),
    (fee("damaged"), yen(2000, True)),
    (fee("damaged", express=False), yen(1000, False)),
    # the day express issue began
    (fee("lost", day="2024-12-01"), yen(1000, False)),
    (fee("lost", day="2024-12-02"), yen(2000, True)),
    (fee("lost", day="2024-12-01", certificate=False), yen(800, False)),
    (fee("lost", day="2024-12-01", express=True), NO),
    (fee("lost", day="2015-12-31"), NO),
    # the clock: day 30 is the last, day 31 is over and the normal fee applies
    (fee("lost", loss_report_date="2026-07-01"), yen(2000, True)),
    (fee("lost", loss_report_date="2026-06-01"), yen(2000, True)),
    (fee("lost", loss_report_date="2026-05-31"), yen(1000, False)),
    (fee("lost", loss_report_date="2026-05-31", certificate=False), yen(800, False)),
    (fee("lost", loss_report_date="2026-07-02"), NO),
    # first issue and renewal
    (fee("new"), yen(0, False)),
    (fee("new", express=True), NO),
    (fee("new", birth="1990-05-05", express=True), NO),
    (fee("new", birth="2025-07-02", express=True), yen(0, True, reason_code="UNDER_1")),
    (fee("new", birth="2025-07-01", express=True), NO),
    (fee("new", "UNDER_1", birth="2025-07-02"), yen(0, False)),
    (fee("new", "UNDER_1", birth="2025-07-02", express=True), yen(0, True)),
    (fee("new", "UNDER_1", birth="2025-07-01"), NO),
    (fee("new", "UNDER_1", birth="2024-02-29", day="2025-02-28", express=True), yen(0, True)),
    (fee("new", "UNDER_1", birth="2024-02-29", day="2025-03-01"), NO),
    (fee("new", "FROM_ABROAD", express=True), yen(0, True)),
    (fee("new", "NEW_FOREIGN_RESIDENT", express=True), yen(0, True)),
    (fee("new", "NEWLY_REGISTERED", express=True), yen(0, True)),
    (fee("new", "FROM_ABROAD", express=True, loss_report_date="2026-05-31"), yen(0, False)),
    (fee("lost", "FROM_ABROAD"), ask(2000)),
    (fee("renew"), yen(0, False)),
    (fee("renew", express=True), NO),
    (fee("renew", old_card_returned=True), yen(0, False)),
    (fee("renew", old_card_returned=False), yen(1000, False)),
    (fee("renew", old_card_returned=False, certificate=False), yen(800, False)),
    # §5.2 who pays
    (fee("lost", "STOLEN"), ask(2000)),
    (fee("lost", "STOLEN", **SEEN), yen(0, True)),
    (fee("lost", "STOLEN", evidence="なし"), ask(2000)),
    (fee("lost", "STOLEN", loss_report_date="2026-05-31"), ask(1000)),
    (fee("lost", "STOLEN", loss_report_date="2026-05-31", **SEEN), yen(0, False)),
    (fee("lost", "BURNT"), ask(2000)),
    (fee("other", "BURNT", **SEEN), yen(0, True)),
    (fee("other", "CHIP_FAIL"), ask(2000)),
    (fee("other", "CHIP_FAIL", **SEEN), yen(0, True)),
    (fee("other", "CHIP_FAIL", old_card_returned=False, **SEEN), yen(0, True)),
    (fee("other", "SPACE_FULL", old_card_returned=True, **SEEN), yen(0, True)),
    (fee("other", "SPACE_FULL", old_card_returned=True), ask(2000)),
    (fee("other", "SPACE_FULL", old_card_returned=False, **SEEN), yen(2000, True)),
    (fee("other", "EXPIRING", old_card_returned=True, **SEEN), yen(0, False)),
    (fee("other", "EXPIRING", old_card_returned=False, **SEEN), yen(1000, False)),
    (fee("other", "STAY_EXPIRED"), yen(1000, False)),
    (fee("other", "STAY_EXPIRED", **SEEN), yen(1000, False)),
    (fee("other", "STAY_EXPIRED", express=True), NO),
    (fee("other", "CITY_ERROR"), ask(2000)),
    (fee("other", "CITY_ERROR", **SEEN), yen(0, True)),
    (fee("other", "ADOPTION", **SEEN), yen(0, False)),
    (fee("other", "SEX_CHANGE", **SEEN), yen(0, False)),
    (fee("other", "SEX_CHANGE"), ask(1000)),
    (fee("other", "NUMBER_CHANGED"), NO),
    (fee("other", "FROM_PRISON"), NO),
    (fee("other"), NO),
    (fee("lost", "FIRST_ISSUE"), ask(1000)),
    # exact money only
    (fee("lost", tendered=2000), yen(2000, True)),
    (fee("lost", tendered=1999), NO),
    (fee("lost", tendered=10000), NO),
    (fee("new", tendered=0), yen(0, False)),
    (fee("new", tendered=1), NO),
]  # fmt: skip


def express(code: str = "", /, **more: Any) -> dict[str, Any]:
    return {"kind": "express", "day": DAY, **({"reason_code": code} if code else {}), **more}


def open_for(days: int) -> dict[str, Any]:
    return {"answer": "open", "days_left": days}


JUNE_1, MAY_31 = {"report_date": "2026-06-01"}, {"report_date": "2026-05-31"}
CLOCKS: list[Row] = [
    (express(report_date=DAY), open_for(30)),
    (express(**JUNE_1), open_for(0) | {"last_day.iso": DAY}),
    (express(**MAY_31), NO),
    (express(report_date="2026-07-02"), NO),
    (express(), NO),
    *((express(code, **JUNE_1), open_for(0)) for code in (
        "LOST", "STOLEN", "BURNT", "DAMAGED_OWN", "CHIP_FAIL", "SPACE_FULL", "CITY_ERROR",
        "FROM_ABROAD", "NEW_FOREIGN_RESIDENT", "NUMBER_CHANGED", "NEWLY_REGISTERED",
        "FROM_PRISON")),
    *((express(code, **MAY_31), NO) for code in (
        "LOST", "STOLEN", "BURNT", "DAMAGED_OWN", "CHIP_FAIL", "SPACE_FULL", "CITY_ERROR",
        "FROM_ABROAD", "NEW_FOREIGN_RESIDENT", "NUMBER_CHANGED", "NEWLY_REGISTERED",
        "FROM_PRISON")),
    *((express(code, **JUNE_1), NO) for code in (
        "FIRST_ISSUE", "RENEWAL", "EXPIRING", "STAY_EXPIRED", "ADOPTION", "SEX_CHANGE")),
    (express("LOST", report_date="2024-11-30", day="2024-12-01"), NO),
    (express("LOST", report_date="2024-11-30", day="2024-12-02"), open_for(28)),
    (express(applicant_kind="new", birth="2025-07-03"), open_for(1)),
    (express(applicant_kind="new", birth="2025-07-02"), open_for(0)),
    (express(applicant_kind="new", birth="2025-07-01"), NO),
    (express("UNDER_1", birth="2024-02-29", day="2025-02-28"), open_for(0)),
    (express("UNDER_1", birth="2024-02-29", day="2025-03-01"), NO),
    (express("UNDER_1", birth=DAY), open_for(364)),
    (express("UNDER_1", birth="2026-07-02"), NO),
    (express("UNDER_1"), NO),
    (express(**JUNE_1, send_kind="facility"), NO),
    (express(**JUNE_1, place="facility"), open_for(0) | {"warned": True}),
    (express(**JUNE_1, place="facility", same_address=True), open_for(0) | {"warned": False}),
    (express(**JUNE_1, same_address=False), open_for(0) | {"warned": True}),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expect"), [*FEES, *CLOCKS])
def test_it_answers_as_worked_out_by_hand(
    city: CityData, case: dict[str, Any], expect: dict[str, Any]
) -> None:
    check(city, case, expect)
