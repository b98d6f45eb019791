"""(ア), (イ) and (エ) on paper: every value copies out, and what is too long is told."""

from __future__ import annotations

import pytest

from fieldkit.form_check import check_form
from fieldkit.forms import load_form
from fieldkit.paper import overflows, print_form
from tests.forms.form_cases import FORMS, PRINTED_AT, drawn_photo, pdf_text, run_on_pdf
from tests.forms.kofu_cases import AGENT, NAMES, answers, bare, in_area, printed
from tests.needs import needs

pytestmark = needs("poppler-utils")

LONG = {
    "name": "WOLFESCHLEGELSTEINHAUSEN MARIA-FERNANDA DE LOS ANGELES",
    "kana": "ヴォルフェシュレーゲルシュタインハウゼン・マリアフェルナンダ・デロスアンヘレス",
    "address": "北海道汐見市葛󠄀西町" + "一二三四五六七八九" * 10,
    "katagaki": "特別養護老人ホームしおさい　はまなす棟　二階東側　１０２号室　𠮷田様方　二号",
}
RARE = {
    "name": "渡邉葛󠄀城　𠮷乃髙",
    "kana": "ワタナベカサギ・ヨシノタカ",
    "address": "北海道汐見市葛󠄀西町９丁目９９番９号",
    "katagaki": "𠮷祥苑　髙砂棟",
}
GONE = {
    "send_kind": "facility",
    "send_zip": "047-0031",
    "send_addr": "北海道汐見市潮見台九丁目" + "一二三四五六七八九" * 5,
    "send_name": "特別養護老人ホーム　しおさいの丘　葛󠄀ユニット　𠮷川様方",
}
OF_FORM: dict[str, dict[str, str]] = {
    "kofu_shinsei": AGENT
    | {
        "alias": "葛󠄀城　𠮷子",
        "alt_char": "yes",
        "alt_name": "YOSHINO KASAGI TAKAHASHI",
        "photo_reason": "病気により片目が開かず、酸素吸入の管も外せない（𠮷野医院）",
        "police_no": "汐見第000000号",
        "foreign": "yes",
        "resident_class": "mid_long",
        "stay_until": "2029-12-31",
    },
    "kofu_tegaki": AGENT | {"alias": "葛󠄀城　𠮷子", "scribed": "yes", "scribe": "𠮷田　髙子",
                            "scribe_rel": "施設の職員"},
    "pin_sofu": AGENT | GONE | {"scribe": "𠮷田　髙子", "send_reason": "other",
                                "send_reason_text": "自宅を建て替えていて受け取れないため",
                                "send_to": "2027-12-31"},
    "hoken_doi": AGENT | {"scribe": "𠮷田　髙子"},
}  # fmt: skip
#: Printed in other words than they are stored, or not printed at all.
UNLIKE = {"alt_char", "has_agent", "agent_rel", "send_kind", "send_reason", "stay_until", "foreign",
          "resident_class", "send_to", "scribed"}  # fmt: skip


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("who", [LONG, RARE])
def test_it_gives_every_value_back(form: str, who: dict[str, str]) -> None:
    filled = who | OF_FORM[form]
    pdf = printed(form, **filled)
    raw = bare(run_on_pdf("pdftotext", "-raw", "-", "-", pdf=pdf))
    for name in sorted(set(filled) - UNLIKE):
        if name not in load_form(FORMS, form).layout["unprinted"]:
            assert bare(filled[name]) in raw, name
    assert "親権者" in raw and run_on_pdf("pdfinfo", "-", pdf=pdf).count("Pages:           1") == 1


@pytest.mark.parametrize("form", NAMES)
def test_it_gives_the_example_back_in_lines(form: str) -> None:
    text, made = pdf_text(printed(form)), load_form(FORMS, form)
    unprinted = set(made.layout["unprinted"])
    for name, value in made.sample.items():
        question = made.question(name)
        if question.type == "text" and name not in unprinted:
            assert bare(value) in text, name
    assert bare(made.consent.text if made.consent else "")[:30] in text or form == "kofu_tegaki"


@pytest.mark.parametrize("form", NAMES)
def test_it_is_checked_and_fits_in_every_language(form: str) -> None:
    assert check_form(FORMS, form) == []
    for language in ("ja", "easy", "en"):
        for changes in ({}, {"face_only": "yes"}):
            filled = answers(form, **changes)
            pdf = print_form(FORMS, form, filled, None, PRINTED_AT, language=language)
            text = pdf_text(pdf)
            if form in ("hoken_doi", "pin_sofu"):
                assert ("Iagree" in text or "aredeclare" in text or "Iwish" in text) is (
                    language == "en"
                )
            assert ("わたしは、" in text) is (language == "easy")


@pytest.mark.parametrize("form", NAMES)
def test_a_normal_answer_is_at_least_nine_points_large(form: str) -> None:
    for field in load_form(FORMS, form).layout["field"]:
        if field["kind"] not in ("image", "mark"):
            assert field["size"] >= 9, field["name"]


def test_the_photo_reason_stands_in_the_name_box() -> None:
    """W07: the concrete reason is written in the name field on the front."""
    reason = "病気により片目が開かない"
    for form in ("kofu_shinsei", "kofu_tegaki"):
        label = next(b for b in load_form(FORMS, form).layout["box"] if b.get("label") == "氏名")
        area = (label["x"], label["y"], label["w"], label["h"])
        assert reason in in_area(printed(form, photo_reason=reason), *area)


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("kofu_shinsei", "name", "W" * 60),
        ("kofu_tegaki", "tel", "0" * 60),
        ("pin_sofu", "send_addr", "字" * 300),
        ("pin_sofu", "mayor", "市" * 60),
        ("hoken_doi", "agent_name", "W" * 60),
    ],
)
def test_it_reports_what_is_too_long(form: str, name: str, value: str) -> None:
    filled = answers(form, **AGENT | {name: value})
    assert [over.field for over in overflows(FORMS, form, filled)] == [name]


@pytest.mark.parametrize("form", NAMES)
def test_the_longest_answers_that_the_rules_allow_fit(form: str) -> None:
    made = load_form(FORMS, form)
    limits = {
        "name": 60, "alias": 60, "alt_name": 60, "address": 100, "katagaki": 60, "send_addr": 100,
        "send_name": 60, "agent_name": 60, "agent_addr": 100, "scribe": 60, "scribe_rel": 20,
        "photo_reason": 60, "send_reason_text": 30, "police_no": 40,
    }  # fmt: skip
    known = {q.name for q in made.questions}
    filled = {name: "葛󠄀"[:1] * count for name, count in limits.items() if name in known}
    filled["kana"] = "ヴ" * 80
    more = {"has_agent": "yes", "alt_char": "yes", "scribed": "yes", "send_reason": "other"}
    filled |= {name: value for name, value in more.items() if name in known}
    assert overflows(FORMS, form, answers(form, **filled)) == ()


def test_the_photo_is_printed_on_both_sheets() -> None:
    for form in ("kofu_shinsei", "kofu_tegaki"):
        photo = drawn_photo()
        assert photo in print_form(FORMS, form, answers(form), photo, PRINTED_AT)
