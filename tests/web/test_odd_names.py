"""A name that no font draws: every paper has a way out, from the desk to the cover list."""

from __future__ import annotations

import html
import re
from pathlib import Path

from fieldkit import reserve
from fieldkit.store import records
from sync.ids import new_id
from tests.needs import needs
from tests.web.conftest import Browser, Office, do_tasks, fill_form, says, slip_values
from tests.web.test_papers_print import pdf_of
from tests.web.test_sheets import FORM, fill_sheet

pytestmark = needs("poppler-utils")
ODD, OTHER = "\U0001b001山 葛\U000e0102子", "江山 葛子"
"""𛀁 has no font at all; of 葛 the font lacks this shape only."""


def test_the_days_key_can_always_be_printed(boss: Browser, office: Office, tmp_path: Path) -> None:
    """The visit sheet holds the key of the day; at the desk there are no 代替文字 yet."""
    rid, _ = office.book(person={"name": ODD, "kana": "エヤマ カツコ"})
    _, text = pdf_of(boss.get(f"/desk/{rid}/slip.pdf"), tmp_path)
    assert "〓山葛子" in text and "エヤマカツコ" in text
    trip = office.take_out()
    _, text = pdf_of(boss.get(f"/trip/{trip}/sheet.pdf"), tmp_path)
    assert "〓山葛子（エヤマカ" in text, "staff must know whom they visit"
    assert office.code(trip).replace("-", "") in text.replace("-", "")
    _, text = pdf_of(boss.get(f"/forms/reservation/{rid}/mochimono.pdf"), tmp_path)
    assert "エヤマカツコ様" in text, "a letter is not addressed to 〓"


def test_one_row_for_each_place_and_only_the_name_has_a_substitute(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base)
    fill_form(boss, base, name=ODD, scribed="yes", scribe=f"{ODD[:2]} 太郎", scribe_rel="長男")
    answer = boss.get(f"{base}/papers/set.pdf")
    text = html.unescape(boss.text(answer))
    assert answer.status_code == 422 and "（2か所）" in text
    rows = [r.split("</li>")[0] for r in text.split('<li class="paper">')[1:]]
    name, scribe = rows
    assert "個人番号カード交付申請書、" in name and "個人番号カード紛失・廃止届" in name
    assert "U+1B001" in name and "U+E0102" in name
    assert "#alt_char" in name and "#scribe" in scribe
    assert "代替文字に置きかえる" not in scribe, "代替文字 stand for the applicant's name alone"


def test_the_substitute_is_printed_on_every_paper_and_on_the_cover(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    base = office.visit(person={"name": ODD, "kana": "エヤマ カツコ"})
    do_tasks(boss, base)
    fill_sheet(boss, base)
    fill_form(boss, base, name=ODD, alt_char="yes", alt_name=OTHER)
    for url in (f"{base}/papers/set.pdf", f"/visit/{base.split('/')[2]}/papers/set.pdf"):
        pages, text = pdf_of(boss.get(url), tmp_path)
        assert text.count("江山葛子") >= pages > 2, "each page says the name"
        assert "〓" not in text
    _, back = pdf_of(boss.get(f"{base}/prints/l.pdf?back=yes"), tmp_path)
    assert "江山葛子" in back and "〓" not in back
    assert listed_form(boss, base), "nothing was lost on the way"


def listed_form(browser: Browser, base: str) -> bool:
    return f'id="paper-{FORM}"' in browser.text(browser.get(f"{base}/papers"))


def test_a_page_that_was_typed_but_not_saved_is_told(boss: Browser, office: Office) -> None:
    """Autosave says 「保存しました」, but no paper has it before the page is saved."""
    base = office.visit()
    do_tasks(boss, base)
    assert "途中" not in task_row(boss, base)
    boss.post(f"{base}/form/draft", {"tel": "0134-99-9999"})
    assert "途中" in task_row(boss, base)
    check = html.unescape(boss.text(boss.get(f"{base}/check")))
    assert "入力の途中のページがあります" in check
    fill_form(boss, base)
    assert "途中" not in task_row(boss, base)
    assert "入力の途中のページ" not in boss.text(boss.get(f"{base}/check"))


def task_row(browser: Browser, base: str) -> str:
    return browser.text(browser.get(base)).split("交付申請書の記入")[1].split("</li>")[0]


def test_a_facility_with_six_people_fits_on_one_slip(boss: Browser, office: Office) -> None:
    rid = new_id()
    values = slip_values(place="facility", caller_relation="other", katagaki="しおさい苑")
    for number in range(1, 6):
        boss.post(f"/desk/{rid}", {**values, "act": "add_applicant"})
        values |= {f"applicant-{number}-{k}": v for k, v in
                   (("name", f"入所 {number}郎"), ("kana", "にゅうしょ ｼﾞﾛｳ"),
                    ("birth", "昭和10年1月1日"), ("kind", "new"))}  # fmt: skip
    page = boss.text(boss.get(f"/desk/{rid}"))
    assert 'name="applicant-5-name"' in page and "申請する方（6人）" in page
    offer = re.search(r'name="offer"[^>]*value="([^"]+)"', page)
    assert offer
    answer = boss.post(f"/desk/{rid}", {**values, "offer": html.unescape(offer[1])})
    assert answer.status_code == 302, says(answer)
    desk = reserve.open_desk(office.kit.open_vault())
    people = reserve.slip(desk, rid).applicants
    assert len(people) == 6
    assert people[5].get("kana") == "ニュウショ ジロウ", "as the papers ask for it"


def test_what_is_missing_is_asked_for_in_the_right_words(boss: Browser, office: Office) -> None:
    base = office.visit()
    answer = boss.post(f"{base}/form/1", {"name": "あ" * 61, "kana": "エヤマ", "alt_char": "no",
                                          "act": "next"})  # fmt: skip
    assert "「氏名（住民票の表記）」：60文字以内で入力してください。" in says(answer)
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    assert records.draft(trip, base.split("/")[4], "kofu_shinsei"), "nothing typed is lost"
    fill_form(boss, base)
    answer = boss.post(f"{base}/sheet/{FORM}/1", {"act": "next"})
    assert "「届出の理由」を選んでください。" in says(answer)


def test_the_visit_leads_to_the_papers_to_hand_out(boss: Browser, office: Office) -> None:
    rid = office.visit().split("/")[2]
    assert f'href="/forms/reservation/{rid}"' in boss.text(boss.get(f"/visit/{rid}"))
