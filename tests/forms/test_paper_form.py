"""The application form as a reader gets it: every answer copies out, nothing is cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from fieldkit.errors import KitError
from fieldkit.paper import (
    overflows,
    print_form,
    slip,
)
from tests.forms.form_cases import (
    FORMS,
    PRINTED_AT,
    answers,
    drawn_photo,
    pdf_text,
    printed,
    run_on_pdf,
)
from tests.needs import needs

pytestmark = needs("poppler-utils")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "汐見　太郎"),
        ("name", "𠮷田　髙子"),
        ("name", "葛󠄀城　ヴィ子"),
        ("name", "神　福隆塚"),
        ("name", "WOLFESCHLEGELSTEINHAUSEN MARIA-FERNANDA DE LOS ANGELES"),
        ("alias", "シオミ　マリア"),
        ("kana", "ヴォルフシュレーゲルシュタインハウゼン・マリアフェルナンダ"),
        ("address", "北海道小樽市花園９丁目９９番９号"),
        ("katagaki", "特別養護老人ホームしおさい　はまなす棟　１０２号室"),
        ("tel", "090-0000-0000"),
        ("form_id", "98765432109876543210987"),
        ("scribe_rel", "施設の職員"),
    ],
)
def test_it_gives_each_answer_back(name: str, value: str) -> None:
    raw = run_on_pdf("pdftotext", "-raw", "-", "-", pdf=printed(**{name: value}))
    assert "".join(value.split()) in "".join(raw.split())


def test_it_folds_a_long_address_into_its_box() -> None:
    address = "北海道小樽市花園" + "あいうえお" * 14
    raw = run_on_pdf("pdftotext", "-raw", "-", "-", pdf=printed(address=address))
    assert address in "".join(raw.split())


def test_it_prints_dates_by_era() -> None:
    text = pdf_text(printed(foreign="yes", stay_until="2029-12-31"))
    assert "昭和20年3月8日" in text
    assert "令和11年12月31日" in text


def test_it_prints_the_label_of_a_choice() -> None:
    changes = {"has_agent": "yes", "agent_name": "汐見　花子", "agent_rel": "guardian"}
    assert "成年後見人" in pdf_text(printed(**changes))


def test_it_leaves_the_individual_number_to_the_hand() -> None:
    text = pdf_text(printed(form_id=""))
    assert "本人が手書き" in text
    assert "この端末には記録しません" in text


def test_it_keeps_the_photo_as_it_was_taken() -> None:
    """Not recompressed, not scaled down: the picture in the PDF has the bytes of the JPEG."""
    photo = drawn_photo()
    pdf = print_form(FORMS, "kofu_shinsei", answers(), photo, PRINTED_AT)
    assert photo in pdf
    assert "350   450" in run_on_pdf("pdfimages", "-list", "-", pdf=pdf)


def test_it_prints_an_empty_form() -> None:
    text = pdf_text(print_form(FORMS, "kofu_shinsei", {}, None, PRINTED_AT))
    assert "申請者氏名" in text
    assert "はってください" in text


def test_it_does_not_print_what_is_not_asked() -> None:
    assert "0134-99-9999" not in pdf_text(printed(has_agent="no", agent_tel="0134-99-9999"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("太\U0001b001郎", "U+1B001"),
        ("太\ue000郎", "U+E000"),
        ("葛\U000e0105城", "U+845B U+E0105"),
        ("あ\U000e0100郎", "U+3042 U+E0100"),
    ],
)
def test_it_refuses_a_character_that_no_font_draws(text: str, code: str) -> None:
    with pytest.raises(KitError) as caught:
        printed(name=text)
    error = caught.value
    assert error.code == "unprintable"
    assert f"（{code}）" in error.sentence
    assert "氏名" in error.sentence
    assert "代替文字" in error.sentence
    assert "郎" not in error.sentence


def test_it_uses_the_citys_font_where_only_that_has_the_variant(own_forms: Path) -> None:
    """A city font comes first in name boxes; a variant only Noto has is still drawn by Noto."""
    make_city_font(own_forms / "fonts" / "city.ttf")
    pdf = print_form(
        own_forms, "kofu_shinsei", answers(name="葛󠄀葛󠄂𠮷", address="葛󠄂"), None, PRINTED_AT
    )
    fonts = run_on_pdf("pdffonts", "-", pdf=pdf)
    assert "CityTest" in fonts and "NotoSansJP" in fonts
    assert "葛󠄀葛󠄂𠮷" in pdf_text(pdf)
    paper = slip(own_forms, {"address": "葛󠄂一丁目"}, [], PRINTED_AT)
    assert "CityTest" in run_on_pdf("pdffonts", "-", pdf=paper)


def make_city_font(path: Path) -> None:
    """A small font of our own making, with 葛 and one variant (U+E0102) that Noto lacks."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    pen.lineTo((100, 800))
    pen.lineTo((900, 800))
    pen.closePath()
    box = pen.glyph()
    names = [".notdef", "kudzu", "kudzu.alt"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({0x845B: "kudzu"}, uvs=[(0x845B, 0xE0102, "kudzu.alt")])
    builder.setupGlyf({name: box for name in names})
    builder.setupHorizontalMetrics({name: (1000, 100) for name in names})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable(
        {"familyName": "City Test", "styleName": "Regular", "psName": "CityTest-Regular"}
    )
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    builder.save(path)
    assert isinstance(TTFont(path)["cmap"].getBestCmap(), dict)


def test_it_reports_what_does_not_fit_and_prints_nothing_cut() -> None:
    found = overflows(FORMS, "kofu_shinsei", answers(tel="0" * 60))
    assert [over.field for over in found] == ["tel"]
    wide = answers(name="W" * 60)
    (over,) = overflows(FORMS, "kofu_shinsei", wide)
    assert over.field == "name" and over.need_mm > 106
    with pytest.raises(KitError) as caught:
        print_form(FORMS, "kofu_shinsei", wide, None, PRINTED_AT)
    assert caught.value.code == "overflow"
    assert "氏名" in caught.value.sentence
    assert "WWW" not in caught.value.sentence


def test_it_never_prints_an_individual_number() -> None:
    for name, value in (("form_id", "123456789012"), ("address", "花園 1234-5678-9018")):
        with pytest.raises(KitError) as caught:
            printed(**{name: value})
        assert caught.value.code == "individual_number"
        assert "1234" not in caught.value.sentence


def test_it_reports_an_application_id_that_is_too_long() -> None:
    (over,) = overflows(FORMS, "kofu_shinsei", answers(form_id="1" * 24))
    assert over.field == "form_id"


def test_it_prints_over_the_citys_own_sheet(own_forms: Path) -> None:
    folder = own_forms / "kofu_shinsei"
    Image.new("L", (210, 297), 250).save(folder / "background.png")
    layout = (folder / "layout.toml").read_text(encoding="utf-8")
    line = 'paper = "a4"\nbackground = "background.png"'
    text = layout.replace('paper = "a4"', line)
    (folder / "layout.toml").write_text(text, encoding="utf-8")
    pdf = print_form(own_forms, "kofu_shinsei", answers(), drawn_photo(), PRINTED_AT)
    assert len(run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()) == 4


def test_it_refuses_a_photo_that_is_none() -> None:
    for junk in (b"GIF89a....", b"\xff\xd8\xff\xe0broken", drawn_photo()[:900]):
        with pytest.raises(KitError) as caught:
            print_form(FORMS, "kofu_shinsei", answers(), junk, PRINTED_AT)
        assert caught.value.code == "bad_picture"
