"""The print sheets as a foreign reader (poppler) sees them: true sizes on paper."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.paper.contact_sheet import contact_sheet
from fieldkit.paper.photo_sheet import PAPERS, Back, photo_sheet
from tests.forms.form_cases import FORMS, PRINTED_AT, pdf_text, run_on_pdf
from tests.needs import needs

pytestmark = needs("poppler-utils")
BACK = Back("葛󠄀城　𠮷子", "1945-03-05", date(2026, 7, 1))
DPI = 600
MM = DPI / 25.4
TOLERANCE = 0.1


@cache
def red() -> bytes:
    """A red picture at 600 dpi: its edges on the page are found by colour."""
    out = io.BytesIO()
    Image.new("RGB", (826, 1062), (220, 30, 30)).save(out, "JPEG", quality=95)
    return out.getvalue()


@cache
def sheet(paper: str, back: bool) -> bytes:
    return photo_sheet(FORMS, paper, red(), PRINTED_AT, BACK if back else None)


@cache
def page(paper: str) -> npt.NDArray[np.int16]:
    """The front at 600 dpi, as a printer sees it."""
    done = subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-f", "1", "-l", "1", "-png", "-"],
        input=sheet(paper, True), capture_output=True, check=True,
    )  # fmt: skip
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB")).astype(np.int16)


def spans(flags: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Begin and end in mm of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(a / MM, b / MM) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def photos_on(paper: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    rgb = page(paper)
    is_red = (rgb[..., 0] - rgb[..., 1]) > 90
    return spans(is_red.sum(axis=0) > 200), spans(is_red.sum(axis=1) > 200)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("back", [False, True])
def test_it_has_the_size_of_the_paper(paper: str, back: bool) -> None:
    info = run_on_pdf("pdfinfo", "-l", "9", "-", pdf=sheet(paper, back))
    sizes = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+) pts", info)
    assert len(sizes) == (2 if back else 1)
    for width, height in sizes:
        assert abs(float(width) / 72 * 25.4 - PAPERS[paper].width) < TOLERANCE
        assert abs(float(height) / 72 * 25.4 - PAPERS[paper].height) < TOLERANCE


@pytest.mark.parametrize("paper", PAPERS)
def test_each_photo_is_35_by_45_mm_with_even_gaps(paper: str) -> None:
    across, down = photos_on(paper)
    assert len(across) == len(down) == 2
    assert [b - a for a, b in across] == pytest.approx([35, 35], abs=TOLERANCE)
    assert [b - a for a, b in down] == pytest.approx([45, 45], abs=TOLERANCE)
    gaps = {"l": (6.33, 12.33), "hagaki": (10, 19.33)}[paper]
    assert across[0][0] == pytest.approx(gaps[0], abs=TOLERANCE)
    assert across[1][0] - across[0][1] == pytest.approx(gaps[0], abs=TOLERANCE)
    assert down[0][0] == pytest.approx(gaps[1], abs=TOLERANCE)
    assert down[1][0] - down[0][1] == pytest.approx(gaps[1], abs=TOLERANCE)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_ruler_is_50_mm(paper: str) -> None:
    """The longest dark line below the photos."""
    rgb = page(paper)
    dark = rgb.max(axis=2) < 110
    below = round(photos_on(paper)[1][1][1] * MM + 3 * MM)
    row = below + int(np.argmax(dark[below:].sum(axis=1)))
    (begin, end), = [s for s in spans(dark[row]) if s[1] - s[0] > 10]
    assert (begin + end) / 2 == pytest.approx(PAPERS[paper].width / 2, abs=TOLERANCE)
    ticks = [(a + b) / 2 for a, b in spans(dark[row - round(1.8 * MM)])]
    assert ticks[5] - ticks[0] == pytest.approx(50, abs=0.05)
    steps = [tick - ticks[0] for tick in ticks]
    assert steps == pytest.approx([0, 10, 20, 30, 40, 50], abs=TOLERANCE)


@pytest.mark.parametrize("paper", PAPERS)
def test_cut_marks_lie_in_the_gaps_at_the_edges_and_never_on_a_photo(paper: str) -> None:
    rgb, (across, down) = page(paper), photos_on(paper)
    dark = rgb.max(axis=2) < 110
    for left, right in across:
        for top, bottom in down:
            inner = dark[round(top * MM):round(bottom * MM), round(left * MM):round(right * MM)]
            assert not inner.any(), "a mark lies on a photo"
            for y in (top, bottom):
                for x in (left - 1.8, right + 1.8):
                    assert dark[round((y - 0.3) * MM):round((y + 0.3) * MM), round(x * MM)].any()
            for x in (left, right):
                for y in (top - 1.8, bottom + 1.8):
                    assert dark[round(y * MM), round((x - 0.3) * MM):round((x + 0.3) * MM)].any()


@pytest.mark.parametrize("paper", PAPERS)
def test_it_prints_the_picture_itself_and_keeps_it_once(paper: str) -> None:
    pdf = sheet(paper, True)
    assert pdf.count(red()[600:1600]) == 1, "recompressed, or kept four times"
    rows = run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()[2:]
    assert len(rows) == 4
    for row in rows:
        words = row.split()
        assert words[3:5] == ["826", "1062"]
        assert all(abs(int(ppi) - 600) <= 2 for ppi in words[12:14]), row


def test_the_front_says_100_percent_and_no_name() -> None:
    text = pdf_text(sheet("l", False))
    assert "拡大・縮小なし（100%）で印刷" in text and "裏に氏名と生年月日を書きます" in text
    assert "葛" not in text and "昭和" not in text


@pytest.mark.parametrize("paper", PAPERS)
def test_the_back_stands_behind_each_photo_when_turned_over_the_long_edge(paper: str) -> None:
    pdf = sheet(paper, True)
    boxes = run_on_pdf("pdftotext", "-f", "2", "-l", "2", "-bbox", "-", "-", pdf=pdf)
    words = re.findall(
        r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)<', boxes
    )
    across, down = photos_on(paper)
    width = PAPERS[paper].width
    mirrored = [(width - right, width - left) for left, right in across]
    seen: dict[tuple[int, int], list[str]] = {}
    for *corners, text in words:
        x0, y0, x1, y1 = (float(c) / 72 * 25.4 for c in corners)
        places = [
            (i, j)
            for i, (left, right) in enumerate(mirrored)
            for j, (top, bottom) in enumerate(down)
            if left <= x0 and x1 <= right and top <= y0 and y1 <= bottom
        ]
        assert len(places) == 1, f"{text} does not lie behind one photo"
        seen.setdefault(places[0], []).append(text)
    assert len(seen) == 4
    for behind in seen.values():
        text = "".join(behind)
        for wanted in ("氏名", "𠮷子", "生年月日", "昭和20年3月5日", "（1945年）", "令和8年7月1日"):
            assert wanted in text


def test_a_long_name_stays_behind_its_photo() -> None:
    name = "マリア・フェルナンダ・デ・ラ・クルス・ゴンサレス・イ・ロドリゲス・サントス"
    pdf = photo_sheet(FORMS, "l", red(), PRINTED_AT, Back(name, "1990-12-25", date(2026, 12, 31)))
    boxes = run_on_pdf("pdftotext", "-f", "2", "-l", "2", "-bbox", "-", "-", pdf=pdf)
    ends = [float(y) / 72 * 25.4 for y in re.findall(r'yMax="([\d.]+)">', boxes)]
    assert max(y for y in ends if y < 63) < 57.3 and max(ends) < 114.7
    assert run_on_pdf("pdftotext", "-raw", "-", "-", pdf=pdf).replace("\n", "").count(name) == 4


@pytest.mark.parametrize("paper", PAPERS)
def test_it_is_pdf_a_with_fonts_and_a_title_without_a_name(paper: str) -> None:
    pdf = sheet(paper, True)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    for line in run_on_pdf("pdffonts", "-", pdf=pdf).splitlines()[2:]:
        assert line.split()[-5:-2] == ["yes", "yes", "yes"]
    assert "葛" not in run_on_pdf("pdfinfo", "-", pdf=pdf)
    assert pdf == photo_sheet(FORMS, paper, red(), PRINTED_AT, BACK)


def test_it_refuses_another_paper_and_a_broken_picture() -> None:
    with pytest.raises(BadInput, match="はがき"):
        photo_sheet(FORMS, "a3", red(), PRINTED_AT)
    with pytest.raises(KitError, match="顔写真を読めません"):
        photo_sheet(FORMS, "l", b"\xff\xd8\xff broken", PRINTED_AT)


def test_a_name_no_font_has_is_told_on_the_back_and_stops_nothing() -> None:
    pdf = photo_sheet(FORMS, "l", red(), PRINTED_AT, Back("\ue000山", "", date(2026, 7, 1)))
    assert "〓山" in run_on_pdf("pdftotext", "-", "-", pdf=pdf)


def test_the_contact_sheet_has_20_numbers_a_page_and_no_names() -> None:
    shots = [(str(n), red()) for n in range(1, 24)]
    pdf = contact_sheet(FORMS, shots, "写真一覧　令和8年7月15日", PRINTED_AT)
    assert "Pages:           2" in run_on_pdf("pdfinfo", "-", pdf=pdf)
    first = run_on_pdf("pdftotext", "-l", "1", "-", "-", pdf=pdf).split()
    second = run_on_pdf("pdftotext", "-f", "2", "-", "-", pdf=pdf).split()
    assert {str(n) for n in range(1, 21)} <= set(first) and not {"21", "22"} & set(first)
    assert {"21", "22", "23"} <= set(second) and "20" not in second
    rows = run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()[2:]
    assert [int(row.split()[0]) for row in rows] == [1] * 20 + [2] * 3


def test_an_empty_contact_sheet_is_a_sentence() -> None:
    with pytest.raises(NotReady, match="写真がありません"):
        contact_sheet(FORMS, [], "写真一覧", PRINTED_AT)
