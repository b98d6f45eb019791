"""The screens and papers of a visit to 20 people, through HTTP, from the click to the last byte.

    python -m tests.bench.paper_http

A real laptop with its vault, everybody's ID papers, form and photo done. A screen is said by its
processor time; a print also by what typst alone needs for the very data that the click made.
Wanted: a screen 300 ms of the processor, one form 150 ms, everybody's sets 2 s.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from fieldkit import checkout, reserve
from fieldkit.paper import engine
from sync.ids import new_id
from tests.bench.timing import say, took, typst_alone
from tests.conftest import NOW, start_city
from tests.web.conftest import DAY, Browser, Office, fill_form, new_office, take_photo

PEOPLE = 20
KINDS = {
    "lost": {"kind": "reissue", "reason": "lost"},
    "new": {"kind": "new"},
    "renew": {"kind": "renew"},
    "damaged": {"kind": "reissue", "reason": "damaged"},
}
SCREEN, PRINT = "300 ms of the processor", "150 ms"


def facility(office: Office, count: int) -> str:
    """A checked-out visit to a facility with everything done but the papers: `/visit/…`."""
    vault, rid, browser = office.kit.open_vault(), new_id(), office.browser
    fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目",
              "postal": "0470024", "phone": "0134-00-0000", "district": "花園",
              "place": "facility"}  # fmt: skip
    people = [
        (new_id(), {"name": f"𠮷田 髙子{seat}", "kana": "ヨシダ タカコ", "birth": "1945-03-05",
                    "sex": "f", "kind": list(KINDS)[seat % len(KINDS)]})
        for seat in range(count)
    ]  # fmt: skip
    reserve.reserve(vault, reserve.open_desk(vault), rid, fields, people)
    checkout.check_out(vault, reserve.open_desk(vault), DAY)
    for aid, person in people:
        base = f"/visit/{rid}/a/{aid}"
        shown = {"papers": ["driving_licence", "kaigo_hokensho"], "verified": "yes"}
        browser.get(base)
        assert browser.post(f"{base}/id", shown).status_code == 302
        fill_form(browser, base, name=person["name"], **KINDS[str(person["kind"])])
        take_photo(browser, base)
    return f"/visit/{rid}"


def bench_print(office: Office, name: str, url: str, rounds: int, wanted: str) -> None:
    """One print, and typst alone on what the click gave to it."""
    given: list[dict[str, str]] = []

    def recorded(*args: Any) -> dict[str, str]:
        given.append(inputs_of(*args))
        return given[-1]

    inputs_of = engine.inputs_of
    with mock.patch.object(engine, "inputs_of", recorded):
        page(office.browser, url)()
    least = took(typst_alone(office.settings.forms_dir, given[-1], NOW), rounds)
    say(name, took(page(office.browser, url), rounds), least, wanted, "typst alone")


def page(browser: Browser, url: str) -> Callable[[], None]:
    def act() -> None:
        answer = browser.get(url)
        assert answer.status_code == 200, url

    return act


def bench(office: Office, visit: str, base: str) -> None:
    browser = office.browser
    typed = {"name": "𠮷田 髙子", "address": "北海道汐見市花園1丁目2番3号"}
    screens = {
        "the visit": visit, "everybody's papers": f"{visit}/papers",
        "the end of the visit": f"{visit}/close", "one person's tasks": base,
        "one person's papers": f"{base}/papers", "a page of the form": f"{base}/form/2",
        "a page of another form": f"{base}/sheet/funshitsu/1",
        "the applicant's screen": f"{base}/show", "the check": f"{base}/check",
        "the shelf of forms": "/forms",
    }  # fmt: skip
    for name, url in screens.items():
        say(name, took(page(browser, url), 9), wanted=SCREEN)

    def autosave() -> None:
        assert browser.post(f"{base}/form/draft", typed).status_code == 200

    say("autosave", took(autosave, 9), wanted=SCREEN)
    for name, form in (("the application", "application"), ("a form", "form/funshitsu")):
        bench_print(office, f"click: {name}", f"{base}/papers/{form}.pdf", 9, PRINT)
    bench_print(office, "click: one person's set", f"{base}/papers/set.pdf", 9, "")
    bench_print(office, f"click: the sets of {PEOPLE} people", f"{visit}/papers/set.pdf", 3, "2 s")


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        city = start_city(Path(folder) / "city")
        office = new_office(Path(folder), city)
        assert office.browser.log_in("suzuki").status_code == 302
        visit = facility(office, PEOPLE)
        base = office.browser.text(office.browser.get(visit)).partition(f'href="{visit}/a/')[2]
        first = base.partition('"')[0]
        bench(office, visit, f"{visit}/a/{first}")
        office.kit.put_away()
        city.stop()  # type: ignore[operator]


if __name__ == "__main__":
    main()
