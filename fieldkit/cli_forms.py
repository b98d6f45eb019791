"""What the `forms` commands do: prove, print and adjust the forms of a city."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from fieldkit import citydata
from fieldkit.cli_files import read_json
from fieldkit.clock import system_clock
from fieldkit.errors import BadInput, KitError, NotFound
from fieldkit.forms import check_form, list_forms, load_form
from fieldkit.paper import print_from_answers
from fieldkit.settings import asset_dir


def forms_dir(given: Namespace) -> Path:
    """The folder of `--forms`, else the forms that came with the kit."""
    return given.forms or asset_dir("forms")


def forms_list(given: Namespace) -> int:
    folder = forms_dir(given)
    names = list_forms(folder)
    if not names:
        raise NotFound("このフォルダーに様式がありません。場所を確かめてください。")
    for name in names:
        form = load_form(folder, name)
        print(f"{name}\t{form.version}\t{form.title}")
    return 0


def forms_check(given: Namespace) -> int:
    """Prove every form (or those named), and the city's tables, before they are used."""
    folder = forms_dir(given)
    citydata.load(folder)
    bad = 0
    for name in given.form or list_forms(folder):
        problems = check_form(folder, name)
        bad += len(problems)
        for problem in problems:
            print(f"{name}：{problem.sentence}（{problem.where}）")
        if not problems:
            print(f"{name}：よい")
    return 1 if bad else 0


def forms_print(given: Namespace) -> int:
    answers = {}
    for name, value in read_json(given.answers).items():
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise BadInput(name, f"「{name}」の答えは文字か整数で書いてください。")
        answers[name] = str(value)
    try:
        print_from_answers(forms_dir(given), given.form, answers, given.out, system_clock())
    except OSError:
        raise KitError("cannot_write", "印刷したファイルを書けません。", "retry") from None
    print(f"{given.out} に書きました。")
    return 0


FORMS = {"forms_list": forms_list, "forms_check": forms_check, "forms_print": forms_print}
