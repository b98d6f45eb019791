"""The papers of one visit: what each person signs, what was printed, and printing it as one PDF.

A print is counted before it is handed over (one row of `paper_print` and one of the ledger for
each form). Then the application remembers by a mark what stood on the paper: a change of an
answer or of the photo after that makes the paper one that is to be printed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldkit import apply, sheets, visit
from fieldkit.apply import Case
from fieldkit.citydata import CityData
from fieldkit.errors import KitError, NotReady
from fieldkit.paper.batch import Cover, print_batch
from fieldkit.paper.fill import SUBSTITUTE
from fieldkit.paper.obstacles import CannotPrint, Problem
from fieldkit.paper.sheet import Item
from fieldkit.paper_log import note_print, times_printed
from fieldkit.sheets import Sheet, Shelf
from fieldkit.store import photos
from fieldkit.store.vault import Vault
from sync import fail

LAST = 99
"""Where a paper without `order` in its layout.toml stands among the others."""
STATE_JA = {**sheets.STATE_JA, "paper": "紙の用紙を使う", "hand": "手書きした", "again": "刷り直す"}


@dataclass(frozen=True)
class Paper:
    """One form that a person needs. `sheet` is None where the city has no such form folder.

    `mark` stands for everything that would be on the paper now, `was` for what was on the last
    print; `printed` counts the prints; `lacks` says what is still to be written, in words.
    """

    form: str
    label: str
    reason: str
    must: bool
    sheet: Sheet | None
    by_hand: bool
    printed: int
    mark: str
    was: str
    lacks: tuple[str, ...]

    @property
    def fresh(self) -> bool:
        """Whether the paper was printed as it stands now."""
        return bool(self.mark) and self.mark == self.was

    @property
    def settled(self) -> bool:
        return self.fresh or self.by_hand

    @property
    def state(self) -> str:
        """hand, printed, again (changed since), paper (no form here), todo, doing or done."""
        if self.by_hand:
            return "hand"
        if self.sheet is None:
            return "paper"
        if self.was:
            return "printed" if self.fresh else "again"
        return self.sheet.progress

    @property
    def state_ja(self) -> str:
        if self.state == "printed":
            return f"印刷済み {self.printed}回"
        return STATE_JA[self.state]

    @property
    def order(self) -> int:
        return int(self.sheet.form.layout.get("order", LAST)) if self.sheet else LAST


def papers_of(vault: Vault, shelf: Shelf, case: Case, city: CityData) -> tuple[Paper, ...]:
    """The papers of one person, in the order of signing."""
    times = times_printed(vault, case.applicant.id)
    was = case.body.get("papers_printed")
    marks = was if isinstance(was, dict) else {}
    found = []
    for need in apply.needed_papers(case, city):
        sheet = sheets.sheet_of(shelf, case, city, need.form) if need.form in shelf.names else None
        found.append(
            Paper(
                need.form,
                need.label,
                need.reason,
                getattr(need, "level", "must") == "must",
                sheet,
                sheets.by_hand(case, need.form),
                times.get(need.form, 0),
                _mark(case, city, sheet) if sheet else "",
                str(marks.get(need.form, "")),
                _lacks(case, city, sheet) if sheet else (),
            )
        )
    return tuple(sorted(found, key=lambda paper: paper.order))


def _mark(case: Case, city: CityData, sheet: Sheet) -> str:
    """A short digest of the answers (and of the photo where the paper shows it)."""
    shown = dict(sheet.state.values)
    if _shows_photo(sheet):
        shown["photo"] = str(case.body.get("photo_id") or "") + apply.no_photo(case, city)
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lacks(case: Case, city: CityData, sheet: Sheet) -> tuple[str, ...]:
    """The labels of missing answers and of the photo, and what the form refuses."""
    labels = [sheet.form.question(name).label for name in sheet.state.missing]
    labels += [message for _, message in sheet.state.violations]
    if _shows_photo(sheet) and not case.body.get("photo_id") and not apply.no_photo(case, city):
        labels.append("顔写真")
    return tuple(labels)


def _shows_photo(sheet: Sheet) -> bool:
    return any(entry.get("kind") == "image" for entry in sheet.form.layout.get("field", []))


def short(label: str) -> str:
    """The first part of an official name: 「個人番号カード交付申請書 兼 …」 → before the blank."""
    return label.replace("　", " ").split(" ")[0]


def task_state(papers: Sequence[Paper]) -> str:
    """The task 「申請書・領収書の印刷」: done when no paper that must be there is left."""
    must = [paper for paper in papers if paper.must]
    if all(paper.settled for paper in must):
        return "done"
    return "doing" if any(paper.settled or paper.was for paper in papers) else "todo"


def to_print(papers: Sequence[Paper]) -> tuple[Paper, ...]:
    """The whole set: what must be there and has a form here, less what was written by hand."""
    return tuple(p for p in papers if p.must and p.sheet is not None and not p.by_hand)


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
    if _shows_photo(sheet) and not wish.blank and not no_photo:
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
    if wish.case.slip.reservation.get("state") == "visited":
        return
    was = wish.case.body.get("papers_printed")
    marks = {**(was if isinstance(was, dict) else {}), **{p.form: p.mark for p in wish.papers}}
    visit.save_application(vault, wish.case.trip, wish.case.applicant, {"papers_printed": marks})


def problems_of(error: CannotPrint, wishes: Sequence[Wish]) -> list[tuple[Problem, Wish, Paper]]:
    """Whose paper each problem is about (a problem counts the items of the print from 1)."""
    flat = [(wish, paper) for wish in wishes for paper in wish.papers if paper.sheet is not None]
    return [(problem, *flat[problem.place - 1]) for problem in error.problems]
