"""書類の印刷: the list with reasons and states, one paper, a set, a whole visit; nothing half."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fieldkit import reserve
from sync import fail
from sync.ids import new_id
from tests.needs import needs
from tests.web.conftest import DAY, Browser, Office, do_tasks, fill_form, says, take_photo
from tests.web.test_consent import ledger
from tests.web.test_resume import cut_power
from tests.web.test_sheets import FORM, fill_sheet, saved

pytestmark = needs("poppler-utils")
IVS = "葛\U000e0102"
"""A shape that the kit's own font does not have."""


def counted(office: Office) -> list[tuple[str, str, int]]:
    rows = office.kit.open_vault().book.all("SELECT form, kind, pages FROM paper_print ORDER BY id")
    return [(row["form"], row["kind"], row["pages"]) for row in rows]


def pdf_of(answer: Any, tmp_path: Path) -> tuple[int, str]:
    """Pages and text of a PDF answer."""
    assert answer.status_code == 200, says(answer)
    file = tmp_path / "one.pdf"
    file.write_bytes(answer.get_data())
    told = subprocess.run(["pdfinfo", file], capture_output=True, check=True, text=True).stdout
    words = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True)
    file.unlink()
    pages = re.search(r"Pages:\s+(\d+)", told)
    assert pages
    return int(pages[1]), re.sub(r"\s", "", words.stdout.decode("utf-8"))


def listed(browser: Browser, base: str) -> dict[str, str]:
    """The words of each paper on the list, by its form."""
    text = html.unescape(browser.text(browser.get(f"{base}/papers")))
    parts = re.split(r'<li class="paper" id="paper-(\w+)">', text)[1:]
    return {
        form: re.sub(r"<[^>]+>|\s+", " ", part.split("</li>")[0])
        for form, part in zip(parts[::2], parts[1::2], strict=True)
    }


def task(browser: Browser, base: str) -> str:
    row = browser.text(browser.get(base)).split("書類の記入と印刷")[1].split("</li>")[0]
    return re.sub(r"<[^>]+>|\s+", "", row)


def application_of(papers: dict[str, str]) -> str:
    return next(form for form in papers if form.startswith("kofu_"))


def test_the_list_says_what_why_and_how_far(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    papers = listed(boss, base)
    own = application_of(papers)
    assert list(papers)[0] == own and {FORM, "pin_sofu"} <= set(papers)
    assert "カードが手元にない" in papers[FORM] and "未記入" in papers[FORM]
    assert "空欄になるところ" in papers[FORM] and "届出の理由" in papers[FORM]
    assert "顔写真" in papers[own], "the photo that is still to be taken is named"
    boss.post(f"{base}/sheet/{FORM}/draft", {"story": "途中"})
    assert "途中" in listed(boss, base)[FORM]
    fill_sheet(boss, base)
    assert "記入済み" in listed(boss, base)[FORM]
    boss.get(f"{base}/papers/form/{FORM}.pdf")
    boss.get(f"{base}/papers/form/{FORM}.pdf")
    assert "印刷済み 2回" in listed(boss, base)[FORM]
    fill_sheet(boss, base, story="思い出した話")
    assert "刷り直す" in listed(boss, base)[FORM]


def test_one_paper_prints_what_is_known_and_blank_prints_nothing(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    base = office.visit()
    fill_form(boss, base)
    pages, text = pdf_of(boss.get(f"{base}/papers/form/{FORM}.pdf"), tmp_path)
    assert pages == 1 and "𠮷田髙子" in text and "汐見市長" in text
    fill_sheet(boss, base)
    _, text = pdf_of(boss.get(f"{base}/papers/form/{FORM}.pdf"), tmp_path)
    assert "バスをおりたあとに気づいた" in text and "市内のバス" in text
    _, blank = pdf_of(boss.get(f"{base}/papers/form/{FORM}.pdf?blank=yes"), tmp_path)
    assert "𠮷田" not in blank and "市内のバス" not in blank and "紛失・廃止届" in blank
    assert counted(office) == [(FORM, "filled", 1), (FORM, "filled", 1), (FORM, "blank", 1)]
    rows = [row["result"] for row in ledger(office) if row["act"] == "paper_printed"]
    assert rows == [f"{FORM}:filled:1", f"{FORM}:filled:1", f"{FORM}:blank:1"]
    for form in ("henno", "nothing", "..", "mochimono"):
        assert boss.get(f"{base}/papers/form/{form}.pdf").status_code == 404, form


def test_the_task_is_done_when_every_must_form_is_printed_or_written_by_hand(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    assert "未" in task(boss, base)
    pdf_of(boss.get(f"{base}/papers/application.pdf"), tmp_path)
    assert "途中" in task(boss, base)
    checked = boss.text(boss.get(f"{base}/check"))
    assert "まだ印刷していない書類" in checked and "disabled" not in checked, "it holds nothing up"
    must = [form for form, words in listed(boss, base).items() if "おすすめ" not in words]
    for form in must[1:]:
        boss.post(f"{base}/papers/hand", {"form": form, "by_hand": "yes"})
    assert "済" in task(boss, base)
    assert saved(office, base)[f"sheet_{must[-1]}"]["by_hand"] is True
    assert "手書きした" in listed(boss, base)[must[-1]]
    assert "まだ印刷していない書類" not in boss.text(boss.get(f"{base}/check"))
    boss.post(f"{base}/papers/hand", {"form": must[-1], "by_hand": "no"})
    assert "途中" in task(boss, base)
    pages, _ = pdf_of(boss.get(f"{base}/papers/set.pdf"), tmp_path)
    assert pages == 2, "the application and the one that is not by hand any more"
    assert "済" in task(boss, base)
    take_photo(boss, base)
    assert "途中" in task(boss, base), "another photo is another application"
    assert boss.post(f"{base}/papers/hand", {"form": "x", "by_hand": "yes"}).status_code == 400


def test_nothing_is_printed_half(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base)
    fill_form(boss, base, name=f"{IVS}城 花子")
    answer = boss.get(f"{base}/papers/set.pdf")
    text = html.unescape(boss.text(answer))
    assert answer.status_code == 422 and "1枚も印刷しません" in text
    assert "U+845B U+E0102" in text and "印刷できるフォントがありません" in text
    links = re.findall(r'href="([^"]+)"[^>]*>この欄を直す', text)
    other = re.findall(r'href="([^"]+)"[^>]*>代替文字に置きかえる', text)
    assert f"{base}/form/1#name" in links and f"{base}/form/1#alt_char" in other
    for link in {*links, *other}:
        page, _, field = link.partition("#")
        assert f'name="{field}"' in boss.text(boss.get(page)), link
    assert counted(office) == [] and "papers_printed" not in saved(office, base)
    assert not [row for row in ledger(office) if row["act"] == "paper_printed"]


def test_a_word_that_is_too_long_is_told_in_mm_with_its_field(
    boss: Browser, office: Office, own_forms: Path
) -> None:
    layout = own_forms / FORM / "layout.toml"
    lines = layout.read_text(encoding="utf-8").split("[[field]]")
    for number, part in enumerate(lines):
        if 'name = "story"' in part:
            lines[number] = re.sub(r"\nh = [\d.]+", "\nh = 3", part)
    layout.write_text("[[field]]".join(lines), encoding="utf-8")
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base, story="とても長い話です。" * 20)
    text = html.unescape(boss.text(boss.get(f"{base}/papers/set.pdf")))
    assert re.search(r"経緯）」：印刷の枠に入りません（[\d.]+ mm", text)
    assert f'href="{base}/sheet/{FORM}/1#story"' in text
    assert counted(office) == []


def test_a_kill_between_counting_and_handing_over(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)

    def cut(name: str) -> None:
        if name == "papers.counted":
            raise KeyboardInterrupt

    old, fail.point = fail.point, cut  # type: ignore[assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            boss.get(f"{base}/papers/form/{FORM}.pdf")
    finally:
        fail.point = old
    browser = cut_power(office, "suzuki")
    assert counted(office) == [(FORM, "filled", 1)], "the print is counted once"
    rows = [row for row in ledger(office) if row["act"] == "paper_printed"]
    assert len(rows) == 1
    assert "未記入" in listed(browser, base)[FORM], "it is not said to be there"
    assert browser.get(f"{base}/papers/form/{FORM}.pdf").status_code == 200
    assert len(counted(office)) == 2 and "印刷済み 2回" in listed(browser, base)[FORM]


def facility(office: Office, people: int) -> str:
    """A facility with many applicants in seat order; returns the visit's id."""
    vault, rid = office.kit.open_vault(), new_id()
    fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目",
              "postal": "0470024", "phone": "0134-00-0000", "district": "花園",
              "place": "facility", "katagaki": "花園荘"}  # fmt: skip
    person = {"kana": "ヨシダ タカコ", "birth": "1945-03-05", "sex": "f", "kind": "lost"}
    seats = [(new_id(), {**person, "name": f"申請 {n:02d}郎"}) for n in range(1, people + 1)]
    reserve.reserve(vault, reserve.open_desk(vault), rid, fields, seats)
    office.take_out()
    return rid


def test_twenty_people_in_seat_order_as_one_pdf(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    rid = facility(office, 20)
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    ids = [a.id for a in reserve.slip(trip, rid).applicants]
    away, hand = f"/visit/{rid}/a/{ids[4]}", f"/visit/{rid}/a/{ids[6]}"
    boss.post(f"{away}/outcome", {"outcome": "postponed", "note": "熱がある"})
    assert saved(office, away)["state"] == "postponed"
    boss.post(f"{hand}/papers/hand", {"form": FORM, "by_hand": "yes"})
    seen = html.unescape(boss.text(boss.get(f"/visit/{rid}/papers")))
    names = re.findall(r"(申請 \d\d郎) 様", seen)
    assert names == [f"申請 {n:02d}郎" for n in range(1, 21)]
    answer = boss.get(f"/visit/{rid}/papers/set.pdf")
    pages, text = pdf_of(answer, tmp_path)
    prints = counted(office)
    assert {kind for _, kind, _ in prints} == {"batch"}
    sheets = sum(n for _, _, n in prints)
    assert pages > sheets >= 19 * 3 - 1, "a cover, and three papers for each"
    first = text.index("（あて先）")
    assert all(word in text[:first] for word in ("申請01郎", "申請20郎", "後日", "手書き"))
    order = [text.rindex(f"申請{n:02d}郎") for n in (1, 2, 3, 10, 20)]
    assert order == sorted(order), "seat after seat"
    said = re.search(r"20人・書類 (\d+)つ", seen)
    assert said and len(prints) == int(said[1])
    told = [row for row in ledger(office) if row["act"] == "papers_batch"]
    assert len(told) == 1 and told[0]["object"] == rid
    assert told[0]["result"] == f"people=20 papers={len(prints)} pages={sheets}"
    assert "済" in task(boss, f"/visit/{rid}/a/{ids[0]}")
    assert boss.get(f"/visit/{rid}").status_code == 200


def test_the_end_of_the_visit_names_the_papers_to_be_counted(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    text = html.unescape(boss.text(boss.get(f"/visit/{base.split('/')[2]}/close")))
    counted_here = text.split("受け取る書類を数えます")[1].split("</section>")[0]
    assert "𠮷田 髙子 様" in counted_here and "個人番号カード紛失・廃止届" in counted_here
    assert "個人番号カード交付申請書" in counted_here


def test_no_name_gets_into_addresses_heads_or_the_ledger(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base, name="鷽鳥谷 花子")
    boss.get(f"{base}/papers/set.pdf")
    boss.get(f"/visit/{base.split('/')[2]}/papers/set.pdf")
    book = office.kit.open_vault().book
    rows = [row["body"] for row in book.all("SELECT body FROM ledger")]
    rows += [json.dumps(dict(row)) for row in book.all("SELECT * FROM paper_print")]
    seen = "\n".join([*boss.seen, *rows])
    assert "鷽鳥谷" not in seen and json.dumps("鷽鳥谷")[1:-1] not in seen
