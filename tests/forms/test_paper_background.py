"""The city's own sheet behind a form: made from its PDF, named in layout.toml, printed on."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest
import typst
from PIL import Image

from fieldkit.errors import BadInput
from fieldkit.forms import load_form
from fieldkit.paper import Item, print_item
from fieldkit.paper.background import MOST_BYTES, pages_of, png_of, put_background
from fieldkit.paper.engine import press
from tests.forms.form_cases import FORMS, PRINTED_AT, answers, drawn_photo, pdf_text, run_on_pdf
from tests.needs import needs

pytestmark = needs("poppler-utils")


def city_sheet(
    wide: float = 210, high: float = 297, pages: int = 1, colour: str = "black"
) -> bytes:
    """A PDF of our own drawing with a square at (50, 60) mm on every page."""
    body = f"""#set page(width: {wide}mm, height: {high}mm, margin: 0mm)
    #let one = place(top + left, dx: 50mm, dy: 60mm, rect(width: 8mm, height: 8mm,
      fill: {colour}))
    #one {"#pagebreak() #one" * (pages - 1)}"""
    made = typst.compile(body.encode(), font_paths=press(FORMS).fonts, format="pdf")
    assert isinstance(made, bytes)
    return made


def locked_sheet() -> bytes:
    """A PDF whose trailer says that it is encrypted (40 bit, unknown user password)."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        b"<</Filter/Standard/V 1/R 2/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">/P -4>>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj" % number + body + b"endobj\n")
    table = out.tell()
    out.write(b"xref\n0 5\n0000000000 65535 f \n")
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>\n")
    out.write(b"startxref\n%d\n%%%%EOF" % table)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a", "PDF ではありません"),
        (b"", "PDF ではありません"),
        (b"%PDF-1.7 broken", "壊れて"),
        (city_sheet()[:700], "壊れて"),
        (locked_sheet(), "パスワード"),
        (b"%PDF-" + b"0" * MOST_BYTES, "大きすぎます"),
        (city_sheet(pages=21), "21 ページ"),
        (city_sheet(900, 1300), "900×1300 mm"),
        (city_sheet(20, 20), "20×20 mm"),
    ],
    ids=["gif", "empty", "broken", "cut", "locked", "huge", "long", "plan", "stamp"],
)
def test_what_is_no_sheet_is_refused(own_forms: Path, data: bytes, words: str) -> None:
    folder = own_forms / "kofu_shinsei"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(BadInput) as caught:
        put_background(folder, data)
    assert words in caught.value.sentence
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_pages_of_different_size_are_refused(own_forms: Path) -> None:
    two = """#set page(width: 210mm, height: 297mm)
    a #pagebreak() #set page(width: 148mm, height: 210mm)
    b"""
    pdf = typst.compile(two.encode(), font_paths=press(FORMS).fonts, format="pdf")
    assert isinstance(pdf, bytes)
    with pytest.raises(BadInput) as caught:
        put_background(own_forms / "kofu_shinsei", pdf)
    assert "そろって" in caught.value.sentence


def test_the_picture_is_the_sheet_at_300_dpi() -> None:
    ((picture, size),) = pages_of(city_sheet())
    assert size == (210.0, 297.0)
    assert [abs(a - b) <= 1 for a, b in zip(picture.size, (2480, 3508), strict=True)] == [True] * 2
    dots = 300 / 25.4
    assert picture.getpixel((int(54 * dots), int(64 * dots))) == (0, 0, 0)
    assert picture.getpixel((int(48 * dots), int(64 * dots))) == (255, 255, 255)


def test_a_sheet_without_colour_is_kept_grey() -> None:
    for colour, mode in (("black", "L"), ("red", "RGB")):
        ((picture, _),) = pages_of(city_sheet(colour=colour), 72)
        with Image.open(io.BytesIO(png_of(picture, 72))) as made:
            assert made.mode == mode


def test_layout_toml_keeps_its_comments(own_forms: Path) -> None:
    folder = own_forms / "kofu_shinsei"
    path = folder / "layout.toml"
    before = path.read_text(encoding="utf-8")
    made = put_background(folder, city_sheet())
    after = path.read_text(encoding="utf-8")
    assert made.files == ("background.png",) and made.by_hand == () and made.warning == ""
    assert [line for line in after.splitlines() if not line.startswith("background =")] == [
        line for line in before.splitlines() if not line.startswith("background =")
    ]
    assert tomllib.loads(after) == tomllib.loads(before) | {"background": "background.png"}
    put_background(folder, city_sheet())
    assert path.read_text(encoding="utf-8") == after
    two = put_background(folder, city_sheet(pages=2))
    assert two.files == ("background.png", "background-2.png")
    assert tomllib.loads(path.read_text(encoding="utf-8"))["background"] == list(two.files)
    assert (folder / "background-2.png").exists()
    put_background(folder, city_sheet())
    assert not (folder / "background-2.png").exists()


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((210, 297), {}),
        ((297, 210), {"orientation": "landscape"}),
        ((148, 210), {"paper": "a5"}),
        ((182, 257), {"paper": "b5"}),
        ((100, 200), {"paper": [100, 200]}),
    ],
)
def test_the_paper_is_that_of_the_sheet(
    own_forms: Path, size: tuple[float, float], wanted: dict[str, object]
) -> None:
    folder = own_forms / "neu"
    folder.mkdir()
    path = folder / "layout.toml"
    path.write_text('# 用紙\npaper = "a4"  # 大きさ\nquestions = "kofu_shinsei"\n', "utf-8")
    put_background(folder, city_sheet(*size))
    text = path.read_text(encoding="utf-8")
    made = tomllib.loads(text)
    plain = {"paper": "a4", "questions": "kofu_shinsei", "background": "background.png"}
    assert made == plain | wanted
    assert "# 用紙" in text and "# 大きさ" in text


def test_entries_off_the_new_sheet_are_told(own_forms: Path) -> None:
    made = put_background(own_forms / "kofu_shinsei", city_sheet(148, 210))
    assert "148×210 mm" in made.warning and "はみ出します" in made.warning


def test_lines_that_cannot_be_written_are_said(own_forms: Path) -> None:
    folder = own_forms / "kofu_shinsei"
    path = folder / "layout.toml"
    text = 'background = [  # 二枚\n  "a.png",\n  "b.png",\n]\n'
    path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = path.read_bytes()
    made = put_background(folder, city_sheet())
    assert made.by_hand == ('background = "background.png"',)
    assert path.read_bytes() == before


def test_only_the_answers_are_printed_on_the_citys_sheet(own_forms: Path) -> None:
    folder = own_forms / "kofu_shinsei"
    put_background(folder, city_sheet())
    path = folder / "layout.toml"
    path.write_text("draw = false\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    form = load_form(own_forms, "kofu_shinsei")
    pdf = print_item(own_forms, Item(form, answers(), drawn_photo()), PRINTED_AT)
    text = pdf_text(pdf)
    assert "汐見太郎" in text and "昭和20年3月8日" in text
    for ours in ("申請者氏名", "生年月日", "交付申請書兼", "新規", "希望する"):
        assert ours not in text
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    listed = run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()[2:]
    assert {int(line.split()[3]) // 10 for line in listed} == {248, 35}
    ((picture, _),) = pages_of(pdf, 100)
    assert picture.getpixel((int(54 / 25.4 * 100), int(64 / 25.4 * 100))) == (0, 0, 0)


def test_a_background_is_read_again_when_it_changed(own_forms: Path) -> None:
    folder = own_forms / "kofu_shinsei"
    seen = []
    for colour in ("black", "white"):
        put_background(folder, city_sheet(colour=colour))
        form = load_form(own_forms, "kofu_shinsei")
        ((picture, _),) = pages_of(print_item(own_forms, Item(form, {}), PRINTED_AT), 100)
        seen.append(picture.getpixel((int(57 / 25.4 * 100), int(67 / 25.4 * 100))))
    assert seen[0] == (0, 0, 0) and seen[1] != (0, 0, 0)
