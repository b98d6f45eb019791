"""Several forms and several people in one print: sheets, cover list, everything wrong at once."""

from __future__ import annotations

import base64
import gc
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldkit import allocator
from fieldkit.errors import BadInput, KitError
from fieldkit.forms import Form, load_form
from fieldkit.paper import (
    CannotPrint,
    Cover,
    CoverRow,
    Item,
    print_batch,
    print_form,
    print_item,
    problems,
)
from tests.forms.form_cases import FORMS, PRINTED_AT, answers, drawn_photo, pdf_text, run_on_pdf
from tests.needs import ROOT, needs
from tests.web import memory

pytestmark = needs("poppler-utils")
NAMES = ("汐見　太郎", "葛󠄀城　𠮷子", "髙橋　ヴィ子")


def form_of(name: str = "kofu_shinsei") -> Form:
    return load_form(FORMS, name)


def page_sizes(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of every page in mm."""
    lines = run_on_pdf("pdfinfo", "-f", "1", "-l", "999", "-", pdf=pdf).splitlines()
    sizes = [line.split("size:")[1].split() for line in lines if re.match(r"Page .* size:", line)]
    return [(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, _, h, *_ in sizes]


def pages_text(pdf: bytes) -> list[str]:
    text = run_on_pdf("pdftotext", "-layout", "-", "-", pdf=pdf)
    return ["".join(page.split()) for page in text.split("\f")[:-1]]


def photo(seed: int) -> bytes:
    pixels = np.random.RandomState(seed).randint(0, 255, (90, 70, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=80)
    return out.getvalue()


SMALL = """
paper = "{paper}"
orientation = "{turned}"
special = ["photo"]
[[text]]
x = 10
y = 10
w = 60
size = 12
body = "一枚目"
[[field]]
name = "name"
x = 10
y = 20
w = 60
h = 8
size = 12
[[text]]
page = 2
x = 10
y = 10
w = 60
size = 12
body = "二枚目"
"""


@pytest.fixture
def sizes(write_form) -> Path:
    """Two forms of two pages: A5 upright and A4 across."""
    for name, paper, turned in (("kari", "a5", "portrait"), ("yoko", "a4", "landscape")):
        forms = write_form("text | name | 氏名 | | | | | | |", name=name)
        (forms / name / "layout.toml").write_text(
            SMALL.format(paper=paper, turned=turned), encoding="utf-8"
        )
    (forms / "fonts").mkdir()
    (forms / "print").symlink_to(FORMS / "print")
    for font in (FORMS / "fonts").glob("*.ttf"):
        (forms / "fonts" / font.name).symlink_to(font)
    return forms


def test_it_prints_each_form_on_its_own_paper_without_blank_pages(sizes: Path) -> None:
    kari, yoko = load_form(sizes, "kari"), load_form(sizes, "yoko")
    items = [Item(form, {"name": who}) for who in NAMES[:2] for form in (kari, yoko, kari)]
    batch = print_batch(sizes, items, PRINTED_AT)
    one = [(148, 210)] * 2 + [(297, 210)] * 2 + [(148, 210)] * 2
    assert page_sizes(batch.pdf) == one * 2
    assert batch.pages_of == [2] * 6 and batch.cover_pages == 0
    texts = pages_text(batch.pdf)
    for number, text in enumerate(texts):
        assert ("一枚目" if number % 2 == 0 else "二枚目") in text
        assert (NAMES[number // 6].replace("　", "") in text) == (number % 2 == 0)
        assert f"{number % 2 + 1}／2" in text
    assert "一枚目" in pages_text(print_item(sizes, items[0], PRINTED_AT))[0]


def test_it_prints_people_in_seat_order_behind_a_cover_list() -> None:
    forms = [form_of(), form_of("hoken_doi")]
    items = [
        Item(form, {**form.sample, "name": who}, photo(seat), who=who, seat=str(seat))
        for seat, who in enumerate(NAMES, start=1)
        for form in forms
    ]
    rows = [CoverRow("欠席　一郎", ("体調不良",), "4")]
    batch = print_batch(FORMS, items, PRINTED_AT, Cover("しおさい 7月1日(水)", rows))
    pages = pages_text(batch.pdf)
    assert batch.cover_pages == 1 and len(pages) == 1 + sum(batch.pages_of)
    cover = pages[0]
    assert "4人書類6部6枚" in cover and "しおさい7月1日(水)" in cover
    for form in forms:
        assert "".join(form.title.split()) in cover
    for number, who in enumerate(NAMES):
        bare = "".join(who.split())
        assert f"{number + 1}{bare}①②2{2 * number + 1}～{2 * number + 2}" in cover
        assert bare in pages[1 + 2 * number] and bare in pages[2 + 2 * number]
    assert "4欠席一郎－－体調不良" in cover


def test_the_cover_names_what_is_missing() -> None:
    given = answers(kana="", tel="")
    cover = pages_text(print_batch(
        FORMS, [Item(form_of(), given, who=NAMES[0])], PRINTED_AT, Cover("一覧")
    ).pdf)[0]  # fmt: skip
    assert "氏名（フリガナ）、電話番号" in cover and "顔写真" in cover
    full = Item(form_of(), answers(), photo(1), who=NAMES[0])
    cover = pages_text(print_batch(FORMS, [full], PRINTED_AT, Cover("一覧")).pdf)[0]
    assert "顔写真" not in cover


def test_everyone_gets_their_own_photo() -> None:
    photos = [photo(seed) for seed in range(4)]
    items = [Item(form_of(), answers(name=f"汐見{n}"), each) for n, each in enumerate(photos)]
    pdf = print_batch(FORMS, items, PRINTED_AT).pdf
    places = [pdf.index(each) for each in photos]
    assert places == sorted(places) and all(pdf.count(each) == 1 for each in photos)
    listed = run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()[2:]
    assert [int(line.split()[0]) for line in listed] == [1, 2, 3, 4]


def test_the_same_batch_gives_the_same_bytes() -> None:
    items = [Item(form_of(), answers(), drawn_photo(), who=who) for who in NAMES]
    made = [print_batch(FORMS, items, PRINTED_AT, Cover("一覧")).pdf for _ in range(2)]
    assert made[0] == made[1]


def test_it_tells_everything_that_is_wrong_with_everyone_and_prints_nothing() -> None:
    items = [
        Item(form_of(), answers(name="W" * 60, address="住" * 400), who="汐見　太郎"),
        Item(form_of(), answers(), who="髙橋　ヴィ子"),
        Item(form_of(), answers(name="太\U0001b001郎", alias="葛\U000e0105", tel="0" * 40)),
        Item(form_of(), answers(birth="令和8年2月30日")),
        Item(form_of(), answers(), b"no photo"),
    ]
    with pytest.raises(CannotPrint) as caught:
        print_batch(FORMS, items, PRINTED_AT, Cover("一覧"))
    found = {(p.place, p.kind, p.question) for p in caught.value.problems}
    assert found == {
        (1, "overflow", "name"),
        (1, "overflow", "address"),
        (3, "unprintable", "name"),
        (3, "unprintable", "alias"),
        (3, "overflow", "tel"),
        (4, "input", "birth"),
        (5, "input", ""),
    }
    wide, rare = caught.value.problems[0], next(
        p for p in caught.value.problems if p.question == "alias"
    )
    assert wide.who == "汐見　太郎" and wide.need_mm > 100
    assert (rare.character, rare.code) == ("葛\U000e0105", "U+845B U+E0105")
    assert rare.alternative == "alt_name"
    said = str(caught.value) + caught.value.sentence
    assert "汐見" not in said and "WWW" not in said and "住住" not in said
    assert "1件目" in said and "代替文字" in said and "mm" in said


@pytest.mark.parametrize(
    ("other", "said"), [("大郎 花子", "大郎花子"), ("", "太〓郎葛子")], ids=["substitute", "none"]
)
def test_a_name_on_the_cover_that_no_font_draws(other: str, said: str) -> None:
    """The cover stays with the office: the name as on the papers, else in plain shapes."""
    who = "太\U0001b001郎 葛\U000e0102子"
    made = print_batch(
        FORMS, [Item(form_of(), answers(), who=who, substitute=other)], PRINTED_AT, Cover("一覧")
    )
    assert said in pdf_text(made.pdf)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(BadInput):
        print_batch(FORMS, [], PRINTED_AT)


def test_problems_are_found_before_printing() -> None:
    assert problems(FORMS, "kofu_shinsei", answers()) == []
    found = problems(FORMS, form_of(), answers(tel="0" * 60, alias="\U0001b001"))
    assert {(p.kind, p.question) for p in found} == {("overflow", "tel"), ("unprintable", "alias")}
    assert all(p.sentence.startswith(f"「{p.label}」") for p in found)
    (day,) = problems(FORMS, form_of(), answers(birth="令和8年2月30日"))
    assert day.question == "birth" and "2月" in day.sentence


def test_a_blank_sheet_has_no_answer_at_all() -> None:
    pdf = print_form(FORMS, "kofu_shinsei", answers(), drawn_photo(), PRINTED_AT, blank=True)
    text = pdf_text(pdf)
    for value in ("汐見", "花園", "0134", "昭和20年", "小樽第"):
        assert value not in text
    assert "個人番号カード交付申請書" in text
    assert len(run_on_pdf("pdfimages", "-list", "-", pdf=pdf).splitlines()) == 2


def test_a_sample_says_so_across_the_sheet() -> None:
    sample = print_form(FORMS, "kofu_shinsei", {}, None, PRINTED_AT, sample=True)
    plain = print_form(FORMS, "kofu_shinsei", answers(), None, PRINTED_AT)
    texts = ["".join(run_on_pdf("pdftotext", "-raw", "-", "-", pdf=pdf).split())
             for pdf in (sample, plain)]  # fmt: skip
    assert [text.count("汐見太郎") for text in texts] == [1, 1]
    assert texts[0].count("例") == texts[1].count("例") + 1


CHILD = """
import base64, gc, json, sys
from tests.forms.form_cases import FORMS, PRINTED_AT, answers
from fieldkit.forms import load_form
from fieldkit.paper import Cover, Item, engine, print_batch
engine.EVICTS = int(sys.argv[1])
def work(photos, name):
    form = load_form(FORMS, "kofu_shinsei")
    items = [Item(form, answers(name=name), photos[n % 20], who=name, seat=str(n))
             for n in range(int(sys.argv[2]))]
    return sum(print_batch(FORMS, items, PRINTED_AT, Cover("x")).pages_of)
photos = [base64.b64decode(line) for line in sys.stdin.readline().split()]
name = bytes.fromhex(sys.stdin.readline()).decode()
print(work(photos, name), flush=True)
del photos, name
gc.collect()
print("ready", flush=True)
sys.stdin.readline()
"""
OFFERED = sys.platform.startswith("linux") and allocator.is_offered()


@pytest.mark.skipif(not OFFERED, reason="!! NOT TESTED: memory is read through /proc")
@pytest.mark.parametrize(("evicts", "pages", "left"), [(12, 100, False), (0, 5, True)])
def test_a_batch_does_not_stay_in_memory(evicts: int, pages: int, left: bool) -> None:
    """100 pages with 20 photos; the control (nothing is printed behind them) finds them."""
    photos, name = [photo(seed) for seed in range(20)], "鷽鳥谷　𠮷乃介"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(evicts), str(pages)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **allocator.SETTINGS},
    )  # fmt: skip
    assert child.stdin and child.stdout
    sent = " ".join(base64.b64encode(each).decode() for each in photos)
    child.stdin.write(f"{sent}\n{name.encode().hex()}\n")
    child.stdin.flush()
    assert child.stdout.readline() == f"{pages}\n" and child.stdout.readline() == "ready\n"
    needles = {"name": name.encode(), "name, wide": name.encode("utf-32-le")}
    for number, each in enumerate(photos):
        for form, data in (("raw", each), ("base64", base64.b64encode(each))):
            for place, piece in enumerate(memory.slices_of(data, 2)):
                needles[f"photo {number} {form} {place}"] = piece
    found = memory.search(child.pid, needles)
    child.stdin.write("\n")
    child.stdin.close()
    child.wait(timeout=30)
    assert bool(found) == left, found
    gc.collect()


def test_a_broken_layout_is_told_once_not_per_person(own_forms: Path) -> None:
    path = own_forms / "kofu_shinsei" / "layout.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("\nmin_size", "\nminsize", 1), "utf-8")
    form = load_form(own_forms, "kofu_shinsei")
    with pytest.raises(KitError) as caught:
        print_batch(own_forms, [Item(form, answers())] * 3, PRINTED_AT)
    assert "「minsize」" in caught.value.sentence and "「min_size」" in caught.value.sentence
