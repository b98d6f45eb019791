"""The screens: pages of before, taking out from the city's list, 食い違い."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import checkout, conflicts, outbox, reserve, visit
from fieldkit.city import connect
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import child_id, new_id
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import CLERK, DAY, book, sync
from tests.pull.conftest import Kits
from tests.web.conftest import ANSWERS, Browser, Office, new_office, says, slip_values

WHY = "電話で確かめた"


@pytest.fixture
def office(tmp_path: Path, city: CityServer) -> Iterator[Office]:
    """Laptop K01 with its screens; the others are vaults."""
    made = new_office(tmp_path, city)
    made.browser.log_in("suzuki")
    yield made
    made.kit.put_away()


def all_of_it(kits: Kits) -> tuple[Vault, OpenTrip]:
    """A kit of the office, which may change everything."""
    vault = kits("office")
    made = connect(vault).make_trip(new_id(), "office", DAY, [])
    trip = vault.add_trip(made.id, "office", made.day, made.public, made.secret)
    sync(vault)
    return vault, trip


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form, and the seat ids."""
    found = re.findall(r'type="hidden"[^>]*? name="([^"]+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrf"}


def test_an_old_slip_does_not_undo_what_came_down(
    office: Office, kits: Kits, city: CityServer
) -> None:
    browser, vault = office.browser, office.kit.open_vault()
    rid = new_id()
    assert browser.post(f"/desk/{rid}", slip_values()).status_code == 302
    sync(vault)
    page = hidden(Browser.text(browser.get(f"/desk/{rid}")))
    assert page["seen"] == "0" and page["id-0"]
    other, trip = all_of_it(kits)
    joined = new_id()
    records.save(other, trip, "reservation", {"katagaki": "101号室", "notes": "呼び鈴"}, rid)
    records.save(other, trip, "applicant", {"name": "先 頭", "kind": "new"},
                 "0" + joined[1:], rid)  # fmt: skip
    sync(other, vault)
    typed = slip_values(notes="犬は外", **page)
    assert browser.post(f"/desk/{rid}/draft", typed).status_code == 200
    again = hidden(Browser.text(browser.get(f"/desk/{rid}")))
    assert again["seen"] == "0"  # the draft is of before
    answer = browser.post(f"/desk/{rid}", {**typed, **again})
    assert answer.status_code == 302, says(answer)
    slip = reserve.slip(reserve.open_desk(vault), rid)
    assert slip.reservation.get("katagaki") == "101号室"
    assert {a.get("name") for a in slip.applicants} == {"𠮷田 髙子", "先 頭"}
    sync(vault)
    assert city_rows.bodies(city.store)[rid]["notes"] == "呼び鈴"
    (case,) = conflicts.clashes(vault)  # typed by somebody who had not seen the other note
    assert case.waits and case.told["other"] == {"notes": "犬は外"}
    assert city_rows.bodies(city.store)[rid]["katagaki"] == "101号室"


def test_a_supervisor_takes_a_person_off_a_slip(
    office: Office, city: CityServer, kits: Kits
) -> None:
    browser, vault = office.browser, office.kit.open_vault()
    rid = new_id()
    two = slip_values(count="2", **{
        n.replace("-0-", "-1-"): v for n, v in slip_values().items() if "applicant-0-" in n
    })  # fmt: skip
    two["applicant-1-name"], two["offer"] = "施設 二郎", f"{DAY}|am|1"
    assert browser.post(f"/desk/{rid}", two).status_code == 302
    page = Browser.text(browser.get(f"/desk/{rid}"))
    first = hidden(page)["id-0"]
    assert page.count("この方を受付票から外す") == 2
    answer = browser.post(f"/desk/{rid}", {**two, **hidden(page), "take_off": first})
    assert answer.status_code == 302, says(answer)
    page = Browser.text(browser.get(f"/desk/{rid}"))
    assert "施設 二郎" in page and "𠮷田 髙子" not in page and "この方を受付票から外す" not in page
    sync(vault)
    assert city_rows.docs(city.store)[first].state == "removed"
    browser.post("/lock")
    browser.log_in("sato")
    refused = browser.post(f"/desk/{rid}", {**slip_values(), "take_off": hidden(page)["id-0"]})
    assert refused.status_code in (400, 403)


def test_an_old_form_page_does_not_undo_the_other_laptop(
    office: Office, kits: Kits, city: CityServer
) -> None:
    vault, browser = office.kit.open_vault(), office.browser
    rid, aid = office.book()
    office.take_out()
    sync(vault)
    other = kits("field")
    theirs = checkout.check_out(other, None, DAY, [rid], share=True)
    base = f"/visit/{rid}/a/{aid}"
    page = Browser.text(browser.get(f"{base}/form/1"))
    asked = set(re.findall(r'data-question="([a-z_]+)"', page))
    assert {"name", "kana"} <= asked
    person = reserve.slip(theirs, rid).applicants[0]
    visit.save_application(other, theirs, person, {"answers": {"kana": "ヨシダ タカコ二"}})
    visit.save_application(other, theirs, person, {"photo_checked": "yes"})
    sync(other, vault)
    old = {k: v for k, v in ANSWERS.items() if k in asked} | hidden(page)
    old["kana"] = ""  # nothing was there when the page was drawn, and nobody typed anything
    assert browser.post(f"{base}/form/1", {**old, "act": "later"}).status_code == 302
    now = records.get(vault.trips[next(t.id for t in vault.trips.values() if t.kind == "field")],
                      child_id(aid, "application"))  # fmt: skip
    assert now.get("answers")["kana"] == "ヨシダ タカコ二"
    assert now.get("answers")["name"] == ANSWERS["name"]
    # the page as it is now carries a newer number; a real change is a change
    page = Browser.text(browser.get(f"{base}/form/1"))
    assert int(hidden(page)["seen"]) > 0
    changed = old | hidden(page) | {"kana": "ヨシダ タカコ三", "act": "later"}
    assert browser.post(f"{base}/form/1", changed).status_code == 302
    sync(vault)
    said = city_rows.bodies(city.store)[child_id(aid, "application")]["answers"]
    assert said["kana"] == "ヨシダ タカコ三"


def test_what_another_desk_took_is_chosen_from_the_citys_list(office: Office, kits: Kits) -> None:
    desk, browser = kits("desk", CLERK), office.browser
    rid, _ = book(desk)
    sync(desk)
    page = Browser.text(browser.get("/checkout"))
    assert "この端末で受けた予約に、持ち出せる訪問日はありません。" in page
    assert reserve.desk_row(office.kit.open_vault()) is None  # looking makes no desk
    assert "日付が空" in says(browser.post("/checkout/day", {"ask": ""}))
    page = Browser.text(browser.post("/checkout/day", {"ask": "R8.7.15"}))
    assert "受付番号 K02-1" in page and rid in page and "髙子" not in page
    answer = browser.post("/checkout", {"day": DAY, "from_city": "yes"})
    assert answer.status_code == 422 and "選んで" in says(answer)
    answer = browser.post("/checkout", {"day": DAY, "from_city": "yes", "reservation": rid})
    assert answer.status_code == 302, says(answer)
    assert "受付番号 K02-1" in Browser.text(browser.get(f"/visit/{rid}"))
    assert "K02-1" in Browser.text(browser.get("/list"))
    third = kits("field")
    checkout.check_out(third, None, DAY, [rid], share=True)
    browser.post("/lock")


def test_the_screen_of_clashes(office: Office, kits: Kits, city: CityServer) -> None:
    vault, browser = office.kit.open_vault(), office.browser
    rid, aid = office.book()
    office.take_out()
    sync(vault)
    other = kits("field")
    theirs = checkout.check_out(other, None, DAY, [rid], share=True)
    mine = visit.trip_of(vault, rid)
    for kit, trip, tel in ((vault, mine, "0134-00-0001"), (other, theirs, "0134-00-0002")):
        person = reserve.slip(trip, rid).applicants[0]
        visit.save_application(kit, trip, person, {"answers": {"tel": tel}, "payer_name": tel})
    sync(vault, other, vault)
    waits = [case for case in conflicts.clashes(vault) if case.waits]
    assert len(waits) == 2
    assert "判断待ち 2件" in Browser.text(browser.get("/"))
    page = Browser.text(browser.get("/conflicts"))
    assert "受付番号 1　𠮷田 髙子 様　申請" in page and "電話番号" in page and "納めた方" in page
    assert "0134-00-0001" in page and "0134-00-0002" in page and "この端末" in page
    said = {"id": waits[0].id, "take": "other"}
    answer = browser.post("/conflicts/clash", {**said, "why": ""})
    assert answer.status_code == 422 and "理由" in says(answer)
    answer = browser.post("/conflicts/clash", {**said, "why": "1234 5678 9018"})
    assert answer.status_code == 422
    assert browser.post("/conflicts/clash", {**said, "why": WHY}).status_code == 302
    page = Browser.text(browser.get("/conflicts"))
    assert "判断を保存しました。市サーバへ送ると反映されます。" in page
    outbox.sync(vault)
    page = Browser.text(browser.get("/conflicts"))
    assert f"「もう一方の値」にしました。理由：{WHY}" in page and "鈴木 一郎が" in page
    assert "食い違いを判断" in Browser.text(browser.get("/ledger"))
    assert "食い違い（1件）" not in page and "判断を待っているもの（1件）" in page
    # the twin section
    office.book(order=2)
    sync(vault)
    page = Browser.text(browser.get("/conflicts"))
    assert "同じ人かもしれない受付（1件）" in page and "氏名と生年月日" in page
    twin = conflicts.twins(vault)[0].id
    assert browser.post("/conflicts/twin", {"id": twin, "same": "x", "why": WHY}).status_code == 400
    assert browser.post(
        "/conflicts/twin", {"id": twin, "same": "no", "why": WHY}
    ).status_code == 302  # fmt: skip
    sync(vault)
    assert "「別の人」にしました" in Browser.text(browser.get("/conflicts"))
    # nobody else gets there
    browser.post("/lock")
    browser.log_in("tanaka")
    assert browser.get("/conflicts").status_code == 403
    assert "食い違い" not in Browser.text(browser.get("/"))


def test_a_visit_shows_what_the_other_laptop_did(office: Office, kits: Kits) -> None:
    vault, browser = office.kit.open_vault(), office.browser
    rid, aid = office.book()
    office.take_out()
    sync(vault)
    other = kits("field")
    theirs = checkout.check_out(other, None, DAY, [rid], share=True)
    person = reserve.slip(theirs, rid).applicants[0]
    iso = {"birth": "1945-03-05", "card_until": "2026-09-01", "zip": "0470024"}
    fields = {
        "answers": {**ANSWERS, **iso},
        "photo_id": new_id(),
        "receipt_no": "K02-00001",
        "fee": {"yen": 1000},
        "id_check": {"outcome": "ok", "papers": ["passport"]},
    }
    visit.save_application(other, theirs, person, fields)
    visit.confirm(other, theirs, person)
    sync(other, vault)
    assert "もう1台で受付済み" in Browser.text(browser.get(f"/visit/{rid}"))
    assert "もう1台で受付済み" in Browser.text(browser.get("/"))
    base = f"/visit/{rid}/a/{aid}"
    for page in ("", "/form/1", "/photo", "/fee", "/check", "/papers", "/id", "/outcome", "/show"):
        answer = browser.get(f"{base}{page}")
        assert answer.status_code in (200, 302), (page, says(answer))
