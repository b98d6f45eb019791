"""The papers of one person: what is signed, why, and how far each of them is.

A mark stands for everything that would be on a paper now. The application keeps the mark of the
last print (fieldkit/paper_print.py): a change of an answer or of the photo after that makes the
paper one that is to be printed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldkit import apply, sheets
from fieldkit.apply import Case
from fieldkit.citydata import CityData
from fieldkit.paper_log import times_printed
from fieldkit.sheets import Sheet, Shelf
from fieldkit.store.vault import Vault

SEALED = "顔写真（封印済みで印刷できません。写真を紙にはるか、撮り直してから印刷します）"
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
        """Whether nothing is left to do: printed as it stands, or written by hand."""
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
        """The state in words, with the number of prints."""
        if self.state == "printed":
            return f"印刷済み {self.printed}回"
        return STATE_JA[self.state]

    @property
    def order(self) -> int:
        """The place among the papers: `order` of its layout.toml."""
        return int(self.sheet.form.layout.get("order", LAST)) if self.sheet else LAST


def papers_of(vault: Vault, shelf: Shelf, case: Case, city: CityData) -> tuple[Paper, ...]:
    """The papers of one person, in the order of signing."""
    times = times_printed(vault, case.applicant.id)
    marks = printed_marks(case.body)
    found = []
    for need in apply.needed_papers(case, city):
        sheet = sheets.sheet_of(shelf, case, city, need.form) if need.form in shelf.names else None
        found.append(
            Paper(
                need.form,
                need.label,
                need.reason,
                need.level == "must",
                sheet,
                sheets.by_hand(case, need.form),
                times.get(need.form, 0),
                _mark(case, city, sheet) if sheet else "",
                str(marks.get(need.form, "")),
                _lacks(vault, case, city, sheet) if sheet else (),
            )
        )
    return tuple(sorted(found, key=lambda paper: paper.order))


def printed_marks(body: Mapping[str, Any]) -> dict[str, str]:
    """What stood on the last print of each form, by the application's fields. An application of
    an older version holds a bare yes there, which says of no form what stood on it."""
    marks = body.get("papers_printed")
    return marks if isinstance(marks, dict) else {}


def _mark(case: Case, city: CityData, sheet: Sheet) -> str:
    """A short digest of the answers (and of the photo where the paper shows it)."""
    shown = dict(sheet.state.values)
    if shows_photo(sheet):
        shown["photo"] = str(case.body.get("photo_id") or "") + apply.no_photo(case, city)
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lacks(vault: Vault, case: Case, city: CityData, sheet: Sheet) -> tuple[str, ...]:
    """The labels of missing answers and of the photo, and what the form refuses."""
    labels = [sheet.form.question(name).label for name in sheet.state.missing]
    labels += [message for _, message in sheet.state.violations]
    if shows_photo(sheet) and not apply.no_photo(case, city):
        photo_id = str(case.body.get("photo_id") or "")
        if photo_id not in vault.photo_keys:
            labels.append(SEALED if photo_id else "顔写真")
    return tuple(labels)


def shows_photo(sheet: Sheet) -> bool:
    """Whether the paper has a box for the photo."""
    return any(entry.get("kind") == "image" for entry in sheet.form.layout.get("field", []))


def short(label: str) -> str:
    """The first part of an official name: 「個人番号カード交付申請書 兼 …」 → before the blank."""
    return label.replace("　", " ").split(" ")[0]


def task_state(papers: Sequence[Paper]) -> str:
    """The task 「書類の記入と印刷」: done when no paper that must be there is left."""
    must = [paper for paper in papers if paper.must]
    if all(paper.settled for paper in must):
        return "done"
    return "doing" if any(paper.settled or paper.was for paper in papers) else "todo"


def to_print(papers: Sequence[Paper]) -> tuple[Paper, ...]:
    """The whole set: what must be there and has a form here, less what was written by hand."""
    return tuple(p for p in papers if p.must and p.sheet is not None and not p.by_hand)
