"""Validity, renewal and certificates, worked out by hand (domain §2.6, §2.7, §4)."""

from __future__ import annotations

from typing import Any

import pytest

from fieldkit.citydata import CityData
from tests.rules.by_hand import DAY, NO, Row, check


def card(birth: str, issue_day: str = DAY, **more: Any) -> dict[str, Any]:
    return {"kind": "validity", "birth": birth, "issue_day": issue_day, **more}


def until(last: str, certificates: str = "", **more: Any) -> dict[str, Any]:
    found = {"answer": "validity", "card_until.iso": last, **more}
    return found | ({"certificate_until.iso": certificates} if certificates else {})


VALIDITY: list[Row] = [
    # the 10th birthday after the issue; certificates the 5th
    (card("1945-03-05"), until("2036-03-05", "2031-03-05", **{"renewal_opens.iso": "2035-12-05"})),
    (card("1945-12-05"), until("2035-12-05", "2030-12-05")),
    (card("1945-07-02"), until("2035-07-02", "2030-07-02")),
    (card("1945-07-01"), until("2036-07-01", "2031-07-01")),
    (card("1945-06-30"), until("2036-06-30", "2031-06-30")),
    # the 18th birthday: a day before, on it, a day after
    (card("2008-07-02"), until("2030-07-02", "2030-07-02", age_at_issue=17)),
    (card("2008-07-01"), until("2036-07-01", "2031-07-01", age_at_issue=18)),
    (card("2008-06-30"), until("2036-06-30", "2031-06-30", age_at_issue=18)),
    # under 20 until what was received on 2022-03-31
    (card("2003-05-10", "2022-05-01", applied_on="2022-03-31"), until("2026-05-10")),
    (card("2003-05-10", "2022-05-01", applied_on="2022-04-01"), until("2031-05-10")),
    (card("2002-03-31", "2022-03-31"), until("2032-03-31", age_at_issue=20)),
    (card("2002-04-01", "2022-03-31"), until("2026-04-01", age_at_issue=19)),
    (card("2002-04-02", "2022-04-01"), until("2031-04-02", age_at_issue=19)),
    (card("2004-04-02", "2022-04-01"), until("2026-04-02", age_at_issue=17)),
    # born on 29 February
    (card("2008-02-29", "2026-02-28"), until("2031-02-28", age_at_issue=17)),
    (card("2008-02-29", "2026-03-01"), until("2036-02-29", "2031-02-28", age_at_issue=18)),
    (card("1960-02-29", "2028-02-28"), until("2037-02-28", "2032-02-29")),
    (card("1960-02-29", "2028-02-29"), until("2038-02-28", "2033-02-28")),
    # a stay that ends first, later, on the same day, or ended
    (card("1990-07-10", stay_until="2028-01-31"), until("2028-01-31", "2028-01-31", cut_by="stay",
     **{"renewal_opens.iso": "2027-10-31"})),
    (card("1990-07-10", stay_until="2033-01-31"), until("2033-01-31", "2030-07-10",
     cut_by="stay")),
    (card("1990-07-10", stay_until="2036-01-31"), until("2035-07-10", "2030-07-10", cut_by="")),
    (card("1990-07-10", stay_until="2035-07-10"), until("2035-07-10", cut_by="")),
    (card("1990-07-10", stay_until="2026-06-30"), NO),
    (card("1990-07-10", stay_until=DAY), until(DAY, DAY, cut_by="stay")),
    # no photo: only under 1 at the application, since 2024-12-02, to the 5th birthday
    (card("2025-07-02", no_photo=True), until("2030-07-02", "2030-07-02")),
    (card("2025-07-01", no_photo=True), NO),
    (card("2025-07-01", no_photo=True, applied_on="2026-06-30"), until("2030-07-01")),
    (card("1990-07-10", no_photo=True), NO),
    (card("2024-01-10", "2024-12-01", no_photo=True), NO),
    (card("2026-07-02"), NO),
    (card("1990-07-10", applied_on="2026-07-02"), NO),
    (card("2011-08-30"), until("2030-08-30", age_at_issue=14, warned=True)),
    (card("2011-08-31"), until("2030-08-31", age_at_issue=14, warned=False)),
]  # fmt: skip
RENEW = {"kind": "renewal", "expiry": "2026-10-01"}
RENEWALS: list[Row] = [
    (RENEW | {"day": "2026-06-30"}, NO | {"renewal_opens.iso": DAY}),
    (RENEW | {"day": DAY}, {"answer": "allowed"}),
    (RENEW | {"day": "2026-10-01"}, {"answer": "allowed"}),
    (RENEW | {"day": "2026-10-02"}, NO),
    (RENEW | {"expiry": "2026-05-31", "day": "2026-02-27"}, NO),
    (RENEW | {"expiry": "2026-05-31", "day": "2026-02-28"}, {"answer": "allowed"}),
    (RENEW | {"day": DAY, "uses_as_insurance": "yes", "has_shikaku": "no"}, NO),
    (RENEW | {"day": DAY, "uses_as_insurance": "yes", "has_shikaku": "yes"}, {"answer": "allowed"}),
    (RENEW | {"day": DAY, "uses_as_insurance": "unsure"}, NO),
    (RENEW | {"day": DAY, "uses_as_insurance": "no"}, {"answer": "allowed"}),
]


def cert(birth: str, day: str = DAY, **more: Any) -> dict[str, Any]:
    return {"kind": "certificates", "birth": birth, "day": day, **more}


def gives(sign: bool, auth: bool, pins: str, writer: str = "self", **more: Any) -> dict[str, Any]:
    return {"sign": sign, "auth": auth, "pins": pins.split(), "pin_writer": writer, **more}


ADULT = "1945-03-05"
CERTIFICATES: list[Row] = [
    (cert(ADULT), gives(True, True, "sign auth juki kenmen", warning="")),
    (cert(ADULT, sign=False), gives(False, True, "auth juki kenmen")),
    (cert(ADULT, auth=False), gives(True, False, "sign juki kenmen")),
    (cert(ADULT, sign=False, auth=False), gives(False, False, "juki kenmen")),
    (cert(ADULT, face_auth=True), gives(False, True, "", "")),
    (cert(ADULT, face_auth=True, sign=True, auth=False), gives(False, True, "", "")),
    (cert(ADULT, ward=True), gives(False, True, "auth juki kenmen", "legal")),
    (cert(ADULT, ward=True, face_auth=True), gives(False, True, "", "")),
    (cert("2011-07-02"), gives(False, True, "auth juki kenmen", "legal")),
    (cert("2011-07-01"), gives(True, True, "sign auth juki kenmen")),
    (cert("2011-06-30"), gives(True, True, "sign auth juki kenmen")),
    (cert("2012-02-29", "2027-02-28"), gives(False, True, "auth juki kenmen", "legal")),
    (cert("2012-02-29", "2027-03-01"), gives(True, True, "sign auth juki kenmen")),
    (cert("2012-01-01", auth=False), gives(False, False, "juki kenmen", "legal")),
    (cert("2012-01-01", face_auth=True), gives(False, True, "", "")),
    (cert("2026-07-02"), NO),
]


@pytest.mark.parametrize(("case", "expect"), [*VALIDITY, *RENEWALS, *CERTIFICATES])
def test_it_answers_as_worked_out_by_hand(
    city: CityData, case: dict[str, Any], expect: dict[str, Any]
) -> None:
    check(city, case, expect)
