"""Identity papers by role: minors, legal representatives, pick-up by somebody else (§3.3, §3.6)."""

from __future__ import annotations

import copy
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.citydata import CityData
from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.idpapers import Enough, Short, evaluate, judge, out_of_date, table_from
from fieldkit.rules.representatives import (
    ROLES,
    check_guardian_visit,
    check_pickup_reason,
    check_proof,
)
from fieldkit.rules.verdict import Allowed, Refused

FILE = Path(__file__).parents[2] / "forms" / "id_papers.toml"
DATA: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
TABLE = table_from(DATA)
CARD, LICENCE, PASSPORT = "mynumber_card", "driving_licence", "passport"
BOSHI, KODOMO, FACE, BANK = "boshi_techo", "kodomo_iryo", "kao_shomei", "tsucho"
DAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("papers", "method", "role", "kind", "enough"),
    [
        # a child: A and B, or two B; at a renewal the old card itself
        ([BOSHI, KODOMO], "uketsuke", "minor", "new", True),
        ([BOSHI], "uketsuke", "minor", "new", False),
        ([CARD], "uketsuke", "minor", "renew", True),
        ([CARD], "uketsuke", "minor", "lost", False),
        ([BOSHI, KODOMO], "uketsuke", "under_1", "new", True),
        ([PASSPORT], "uketsuke", "under_1", "new", False),
        # a parent or guardian: two A, or A and B; never two B, and no rule of the old card
        ([LICENCE, PASSPORT], "uketsuke", "legal_parent", "new", True),
        ([LICENCE, BANK], "uketsuke", "legal_parent", "renew", True),
        ([BOSHI, BANK], "uketsuke", "legal_parent", "new", False),
        ([CARD], "uketsuke", "legal_parent", "renew", False),
        ([CARD, LICENCE], "uketsuke", "legal_guardian", "new", True),
        ([LICENCE], "uketsuke", "legal_other", "new", False),
        # at the counter the same level as the applicant
        ([LICENCE], "kofu", "legal_parent", "new", True),
        # pick-up by somebody else
        ([LICENCE, BANK], "kofu", "agent_pickup_applicant", "new", True),
        ([FACE, BANK, BOSHI], "kofu", "agent_pickup_applicant", "new", True),
        ([KODOMO, BANK, BOSHI], "kofu", "agent_pickup_applicant", "new", False),
        ([FACE, BANK], "kofu", "agent_pickup_applicant", "new", False),
        ([FACE, BANK, BOSHI], "kofu", "agent_pickup_agent", "new", False),
        ([LICENCE, FACE], "kofu", "agent_pickup_agent", "new", True),
    ],
)
def test_each_role_has_its_own_level(
    papers: list[str], method: str, role: str, kind: str, enough: bool
) -> None:
    found = judge(papers, method, kind, TABLE, DAY, role)
    assert isinstance(found, Enough if enough else Short)


def test_it_says_what_is_missing_for_each_role() -> None:
    parent = judge([LICENCE], "uketsuke", "new", TABLE, DAY, "legal_parent")
    assert isinstance(parent, Short) and parent.says == "A 1点・B 0点 → あと A または B を1点"
    child = judge([BOSHI], "uketsuke", "new", TABLE, DAY, "minor")
    assert isinstance(child, Short) and child.says == "A 0点・B 1点 → あと A または B を1点"
    pickup = judge([BANK, BOSHI], "kofu", "new", TABLE, DAY, "agent_pickup_applicant")
    assert isinstance(pickup, Short)
    assert "個人番号カード顔写真証明書" in pickup.says


@pytest.mark.parametrize("role", ["agent_pickup_applicant", "agent_pickup_agent"])
def test_a_voluntary_agent_never_applies_at_a_visit(role: str) -> None:
    found = judge([LICENCE, PASSPORT], "uketsuke", "new", TABLE, DAY, role)
    assert isinstance(found, Refused)
    assert any("委任状" in way and "交付時来庁方式" in way for way in found.nearest)


def test_unknown_words_are_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="「legal_parent」ではありませんか"):
        judge([LICENCE], "uketsuke", "new", TABLE, DAY, "legal_parents")
    with pytest.raises(BadInput, match="「passport」ではありませんか"):
        evaluate(["pasport"], "uketsuke", "new", TABLE)
    with pytest.raises(BadInput, match="「uketsuke」ではありませんか"):
        evaluate([LICENCE], "uketuke", "new", TABLE)


@pytest.mark.parametrize(
    ("day", "code", "counts"),
    [
        (date(2025, 12, 1), "hokensho", True),
        (date(2025, 12, 2), "hokensho", False),
        (date(2024, 12, 1), "shikaku_kakuninsho", False),
        (date(2024, 12, 2), "shikaku_kakuninsho", True),
    ],
)
def test_a_paper_counts_between_its_days(day: date, code: str, counts: bool) -> None:
    found = evaluate([LICENCE, code], "uketsuke", "new", TABLE, day)
    assert isinstance(found, Enough) is counts
    assert bool(out_of_date([code], TABLE, day)) is not counts


@given(
    papers=st.lists(st.sampled_from(sorted(TABLE.papers)), max_size=6),
    more=st.lists(st.sampled_from(sorted(TABLE.papers)), max_size=3),
    role=st.sampled_from([r for r in ROLES if not r.startswith("agent")]),
    kind=st.sampled_from(["new", "renew", "lost", "damaged", "other"]),
)
def test_another_paper_never_makes_it_worse(
    papers: list[str], more: list[str], role: str, kind: str
) -> None:
    before = judge(papers, "uketsuke", kind, TABLE, DAY, role)
    after = judge([*papers, *more], "uketsuke", kind, TABLE, DAY, role)
    assert isinstance(after, Enough) or isinstance(before, Short)
    if isinstance(after, Short):
        assert after.nearest and "あと" in after.says
    again = judge([*papers, *papers], "uketsuke", kind, TABLE, DAY, role)
    assert again == before


PROOFS = [
    ("legal_parent", "koseki", None, True),
    ("legal_parent", "same_household", None, True),
    ("legal_parent", "koseki_here", None, True),
    ("legal_parent", "toki_jiko", None, False),
    ("legal_parent", "", None, False),
    ("legal_guardian", "toki_jiko", None, True),
    ("legal_guardian", "toki_jiko", date(2026, 4, 1), True),
    ("legal_guardian", "toki_jiko", date(2026, 3, 31), False),
    ("legal_guardian", "toki_jiko", date(2026, 7, 2), False),
    ("legal_guardian", "same_household", None, False),
    ("legal_other", "koseki", None, True),
    ("agent_pickup_agent", "ininjo", None, True),
    ("agent_pickup_agent", "", None, False),
    ("applicant", "", None, True),
]


@pytest.mark.parametrize(("role", "shown", "issued", "ok"), PROOFS)
def test_the_authority_is_shown_by_one_proof(
    role: str, shown: str, issued: date | None, ok: bool
) -> None:
    found = check_proof(role, shown, TABLE.people, DAY, issued)
    assert isinstance(found, Allowed if ok else Refused)
    if isinstance(found, Refused):
        assert found.nearest


@pytest.mark.parametrize(("code", "ok"), [("age_75", True), ("hospital", True), ("busy", False),
                                          ("", False), ("holiday", False)])  # fmt: skip
def test_being_busy_is_no_reason_to_send_somebody_else(code: str, ok: bool) -> None:
    found = check_pickup_reason(code, TABLE.people)
    assert isinstance(found, Allowed if ok else Refused)
    if isinstance(found, Refused):
        assert "75歳以上" in found.nearest
        assert "仕事や学業で忙しい" not in found.nearest


@pytest.mark.parametrize(
    ("role", "place", "setting", "ok"),
    [
        ("legal_guardian", "home", False, False),
        ("legal_guardian", "home", True, True),
        ("legal_guardian", "facility", False, True),
        ("legal_parent", "home", False, True),
    ],
)
def test_a_guardian_at_home_is_a_setting(role: str, place: str, setting: bool, ok: bool) -> None:
    assert isinstance(check_guardian_visit(role, place, setting), Allowed) is ok


def test_a_table_without_roles_still_identifies_a_representative() -> None:
    """A city's older file: a legal representative is weighed like the applicant."""
    old = {"paper": DATA["paper"], "rule": [r for r in DATA["rule"] if "role" not in r]}
    table = table_from(old)
    assert isinstance(judge([LICENCE], "uketsuke", "new", table, DAY, "legal_parent"), Short)
    assert isinstance(judge([LICENCE, BANK], "uketsuke", "new", table, DAY, "under_1"), Enough)
    with pytest.raises(BadInput) as wrong:
        judge([LICENCE], "kofu", "new", table, DAY, "agent_pickup_agent")
    assert wrong.value.field == "role"


@pytest.mark.parametrize(
    ("table", "row", "key", "value", "at", "says"),
    [
        ("rule", 4, "role", "legal_parrent", "rule[5].role", "「legal_parent」ではありませんか"),
        ("rule", 4, "kind", "renewal", "rule[5].kind", "「renew」ではありませんか"),
        ("role", 0, "code", "aplicant", "role[1].code", "「applicant」ではありませんか"),
        ("proof", 0, "roles", ["parent"], "proof[1].roles", "「legal_parent」ではありませんか"),
        ("proof", 3, "max_age_months", "3", "proof[4].max_age_months", "整数"),
        ("proof", 1, "code", "koseki", "proof", "2回"),
        ("not_here", 0, "nearest", [], "not_here[1].nearest", "代わりに"),
        ("pickup_reason", 1, "code", "ward", "pickup_reason", "2回"),
    ],
)
def test_a_slip_names_the_row(
    table: str, row: int, key: str, value: Any, at: str, says: str
) -> None:
    data = copy.deepcopy(DATA)
    data[table][row][key] = value
    with pytest.raises(BadCityData) as wrong:
        table_from(data)
    assert wrong.value.key == at and says in wrong.value.sentence


def test_the_city_asks_for_copies_only_where_it_says_so(city: CityData) -> None:
    assert city.id_papers.copy_consent is False
    assert table_from({**DATA, "copy_consent": True}).copy_consent
