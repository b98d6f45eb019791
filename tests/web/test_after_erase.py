"""Pages that were open before a trip was erased, and papers that are not for everybody."""

from __future__ import annotations

import re

from fieldkit import reserve
from sync.ids import new_id
from tests.web.conftest import (
    DAY,
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    says,
    slip_values,
    take_photo,
)


def test_a_page_from_before_the_end_brings_nobody_back(boss: Browser, office: Office) -> None:
    rid, aid = office.book()
    trip_id = office.take_out()
    base = f"/visit/{rid}/a/{aid}"
    boss.get(f"/desk/{rid}")
    do_tasks(boss, base)
    close(boss, base)
    boss.post("/sync")
    while office.kit.progress.running:
        pass
    values = {"trip": trip_id, "shredded_by_1": "佐藤", "shredded_by_2": "鈴木", "confirm": "yes"}
    assert boss.post("/erase", values).status_code == 302
    typed = slip_values(offer=f"{DAY}|am|2")
    for path in (f"/desk/{rid}/draft", f"/desk/{rid}"):
        answer = boss.post(path, typed)
        assert answer.status_code >= 400 and "消去済み" in answer.get_data(as_text=True)
    desk = reserve.open_desk(office.kit.open_vault())
    assert desk.db.all("SELECT 1 FROM draft UNION ALL SELECT 1 FROM record") == []
    assert [r["state"] for r in reserve.reception_list(office.kit.open_vault())] == ["visited"]


def test_the_desk_has_no_visit_sheet(office: Office) -> None:
    """Its secret is printed for the safe only, by a supervisor, and noted there."""
    browser = office.browser
    assert browser.log_in("sato").status_code == 302
    office.book()
    desk = reserve.open_desk(office.kit.open_vault())
    answer = browser.get(f"/trip/{desk.id}/sheet.pdf")
    assert answer.status_code == 403, says(answer)
    assert not answer.get_data().startswith(b"%PDF")


def test_a_call_that_came_to_nothing_can_be_discarded(boss: Browser, office: Office) -> None:
    rid = new_id()
    assert boss.post(f"/desk/{rid}/draft", slip_values()).status_code == 200
    assert office.draft(rid, "desk") is not None
    assert f"/desk/{rid}/discard" in Browser.text(boss.get("/desk"))
    assert boss.post(f"/desk/{rid}/discard").headers["Location"] == "/desk"
    assert office.draft(rid, "desk") is None
    assert rid not in Browser.text(boss.get("/desk"))


def test_a_booklets_number_is_no_place_for_words(boss: Browser, office: Office) -> None:
    """It stays in the book for ever, so it is digits, letters and hyphens only."""
    base = office.visit()
    papers = ["driving_licence", "kaigo_hokensho"]
    boss.post(f"{base}/id", {"papers": papers, "verified": "yes"})
    fill_form(boss, base)
    take_photo(boss, base)
    chosen = re.search(r'<option value="([^"]+)" selected', Browser.text(boss.get(f"{base}/fee")))
    reason = chosen.group(1) if chosen else ""
    paid = {"tendered": "2000", "payer_name": "𠮷田 髙子", "reason_code": reason}
    answer = boss.post(f"{base}/fee", {**paid, "paper_receipt_no": "𠮷田様の分"})
    assert answer.status_code != 302 and "領収書番号" in says(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM money") == []
    assert boss.post(f"{base}/fee", {**paid, "paper_receipt_no": "１２-３"}).status_code == 302
    (row,) = office.kit.open_vault().book.all("SELECT paper_no FROM money")
    assert row["paper_no"] == "12-3"
