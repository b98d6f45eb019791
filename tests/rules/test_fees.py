"""Fees, exemptions, the express clock and exact money (001 §8(2)オ(ア)c(b); forms/fees.toml)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from fieldkit.citydata import CityData
from fieldkit.rules.express import express_left
from fieldkit.rules.fees import (
    Fee,
    FeeCase,
    NeedsEvidence,
    check_tendered,
    fee_for,
)
from fieldkit.rules.verdict import Allowed, Refused

DAY = date(2026, 7, 1)
REPORTED = date(2026, 6, 15)


def fee_of(city: CityData, kind: str, day: date = DAY, **more: Any) -> Any:
    return fee_for(FeeCase(kind, day, **more), city.fees)


@pytest.mark.parametrize(
    ("kind", "more", "yen", "code"),
    [
        # first issue and renewal are free
        ("new", {}, 0, "FIRST_ISSUE"),
        ("new", {"reason_code": "UNDER_1", "express": True}, 0, "UNDER_1"),
        # STAY_EXPIRED and UNDER_1 have no clock: a date noted for another reason counts nothing
        ("lost", {"reason_code": "STAY_EXPIRED", "loss_report_date": REPORTED}, 1000,
         "STAY_EXPIRED"),
        ("new", {"reason_code": "FROM_ABROAD"}, 0, "FROM_ABROAD"),
        ("renew", {}, 0, "RENEWAL"),
        ("renew", {"old_card_returned": True}, 0, "RENEWAL"),
        # lost or damaged by own fault: 2,000 yen on the day, normally by express
        ("lost", {}, 2000, "LOST"),
        ("lost", {"loss_report_date": REPORTED}, 2000, "LOST"),
        ("damaged", {}, 2000, "DAMAGED_OWN"),
        ("lost", {"certificate": False}, 1800, "LOST"),
        ("lost", {"express": False}, 1000, "LOST"),
        ("lost", {"express": False, "certificate": False}, 800, "LOST"),
        # too late for express: the normal fee
        ("lost", {"loss_report_date": DAY - timedelta(days=30)}, 2000, "LOST"),
        ("lost", {"loss_report_date": DAY - timedelta(days=31)}, 1000, "LOST"),
        ("lost", {"loss_report_date": DAY - timedelta(days=31), "express": True}, 1000, "LOST"),
        # exemptions with the proof noted
        ("lost", {"reason_code": "STOLEN", "evidence": "受理番号を確認"}, 0, "STOLEN"),
        ("lost", {"reason_code": "BURNT", "evidence": "罹災証明書を確認"}, 0, "BURNT"),
        ("other", {"reason_code": "CHIP_FAIL", "evidence": "読取不可を確認"}, 0, "CHIP_FAIL"),
        ("other", {"reason_code": "SPACE_FULL", "evidence": "余白なし"}, 0, "SPACE_FULL"),
        ("other", {"reason_code": "EXPIRING", "evidence": "期限を確認"}, 0, "EXPIRING"),
        ("other", {"reason_code": "CITY_ERROR", "evidence": "担当が確認"}, 0, "CITY_ERROR"),
        ("other", {"reason_code": "ADOPTION", "evidence": "届出を確認"}, 0, "ADOPTION"),
        # full entry space, but the old card is not handed in; expired through own delay
        (
            "other",
            {"reason_code": "SPACE_FULL", "evidence": "余白なし", "old_card_returned": False},
            2000,
            "SPACE_FULL",
        ),
        ("renew", {"old_card_returned": False}, 1000, "RENEWAL"),
        ("other", {"reason_code": "STAY_EXPIRED"}, 1000, "STAY_EXPIRED"),
    ],
)
def test_it_charges_by_the_table(
    city: CityData, kind: str, more: dict[str, Any], yen: int, code: str
) -> None:
    fee = fee_of(city, kind, **more)
    assert isinstance(fee, Fee)
    assert (fee.yen, fee.reason_code) == (yen, code)
    assert sum(amount for _, amount in fee.breakdown) == yen
    assert fee.says.endswith(("。", "）。"))


def test_it_breaks_the_amount_down_for_the_receipt(city: CityData) -> None:
    fee = fee_of(city, "lost", loss_report_date=REPORTED)
    assert fee.breakdown == (("カード再交付（特急発行）", 1800), ("電子証明書", 200))
    assert "2,000円" in fee.says and "あと14日" in fee.says


@pytest.mark.parametrize("code", ["STOLEN", "BURNT", "CHIP_FAIL", "SPACE_FULL", "EXPIRING"])
@pytest.mark.parametrize("evidence", ["", "  "])
def test_it_asks_for_proof_before_it_waives(city: CityData, code: str, evidence: str) -> None:
    found = fee_of(city, "lost", reason_code=code, evidence=evidence)
    assert isinstance(found, NeedsEvidence)
    assert found.asks and found.asks in found.says
    assert found.otherwise.yen == (1000 if code == "EXPIRING" else 2000)


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        ("renew", {"express": True}, "特急発行の対象ではありません"),
        ("new", {"express": True}, "特急発行の対象ではありません"),
        ("other", {}, "理由が選ばれていません"),
        ("lost", {"reason_code": "WISH"}, "料金表にありません"),
        ("lost", {"loss_report_date": DAY + timedelta(days=1)}, "申請の日より後"),
        ("other", {"reason_code": "NUMBER_CHANGED"}, "担当課に確かめて"),
    ],
)
def test_it_refuses_and_says_why(
    city: CityData, kind: str, more: dict[str, Any], says: str
) -> None:
    found = fee_of(city, kind, **more)
    assert isinstance(found, Refused) and says in found.sentence


@pytest.mark.parametrize(
    ("day", "yen"), [("2024-12-01", 1000), ("2024-12-02", 2000), ("2016-01-01", 1000)]
)
def test_it_uses_the_price_of_the_day(city: CityData, day: str, yen: int) -> None:
    """Express issue began on 2024-12-02; before, only the normal fee existed."""
    assert fee_of(city, "lost", date.fromisoformat(day)).yen == yen


def test_it_refuses_express_before_it_began_and_days_without_a_price(city: CityData) -> None:
    early = fee_of(city, "lost", date(2024, 12, 1), express=True)
    assert isinstance(early, Refused) and "令和6年12月2日に始まりました" in early.sentence
    assert isinstance(fee_of(city, "lost", date(2015, 12, 31)), Refused)


@pytest.mark.parametrize(
    ("day", "left", "is_open"),
    [("2026-06-15", 30, True), ("2026-07-15", 0, True), ("2026-07-16", -1, False)],
)
def test_it_counts_the_thirty_days(day: str, left: int, is_open: bool) -> None:
    found = express_left(REPORTED, date.fromisoformat(day))
    assert (found.days, found.open) == (left, is_open)
    assert found.last_day == date(2026, 7, 15)
    assert "令和8年7月15日" in found.says


def test_it_accepts_the_exact_money_only(city: CityData) -> None:
    fee = fee_of(city, "lost")
    assert isinstance(check_tendered(fee, 2000, city.fees), Allowed)
    over = check_tendered(fee, 5000, city.fees)
    assert isinstance(over, Refused)
    assert "3,000円多い" in over.sentence and "つり銭を持っていません" in over.sentence
    under = check_tendered(fee, 1000, city.fees)
    assert isinstance(under, Refused) and "あと1,000円足りません" in under.sentence
    free = check_tendered(fee_of(city, "new"), 1, city.fees)
    assert isinstance(free, Refused) and "受け取らないで" in free.sentence
    assert isinstance(check_tendered(fee_of(city, "new"), 0, city.fees), Allowed)
