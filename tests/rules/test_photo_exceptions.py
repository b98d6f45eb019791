"""Declared reasons for a photo, by channel, and who needs no photo (J-LIS, 資料編 p.21)."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fieldkit.errors import BadCityData
from fieldkit.rules.applications import ApplicationCase, papers_needed
from fieldkit.rules.idpapers import Enough, Short, evaluate, table_from
from fieldkit.rules.papers import table_from as forms_from
from fieldkit.rules.photo_exceptions import (
    PhotoExceptions,
    exceptions_from,
    no_photo,
    preselected,
    problems,
    reasons_offered,
)
from fieldkit.rules.photo_limits import REASONS, Limits

LIMITS = Limits()
TEXT = "病気により片目が開かない"
EYES, YAW = {"eyes": "目が閉じています。"}, {"yaw": "横を向いています。"}
HAT = {"hat": "帽子です。"}
WALL = {"background": "背景に物があります。"}


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    file = Path(__file__).parents[2] / "forms" / "photo_exceptions.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def table(data: dict[str, Any]) -> PhotoExceptions:
    return exceptions_from(data)


def said(
    table: PhotoExceptions, stops: dict[str, str], *reasons: str, **more: str
) -> dict[str, str]:
    given = {"text": TEXT, "channel": "paper", "form_id": "", **more}
    found = problems(stops, reasons, limits=LIMITS, table=table, **given)
    return {error.field: error.sentence for error in found}


@pytest.mark.parametrize(
    ("stops", "reasons"),
    [
        (EYES, ["EX_BEDRIDDEN"]),
        (YAW, ["EX_CANNOT_SIT"]),
        (HAT, ["EX_RELIGION"]),
        (EYES | YAW, ["EX_BEDRIDDEN"]),
        (WALL | EYES, ["EX_EQUIPMENT", "EX_BEDRIDDEN"]),
        (HAT | YAW, ["EX_MEDICAL_COVER", "EX_CANNOT_SIT"]),
        ({}, ["EX_RELIGION"]),
    ],
)
def test_it_accepts_reasons_that_cover_every_stop(
    table: PhotoExceptions, stops: dict[str, str], reasons: list[str]
) -> None:
    assert said(table, stops, *reasons) == {}


def test_it_names_the_stop_that_is_left_and_the_reason_that_would_cover_it(
    table: PhotoExceptions,
) -> None:
    sentence = said(table, WALL | EYES, "EX_EQUIPMENT")["reasons"]
    assert EYES["eyes"] in sentence and "撮り直して" in sentence
    assert any(label in sentence for label in LIMITS.reasons_for("eyes").values())
    assert WALL["background"] not in sentence


@pytest.mark.parametrize("reasons", [[], ["EX_RELIGION"], ["x"], ["EX_BEDRIDDEN", "EX_RELIGION"]])
def test_it_refuses_reasons_that_do_not_fit(table: PhotoExceptions, reasons: list[str]) -> None:
    assert "あてはまる" in said(table, EYES, *reasons)["reasons"]


def test_it_never_offers_a_reason_for_a_defect_that_stays_one() -> None:
    for code in ("dark", "blur", "cut_top", "small", "two"):
        assert reasons_offered([code], LIMITS) == {}
    assert [*reasons_offered([], LIMITS)] == [*REASONS]
    assert "EX_RELIGION" not in reasons_offered(["eyes"], LIMITS)


def test_the_text_shows_which_rule_cannot_be_met_and_fits_the_name_box(
    table: PhotoExceptions,
) -> None:
    assert "どの決まり" in said(table, EYES, "EX_BEDRIDDEN", text="病気のため")["reason_text"]
    assert said(table, EYES, "EX_BEDRIDDEN", text="目" * 60) == {}
    assert "60文字まで" in said(table, EYES, "EX_BEDRIDDEN", text="目" * 61)["reason_text"]


def test_the_online_call_needs_the_application_id(table: PhotoExceptions) -> None:
    sentence = said(table, EYES, "EX_BEDRIDDEN", channel="online")["channel"]
    assert "申請書ID" in sentence and "紙の申請書" in sentence
    assert said(table, EYES, "EX_BEDRIDDEN", channel="online", form_id="1" * 23) == {}
    assert said(table, EYES, "EX_BEDRIDDEN", channel="counter") == {}
    assert "選んで" in said(table, EYES, "EX_BEDRIDDEN", channel="fax")["channel"]


def test_it_knows_the_published_numbers_and_the_channels_duties(table: PhotoExceptions) -> None:
    assert table.default_channel == "paper" and table.channels["paper"].task == ""
    assert table.channels["online"].phone == "0120-95-0178"
    assert table.channels["counter"].phone == "0570-666-535"
    assert table.channels["online"].needs_form_id


def test_a_photo_of_a_lying_person_begins_with_the_reason_that_covers_most(
    table: PhotoExceptions,
) -> None:
    assert preselected("lying", ["yaw"], LIMITS, table) == ("EX_CANNOT_SIT",)
    assert preselected("", ["yaw"], LIMITS, table) == ()
    assert preselected("lying", ["mask"], LIMITS, table) == ()
    assert preselected("lying", ["background", "yaw"], LIMITS, table) == ("EX_CANNOT_SIT",)


@pytest.mark.parametrize(
    ("birth", "applied_on", "without"),
    [
        (date(2025, 7, 16), date(2026, 7, 15), True),  # the day before the first birthday
        (date(2025, 7, 15), date(2026, 7, 15), False),  # the first birthday
        (date(2026, 7, 15), date(2026, 7, 15), True),  # born today
        (date(2024, 2, 29), date(2025, 2, 28), True),
        (date(2024, 2, 29), date(2025, 3, 1), False),
        (date(2024, 6, 1), date(2024, 12, 1), False),  # before the law changed
        (date(2024, 6, 1), date(2024, 12, 2), True),
        (date(2026, 7, 16), date(2026, 7, 15), False),  # not born yet: the form says so
        (None, date(2026, 7, 15), False),
    ],
)
def test_who_needs_no_photo(
    table: PhotoExceptions, birth: date | None, applied_on: date, without: bool
) -> None:
    """申請時1歳未満, from 令和6年12月2日."""
    assert bool(no_photo(birth, applied_on, table.no_photo)) is without


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("picture", 0, "code"), "beard", "picture[1].code"),
        (("picture", 1, "code"), "hat", "picture"),
        (("declare", "default_channel"), "fax", "declare.default_channel"),
        (("declare", "min_text"), 99, "declare.min_text"),
        (("declare", "lying"), ["EX_LAZY"], "declare.lying"),
        (("example",), {"EX_LAZY": "x"}, "example"),
        (("channel", "online", "phone"), "", "channel.online.phone"),
        (("channel", "paper"), None, "channel.paper"),
        (("no_photo", "from"), "2024", "no_photo.from"),
    ],
)
def test_it_names_what_a_city_wrote_wrong(
    data: dict[str, Any], path: tuple[Any, ...], value: Any, key: str
) -> None:
    wrong = deepcopy(data)
    spot = wrong
    for step in path[:-1]:
        spot = spot[step]
    if value is None:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    with pytest.raises(BadCityData) as caught:
        exceptions_from(wrong)
    assert caught.value.key == key


def test_the_face_proof_is_an_identity_paper_and_never_enough_alone() -> None:
    file = Path(__file__).parents[2] / "forms" / "id_papers.toml"
    papers = table_from(tomllib.loads(file.read_text(encoding="utf-8")))
    assert papers.papers["kao_shomei"].klass == "B"
    for method in ("uketsuke", "kofu"):
        assert isinstance(evaluate(["kao_shomei"], method, "new", papers), Short)
    assert isinstance(evaluate(["kao_shomei", "passport"], "uketsuke", "new", papers), Enough)
    forms = forms_from(tomllib.loads((file.parent / "papers.toml").read_text(encoding="utf-8")))
    needed = papers_needed(ApplicationCase("new", has_photo_id=False), forms)
    assert "kao_shomei" in [paper.form for paper in needed]
    assert "kao_shomei" not in [p.form for p in papers_needed(ApplicationCase("new"), forms)]
