"""Who may book (001 §8(2)オ), what to say, which forms (001 §9(3)), renewal questions."""

from __future__ import annotations

from datetime import date

import pytest

from fieldkit.citydata import CityData
from fieldkit.rules.applications import ApplicationCase, papers_needed, script_points
from fieldkit.rules.callers import RELATIONS, may_book
from fieldkit.rules.renewal import check_insurance, check_renewal
from fieldkit.rules.validity import renewal_opens
from fieldkit.rules.verdict import Allowed, Refused


@pytest.mark.parametrize(
    ("relation", "place", "beside", "ok"),
    [
        ("self", "home", False, True),
        ("household", "home", False, True),
        ("third_degree", "home", False, True),
        ("beside", "home", False, True),
        ("other", "home", True, True),
        ("other", "home", False, False),
        ("", "home", False, False),
        ("other", "facility", False, True),
    ],
)
def test_it_knows_who_may_book(relation: str, place: str, beside: bool, ok: bool) -> None:
    found = may_book(relation, place, beside)
    assert isinstance(found, Allowed if ok else Refused)
    if isinstance(found, Refused):
        assert found.clause == "001 §8(2)オ"
    assert set(RELATIONS) == {"self", "household", "third_degree", "beside", "other"}


ALWAYS = ["kofu_shinsei", "pin_sofu"]


@pytest.mark.parametrize(
    ("case", "more"),
    [
        (ApplicationCase("new"), []),
        (ApplicationCase("new", has_photo_id=False), ["kao_shomei"]),
        (ApplicationCase("new", wants_insurance=True), ["hoken_doi"]),
        (ApplicationCase("new", tsuchi_card_lost=True), ["tsuchi_funshitsu"]),
        (ApplicationCase("new", has_juki_card=True), ["juki_henno"]),
        (ApplicationCase("renew"), ["henno"]),
        (ApplicationCase("renew", has_photo_id=False), ["henno"]),
        (ApplicationCase("renew", tsuchi_card_lost=True, has_juki_card=True), ["henno"]),
        (ApplicationCase("lost"), ["funshitsu"]),
        (ApplicationCase("lost", has_photo_id=False), ["kao_shomei", "funshitsu"]),
        (ApplicationCase("other", "STOLEN"), ["funshitsu"]),
        (ApplicationCase("damaged"), ["henno"]),
        (ApplicationCase("damaged", "BURNT"), ["funshitsu"]),
        (ApplicationCase("other", "CHIP_FAIL"), ["henno"]),
        (ApplicationCase("new", face_auth=True), ["hoken_doi"]),
    ],
)
def test_it_lists_the_forms_of_the_grid(
    city: CityData, case: ApplicationCase, more: list[str]
) -> None:
    needed = papers_needed(case, city.papers)
    assert [one.form for one in needed] == ALWAYS + more
    assert all(one.reason and one.label == city.papers.names[one.form] for one in needed)


def test_it_says_how_the_pin_sheet_is_filled(city: CityData) -> None:
    case = ApplicationCase("new", face_auth=True, mail_elsewhere=True)
    sheet = papers_needed(case, city.papers)[1]
    assert "設定しない" in sheet.reason and "送付先" in sheet.reason


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("renew", ["回収", "資格確認書", "保険者", "マイナンバーカードで行います"]),
        ("lost", ["フリーダイヤル", "警察", "2,000円", "お釣り", "特急発行", "資格確認書"]),
        ("damaged", ["フリーダイヤル", "警察", "2,000円", "お釣り", "特急発行", "資格確認書"]),
        ("new", ["持ち物"]),
        ("other", ["持ち物"]),
    ],
)
def test_it_gives_the_operator_the_points_of_the_script(kind: str, words: list[str]) -> None:
    """001 §8(2)オ(ア)c(a)(b) and カ."""
    said = "".join(script_points(kind, "2,000円"))
    assert all(word in said for word in words)


def test_it_lets_the_city_change_the_wording() -> None:
    assert script_points("new", city={"new": ("市の文",)}) == ("市の文",)


@pytest.mark.parametrize(
    ("expiry", "day", "ok"),
    [
        ("2026-10-01", "2026-07-01", True),
        ("2026-10-02", "2026-07-01", False),
        ("2026-07-01", "2026-07-01", True),
        ("2026-06-30", "2026-07-01", False),
    ],
)
def test_it_renews_in_the_last_three_months(
    city: CityData, expiry: str, day: str, ok: bool
) -> None:
    found = check_renewal(date.fromisoformat(expiry), date.fromisoformat(day), city.validity)
    assert isinstance(found, Allowed) is ok


def test_it_clips_the_window_to_the_end_of_a_month(city: CityData) -> None:
    assert renewal_opens(date(2026, 5, 31), city.validity) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("uses", "has", "ok"),
    [("no", "", True), ("yes", "yes", True), ("yes", "no", False), ("yes", "", False),
     ("", "", False), ("unsure", "unsure", False)],
)  # fmt: skip
def test_it_asks_a_renewer_about_insurance(uses: str, has: str, ok: bool) -> None:
    """001 §8(2)オ(ア)c(a): a 資格確認書 before the application day."""
    assert isinstance(check_insurance(uses, has), Allowed) is ok
