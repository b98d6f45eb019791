"""様式の棚: every form of the city with what can be printed of it (001 §9(3)ケ・コ).

A form that cannot be read keeps its place in the list, with the sentence that says why: one slip
in one file never hides the other papers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldkit.citydata import CityData
from fieldkit.errors import BadInput, KitError
from fieldkit.forms import Form, list_forms, load_form
from fieldkit.guides import city_answers
from fieldkit.paper import Item, print_batch
from fieldkit.paper.languages import languages_of
from fieldkit.paper.layout import checked_layout
from fieldkit.paper_log import note_print
from fieldkit.store.vault import Vault

OTHER = "コ"
"""The group of 001 §9(3) for everything beyond the eight forms."""


@dataclass(frozen=True)
class Shelved:
    """One form on the shelf. `problem` says why it cannot be printed, else "".

    `group` is its letter in 001 §9(3) (コ for all others), `languages` are those of its texts.
    """

    name: str
    title: str
    version: str = ""
    group: str = OTHER
    order: int = 99
    languages: tuple[str, ...] = ("ja",)
    has_sample: bool = False
    problem: str = ""


def shelved(forms_dir: Path) -> tuple[Shelved, ...]:
    """Every form by its group and order; those that cannot be read come last."""
    found = [one_of(forms_dir, name) for name in list_forms(forms_dir)]
    return tuple(sorted(found, key=lambda one: (bool(one.problem), one.group, one.order)))


def one_of(forms_dir: Path, name: str) -> Shelved:
    """The form called `name`, with its `problem` where it cannot be printed."""
    try:
        form = load_form(forms_dir, name)
        layout = checked_layout(form.layout, form)
    except KitError as error:
        return Shelved(name, name, problem=error.sentence)
    return Shelved(
        name,
        form.title,
        form.version,
        str(layout.get("group") or OTHER),
        int(layout.get("order", 99)),
        languages_of(form),
        bool(form.sample),
    )


def check_language(form: Form, language: str) -> None:
    """BadInput for a language that the paper does not have."""
    if language not in languages_of(form):
        raise BadInput("lang", "この様式には、その言葉の文章がありません。選び直してください。")


def print_shelved(
    vault: Vault,
    forms_dir: Path,
    city: CityData,
    name: str,
    kind: str,
    language: str,
    at: datetime,
) -> bytes:
    """A form with nobody in it, as PDF, counted: `kind` is blank or sample.

    Blank sheets carry what the city's tables say (telephone numbers, the mayor). NotFound for an
    unknown form, BadInput for a language that it does not have or a missing example.
    """
    form = load_form(forms_dir, name)
    check_language(form, language)
    if kind == "sample" and not form.sample:
        raise BadInput("sample", "この様式には記入例（sample.json）がありません。")
    facts = city_answers(form, city)
    item = Item(form, facts, language=language, blank=kind == "blank" and not facts,
                sample=kind == "sample")  # fmt: skip
    batch = print_batch(forms_dir, [item], at)
    note_print(vault, form.name, form.version, "", kind, sum(batch.pages_of))
    return batch.pdf
