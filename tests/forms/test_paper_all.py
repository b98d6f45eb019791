"""What every paper promises (fonts, PDF/A, no file on disk), and the papers one by one."""

from __future__ import annotations

import io
import tempfile
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from fieldkit.errors import KitError
from fieldkit.paper import (
    deletion_list,
    receipt,
    visit_sheet,
)
from tests.forms.form_cases import (
    CODE,
    FORMS,
    PRINTED_AT,
    RECEIPT,
    VISIT,
    every_paper,
    pdf_text,
    run_on_pdf,
)
from tests.needs import needs

pytestmark = needs("poppler-utils")


def test_it_embeds_every_font_in_every_paper() -> None:
    for name, pdf in every_paper().items():
        lines = run_on_pdf("pdffonts", "-", pdf=pdf).splitlines()[2:]
        assert lines, name
        for line in lines:
            columns = line.split()
            assert columns[-5:-2] == ["yes", "yes", "yes"], f"{name}: {line}"
            assert "NotoSansJP" in line


def test_it_makes_pdf_a_2u_with_a_title_without_names() -> None:
    for name, pdf in every_paper().items():
        assert b"<pdfaid:part>2</pdfaid:part>" in pdf, name
        assert b"<pdfaid:conformance>U</pdfaid:conformance>" in pdf, name
        info = run_on_pdf("pdfinfo", "-", pdf=pdf)
        assert "Title:" in info
        assert "汐見" not in info and "葛" not in info, name


def test_it_prints_the_same_bytes_for_the_same_input() -> None:
    assert every_paper() == every_paper()


def test_it_writes_no_file_while_printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TMPDIR", "TEMP", "TMP", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in FORMS.rglob("*")}
    every_paper()
    assert list(tmp_path.rglob("*")) == []
    assert {p: p.stat().st_mtime_ns for p in FORMS.rglob("*")} == before


def test_it_prints_the_receipt_twice_on_one_sheet() -> None:
    text = pdf_text(receipt(FORMS, **RECEIPT))
    assert text.count("OT-03-0001") == 2
    assert text.count("¥2,000") == 2
    assert text.count("葛󠄀城𠮷子") == 2
    assert text.count("令和8年7月1日") == 2
    assert "領収書（控）" in text and "1,800円" in text and "書損" not in text
    assert "Pages:           1" in run_on_pdf("pdfinfo", "-", pdf=receipt(FORMS, **RECEIPT))


def test_it_marks_a_spoiled_receipt() -> None:
    assert pdf_text(receipt(FORMS, **RECEIPT, void=True)).count("書損") == 2


@pytest.mark.parametrize("amount", [1999, 0, -2000])
def test_it_refuses_a_receipt_whose_sum_is_wrong(amount: int) -> None:
    with pytest.raises(KitError) as caught:
        receipt(FORMS, **(RECEIPT | {"amount": amount}))
    assert caught.value.code == "receipt_sum"


def test_it_prints_the_day_code_in_groups_and_as_a_readable_qr() -> None:
    pdf = every_paper()["visit"]
    text = pdf_text(pdf)
    assert "7K3M-Q9ZT-4WXH-2PBN-8RDV-YC5J-FA" in text
    assert text.count("裁断確認") == 2
    for words in ("髙橋ヴィ子", "葛󠄀城𠮷子", "0134-00-0000", "犬がいます", "3f9a77c1", "午前"):
        assert words in text
    page = read_page(pdf)
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [CODE]


def read_page(pdf: bytes) -> Image.Image:
    """The first page as a scanner at 150 dpi sees it."""
    import subprocess

    done = subprocess.run(
        ["pdftoppm", "-r", "150", "-gray", "-png", "-"], input=pdf, capture_output=True, check=True
    )
    return Image.open(io.BytesIO(done.stdout))


def test_it_refuses_a_day_code_of_the_wrong_length() -> None:
    with pytest.raises(KitError):
        visit_sheet(
            FORMS,
            day=date(2026, 7, 1),
            visits=[],
            code26=CODE[:-1],
            fingerprint="",
            printed_at=PRINTED_AT,
        )


def test_it_keeps_personal_data_off_the_reception_list() -> None:
    row = VISIT | {"deleted_on": "2026-07-02", "planned": 2, "caller_name": "汐見　花子"}
    text = pdf_text(deletion_list(FORMS, [row], PRINTED_AT, city="小樽市"))
    assert "小樽市共有日" in text and "令和8年7月2日" in text
    for words in ("花園", "0134", "汐見", "犬", "髙橋"):
        assert words not in text


def test_it_prints_the_words_of_the_slip() -> None:
    text = pdf_text(every_paper()["slip"])
    for words in ("受付票", "令和8年7月1日(水)", "汐見太郎", "昭和20年3月8日（1945年）", "紛失"):
        assert words in text
