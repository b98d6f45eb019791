"""The 5 mm grid for adjusting a layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit.errors import BadCityData
from fieldkit.forms import list_forms, load_form
from fieldkit.paper.background import pages_of
from fieldkit.paper.grid import grid_pdf
from fieldkit.paper.layout import checked_layout
from tests.forms.form_cases import FORMS, PRINTED_AT, pdf_text, run_on_pdf
from tests.needs import needs

pytestmark = needs("poppler-utils")


def test_every_field_is_outlined_with_its_name() -> None:
    for name in list_forms(FORMS):
        form = load_form(FORMS, name)
        pdf, found = grid_pdf(FORMS, form, PRINTED_AT)
        text = pdf_text(pdf)
        assert found == []
        for entry in form.layout.get("field", []):
            assert entry["name"] in text, (name, entry["name"])
        assert all(str(mm) in text for mm in range(10, 200, 10))
        pages = max([1, *(e.get("page", 1) for e in form.layout.get("field", []))])
        assert f"Pages:           {pages}" in run_on_pdf("pdfinfo", "-", pdf=pdf)


def test_the_lines_lie_on_their_millimetres() -> None:
    pdf, _ = grid_pdf(FORMS, load_form(FORMS, "kofu_shinsei"), PRINTED_AT)
    ((picture, _),) = pages_of(pdf, 254)  # ten dots a millimetre
    for mm in (5, 10):
        column = [picture.getpixel((mm * 10 + d, 55)) for d in range(-3, 4)]
        assert min(red for red, _, _ in column) < 230, mm
        assert all(picture.getpixel((mm * 10 + d, 55)) == (255, 255, 255) for d in (-15, 15))


def test_what_does_not_fit_is_told_and_still_shown(own_forms: Path) -> None:
    path = own_forms / "kofu_shinsei" / "sample.json"
    text = path.read_text(encoding="utf-8").replace("0134-00-0000", "0" * 60)
    path.write_text(text, encoding="utf-8")
    pdf, found = grid_pdf(own_forms, load_form(own_forms, "kofu_shinsei"), PRINTED_AT)
    assert pdf.startswith(b"%PDF") and "tel" in {problem.question for problem in found}


def test_what_is_never_drawn_may_lie_off_the_citys_sheet() -> None:
    layout = {"paper": "b5", "draw": False, "box": [{"x": 12, "y": 10, "w": 186, "h": 20}]}
    assert checked_layout(layout) is layout
    with pytest.raises(BadCityData, match="はみ出します"):
        checked_layout({**layout, "draw": True})
    field = {"name": "a", "x": 180, "y": 10, "w": 20, "h": 5, "size": 10}
    with pytest.raises(BadCityData, match="はみ出します"):
        checked_layout({**layout, "field": [field]})
