"""様式と記入例: what anybody may print of every form, and the papers of one reservation."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import paper_log, reserve
from fieldkit.forms import list_forms, load_form
from fieldkit.store import ledger
from sync.ids import new_id
from tests.forms.form_cases import FORMS, pdf_text, run_on_pdf
from tests.needs import needs
from tests.web.conftest import Browser, Office, says

pytestmark = needs("poppler-utils")
NAME, TOWN = "𠮷田髙子", "花園1丁目"


def printed(office: Office) -> list[tuple[str, str, str, int]]:
    """(form, kind, record id, pages) of every counted print, oldest first."""
    rows = office.kit.open_vault().book.all("SELECT * FROM paper_print ORDER BY id")
    return [(r["form"], r["kind"], r["record_id"], r["pages"]) for r in rows]


def acts(office: Office, act: str) -> list[tuple[str, str]]:
    rows = ledger.rows(office.kit.open_vault().book, 500)
    return [(row["object"], row["result"]) for row in reversed(rows) if row["act"] == act]


def pages_of(pdf: bytes) -> int:
    return int(re.search(r"Pages:\s+(\d+)", run_on_pdf("pdfinfo", "-", pdf=pdf)).group(1))  # type: ignore[union-attr]


def test_every_form_is_on_the_shelf(boss: Browser) -> None:
    page = Browser.text(boss.get("/forms"))
    for name in list_forms(FORMS):
        form = load_form(FORMS, name)
        assert f"/forms/{name}/blank.pdf" in page
        assert (f"/forms/{name}/sample.pdf" in page) == bool(form.sample), name
    assert 'href="/forms"' in Browser.text(boss.get("/"))


@pytest.mark.parametrize("name", list_forms(FORMS))
def test_every_form_prints_blank_and_with_its_example(name: str, office: Office) -> None:
    office.browser.log_in("sato")
    form = load_form(FORMS, name)
    kinds = ["blank", "sample"] if form.sample else ["blank"]
    for kind in kinds:
        answer = office.browser.get(f"/forms/{name}/{kind}.pdf")
        assert answer.status_code == 200, says(answer)
        assert answer.mimetype == "application/pdf"
        text = pdf_text(answer.get_data())
        across = run_on_pdf("pdftotext", "-raw", "-", "-", pdf=answer.get_data())[:6]
        assert ("".join(across.split()) == "記入例") == (kind == "sample")
        person = form.sample.get("name", "")
        assert not person or ("".join(person.split()) in text) == (kind == "sample")
    assert [(f, k, r) for f, k, r, _ in printed(office)] == [(name, k, "") for k in kinds]
    told = [(name, f"{name}:{f[1]}:{f[3]}") for f in printed(office)]
    assert acts(office, "paper_printed") == told


def test_a_blank_paper_carries_the_citys_numbers_but_nobody(office: Office) -> None:
    office.browser.log_in("tanaka")
    text = pdf_text(office.browser.get("/forms/mochimono/blank.pdf").get_data())
    assert "0120-95-0178" in text and "運転免許証" in text and "A2点" in text
    assert "汐見太郎" not in text and "2,000" not in text


def test_the_ledger_says_in_words_what_was_printed(office: Office) -> None:
    office.browser.log_in("suzuki")
    office.browser.get("/forms/setsumei/sample.pdf")
    assert "setsumei（記入例）2枚" in Browser.text(office.browser.get("/ledger"))


@pytest.mark.parametrize(("lang", "said"), [("easy", "ひみつの番号"), ("en", "facility")])
def test_the_language_is_chosen(lang: str, said: str, office: Office) -> None:
    office.browser.log_in("sato")
    assert said in pdf_text(office.browser.get(f"/forms/setsumei/blank.pdf?lang={lang}").get_data())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/forms/nothing/blank.pdf", 404),
        ("/forms/mochimono/other.pdf", 404),
        ("/forms/..%2f..%2fetc/blank.pdf", 404),
        ("/forms/mochimono/blank.pdf?lang=fr", 400),
        ("/forms/shisetsu_annai/blank.pdf?lang=en", 400),
        ("/forms/reservation/nothing", 404),
        ("/forms/reservation/00000000-0000-7000-8000-000000000000/mochimono.pdf", 404),
    ],
)
def test_it_refuses_what_is_not_there(path: str, status: int, office: Office) -> None:
    office.browser.log_in("suzuki")
    assert office.browser.get(path).status_code == status
    assert printed(office) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("sato", 200), ("tanaka", 200), ("suzuki", 200), ("mori", 200), ("kato", 403)],
)
def test_who_may_print_forms(who: str, status: int, office: Office) -> None:
    office.browser.log_in(who)
    assert office.browser.get("/forms").status_code == status
    assert office.browser.get("/forms/setsumei/blank.pdf").status_code == status
    assert ("/forms" in Browser.text(office.browser.get("/"))) == (status == 200)


def test_a_broken_form_says_so_and_hides_no_other(office: Office, tmp_path: Path) -> None:
    own = tmp_path / "forms"
    shutil.copytree(FORMS, own)
    (own / "setsumei" / "form.md").write_text("| survey |\n| | type | nme |\n", encoding="utf-8")
    layout = own / "shisetsu_kakunin" / "layout.toml"
    layout.write_text(layout.read_text(encoding="utf-8").replace("x = 12", "x = 912", 1), "utf-8")
    office.settings = replace(office.settings, forms_dir=own)
    office.start()
    office.browser.log_in("sato")
    page = Browser.text(office.browser.get("/forms"))
    assert "使えない様式が2件あります" in page
    assert "912" in page, "the sentence names the slip"
    assert "/forms/mochimono/blank.pdf" in page
    assert "/forms/setsumei/blank.pdf" not in page
    assert office.browser.get("/forms/mochimono/blank.pdf").status_code == 200
    assert office.browser.get("/forms/shisetsu_kakunin/blank.pdf").status_code == 400
    rid, _ = office.book()
    shown = Browser.text(office.browser.get(f"/forms/reservation/{rid}"))
    assert "使えません" in shown and "setsumei.pdf" not in shown and "mochimono.pdf" in shown


# -- the papers of one reservation ---------------------------------------------------------------
def test_the_desk_prints_the_bring_list_of_a_caller(office: Office) -> None:
    office.browser.log_in("sato")
    rid, aid = office.book()
    slip = Browser.text(office.browser.get(f"/desk/{rid}"))
    assert f"/forms/reservation/{rid}" in slip
    page = Browser.text(office.browser.get(f"/forms/reservation/{rid}"))
    assert "mochimono.pdf" in page and "shisetsu" not in page
    assert f'href="/desk/{rid}"' in page
    assert (rid, "ok") in acts(office, "view")
    answer = office.browser.get(f"/forms/reservation/{rid}/mochimono.pdf")
    text = pdf_text(answer.get_data())
    for said in (NAME, "令和8年7月15日(水)", "10時ごろ", "2,000円ちょうど", "0120-00-0000"):
        assert said in text, said
    assert printed(office) == [("mochimono", "filled", aid, 1)]
    assert paper_log.times_printed(office.kit.open_vault(), aid) == {"mochimono": 1}


def test_a_home_gets_no_paper_for_facilities(office: Office) -> None:
    office.browser.log_in("sato")
    rid, _ = office.book()
    assert office.browser.get(f"/forms/reservation/{rid}/shisetsu_annai.pdf").status_code == 404
    assert office.browser.get(f"/forms/reservation/{rid}/kofu_shinsei.pdf").status_code == 404


def test_a_facility_gets_its_letter_and_a_sheet_for_each_resident(office: Office) -> None:
    office.browser.log_in("sato")
    vault = office.kit.open_vault()
    desk, rid = reserve.open_desk(vault), new_id()
    names = ("汐見 太郎", "葛󠄀西 𠮷子", "髙橋 正")
    fields = {"visit_date": "2026-07-22", "half": "pm", "order": 1, "place": "facility",
              "katagaki": "はまなす園", "caller_name": "北浜 みどり"}  # fmt: skip
    people = [
        (new_id(), {"name": name, "kana": "カナ", "birth": "1938-03-05", "kind": "new"})
        for name in names
    ]
    reserve.reserve(vault, desk, rid, fields, people)
    base = f"/forms/reservation/{rid}"
    page = Browser.text(office.browser.get(base))
    assert "全員分（3人）を印刷" in page and "1人ずつ印刷" in page
    letter = pdf_text(office.browser.get(f"{base}/shisetsu_annai.pdf").get_data())
    for said in ("はまなす園", "北浜みどり様", "3人", "令和8年7月22日(水)", "14時", "汐見市長",
                 "令和8年7月15日(水)"):  # fmt: skip
        assert said in letter, said
    everybody = office.browser.get(f"{base}/shisetsu_kakunin.pdf").get_data()
    assert pages_of(everybody) == 3
    text = pdf_text(everybody)
    places = [text.index("".join(name.split())) for name in names]
    assert places == sorted(places)
    one = pdf_text(office.browser.get(f"{base}/shisetsu_kakunin/{people[1][0]}.pdf").get_data())
    assert "葛󠄀西𠮷子" in one and "汐見太郎" not in one
    rows = printed(office)
    assert rows[0] == ("shisetsu_annai", "filled", rid, 2)
    assert [row[2] for row in rows[1:]] == [*(p[0] for p in people), people[1][0]]
    assert office.browser.get(f"{base}/shisetsu_kakunin/{new_id()}.pdf").status_code == 404


def test_field_staff_print_from_the_open_visit_and_never_from_the_desk(office: Office) -> None:
    office.browser.log_in("suzuki")
    rid, aid = office.book()
    office.take_out()
    later, _ = office.book(visit_date="2026-07-22")
    office.browser.post("/lock")
    office.browser.log_in("tanaka")
    page = office.browser.get(f"/forms/reservation/{rid}")
    assert page.status_code == 200, says(page)
    assert f'href="/visit/{rid}"' in Browser.text(page)
    answer = office.browser.get(f"/forms/reservation/{rid}/mochimono/{aid}.pdf")
    assert NAME in pdf_text(answer.get_data())
    assert office.browser.get(f"/forms/reservation/{later}").status_code == 404
    assert office.browser.get(f"/forms/reservation/{later}/mochimono.pdf").status_code == 404


def test_what_does_not_fit_is_told_and_not_counted(office: Office) -> None:
    office.browser.log_in("sato")
    rid, _ = office.book(person={"name": "山田\ue000", "kana": ""})
    answer = office.browser.get(f"/forms/reservation/{rid}/mochimono.pdf")
    assert answer.status_code == 400
    assert "印刷できるフォントがありません" in says(answer)
    assert printed(office) == []


def test_nobodys_name_leaks_into_addresses_heads_or_the_ledger(office: Office) -> None:
    office.browser.log_in("sato")
    rid, aid = office.book()
    for path in ("", "/mochimono.pdf", f"/mochimono/{aid}.pdf", "/setsumei.pdf?lang=en"):
        answer = office.browser.get(f"/forms/reservation/{rid}{path}")
        assert answer.status_code == 200, says(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        if path:
            assert answer.headers["Content-Disposition"] == 'inline; filename="print.pdf"'
    told = " ".join(office.browser.seen)
    told += " ".join(str(row) for row in ledger.rows(office.kit.open_vault().book, 500))
    told += str(printed(office))
    for secret in ("𠮷田", "髙子", "ヨシダ", TOWN, "1945"):
        assert secret not in told
    title = re.search(r"<title>(.*?)</title>",
                      Browser.text(office.browser.get(f"/forms/reservation/{rid}")))  # fmt: skip
    assert title and "𠮷田" not in title.group(1)


def test_a_locked_screen_prints_nothing(office: Office) -> None:
    office.browser.log_in("sato")
    rid, _ = office.book()
    office.browser.post("/lock")
    assert office.browser.get("/forms").headers["Location"].startswith("/login")
    answer = office.browser.get(f"/forms/reservation/{rid}/mochimono.pdf")
    assert answer.headers["Location"].startswith("/login")
