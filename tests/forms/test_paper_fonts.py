"""The city's own fonts, with IPAmj明朝 as the example: first in name boxes, whole, embedded."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit.forms import load_form
from fieldkit.paper import CannotPrint, Item, print_item, problems
from tests.forms.form_cases import FORMS, PRINTED_AT, answers, pdf_text, run_on_pdf
from tests.needs import needs

pytestmark = needs("poppler-utils", "fonts-ipamj-mincho")
MJ_KUDZU, HENTAI_A = "葛\U000e0102", "\U0001b002"


@pytest.fixture
def city_fonts(own_forms: Path) -> Path:
    (font,) = Path("/usr/share/fonts").rglob("ipamjm.ttf")
    (own_forms / "fonts" / "ipamjm.ttf").symlink_to(font)
    return own_forms


def fonts_of(pdf: bytes) -> dict[str, list[str]]:
    """Font name without its subset mark -> the columns emb, sub, uni."""
    lines = run_on_pdf("pdffonts", "-", pdf=pdf).splitlines()[2:]
    return {line.split()[0].partition("+")[2]: line.split()[-5:-2] for line in lines}


def test_rare_names_print_in_the_citys_font_and_copy_out(city_fonts: Path) -> None:
    form = load_form(city_fonts, "kofu_shinsei")
    name = f"{MJ_KUDZU}城　{HENTAI_A}き"
    pdf = print_item(city_fonts, Item(form, answers(name=name)), PRINTED_AT)
    assert name.replace("　", "") in pdf_text(pdf)
    fonts = fonts_of(pdf)
    assert any(font.startswith("IPAmj") for font in fonts) and "NotoSansJP-Regular" in fonts
    assert all(marks == ["yes", "yes", "yes"] for marks in fonts.values())


def test_without_the_font_the_same_name_is_refused(own_forms: Path) -> None:
    form = load_form(own_forms, "kofu_shinsei")
    given = answers(name=f"{MJ_KUDZU}城　{HENTAI_A}き")
    found = problems(own_forms, form, given)
    assert [p.code for p in found] == ["U+845B U+E0102", "U+1B002"]
    assert {p.alternative for p in found} == {"alt_name"}
    with pytest.raises(CannotPrint):
        print_item(own_forms, Item(form, given), PRINTED_AT)


def test_a_variant_outside_a_name_box_takes_the_only_font_that_has_it(city_fonts: Path) -> None:
    form = load_form(city_fonts, "kofu_shinsei")
    pdf = print_item(city_fonts, Item(form, answers(address=f"北海道{MJ_KUDZU}町")), PRINTED_AT)
    assert f"北海道{MJ_KUDZU}町" in pdf_text(pdf)
    assert any(font.startswith("IPAmj") for font in fonts_of(pdf))


def test_a_name_of_plain_letters_is_in_the_citys_font_too(city_fonts: Path) -> None:
    form = load_form(city_fonts, "kofu_shinsei")
    with_name = fonts_of(print_item(city_fonts, Item(form, {"name": "汐見"}), PRINTED_AT))
    without = fonts_of(print_item(FORMS, Item(form, {"name": "汐見"}), PRINTED_AT))
    assert any(font.startswith("IPAmj") for font in with_name)
    assert not any(font.startswith("IPAmj") for font in without)
