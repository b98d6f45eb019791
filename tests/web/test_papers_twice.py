"""Two windows at once, and a restart in between: nothing is lost, counted twice or left unsaid."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import Any

import pytest

from fieldkit import apply, consents, paper_set, reserve, sheets, visit
from fieldkit.forms import load_form
from fieldkit.sheets import Shelf
from sync import fail
from tests import city_rows
from tests.forms.form_cases import pdf_text
from tests.needs import needs
from tests.web.conftest import WORDS, Browser, Office, close, do_tasks, fill_form, says
from tests.web.test_consent import ledger
from tests.web.test_papers_print import application_of, counted, listed
from tests.web.test_resume import cut_power
from tests.web.test_sheets import FORM, LOSS, fill_sheet, saved
from tests.web.test_tally import DAY, PAID, PRINTED, count, paid, settle_with

NUMBER = "123456789018"


def in_between(monkeypatch: pytest.MonkeyPatch, place: str, act: Callable[[], Any]) -> list[str]:
    """Another window does `act` when the kit passes `place` the first time."""
    passed: list[str] = []

    def point(name: str) -> None:
        if name == place and not passed:
            passed.append(name)
            other = threading.Thread(target=act)
            other.start()
            other.join(timeout=30)

    monkeypatch.setattr(fail, "point", point)
    return passed


def case_now(office: Office, base: str) -> apply.Case:
    _, _, rid, _, aid = base.split("/")
    vault, settings = office.kit.open_vault(), office.settings
    trip = visit.trip_of(vault, rid)
    slip = reserve.slip(trip, rid)
    person = next(a for a in slip.applicants if a.id == aid)
    form = load_form(settings.forms_dir, apply.FORM)
    return apply.case_of(trip, slip, person, form, settings.clock().date())


def test_two_papers_printed_at_once_are_both_remembered(
    boss: Browser, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    passed = in_between(
        monkeypatch, "papers.counted", lambda: boss.get(f"{base}/papers/form/pin_sofu.pdf")
    )
    assert boss.get(f"{base}/papers/form/{FORM}.pdf").status_code == 200
    assert passed and {form for form, _, _ in counted(office)} == {FORM, "pin_sofu"}
    assert set(saved(office, base)["papers_printed"]) == {FORM, "pin_sofu"}
    shown = listed(boss, base)
    assert "印刷済み 1回" in shown[FORM] and "印刷済み 1回" in shown["pin_sofu"]


def test_two_answers_at_once_are_both_kept(boss: Browser, office: Office) -> None:
    """Both requests read the application before either had saved."""
    base = office.visit()
    fill_form(boss, base)
    vault, city = office.kit.open_vault(), office.kit.city()
    shelf = Shelf(office.settings.forms_dir)
    case = case_now(office, base)
    for one in consents.asked(shelf, case, city):
        consents.record(vault, case, one, "yes", "ja", "")
    told = [one["form"] for one in saved(office, base)["consents"]]
    assert told[0] == "kofu_shinsei" and "hoken_doi" in told and len(told) == len(set(told))
    sheet = sheets.sheet_of(shelf, case, city, FORM)
    sheets.save(vault, case, sheet, {"story": "ひとつめ"})
    sheets.save(vault, case, sheet, {"lost_where": "ふたつめ"})
    sheets.mark_by_hand(vault, case, FORM, True)
    kept = saved(office, base)["sheet_funshitsu"]
    assert kept["answers"] == {"story": "ひとつめ", "lost_where": "ふたつめ"} and kept["by_hand"]


def test_a_wish_is_taken_back_without_what_was_typed_meanwhile(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    fill_form(boss, base)
    vault, city = office.kit.open_vault(), office.kit.city()
    shelf = Shelf(office.settings.forms_dir)
    health = next(
        one
        for one in consents.asked(shelf, case_now(office, base), city)
        if one.form.name == "hoken_doi"
    )
    consents.record(vault, case_now(office, base), health, "no", "ja", "")
    old = case_now(office, base)
    fill_form(boss, base, address="汐見市新町9番")
    consents.withdraw(vault, old, "hoken_doi")
    answers = saved(office, base)["answers"]
    assert answers["hokensho"] == "no" and answers["address"] == "汐見市新町9番"


def test_a_restart_says_that_the_photo_is_missing_before_it_prints(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    own = application_of(listed(boss, base))
    assert "顔写真" not in listed(boss, base)[own]
    with_photo = len(boss.get(f"{base}/papers/form/{own}.pdf").get_data())
    browser = cut_power(office, "suzuki")
    words = listed(browser, base)[own]
    assert paper_set.SEALED in words, "told on the list, before anything is printed"
    assert "印刷済み 1回" in words, "the paper with the photo is still right"
    rid = base.split("/")[2]
    assert paper_set.SEALED in html.unescape(browser.text(browser.get(f"/visit/{rid}/papers")))
    empty = browser.get(f"{base}/papers/form/{own}.pdf").get_data()
    assert len(empty) < with_photo - 20_000, "the box is empty"


def test_the_language_of_a_consent_is_one_that_was_there(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    for language in (NUMBER, "fr", "", "../ja", "あ" * 100_000, "ja\x00"):
        answer = boss.post(f"{base}/show", {"consent": "yes", "consent_language": language})
        assert answer.status_code == 422, language[:20]
    assert "consents" not in saved(office, base)
    assert not [row for row in ledger(office) if row["act"] == "consented"]


def test_a_closed_visit_takes_no_draft(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base)
    close(boss, base)
    before = saved(office, base)
    typed = {**LOSS, "story": "あとから", "report_date": "2月30日"}
    for path in (f"{base}/sheet/{FORM}/1", f"{base}/sheet/{FORM}/draft", f"{base}/form/1"):
        for act in ("next", "later"):
            answer = boss.post(path, {**typed, "act": act})
            assert answer.status_code == 400 and "終了しています" in boss.text(answer), path
    assert boss.post(f"{base}/show", {"consent": "yes"}).status_code == 400
    assert office.draft(base.split("/")[4], FORM) is None and saved(office, base) == before


@needs("poppler-utils")
def test_only_one_of_two_windows_prints_the_first_receipt(boss: Browser, office: Office) -> None:
    settle_with(office, PRINTED)
    base = office.visit()
    fill_form(boss, base)
    assert boss.post(f"{base}/fee", PAID).status_code == 302
    made: list[bytes] = []

    def window() -> None:
        made.append(boss.get(f"{base}/papers/receipt.pdf").get_data())

    windows = [threading.Thread(target=window) for _ in range(3)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    assert sorted("再印刷" in pdf_text(data) for data in made) == [False, True, True]
    assert counted(office) == [("receipt", "filled", 1)] * 3
    acts = [row["act"] for row in ledger(office)]
    assert acts.count("paper_printed") == 3 and "printed" not in acts, "a row for each print"


def test_a_tally_is_checked_and_paid_in_once(boss: Browser, office: Office) -> None:
    paid(boss, office)
    assert count(boss, c1000="2").status_code == 302
    other = {"other": "tanaka", "words": WORDS}
    windows = [threading.Thread(target=lambda: boss.post(f"{DAY}/check", other)) for _ in range(3)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    acts = [row["act"] for row in ledger(office)]
    assert acts.count("tally_checked") == 1
    slip = {"slip_no": NUMBER, "paid_in_on": "令和8年7月1日"}
    answer = boss.post(f"{DAY}/paid-in", slip)
    assert answer.status_code == 422 and "個人番号" in says(answer)
    assert NUMBER not in str(ledger(office))
    windows = [
        threading.Thread(target=lambda: boss.post(f"{DAY}/paid-in", {**slip, "slip_no": "A-1"}))
        for _ in range(3)
    ]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    acts = [row["act"] for row in ledger(office)]
    assert acts.count("tally_paid_in") == 1


def test_what_was_said_and_printed_reaches_the_city_over_power_cuts(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base)
    browser = cut_power(office, "suzuki")
    assert browser.post(f"{base}/show", {"consent": "yes"}).status_code == 302
    browser = cut_power(office, "suzuki")
    assert browser.get(f"{base}/papers/form/{FORM}.pdf").status_code == 200
    browser = cut_power(office, "suzuki")
    kept = saved(office, base)
    assert len(counted(office)) == 1 and set(kept["papers_printed"]) == {FORM}
    close(browser, base)
    browser.post("/sync")
    while office.kit.progress.running:
        pass
    bodies = list(city_rows.bodies(office.city.store).values())
    (there,) = [body for body in bodies if body.get("consents") == kept["consents"]]
    for name in ("papers_printed", "sheet_funshitsu", "consent"):
        assert there[name] == kept[name], name


def test_a_print_of_a_visit_that_ends_meanwhile_is_still_handed_over(
    boss: Browser, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    passed = in_between(monkeypatch, "papers.counted", lambda: close(boss, base))
    answer = boss.get(f"{base}/papers/form/pin_sofu.pdf")
    assert passed and answer.status_code == 200 and answer.get_data().startswith(b"%PDF")
    assert len(counted(office)) == 1 and "papers_printed" not in saved(office, base)
