"""`fieldkit forms …` as an official runs it: files made whole or not at all, one clear sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fieldkit.__main__ import main
from fieldkit.forms import list_forms, load_form
from tests.forms.form_cases import FORMS, answers, drawn_photo, pdf_text, run_on_pdf
from tests.forms.test_paper_background import city_sheet
from tests.needs import needs

pytestmark = needs("poppler-utils")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `fieldkit forms …`; returns exit code, output and the error stream."""

    def call(*words: object) -> tuple[int, str, str]:
        code = main(["forms", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def given(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def test_it_prints_every_form_from_its_sample(run: Run, tmp_path: Path) -> None:
    for name in list_forms(FORMS):
        out = tmp_path / f"{name}.pdf"
        code, said, wrong = run("print", name, "--answers", FORMS / name / "sample.json",
                                "--out", out)  # fmt: skip
        assert (code, wrong) == (0, ""), name
        assert str(out) in said and "注意" not in said
        assert f"様式{name}版" in pdf_text(out.read_bytes())


def test_it_prints_a_photo_and_another_language(run: Run, tmp_path: Path) -> None:
    photo = tmp_path / "p.jpg"
    photo.write_bytes(drawn_photo())
    out = tmp_path / "f.pdf"
    sample = FORMS / "kofu_shinsei" / "sample.json"
    code, _, _ = run("print", "kofu_shinsei", "--answers", sample, "--out", out, "--photo", photo,
                     "--language", "en")  # fmt: skip
    assert code == 0 and drawn_photo() in out.read_bytes()
    english = load_form(FORMS, "kofu_shinsei").wordings["consent.en"].text
    assert "".join(english.split())[:40] in pdf_text(out.read_bytes())


def test_it_prints_a_blank_sheet(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "f.pdf"
    assert run("print", "kofu_shinsei", "--blank", "--out", out)[0] == 0
    assert "汐見" not in pdf_text(out.read_bytes())
    assert run("print", "kofu_shinsei", "--out", out)[0] == 1


BAD: list[tuple[dict[str, object], str, tuple[str, ...]]] = [
    ({"birth": "令和8年2月30日"}, "生年月日", ("2月",)),
    ({"birth": "2026-02-30"}, "生年月日", ("2月",)),
    ({"address": "住" * 900}, "住所", ("入りません", "mm")),
    ({"name": "太\U0001b001郎"}, "氏名", ("U+1B001", "代替文字")),
    ({"name": "葛\U000e0105城"}, "氏名", ("U+845B U+E0105",)),
    ({"nmae": "汐見"}, "nmae", ("もしかして「name」",)),
    ({"kind": "newer"}, "申請の区分", ("new（新規）", "reissue（再交付）")),
    ({"tel": ["0134"]}, "tel", ("文字",)),
    ({"tel": True}, "tel", ("文字",)),
    ({"address": "花園 1234-5678-9018"}, "", ("マイナンバー",)),
]


@pytest.mark.parametrize(("change", "place", "words"), BAD, ids=[str(i) for i in range(len(BAD))])
def test_bad_answers_are_one_sentence_and_no_file(
    run: Run, tmp_path: Path, change: dict[str, object], place: str, words: tuple[str, ...]
) -> None:
    out = tmp_path / "f.pdf"
    path = given(tmp_path / "a.json", {**answers(), **change})
    for before in (None, b"old"):
        if before:
            out.write_bytes(before)
        code, said, wrong = run("print", "kofu_shinsei", "--answers", path, "--out", out)
        assert code == 1 and said == "" and len(wrong.strip().splitlines()) == 1, wrong
        assert "Traceback" not in wrong and "郎" not in wrong and "住住" not in wrong
        for word in (place, *words):
            assert word in wrong
        assert (out.read_bytes() if out.exists() else None) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "f.pdf"]


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 200_000, "\ufeff"])
def test_a_file_that_is_no_answers_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    code, _, wrong = run("print", "kofu_shinsei", "--answers", path, "--out", tmp_path / "f.pdf")
    assert code == 1 and "JSON" in wrong and not (tmp_path / "f.pdf").exists()


def test_what_a_screen_would_refuse_is_remarked(run: Run, tmp_path: Path) -> None:
    path = given(tmp_path / "a.json", answers(tel="12345"))
    code, said, _ = run("print", "kofu_shinsei", "--answers", path, "--out", tmp_path / "f.pdf")
    assert code == 0 and "注意" in said and "電話番号" in said


def test_a_form_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    code, _, wrong = run("print", "kofu_sinsei", "--blank", "--out", tmp_path / "f.pdf")
    assert code == 1 and "もしかして「kofu_shinsei」" in wrong


def test_a_folder_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    code, _, wrong = run("print", "kofu_shinsei", "--blank", "--out", tmp_path / "no" / "f.pdf")
    assert code == 1 and "フォルダー" in wrong and "がありません" in wrong


def test_samples_are_made_for_every_form_and_language(run: Run, tmp_path: Path) -> None:
    code, said, _ = run("samples", "--out", tmp_path / "s")
    assert code == 0
    made = {path.name for path in (tmp_path / "s").iterdir()}
    assert f"{len(made)}件" in said
    for name in list_forms(FORMS):
        form = load_form(FORMS, name)
        assert (f"{name}.pdf" in made) == bool(form.sample), name
        for language in ("easy", "en"):
            spoken = any(word.endswith(f".{language}") for word in form.wordings)
            assert (f"{name}.{language}.pdf" in made) == (spoken and bool(form.sample)), name
    raw = run_on_pdf("pdftotext", "-raw", "-", "-",
                     pdf=(tmp_path / "s" / "kofu_shinsei.pdf").read_bytes())  # fmt: skip
    assert "汐見太郎" in "".join(raw.split()) and "例" in raw


def test_a_broken_form_does_not_hide_the_others(run: Run, own_forms: Path) -> None:
    (own_forms / "henno" / "layout.toml").write_text("[[field]\n", encoding="utf-8")
    code, said, _ = run("list", "--forms", own_forms)
    lines = said.splitlines()
    assert code == 1 and len(lines) == len(list_forms(own_forms))
    (broken,) = [line for line in lines if line.startswith("henno")]
    assert "設定ファイル" in broken
    assert run("list", "--forms", FORMS)[0] == 0


def test_the_background_takes_its_words_in_any_order(
    run: Run, own_forms: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.pdf"
    sheet.write_bytes(city_sheet())
    folder = own_forms / "kofu_shinsei"
    for words in (
        ("kofu_shinsei", sheet),
        (sheet, "kofu_shinsei"),
        (sheet, "--form", "kofu_shinsei"),
    ):
        (folder / "background.png").unlink(missing_ok=True)
        code, said, wrong = run("background", *words, "--forms", own_forms)
        assert (code, wrong) == (0, "") and "background.png" in said and "210×297 mm" in said
        assert (folder / "background.png").exists()
    code, _, wrong = run("background", sheet, "--forms", own_forms)
    assert code == 1 and "kofu_shinsei" in wrong and "どの様式" in wrong
    code, _, wrong = run("background", "kofu_shinsei", "--forms", own_forms)
    assert code == 1 and "PDF" in wrong
    code, _, wrong = run("background", "kofu_shinsei", tmp_path / "no.pdf", "--forms", own_forms)
    assert code == 1 and "ファイルを開けません" in wrong
    sheet.write_bytes(b"no pdf")
    code, _, wrong = run("background", "kofu_shinsei", sheet, "--forms", own_forms)
    assert code == 1 and "PDF ではありません" in wrong


def test_the_grid_is_made_as_pdf_or_pictures(run: Run, tmp_path: Path) -> None:
    code, said, _ = run("grid", "kofu_shinsei", "--out", tmp_path / "g.pdf")
    assert code == 0 and "g.pdf" in said
    assert "form_id" in pdf_text((tmp_path / "g.pdf").read_bytes())
    assert run("grid", "setsumei", "--out", tmp_path / "g.png")[0] == 0
    with Image.open(tmp_path / "g.png") as picture:
        assert picture.format == "PNG" and picture.size[0] > 1200
    assert (tmp_path / "g-2.png").exists()
    code, _, wrong = run("grid", "kofu_shinsei", "--out", tmp_path / "g.jpg")
    assert code == 1 and ".pdf か .png" in wrong
