"""The new screens against a hostile hand: ids of another visit, names of forms that are paths, an
Individual Number in every field, letters that are none; nothing is stored and nothing breaks.
"""

from __future__ import annotations

import html
import re

import pytest

from fieldkit.screen_roles import FIELD
from sync.ids import new_id
from tests.forms.form_cases import run_on_pdf
from tests.needs import needs
from tests.web.conftest import CAST, Browser, Office, close, do_tasks, fill_form, says
from tests.web.test_guard import rules_of
from tests.web.test_incentives import switch_on
from tests.web.test_sheets import FORM, LOSS, saved
from tests.web.test_tally import DAY, count

NEW = frozenset({"sheets", "papers", "show", "tally", "incentives", "form_shelf", "money"})
NUMBER = "123456789018"
SPELLINGS = (NUMBER, "１２３４　５６７８-9018")
NAMES = ("..", "%2e%2e", "..%2f..%2fkit", "fonts", "print", "nothing", "KOFU_SHINSEI", "a" * 300,
         "%00", "あ", "kofu_shinsei%0d%0aX-Bad:1", "%E2%80%AE")  # fmt: skip
FIELDS = ("consent_form", "consent_language", "consent_sha", "form", "by_hand", "why", "about",
          "replaced_why", "slip_no", "paid_in_on", "other", "words", "evidence", "payer_name",
          "reason_code", "tendered", "paper_receipt_no", "spoil_reason", "spoil_why", "lang", "act",
          *LOSS)  # fmt: skip


def everything(office: Office) -> str:
    """Every row of every store that is open."""
    vault = office.kit.open_vault()
    found = []
    for db in (vault.book, *(trip.db for trip in vault.trips.values())):
        for table in db.all("SELECT name FROM sqlite_master WHERE type = 'table'"):
            found += [repr(tuple(row)) for row in db.all(f"SELECT * FROM {table['name']}")]
    return "\n".join(found)


def new_routes(office: Office, base: str) -> list[tuple[str, str]]:
    """Every address of the new screens, about this person; the other variables made up."""
    rid, aid = base.split("/")[2], base.split("/")[4]
    found = []
    for method, rule in rules_of(office.app):
        if rule.endpoint.split(".")[0] in NEW:
            text = rule.rule.replace("<rid>", rid).replace("<aid>", aid).replace("<form>", FORM)
            text = text.replace("<day>", "2026-07-01").replace("<month>", "2026-07")
            found.append((method, re.sub(r"<[^>]+>", lambda v: _made(v.group()), text)))
    assert len(found) > 30
    return found


def _made(variable: str) -> str:
    if ":" not in variable:
        return new_id()
    return "1" if "int" in variable else "blank"


def test_another_visits_person_is_nowhere(boss: Browser, office: Office) -> None:
    """Both people are open in this kit; an address that mixes them is a page that is not there."""
    switch_on(office)
    (rid, aid), (other, stranger) = office.book(), office.book(order=2, person={"name": "鷽鳥 花"})
    office.take_out()
    for path in (f"/visit/{rid}/a/{aid}", f"/visit/{other}/a/{stranger}"):
        fill_form(boss, path)
    before = saved(office, f"/visit/{other}/a/{stranger}")
    wrong = (
        f"/visit/{rid}/a/{stranger}", f"/visit/{aid}/a/{aid}", f"/visit/{rid}/a/{rid}",
        f"/visit/{rid}/a/{new_id()}", f"/visit/{stranger}/a/{aid}",
    )  # fmt: skip
    for base in wrong:
        for method, path in new_routes(office, base):
            if base not in path and (rid in base.split("/") or base.split("/")[2] not in path):
                continue  # about the visit alone, about a day, or about a form
            data = {"csrf": boss.csrf, "act": "next", "consent": "yes", "by_hand": "yes"}
            answer = boss.open(method, path, data=data if method == "POST" else None)
            assert answer.status_code in (400, 404), (method, path, answer.status_code)
            assert "鷽鳥" not in html.unescape(boss.text(answer)), path
    assert saved(office, f"/visit/{other}/a/{stranger}") == before
    rows = office.kit.open_vault().book.all("SELECT record_id FROM paper_print")
    assert {row["record_id"] for row in rows} <= {rid, aid}


@pytest.mark.parametrize("name", NAMES)
def test_a_forms_name_is_a_name(boss: Browser, office: Office, name: str) -> None:
    base = office.visit()
    rid = base.split("/")[2]
    paths = (
        f"/forms/{name}/blank.pdf", f"/forms/{name}/sample.pdf",
        f"/forms/reservation/{rid}/{name}.pdf", f"{base}/papers/form/{name}.pdf",
        f"{base}/sheet/{name}", f"{base}/sheet/{name}/1", f"/tally/{name}/1",
        f"/tally/month/{name}",
        f"/tally/month/{name}.pdf", f"/incentives/{name}/list.pdf", f"/forms/reservation/{name}",
    )  # fmt: skip
    for path in paths:
        answer = boss.get(path)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert "X-Bad" not in str(answer.headers)
    for path in (f"{base}/sheet/{name}/1", f"{base}/sheet/{name}/draft", f"/tally/{name}/1"):
        assert 400 <= boss.post(path, {"act": "next"}).status_code < 500, path
    asked = {"consent": "yes", "consent_form": name}
    assert 400 <= boss.post(f"{base}/show", asked).status_code < 500
    assert 400 <= boss.post(f"{base}/papers/hand", {"form": name}).status_code < 500
    assert 400 <= boss.post(f"{base}/show/withdraw", {"form": name}).status_code < 500
    assert office.kit.open_vault().book.all("SELECT 1 FROM paper_print") == []


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "1867-12", "2026-7", "2026-13", "2026-W1"])
def test_a_month_far_away_is_a_page(boss: Browser, month: str) -> None:
    for path in (f"/tally/month/{month}", f"/tally/month/{month}.pdf"):
        assert boss.get(path).status_code in (200, 404), path


@pytest.mark.parametrize("number", SPELLINGS)
def test_an_individual_number_is_stored_nowhere(boss: Browser, office: Office, number: str) -> None:
    """In every field of every new screen, twice (the second time confirms what was asked)."""
    switch_on(office)
    base = office.visit()
    do_tasks(boss, base)
    assert count(boss, c1000="2").status_code == 302
    for method, path in new_routes(office, base):
        if method != "POST":
            continue
        for act in ("next", "later", "more", "draft"):
            for _ in range(2):
                boss.post(path, {**dict.fromkeys(FIELDS, number), "act": act, "consent": "yes"})
        for field in FIELDS:  # one field at a time, the others as they should be
            given = {**LOSS, "act": "next", "consent": "yes", "spoil_why": "paper", field: number}
            answer = boss.post(path, given)
            assert answer.status_code < 500, (path, field)
            assert number not in str(answer.headers), (path, field)
    for path in (f"{DAY}/sheet.pdf", f"{base}/papers/set.pdf?lang={number}", "/ledger", "/tally"):
        assert boss.get(path).status_code < 500
    kept = everything(office)
    assert number not in kept and NUMBER not in kept
    assert "sheet_funshitsu" in kept, "the control: what was harmless was stored"


@pytest.mark.parametrize(
    "odd",
    ["\x00", "a\x00b", "\x1b[31m", "\u202e逆", "\ud7ff\ufffe", "\U000e0100", "́" * 5000,
     "あ" * 100_000, "${name}", "{{7*7}}", "<script>", "９" * 400],
    ids=lambda text: ascii(text)[:12],
)  # fmt: skip
def test_odd_text_breaks_no_screen(boss: Browser, office: Office, odd: str) -> None:
    base = office.visit()
    fill_form(boss, base)
    boss.post(f"{base}/fee", {"tendered": odd, "payer_name": odd, "paper_receipt_no": odd})
    for method, path in new_routes(office, base):
        if method == "POST":
            given = {**LOSS, "story": odd, "lost_where": odd, "slip_no": odd, "why": odd,
                     "about": odd, "c1000": odd, "paid_in_on": odd, "consent": odd,
                     "act": "next"}  # fmt: skip
            assert boss.post(path, given).status_code < 500, path
            assert boss.post(path, {**given, "act": "later"}).status_code < 500, path
    for path in (f"{base}/papers", f"{base}/sheet/{FORM}/1", f"{base}/papers/form/{FORM}.pdf",
                 f"{base}/papers/set.pdf", f"{base}/check", f"{base}/show", "/tally"):  # fmt: skip
        answer = boss.get(path)
        assert answer.status_code < 500, (path, says(answer))
        assert "<script>" not in boss.text(answer) or odd != "<script>"


def test_a_head_request_prints_nothing(boss: Browser, office: Office) -> None:
    """A program that only looks whether an address is there must not count as a sheet of paper."""
    base = office.visit()
    fill_form(boss, base)
    for path in (f"{base}/papers/set.pdf", f"/forms/{FORM}/blank.pdf"):
        boss.open("HEAD", path)
    assert office.kit.open_vault().book.all("SELECT 1 FROM paper_print") == []


@needs("poppler-utils")
def test_no_pdf_says_more_than_its_pages(boss: Browser, office: Office) -> None:
    """Names of downloads, titles, authors, XMP, attachments: nobody's name, of every new paper."""
    switch_on(office)
    base = office.visit(person={"name": "鷽鳥谷 花"})
    rid = base.split("/")[2]
    do_tasks(boss, base, name="鷽鳥谷 花")
    trip = next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    boss.post(f"{base}/check")
    boss.post(f"{base}/gift")
    assert count(boss, c1000="2").status_code == 302
    paths = (f"{base}/papers/set.pdf", f"/visit/{rid}/papers/set.pdf", f"{DAY}/sheet.pdf",
             "/tally/month/2026-07.pdf", f"/incentives/{trip}/list.pdf",
             f"/forms/reservation/{rid}/mochimono.pdf",
             f"{base}/papers/form/{FORM}.pdf")  # fmt: skip
    for path in paths:
        answer = boss.get(path)
        assert answer.status_code == 200, (path, says(answer))
        assert answer.headers["Content-Disposition"] == 'inline; filename="print.pdf"'
        assert answer.headers["Cache-Control"] == "no-store"
        pdf = answer.get_data()
        told = run_on_pdf("pdfinfo", "-", pdf=pdf) + run_on_pdf("pdfinfo", "-meta", "-", pdf=pdf)
        assert "Title:" in told and "<rdf:RDF" in told
        assert not any(name in told for name in ("鷽", "𠮷田", "鈴木")), path
        assert b"/EmbeddedFile" not in pdf and b"/AF" not in pdf, path


@pytest.mark.parametrize("who", CAST)
def test_after_the_lock_every_new_screen_wants_a_login(office: Office, who: str) -> None:
    office.browser.log_in("suzuki")
    base = office.visit()
    fill_form(office.browser, base)
    token = office.browser.csrf
    office.browser.post("/lock")
    for method, path in new_routes(office, base):
        answer = office.browser.open(method, path, data={"csrf": token})
        assert answer.status_code == 302 and "/login" in answer.headers["Location"], path
    office.browser.log_in(who)
    if CAST[who].role in FIELD:  # the day is open again for those who work with it
        return
    for method, path in new_routes(office, base):
        if "/visit/" in path:
            answer = office.browser.open(method, path, data={"csrf": office.browser.csrf})
            assert answer.status_code in (400, 403, 404, 302), (path, answer.status_code)
            assert "𠮷田" not in office.browser.text(answer), path


def test_a_trip_that_was_erased_has_no_papers(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    boss.post(f"{base}/sheet/{FORM}/draft", {"story": "鷽の話"})
    close(boss, base)
    trip = next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    boss.post("/sync")
    while office.kit.progress.running:
        pass
    names = {"trip": trip, "shredded_by_1": "田中", "shredded_by_2": "鈴木", "confirm": "yes"}
    assert boss.post("/erase", names).status_code == 302
    for method, path in new_routes(office, base):
        answer = boss.open(method, path, data={"csrf": boss.csrf, "act": "next"})
        if base.split("/")[2] in path:
            assert 400 <= answer.status_code < 500, (path, answer.status_code)
    kept = everything(office)
    assert "鷽" not in kept and "𠮷田" not in kept
