"""Identity papers: combinations of forms/id_papers.toml (001 §8(2)オ(ア)e; 申請時来庁方式)."""

from __future__ import annotations

from datetime import date

import pytest

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput
from fieldkit.rules.idpapers import Enough, Short, evaluate

LICENCE, PASSPORT, CARD = "driving_licence", "passport", "mynumber_card"
PENSION, BANK, NOTICE, LETTER = "nenkin", "tsucho", "tsuchi_card", "bango_tsuchisho"


@pytest.mark.parametrize(
    ("papers", "method", "kind", "by"),
    [
        ([LICENCE, PASSPORT], "uketsuke", "new", {LICENCE, PASSPORT}),
        ([LICENCE, PENSION], "uketsuke", "new", {LICENCE, PENSION}),
        ([PENSION, LICENCE, BANK], "uketsuke", "lost", {LICENCE, PENSION}),
        ([NOTICE, PENSION, BANK], "uketsuke", "new", {NOTICE, PENSION, BANK}),
        ([LETTER, PENSION, BANK], "uketsuke", "new", {LETTER, PENSION, BANK}),
        # renewal: the old card itself
        ([CARD], "uketsuke", "renew", {CARD}),
        ([LICENCE, PENSION], "uketsuke", "renew", {LICENCE, PENSION}),
        # other methods and people
        ([PENSION, BANK], "uketsuke", "minor", {PENSION, BANK}),
        ([LICENCE], "kofu", "new", {LICENCE}),
        ([PENSION, BANK], "kofu", "new", {PENSION, BANK}),
        # a spare A serves as a B
        ([LICENCE, PASSPORT], "uketsuke", "minor", {LICENCE, PASSPORT}),
        # the face-photo certificate is a B paper
        ([LICENCE, "kao_shomei"], "uketsuke", "new", {LICENCE, "kao_shomei"}),
    ],
)
def test_it_finds_papers_enough(
    city: CityData, papers: list[str], method: str, kind: str, by: set[str]
) -> None:
    found = evaluate(papers, method, kind, city.id_papers)
    assert isinstance(found, Enough)
    assert set(found.by) == by
    assert all(city.id_papers.papers[code].label in found.says for code in by)


@pytest.mark.parametrize(
    ("papers", "kind", "says"),
    [
        ([LICENCE], "new", "A 1点・B 0点 → あと A または B を1点"),
        ([], "new", "A 0点・B 0点 → あと A 2点、または A 1点と B 1点"),
        ([PENSION], "new", "A 0点・B 1点 → あと A を1点"),
        ([PENSION, PENSION], "new", "A 0点・B 1点 → あと A を1点"),
        ([PENSION, BANK], "new", "A 0点・B 2点 → あと A または 通知カードか個人番号通知書 を1点"),
        ([NOTICE, PENSION], "new", "A 0点・B 1点 → あと A または B を1点"),
        ([NOTICE, LETTER], "new", "A 0点・B 0点 → あと A 2点、または A 1点と B 1点、または B 2点"),
        ([], "renew", "A 0点・B 0点 → あと マイナンバーカード を1点"),
        ([CARD], "lost", "A 1点・B 0点 → あと A または B を1点"),
        (["kao_shomei"], "new", "A 0点・B 1点 → あと A を1点"),
    ],
)
def test_it_counts_and_names_what_is_missing(
    city: CityData, papers: list[str], kind: str, says: str
) -> None:
    found = evaluate(papers, "uketsuke", kind, city.id_papers)
    assert isinstance(found, Short)
    assert found.says == says
    assert found.nearest


def test_it_does_not_count_papers_that_were_abolished(city: CityData) -> None:
    papers = [LICENCE, "hokensho"]
    last = date(2025, 12, 1)
    assert isinstance(evaluate(papers, "uketsuke", "new", city.id_papers, last), Enough)
    after = evaluate(papers, "uketsuke", "new", city.id_papers, date(2025, 12, 2))
    assert isinstance(after, Short)


def test_it_refuses_unknown_papers_and_methods(city: CityData) -> None:
    with pytest.raises(BadInput, match="一覧から選び直して"):
        evaluate(["library_card"], "uketsuke", "new", city.id_papers)
    with pytest.raises(BadInput, match="受付方式"):
        evaluate([LICENCE], "drone", "new", city.id_papers)
