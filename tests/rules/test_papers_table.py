"""Which form when: forms/papers.toml and every slip of the keyboard in it (001 §9(3))."""

from __future__ import annotations

import copy
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.citydata import CityData
from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.applications import ApplicationCase, papers_needed
from fieldkit.rules.papers import FACTS, KINDS, PapersTable, table_from

FILE = Path(__file__).parents[2] / "forms" / "papers.toml"
DATA: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
TABLE = table_from(DATA)


def forms_of(kind: str, table: PapersTable = TABLE, code: str = "", **facts: bool) -> list[str]:
    return [n.form for n in papers_needed(ApplicationCase(kind, code, facts=facts), table)]


@pytest.mark.parametrize(
    ("kind", "facts", "more", "less"),
    [
        ("new", {"handwritten": True}, {"kofu_tegaki"}, {"kofu_shinsei"}),
        ("new", {"collected": True}, {"azukari"}, set()),
        ("new", {"notice_card_held": True}, set(), {"tsuchi_funshitsu", "azukari"}),
        ("renew", {"card_kept": True}, set(), {"henno"}),
        ("lost", {"card_gone": False}, set(), {"funshitsu"}),
        ("new", {"no_photo_id": True, "id_enough": True}, set(), {"kao_shomei"}),
        ("new", {"pickup": True}, {"inin"}, set()),
        ("new", {"pickup": True, "has_agent": True}, set(), {"inin"}),
        ("renew", {"juki_card_held": True, "notice_card_lost": True}, set(),
         {"juki_henno", "tsuchi_funshitsu"}),
    ],
)  # fmt: skip
def test_it_reads_the_facts(
    kind: str, facts: dict[str, bool], more: set[str], less: set[str]
) -> None:
    found = set(forms_of(kind, **facts))
    assert more <= found and not less & found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["", "LOST", "STOLEN", "BURNT", "CHIP_FAIL", "SPACE_FULL"])
def test_a_card_is_gone_or_in_hand_never_both(kind: str, code: str) -> None:
    found = forms_of(kind, code=code)
    assert not {"funshitsu", "henno"} <= set(found)
    if kind in ("renew", "lost", "damaged", "other"):
        assert {"funshitsu", "henno"} & set(found)
    assert ("funshitsu" in found) is (kind == "lost" or code in ("LOST", "STOLEN", "BURNT"))


def test_it_adds_the_sentences_that_hold() -> None:
    def reason(form: str, **facts: bool) -> str:
        found = papers_needed(ApplicationCase("new", facts=facts), TABLE)
        return next(one.reason for one in found if one.form == form)

    assert "送付先" not in reason("pin_sofu")
    assert "法定代理人が書きます" in reason("pin_sofu", under_15=True)
    assert "法定代理人が書きます" not in reason("pin_sofu", under_15=True, face_auth=True)
    assert "施設長" in reason("kao_shomei", no_photo_id=True, facility=True)
    ward = reason("kao_shomei", no_photo_id=True, facility=True, has_agent=True)
    assert "施設長" not in ward and "法定代理人が証明" in ward
    assert "ご本人の印" in reason("kofu_tegaki", handwritten=True, scribed=True)


def test_an_offer_is_not_a_must() -> None:
    def level(**facts: bool) -> str:
        found = papers_needed(ApplicationCase("new", facts=facts), TABLE)
        return next(one.level for one in found if one.form == "hoken_doi")

    assert level(face_auth=True) == "offer"
    assert level(face_auth=True, wants_insurance=True) == "must"


@given(
    kind=st.sampled_from(sorted(KINDS)),
    facts=st.dictionaries(st.sampled_from(sorted(FACTS)), st.booleans()),
)
def test_every_case_gets_each_form_once_in_the_order_of_the_file(
    kind: str, facts: dict[str, bool]
) -> None:
    found = papers_needed(ApplicationCase(kind, facts=facts), TABLE)
    names = [one.form for one in found]
    order = list(dict.fromkeys(row.form for row in TABLE.rows))
    assert names == sorted(set(names), key=order.index)
    assert len({"kofu_shinsei", "kofu_tegaki"} & set(names)) == 1 and "pin_sofu" in names
    assert all(one.reason.endswith("。") and one.label and one.level for one in found)


def test_the_same_facts_give_the_same_papers() -> None:
    for few in combinations(sorted(FACTS), 2):
        facts = dict.fromkeys(few, True)
        assert forms_of("new", **facts) == forms_of("new", **dict(reversed(facts.items())))


def test_an_unknown_fact_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="notice_card_lost") as wrong:
        forms_of("new", notice_card_loss=True)
    assert wrong.value.field == "notice_card_loss"


@pytest.mark.parametrize(
    ("key", "value", "at", "says"),
    [
        ("form", "kofu_shinse", "paper[1].form", "「kofu_shinsei」ではありませんか"),
        ("needs", ["face_aut"], "paper[1].needs", "「face_auth」ではありませんか"),
        ("unless", ["hand_written"], "paper[1].unless", "「handwritten」ではありませんか"),
        ("kinds", ["renewal"], "paper[1].kinds", "「renew」ではありませんか"),
        ("level", "musst", "paper[1].level", "「must」ではありませんか"),
        ("reason", "", "paper[1].reason", "なぜ要るか"),
        ("need", ["face_auth"], "paper[1]", "「needs」ではありませんか"),
        ("adds", ["x"], "paper[1].adds", "の形で書いてください"),
        ("adds", [{"when": "face_auth", "says": "x"}], "paper[1].adds", "「when」はありません"),
        ("adds", [{"needs": ["moon"], "says": "x"}], "paper[1].adds.needs", "使えるのは"),
    ],
)
def test_a_slip_names_the_row_and_the_nearest_word(
    key: str, value: Any, at: str, says: str
) -> None:
    data = copy.deepcopy(DATA)
    data["paper"][0][key] = value
    with pytest.raises(BadCityData) as wrong:
        table_from(data)
    assert (wrong.value.file, wrong.value.key) == ("papers.toml", at)
    assert says in wrong.value.sentence


def test_a_city_adds_its_own_form_without_a_programmer() -> None:
    data = copy.deepcopy(DATA)
    data["names"]["chushajo"] = "駐車のお願い"
    data["paper"].append({"form": "chushajo", "needs": ["facility"], "reason": "施設のため。"})
    found = papers_needed(ApplicationCase("new", facts={"facility": True}), table_from(data))
    assert [(one.form, one.label) for one in found][-1] == ("chushajo", "駐車のお願い")


def test_the_reasons_of_a_lost_card_are_reasons_of_the_fee_table(city: CityData) -> None:
    assert set(city.papers.gone_reasons) <= set(city.fees.reasons)
