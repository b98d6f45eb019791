"""Printing papers of a visit as one PDF: one paper, a person's set, or everybody's.

A print is counted before it is handed over (one row of `paper_print` and one of the ledger for
each form). Then the application remembers by a mark what stood on the paper.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldkit import apply, visit
from fieldkit.apply import Case
from fieldkit.case import changing
from fieldkit.citydata import CityData
from fieldkit.errors import KitError, NotReady
from fieldkit.paper.batch import Cover, print_batch
from fieldkit.paper.fill import SUBSTITUTE
from fieldkit.paper.obstacles import CannotPrint, Problem
from fieldkit.paper.sheet import Item
from fieldkit.paper_log import note_print
from fieldkit.paper_set import Paper, papers_of, printed_marks, short, shows_photo, to_print
from fieldkit.sheets import Sheet, Shelf
from fieldkit.store import photos
from fieldkit.store.vault import Vault
from sync import fail


@dataclass(frozen=True)
class Wish:
    """Papers of one person to be printed; `who` and `notes` stand on the cover of a batch."""

    case: Case
    papers: tuple[Paper, ...]
    who: str = ""
    blank: bool = False
    notes: tuple[str, ...] = ()


def wishes_of_visit(
    vault: Vault, shelf: Shelf, cases: Sequence[Case], city: CityData
) -> tuple[Wish, ...]:
    """Everybody's sets in seat order. Who does not apply today has none, and a note says so;
    two people of one name are told apart by their place."""
    names = [str(case.applicant.get("name")) for case in cases]
    found = []
    for number, (case, name) in enumerate(zip(cases, names, strict=True), start=1):
        who = name if names.count(name) == 1 else f"{name}（{number}人目）"
        aside = visit.ASIDE_JA.get(str(case.body.get("state")), "")
        papers = () if aside else papers_of(vault, shelf, case, city)
        hand = [f"{short(paper.label)}：手書き" for paper in papers if paper.by_hand]
        notes = (aside,) if aside else tuple(hand)
        found.append(Wish(case, to_print(papers), who, notes=notes))
    return tuple(found)


def print_papers(
    vault: Vault,
    forms_dir: Path,
    city: CityData,
    wishes: Sequence[Wish],
    at: datetime,
    cover: Cover | None = None,
    batch_of: str = "",
) -> bytes:
    """All wishes as one PDF, counted. CannotPrint (nothing is printed) or NotReady (no paper).

    `batch_of` is the id of the visit whose sets these are, for the ledger.
    """
    items, whose = [], []
    for wish in wishes:
        for paper in wish.papers:
            if paper.sheet is not None:
                items.append(_item(vault, city, wish, paper.sheet))
                whose.append((wish, paper))
    if not items:
        raise NotReady("印刷する書類がありません。書類の一覧を確かめてください。")
    made = print_batch(forms_dir, items, at, cover)
    several = len(items) > 1
    with vault.book.write():
        for (wish, paper), pages in zip(whose, made.pages_of, strict=True):
            assert paper.sheet is not None
            kind = "blank" if wish.blank else ("batch" if several else "filled")
            version = paper.sheet.form.version
            note_print(vault, paper.form, version, wish.case.applicant.id, kind, pages)
        if batch_of:
            result = f"people={len(wishes)} papers={len(items)} pages={sum(made.pages_of)}"
            vault.note("papers_batch", batch_of, result)
    fail.point("papers.counted")
    for wish in wishes:
        if not wish.blank:
            _remember(vault, wish)
    return made.pdf


def _item(vault: Vault, city: CityData, wish: Wish, sheet: Sheet) -> Item:
    no_photo = city.photo.no_photo.printed if apply.no_photo(wish.case, city) else ""
    photo = None
    if shows_photo(sheet) and not wish.blank and not no_photo:
        photo = chosen_photo(vault, wish.case)
    return Item(
        sheet.form,
        sheet.answers,
        photo,
        no_photo,
        who=wish.who,
        blank=wish.blank,
        substitute=wish.case.state.values.get(SUBSTITUTE, ""),
    )


def chosen_photo(vault: Vault, case: Case) -> bytes | None:
    """The chosen photo, while it can still be shown; afterwards the box stays empty."""
    photo_id = str(case.body.get("photo_id") or "")
    try:
        return photos.show(vault, photo_id) if photo_id else None
    except KitError:
        return None


def _remember(vault: Vault, wish: Wish) -> None:
    """What was on the papers, in the application; a closed visit stays as it is."""
    with contextlib.suppress(NotReady), changing(wish.case) as body:
        marks = printed_marks(body) | {paper.form: paper.mark for paper in wish.papers}
        fields = {"papers_printed": marks}
        visit.save_application(vault, wish.case.trip, wish.case.applicant, fields)


def problems_of(error: CannotPrint, wishes: Sequence[Wish]) -> list[tuple[Problem, Wish, Paper]]:
    """Whose paper each problem is about (a problem counts the items of the print from 1)."""
    flat = [(wish, paper) for wish in wishes for paper in wish.papers if paper.sheet is not None]
    return [(problem, *flat[problem.place - 1]) for problem in error.problems]
