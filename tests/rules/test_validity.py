"""Validity, renewal, ages and certificates by dated rows (forms/validity.toml)."""

from __future__ import annotations

import copy
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.citydata import CityData
from fieldkit.errors import BadCityData
from fieldkit.rules.certificates import CertificateCase, Certificates, certificates_for
from fieldkit.rules.renewal import check_renewal
from fieldkit.rules.validity import (
    Validity,
    attained,
    birthday,
    expiry_of,
    fifteen_soon,
    renewal_opens,
    validity,
)
from fieldkit.rules.validity_table import table_from
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import age_on, is_under_1

FILE = Path(__file__).parents[2] / "forms" / "validity.toml"
DATA: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
TABLE = table_from(DATA)
DAYS = st.dates(date(2016, 1, 1), date(2060, 12, 31))
BIRTHS = st.dates(date(1920, 1, 1), date(2015, 12, 31))


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("birth", "issue", "card", "certificate"),
    [
        # 18 or over at the issue: the 10th birthday after it; certificates the 5th
        ("1945-03-05", "2026-07-01", "2036-03-05", "2031-03-05"),
        # the birthday itself does not count, the day before it does
        ("1945-03-05", "2026-03-05", "2036-03-05", "2031-03-05"),
        ("1945-03-05", "2026-03-04", "2035-03-05", "2030-03-05"),
        # 18 on the day of issue, and one day too young
        ("2008-07-01", "2026-07-01", "2036-07-01", "2031-07-01"),
        ("2008-07-02", "2026-07-01", "2030-07-02", "2030-07-02"),
        # 29 February: the last good day of a common year is the 28th (a setting)
        ("1948-02-29", "2026-07-01", "2036-02-29", "2031-02-28"),
        ("1948-02-29", "2027-07-01", "2037-02-28", "2032-02-29"),
        # issued on 28 February of a common year, which is the birthday then
        ("1948-02-29", "2026-02-28", "2036-02-29", "2031-02-28"),
    ],
)
def test_a_card_is_good_to_a_birthday(birth: str, issue: str, card: str, certificate: str) -> None:
    found = validity(on(birth), on(issue), TABLE)
    assert isinstance(found, Validity)
    assert (found.card_until, found.certificate_until) == (on(card), on(certificate))


@pytest.mark.parametrize(
    ("applied", "years"), [("2022-03-31", 5), ("2022-04-01", 10), ("2021-01-05", 5)]
)
def test_the_age_limit_was_20_for_applications_before_april_2022(applied: str, years: int) -> None:
    """19 years old at the issue of 2022-05-01: what counts is when the application came in."""
    birth, issue = on("2002-06-01"), on("2022-05-01")
    until = expiry_of(birth, issue, TABLE, applied_on=on(applied))
    assert until == date(2021 + years, 6, 1)


@pytest.mark.parametrize(
    ("stay", "card", "certificate"),
    [
        ("2028-05-10", "2028-05-10", "2028-05-10"),
        ("2033-05-10", "2033-05-10", "2031-03-05"),
        ("2040-05-10", "2036-03-05", "2031-03-05"),
        (None, "2036-03-05", "2031-03-05"),
    ],
)
def test_a_stay_that_ends_earlier_ends_the_card(
    stay: str | None, card: str, certificate: str
) -> None:
    found = validity(on("1980-03-05"), on("2026-07-01"), TABLE, on(stay) if stay else None)
    assert isinstance(found, Validity)
    assert (found.card_until, found.certificate_until) == (on(card), on(certificate))
    assert found.cut == ("stay" if stay and found.card_until == on(stay) else "")


def test_a_card_without_a_photo_ends_on_the_fifth_birthday() -> None:
    birth, issue = on("2026-01-10"), on("2027-01-20")
    assert expiry_of(birth, issue, TABLE, no_photo=True, applied_on=on("2026-12-20")) == on(
        "2031-01-10"
    )
    assert expiry_of(birth, issue, TABLE) == on("2032-01-10")
    before = expiry_of(birth, on("2026-02-01"), TABLE, no_photo=True)
    assert before == on("2031-01-10")


@pytest.mark.parametrize(
    ("birth", "issue", "stay", "applied", "says"),
    [
        ("2026-07-02", "2026-07-01", None, None, "生年月日"),
        ("1980-01-01", "2026-07-01", "2026-06-30", None, "在留期間"),
        ("1980-01-01", "2026-07-01", None, "2026-07-02", "申請の日が"),
        ("1980-01-01", "2015-12-31", None, None, "validity.toml"),
    ],
)
def test_it_refuses_what_cannot_be(
    birth: str, issue: str, stay: str | None, applied: str | None, says: str
) -> None:
    found = expiry_of(
        on(birth), on(issue), TABLE, on(stay) if stay else None, on(applied) if applied else None
    )
    assert isinstance(found, Refused) and says in found.sentence and found.nearest


@given(birth=BIRTHS, issue=DAYS, stay=st.none() | DAYS)
def test_no_card_outlives_its_stay_and_no_certificate_its_card(
    birth: date, issue: date, stay: date | None
) -> None:
    found = validity(birth, issue, TABLE, stay)
    if stay is not None and stay < issue:
        assert isinstance(found, Refused)
        return
    assert isinstance(found, Validity)
    assert issue <= found.certificate_until <= found.card_until
    assert stay is None or found.card_until <= stay
    years = 10 if age_on(birth, issue) >= 18 or issue < date(2022, 4, 1) else 5
    assert found.card_until <= date(issue.year + years, issue.month, 1) + timedelta(days=31)
    if found.renewal_opens:
        assert found.renewal_opens <= found.card_until
        assert isinstance(check_renewal(found.card_until, found.renewal_opens, TABLE), Allowed)
        day_before = found.renewal_opens - timedelta(days=1)
        assert isinstance(check_renewal(found.card_until, day_before, TABLE), Refused)
        assert isinstance(check_renewal(found.card_until, found.card_until, TABLE), Allowed)


@pytest.mark.parametrize("leap", ["02-28", "03-01"])
def test_a_leap_day_birthday_is_a_setting(leap: str) -> None:
    table = table_from({**DATA, "leap_birthday": leap})
    found = expiry_of(on("1948-02-29"), on("2027-07-01"), table)
    assert found == on(f"2037-{leap}")
    assert birthday(on("1948-02-29"), 2028, leap) == on("2028-02-29")


@pytest.mark.parametrize(
    ("birth", "years", "day"),
    [
        ("2011-04-01", 15, "2026-03-31"),
        ("2011-01-01", 15, "2025-12-31"),
        ("2012-02-29", 15, "2027-02-28"),
        ("2012-02-29", 16, "2028-02-28"),
        ("2025-03-01", 1, "2026-02-28"),
    ],
)
def test_an_age_is_attained_at_the_end_of_the_day_before_the_birthday(
    birth: str, years: int, day: str
) -> None:
    """年齢計算ニ関スル法律: so the next day, at the latest, counts the new age."""
    assert attained(on(birth), years) == on(day)
    assert age_on(on(birth), on(day)) == years - 1
    assert age_on(on(birth), on(day) + timedelta(days=1)) == years


@given(birth=st.dates(date(1990, 1, 1), date(2050, 12, 31)))
def test_under_1_ends_the_day_before_the_first_birthday(birth: date) -> None:
    last = attained(birth, 1)
    assert is_under_1(birth, last) and not is_under_1(birth, last + timedelta(days=1))


def test_a_new_window_begins_on_its_day() -> None:
    """The next card renews a year before: cards that end soon after are open from that day."""
    data = copy.deepcopy(DATA)
    data["renewal"][0]["valid_to"] = on("2028-03-31")
    data["renewal"].append(
        {"valid_from": on("2028-04-01"), "window_months": 12, "notice_months": [12, 3]}
    )
    table = table_from(data)
    assert renewal_opens(on("2028-05-10"), table) == on("2028-02-10")
    assert renewal_opens(on("2028-12-10"), table) == on("2028-04-01")
    assert renewal_opens(on("2029-12-10"), table) == on("2028-12-10")
    early = check_renewal(on("2028-12-10"), on("2028-03-31"), table)
    assert isinstance(early, Refused) and "令和10年4月1日" in early.nearest[0]


def test_the_notice_comes_two_to_three_months_before() -> None:
    found = validity(on("1945-03-05"), on("2026-07-01"), TABLE)
    assert isinstance(found, Validity)
    assert (found.notice_from, found.notice_to) == (on("2035-12-05"), on("2036-01-05"))


@pytest.mark.parametrize(
    ("birth", "warned"),
    [("2011-07-01", False), ("2011-07-02", True), ("2011-08-30", True), ("2011-08-31", False)],
)
def test_it_warns_where_15_comes_before_the_card(birth: str, warned: bool) -> None:
    says = fifteen_soon(on(birth), on("2026-07-01"), TABLE)
    assert bool(says) is warned and ("15歳になります" in says) is warned


@pytest.mark.parametrize(
    ("birth", "more", "sign", "auth", "pins", "writer"),
    [
        ("1945-03-05", {}, True, True, ["sign", "auth", "juki", "kenmen"], "self"),
        ("1945-03-05", {"sign": False}, False, True, ["auth", "juki", "kenmen"], "self"),
        ("1945-03-05", {"auth": False}, True, False, ["sign", "juki", "kenmen"], "self"),
        ("1945-03-05", {"sign": False, "auth": False}, False, False, ["juki", "kenmen"], "self"),
        ("2011-07-02", {}, False, True, ["auth", "juki", "kenmen"], "legal"),
        ("2011-07-01", {}, True, True, ["sign", "auth", "juki", "kenmen"], "self"),
        ("1945-03-05", {"ward": True}, False, True, ["auth", "juki", "kenmen"], "legal"),
        ("1945-03-05", {"face_auth": True, "auth": False}, False, True, [], ""),
    ],
)
def test_it_says_which_certificates_and_which_boxes(
    birth: str, more: dict[str, bool], sign: bool, auth: bool, pins: list[str], writer: str
) -> None:
    found = certificates_for(CertificateCase(on(birth), on("2026-07-01"), **more), TABLE)
    assert isinstance(found, Certificates)
    assert (found.sign, found.auth, found.writer) == (sign, auth, writer)
    assert [box.code for box in found.boxes] == pins
    assert ("設定しません" in found.says) is (not pins)


def test_a_day_without_a_rule_is_refused() -> None:
    found = certificates_for(CertificateCase(on("1945-03-05"), on("2015-12-31")), TABLE)
    assert isinstance(found, Refused) and found.nearest
    born_later = certificates_for(CertificateCase(on("2026-07-02"), on("2026-07-01")), TABLE)
    assert isinstance(born_later, Refused)


@pytest.mark.parametrize(
    ("path", "value", "key", "says"),
    [
        (("leap_birthday",), "02-30", "leap_birthday", "02-28"),
        (("card", 0, "adult_years"), 0, "card[1].adult_years", "1から99"),
        (("card", 1, "valid_from"), date(2022, 3, 31), "card", "重なって"),
        (("card", 2, "valid_to"), date(2020, 1, 1), "card[3].valid_to", "前の日"),
        (("renewal", 0, "notice_months"), [2, 3], "renewal[1].notice_months", "先の月"),
        (("certificate", 0, "sign_for_ward"), "no", "certificate[1].sign_for_ward", "true か"),
        (("pin", 0, "pins", 0, "for"), "sing", "pin[1].pins.for", "「sign」ではありませんか"),
        (("pin", 0, "pins", 1, "code"), "sign", "pin[1].pins", "2回"),
    ],
)
def test_a_slip_names_the_row(path: tuple[Any, ...], value: Any, key: str, says: str) -> None:
    data = copy.deepcopy(DATA)
    spot: Any = data
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    with pytest.raises(BadCityData) as wrong:
        table_from(data)
    assert (wrong.value.file, wrong.value.key) == ("validity.toml", key)
    assert says in wrong.value.sentence


def test_the_city_reads_it(city: CityData) -> None:
    assert city.validity == TABLE
