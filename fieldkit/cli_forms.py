"""What the `forms` commands do: prove, print and adjust the forms of a city."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from fieldkit import citydata
from fieldkit.cli_files import read, read_json
from fieldkit.clock import system_clock
from fieldkit.errors import BadInput, KitError, NotFound
from fieldkit.form_check import check_form
from fieldkit.forms import Form, list_forms, load_form
from fieldkit.paper import Item, print_item
from fieldkit.paper.answered import answers_of, remarks
from fieldkit.paper.background import pages_of, png_of, put_background
from fieldkit.paper.grid import grid_pdf
from fieldkit.paper.languages import languages_of
from fieldkit.rules.tables import perhaps
from fieldkit.settings import asset_dir
from fieldkit.store.files import write_atomic

GRID_DPI = 150


def forms_dir(given: Namespace) -> Path:
    """The folder of `--forms`, else the forms that came with the kit."""
    return given.forms or asset_dir("forms")


def _all_names(folder: Path) -> list[str]:
    names = list_forms(folder)
    if not names:
        raise NotFound("このフォルダーに様式がありません。場所を確かめてください。")
    return names


def _form(folder: Path, name: str) -> Form:
    """The form, or NotFound with the name that was probably meant."""
    names = _all_names(folder)
    if name not in names:
        raise NotFound(f"「{name}」という様式はありません{perhaps(name, names)}。")
    return load_form(folder, name)


def forms_list(given: Namespace) -> int:
    """Every form, broken ones with their error; 1 when one is broken."""
    folder, bad = forms_dir(given), 0
    for name in _all_names(folder):
        try:
            form = load_form(folder, name)
        except KitError as error:
            print(f"{name}\t－\t{error.sentence}")
            bad = 1
        else:
            print(f"{name}\t{form.version}\t{form.title}")
    return bad


def forms_check(given: Namespace) -> int:
    """Prove every form (or those named), and the city's tables, before they are used."""
    folder = forms_dir(given)
    names, bad = given.form or _all_names(folder), 0
    try:
        citydata.load(folder)
    except KitError as error:
        print(error.sentence)
        bad = 1
    for name in names:
        problems = check_form(folder, name)
        bad += len(problems)
        for problem in problems:
            told = problem.where.replace(" ", " の ", 1) in problem.sentence
            print(f"{name}：{problem.sentence}" + ("" if told else f"（{problem.where}）"))
        if not problems:
            print(f"{name}：よい")
    return 1 if bad else 0


def forms_print(given: Namespace) -> int:
    """One form with the answers of a JSON file, or blank, as a PDF."""
    folder, now = forms_dir(given), system_clock()
    form = _form(folder, given.form)
    if given.blank and given.answers:
        raise BadInput("blank", "--blank と --answers は、いっしょに使えません。")
    if not given.blank and not given.answers:
        raise BadInput("answers", "--answers に答えのファイルを書くか、--blank を付けてください。")
    answers = answers_of(form, read_json(given.answers)) if given.answers else {}
    photo = read(given.photo) if given.photo else None
    item = Item(form, answers, photo, language=given.language, blank=given.blank)
    pdf = print_item(folder, item, now)
    if not form.layout:
        print("layout.toml がないので、質問と答えの一覧として印刷します。")
    for remark in remarks(form, answers, now.date()) if answers else ():
        print(f"注意：{remark}")
    return _write(given.out, pdf)


def forms_samples(given: Namespace) -> int:
    """記入例 (001 §9(3)ケ): the filled example of every form, in each language of its texts."""
    folder, now, made = forms_dir(given), system_clock(), 0
    prints = [
        (form, language)
        for name in (given.form or _all_names(folder))
        if (form := _form(folder, name)).sample
        for language in languages_of(form)
    ]
    for form, language in prints:
        tail = "" if language == "ja" else f".{language}"
        pdf = print_item(folder, Item(form, {}, language=language, sample=True), now)
        given.out.mkdir(parents=True, exist_ok=True)
        write_atomic(given.out / f"{form.name}{tail}.pdf", pdf)
        made += 1
    if not made:
        raise NotFound("記入例（sample.json）のある様式がありません。")
    print(f"{given.out} に記入例を{made}件作りました。")
    return 0


def forms_background(given: Namespace) -> int:
    """The city's own sheet, a PDF, as the background of a form; in either order of words."""
    folder = forms_dir(given)
    words = [*given.words, *([given.form] if given.form else [])]
    sheets = [word for word in words if word.lower().endswith(".pdf") or Path(word).is_file()]
    names = [word for word in words if word not in sheets]
    if len(sheets) != 1:
        raise BadInput("sheet", "用紙の PDF を一つ書いてください。例：forms background sheet.pdf")
    if len(names) != 1:
        known = "・".join(_all_names(folder))
        raise BadInput("form", f"どの様式の用紙か、名前を一つ書いてください（{known}）。")
    form = _form(folder, names[0])
    made = put_background(folder / form.name, read(Path(sheets[0])))
    print(f"{'・'.join(made.files)} を作りました（{made.size[0]:g}×{made.size[1]:g} mm）。")
    if made.by_hand:
        print("layout.toml に、次の行を書いてください。")
        print("\n".join(made.by_hand))
    else:
        print("layout.toml に用紙を書きました。「forms grid」で位置を確かめてください。")
    if form.layout.get("draw", True):
        print("市の用紙に枠があるときは、layout.toml に draw = false を書いてください。")
    if made.warning:
        print(made.warning)
    return 0


def forms_grid(given: Namespace) -> int:
    """The 5 mm grid over the sheet, as PDF or PNG by the name of the file."""
    folder = forms_dir(given)
    form = _form(folder, given.form)
    kind = given.out.suffix.lower()
    if kind not in (".pdf", ".png"):
        raise BadInput("out", "--out は .pdf か .png で終わる名前にしてください。")
    pdf, problems = grid_pdf(folder, form, system_clock(), given.language)
    for problem in problems:
        print(f"{problem.sentence}（{problem.question}）")
    if kind == ".pdf":
        return _write(given.out, pdf)
    for number, (picture, _) in enumerate(pages_of(pdf, GRID_DPI), start=1):
        more = f"-{number}" if number > 1 else ""
        _write(given.out.with_name(f"{given.out.stem}{more}.png"), png_of(picture, GRID_DPI))
    return 0


def _write(out: Path, data: bytes) -> int:
    """Whole or not at all: what was there before stays when this fails."""
    if not out.parent.is_dir():
        raise NotFound(f"保存先のフォルダー（{out.parent}）がありません。先に作ってください。")
    write_atomic(out, data)
    print(f"{out} に書きました。")
    return 0


FORMS = {
    "forms_list": forms_list,
    "forms_check": forms_check,
    "forms_print": forms_print,
    "forms_samples": forms_samples,
    "forms_background": forms_background,
    "forms_grid": forms_grid,
}
