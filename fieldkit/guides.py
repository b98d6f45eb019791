"""Papers that are handed out before a visit: the bring-list, the explanation, the letter to a
facility and the intent check of each resident (001 §8(2)カ, §9(2)ア・イ).

Their answers come from the reservation and from the city's tables: nobody types them again. The
words of the tables (`papers_ways`, `fee_yen`, …) go to any form that has a question of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from fieldkit import sheets
from fieldkit.apply import Case
from fieldkit.citydata import CityData
from fieldkit.forms import Form, load_form
from fieldkit.paper import Item, print_batch
from fieldkit.paper.fill import SUBSTITUTE
from fieldkit.paper_log import note_print
from fieldkit.rules.fees import Fee, FeeCase, fee_for
from fieldkit.rules.idpapers import Short, evaluate
from fieldkit.rules.wareki import iso_day
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault

METHOD = "uketsuke"


@dataclass(frozen=True)
class Guide:
    """A paper of a reservation: one for each person (`each`), or one for the visit; those with
    `facility` are for facilities only."""

    form: str
    each: bool
    facility: bool
    what: str


GUIDES = (
    Guide("mochimono", True, False, "持ち物と日時です。訪問の前に、お1人ずつお渡しします。"),
    Guide("setsumei", False, False, "カード・暗証番号・届け方の説明です。申請の前にお渡しします。"),
    Guide("shisetsu_annai", False, True, "施設長あての手紙です。準備とリストをお願いします。"),
    Guide("shisetsu_kakunin", True, True, "入所者ごとに1枚、施設の方が書く紙です。"),
)


def of_place(place: str) -> tuple[Guide, ...]:
    """The papers for a home, or those for a facility too."""
    return tuple(guide for guide in GUIDES if place == "facility" or not guide.facility)


def print_guide(
    vault: Vault,
    forms_dir: Path,
    city: CityData,
    form_name: str,
    cases: Sequence[Case],
    language: str,
    at: datetime,
    planned: int,
) -> bytes:
    """One paper for each case, as one PDF, counted before it is handed over.

    `planned` is how many people the reservation has. KitError (CannotPrint) with everything that
    does not fit.
    """
    form = load_form(forms_dir, form_name)
    items = [
        Item(form, answers(forms_dir, form, case, city, planned), language=language,
             who=str(case.applicant.get("name")), substitute=_other_name(case))
        for case in cases
    ]  # fmt: skip
    batch = print_batch(forms_dir, items, at)
    each = len(cases) > 1 or any(g.form == form_name and g.each for g in GUIDES)
    with vault.book.write():
        for case, pages in zip(cases, batch.pages_of, strict=True):
            about = case.applicant.id if each else case.slip.reservation.id
            note_print(vault, form.name, form.version, about, "filled", pages)
    return batch.pdf


def _other_name(case: Case) -> str:
    """How a name that no font draws is printed: in 代替文字, before the application by its kana."""
    return case.state.values.get(SUBSTITUTE, "") or str(case.applicant.get("kana") or "")


def answers(
    forms_dir: Path, form: Form, case: Case, city: CityData, planned: int
) -> dict[str, str]:
    """Everything that the kit knows for a paper about one person of a reservation."""
    reservation, kind = case.slip.reservation, str(case.applicant.get("kind") or "")
    day = iso_day(str(reservation.get("visit_date")))
    words = {
        **_times(reservation, city),
        "planned": str(planned),
        "fee_yen": _fee(case.applicant, kind, day, city),
        "letter_day": case.today.isoformat(),
    }
    copied = sheets.sheet_of(sheets.Shelf(forms_dir), case, city, form.name).answers
    return copied | city_answers(form, city, kind, day) | _asked(form, words)


def city_answers(
    form: Form, city: CityData, kind: str = "", day: date | None = None
) -> dict[str, str]:
    """What the city's own tables say to a form: offices and ID papers. Nobody's data.

    A form that is printed blank gets these: telephone numbers, the mayor, the list of papers.
    """
    copied = form.layout.get("copied", {})
    offices = {
        str(question): sheets.city_word(city, source.removeprefix("city."))
        for question, source in copied.items()
        if isinstance(source, str) and source.startswith("city.")
    }
    return offices | _asked(form, _papers(city, kind, day))


def _asked(form: Form, words: Mapping[str, str]) -> dict[str, str]:
    """Those of the words that the form has a question for."""
    names = {question.name for question in form.questions}
    return {name: word for name, word in words.items() if name in names and word}


def _papers(city: CityData, kind: str, day: date | None) -> dict[str, str]:
    """The combinations that are enough, and the papers of class A and B accepted on the day.

    What a renewal alone can show (the card itself) is left out of the lists.
    """
    table = city.id_papers
    ways = evaluate([], METHOD, kind or "*", table, day)
    renewal = {code for way in table.alternatives(METHOD, "renew") for code in way.needs}
    listed: dict[str, list[str]] = {"A": [], "B": []}
    for code, paper in table.papers.items():
        gone = paper.until is not None and (day is None or day > paper.until)
        if paper.klass in listed and code not in renewal and not gone:
            listed[paper.klass].append(paper.label)
    return {
        "papers_ways": "\n".join(ways.nearest) if isinstance(ways, Short) else "",
        "papers_a": "、".join(listed["A"]),
        "papers_b": "、".join(listed["B"]),
    }


def _times(reservation: Record, city: CityData) -> dict[str, str]:
    """From when to when somebody arrives, as the caller was told (001 §8(2)ウ)."""
    place = "facility" if reservation.get("place") == "facility" else "home"
    key = (place, str(reservation.get("half")), int(reservation.get("order", 1) or 1))
    window = city.booking.windows.get(key)
    if window is None:
        return {}
    return {"time_from": f"{window.start:%H:%M}", "time_to": f"{window.end:%H:%M}"}


def _fee(applicant: Record, kind: str, day: date | None, city: CityData) -> str:
    """What is to be paid on the day, "" where nothing is or the office has to decide."""
    if day is None:
        return ""
    lost = iso_day(str(applicant.get("loss_report_date")))
    fee = fee_for(FeeCase(kind, day, loss_report_date=lost), city.fees)
    return f"{fee.yen:,}" if isinstance(fee, Fee) and fee.yen else ""
