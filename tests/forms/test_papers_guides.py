"""The papers that are handed out before a visit: their texts, marks, kinds and languages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fieldkit import citydata
from fieldkit.errors import BadCityData, KitError
from fieldkit.form_check import check_form
from fieldkit.forms import load_form
from fieldkit.guides import city_answers
from fieldkit.paper import Item, print_item, prose
from tests.forms.form_cases import FORMS, PRINTED_AT, pdf_text, run_on_pdf
from tests.needs import needs

pytestmark = needs("poppler-utils")
GUIDES = ("mochimono", "setsumei", "shisetsu_annai", "shisetsu_kakunin")
KINDS = ("", "new", "renew", "lost", "damaged", "other")
LANGUAGES = ("ja", "easy", "en")
SPOKEN = [("mochimono", one) for one in LANGUAGES] + [("setsumei", one) for one in LANGUAGES]


def paper(form_name: str, language: str = "ja", **changes: str) -> bytes:
    form = load_form(FORMS, form_name)
    answers = {**form.sample, **changes}
    return print_item(FORMS, Item(form, answers, language=language), PRINTED_AT)


def text(form_name: str, language: str = "ja", **changes: str) -> str:
    return pdf_text(paper(form_name, language, **changes))


def sizes(pdf: bytes) -> list[float]:
    """The sizes in points of all letters above the foot of each page."""
    html = run_on_pdf("pdftotext", "-bbox", "-", "-", pdf=pdf)
    found = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<', html)
    return [float(low) - float(top) for top, low, _ in found if float(top) < 805]


def blocks(body: str, **values: str) -> list[dict[str, Any]]:
    return prose.blocks(body, "body.ja.md", values, values.__getitem__)


def words(found: list[dict[str, Any]]) -> list[str]:
    """The words of each block, without its marks."""
    lines = [b.get("lines") or [b["runs"]] for b in found if b["kind"] not in ("", "table")]
    return ["／".join("".join(r["text"] for r in line) for line in block) for block in lines]


@pytest.mark.parametrize("name", GUIDES)
def test_the_shipped_form_passes_the_check(name: str) -> None:
    assert check_form(FORMS, name) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bring_list_is_one_page_in_large_type(kind: str, language: str) -> None:
    fee = "2,000" if kind in ("lost", "damaged") else ""
    pdf = paper("mochimono", language, kind=kind, fee_yen=fee)
    assert "Pages:           1" in run_on_pdf("pdfinfo", "-", pdf=pdf)
    assert min(sizes(pdf)) >= 12


@pytest.mark.parametrize(("name", "language"), SPOKEN)
def test_what_an_elderly_person_reads_is_never_small(name: str, language: str) -> None:
    assert min(sizes(paper(name, language))) >= 12


def test_the_bring_list_says_the_day_the_window_and_the_number_to_call() -> None:
    found = text("mochimono", day="2026-07-22", time_from="10:30", time_to="11:30")
    for said in ("令和8年7月22日(水)", "10時30分から11時30分の間", "受付番号12", "0120-00-0000"):
        assert said in found
    assert "14時ごろ" in text("mochimono", time_from="14:00", time_to="14:00")
    english = run_on_pdf("pdftotext", "-layout", "-", "-", pdf=paper("mochimono", "en"))
    assert "Wednesday, 22 July 2026" in english
    assert "between 10:30 and 11:30" in english


@pytest.mark.parametrize(
    ("kind", "there", "gone"),
    [
        (
            "lost",
            ("2,000円ちょうど", "おつりを持っていません", "0120-95-0178"),
            ("通知カード（紙",),
        ),
        ("damaged", ("2,000円ちょうど", "こわれていても"), ("0120-95-0178",)),
        ("renew", ("資格確認書」をもらって", "その場で回収"), ("円ちょうど", "A2点")),
        ("new", ("通知カード（紙のカード）", "住民基本台帳カード", "A1点とB1点"), ("円ちょうど",)),
        ("other", ("手数料がかかることがあります",), ("円ちょうど", "0120-95-0178")),
        ("", ("円ちょうど", "資格確認書」をもらって", "通知カード（紙の", "0120-95-0178"), ()),
    ],
)
def test_each_kind_of_application_gets_its_own_list(
    kind: str, there: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    fee = "2,000" if kind in ("lost", "damaged") else ""
    found = text("mochimono", kind=kind, fee_yen=fee)
    assert [said for said in there if said not in found] == []
    assert [said for said in gone if said in found] == []


def test_the_lists_of_papers_follow_the_citys_table() -> None:
    city, form = citydata.load(FORMS), load_form(FORMS, "mochimono")
    found = city_answers(form, city, "new")
    assert set(found["papers_ways"].split("\n")) >= {"A 2点", "A 1点と B 1点"}
    assert "運転免許証" in found["papers_a"] and "資格確認書" in found["papers_b"]
    assert "マイナンバーカード" not in found["papers_a"]  # only a renewal shows the card itself
    assert "令和7年12月1日まで" not in found["papers_b"]  # a paper that ended is not asked for


def test_the_example_lists_what_the_shipped_table_lists() -> None:
    city = citydata.load(FORMS)
    for name in ("mochimono", "shisetsu_annai"):
        form = load_form(FORMS, name)
        for key, value in city_answers(form, city, "lost").items():
            assert form.sample[key] == value, (name, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_paper_for_citizens_shows_the_number_of_the_citys_helpdesk(language: str) -> None:
    phones = tomllib.loads((FORMS / "offices.toml").read_text(encoding="utf-8"))["phones"]
    closed = phones["jlis_helpdesk_city_only"]
    for name in GUIDES:
        assert closed not in text(name, language)
    assert phones["total_freedial"] in text("setsumei", language)


@pytest.mark.parametrize(
    ("language", "sayings"),
    [
        ("ja", ("6～16文字", "数字4けた", "およそ1か月", "およそ1週間", "職員は番号を聞きません",
                "本人限定受取郵便", "簡易書留", "写真と記録を消します", "預り証")),
        ("easy", ("6～16文字", "数字4つ", "1か月くらい", "番号を聞きません", "から消します")),
        ("en", ("6to16", "4digits", "aboutonemonth", "aboutoneweek", "donotaskforyourPINs",
                "erasedfromthelaptop")),
    ],
)  # fmt: skip
def test_the_explanation_says_what_must_be_said(language: str, sayings: tuple[str, ...]) -> None:
    pdf = paper("setsumei", language)
    assert "Pages:           2" in run_on_pdf("pdfinfo", "-", pdf=pdf)
    found = pdf_text(pdf)
    assert [said for said in sayings if said not in found] == []


def test_the_face_authentication_card_is_told_apart_row_by_row() -> None:
    lines = run_on_pdf("pdftotext", "-layout", "-", "-", pdf=paper("setsumei")).splitlines()
    for service in ("マイナポータル", "コンビニで住民票など", "オンライン診療など"):
        row = next(line for line in lines if service in line and "使え" in line)
        assert re.search(r"使えます\s+使えません", row), row
    for use in ("身分証明書として", "健康保険証として"):
        row = next(line for line in lines if use in line)
        assert re.search(r"使えます\s+使えます", row), row


def test_the_letter_to_a_facility_names_day_list_and_the_safe_way() -> None:
    found = text("shisetsu_annai")
    assert "令和8年7月15日(水)" in found, "one week before the visit"
    for column in ("(ア)", "(イ)", "(ウ)", "(エ)", "(オ)", "(カ)"):
        assert column in found
    for said in ("はまなす園", "18人", "パスワード", "card@shiomi.example", "電源", "顔写真証明書",
                 "意思を確かめられない方"):  # fmt: skip
        assert said in found, said
    assert "a1人ずつ" in found and "c組み合わせ" in found
    agreed = text("shisetsu_annai", pattern="b")
    assert "b先に全員の写真" in agreed and "a1人ずつ" not in agreed


def test_the_intent_check_prints_the_name_and_is_empty_to_write_on() -> None:
    form = load_form(FORMS, "shisetsu_kakunin")
    item = Item(form, {"name": "葛󠄀西　𠮷子", "kana": "カサイ　ヨシコ", "birth": "1938-03-05"})
    found = pdf_text(print_item(FORMS, item, PRINTED_AT))
    for said in ("葛󠄀西𠮷子", "昭和13年3月5日", "希望しない", "確認できない", "番号は書かないで"):
        assert said in found, said
    blank = pdf_text(print_item(FORMS, Item(form, {}, blank=True), PRINTED_AT))
    assert "昭和" not in blank and "確認のしかた" in blank


def test_a_name_without_a_font_is_told_with_its_question() -> None:
    with pytest.raises(KitError) as caught:
        paper("mochimono", name="山田\ue000")
    assert caught.value.code == "unprintable"
    assert "申請する方の氏名" in caught.value.sentence
    assert "山田" not in caught.value.sentence


def test_a_text_that_is_too_long_is_told_before_printing(own_forms: Path) -> None:
    body = own_forms / "mochimono" / "body.ja.md"
    body.write_text(body.read_text(encoding="utf-8") + "- もう一行\n" * 30, encoding="utf-8")
    found = check_form(own_forms, "mochimono")
    assert len(found) == 1 and "枠に入りません" in found[0].sentence


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("${nmae} 様", "nmae"),
        ("::: when kind = new\n本文", "閉じる"),
        ("::: when knd = new\n本文\n:::", "knd"),
        ("::: kind\n本文\n:::", "::: when"),
        ("::: when kind = new\n::: when kind = lost\n:::\n:::", "もう1つ"),
    ],
)
def test_a_slip_in_a_text_is_told_with_its_line(body: str, says: str) -> None:
    with pytest.raises(BadCityData) as caught:
        blocks(body, kind="new", name="")
    assert says in caught.value.sentence


def test_a_broken_text_stops_the_form_check(own_forms: Path) -> None:
    body = own_forms / "setsumei" / "body.ja.md"
    body.write_text(body.read_text(encoding="utf-8") + "\n${no_such}\n", encoding="utf-8")
    found = check_form(own_forms, "setsumei")
    assert len(found) == 1 and "no_such" in found[0].sentence


def test_an_answer_never_becomes_a_mark() -> None:
    found = blocks("${name} 様\n\n**${name}**", name="**太字** ${kind}", kind="new")
    assert words(found) == ["**太字** ${kind} 様", "**太字** ${kind}"]
    assert found[0]["lines"][0][0]["strong"] is False
    assert found[-1]["lines"][0][0]["strong"] is True


def test_marks_become_blocks() -> None:
    body = """# 題
    ## (yen) 見出し
    段落
    続き

    - 点
    - [ ] 四角
    1. 番号
    > 枠
    >> 右
    ---
    <!-- 注 -->"""
    found = [block for block in blocks(body) if block["kind"]]
    kinds = ["title", "head", "text", "point", "tick", "number", "frame", "right", "rule"]
    assert [block["kind"] for block in found] == kinds
    assert found[1]["picture"] == "yen" and words(found)[2] == "段落／続き"
    table = blocks("| 甲 | 乙 |\n|---|---|\n| 1 | 2 |")[0]
    assert table["head"] and len(table["rows"]) == 2
    assert "head" not in blocks("| 甲 | 乙 |")[0]


def test_a_point_that_is_an_answer_has_one_box_per_line() -> None:
    found = blocks("- [ ] ${ways}\n- [ ] ${none}", ways="A 2点\nB 3点", none="")
    assert words(found) == ["A 2点", "B 3点", prose.LINE]
    assert {block["kind"] for block in found} == {"tick"}


def test_when_shows_by_value_by_any_and_by_none() -> None:
    wishes = {"甲": "lost, new", "乙": "*", "丙": '""'}
    body = "\n".join(f"::: when kind = {wish}\n{one}\n:::" for one, wish in wishes.items())
    assert words(blocks(body, kind="lost")) == ["甲／乙"]
    assert words(blocks(body, kind="renew")) == ["乙"]
    assert words(blocks(body, kind="")) == ["丙"]
