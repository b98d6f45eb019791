"""A power cut at any moment: the disk as it was goes to a new process, and the work goes on."""

from __future__ import annotations

import html
import json

from fieldkit.store import photos, records
from sync.ids import new_id
from tests import city_rows
from tests.web.conftest import (
    ANSWERS,
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    portrait,
    says,
    slip_values,
    take_photo,
)


def field_trip(office: Office) -> str:
    return next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")


def cut_power(office: Office, who: str = "tanaka") -> Browser:
    """New process, log in, the 26 characters of the sheet."""
    trip_id = field_trip(office)
    code = office.code(trip_id)
    browser = office.restart()
    assert browser.log_in(who).status_code == 302
    assert "26文字" in says(browser.get(f"/trip/{trip_id}/unlock"))
    assert browser.post(f"/trip/{trip_id}/unlock", {"code": code}).headers["Location"] == "/"
    return browser


def test_what_was_typed_at_the_desk_is_there(boss: Browser, office: Office) -> None:
    rid = new_id()
    typed = slip_values(notes="「かぎ」は <左>、& 犬が2匹", **{"applicant-0-birth": "昭和64年2"})
    typed["applicant-0-id_papers"] = ["passport", "driving_licence"]
    typed.pop("offer")
    assert boss.post(f"/desk/{rid}/draft", typed).status_code < 300
    browser = office.restart()
    browser.log_in("sato")
    assert f"/desk/{rid}" in browser.text(browser.get("/desk"))
    page = html.unescape(browser.text(browser.get(f"/desk/{rid}")))
    for name, value in typed.items():
        if isinstance(value, list):
            assert all(f'value="{code}" checked' in page for code in value)
        elif name in ("notes", "reason_cannot_go"):
            assert f">{value}</textarea>" in page
        elif f'type="radio" id="{name}"' in page:
            assert f'name="{name}" value="{value}" checked' in page, name
        else:
            assert f'name="{name}"' in page and f'value="{value}"' in page, name
    assert browser.post(f"/desk/{rid}", slip_values()).status_code == 302
    assert "に保存" not in browser.text(browser.get("/desk"))


def test_what_was_typed_in_a_form_is_there(boss: Browser, office: Office) -> None:
    base = office.visit()
    boss.post(f"{base}/form/1", {**ANSWERS, "act": "next"})
    boss.post(f"{base}/form/draft", {"name": "葛󠄀城 𠮷乃", "kana": "カツラ", "alias": "山"})
    boss.post(f"{base}/form/draft", {"birth": "昭和64年2", "sex": "m"})
    browser = cut_power(office)
    first = browser.text(browser.get(f"{base}/form/1"))
    for value in ("葛󠄀城 𠮷乃", "カツラ", "山"):
        assert f'value="{value}"' in first
    second = browser.text(browser.get(f"{base}/form/2"))
    assert 'value="昭和64年2"' in second and 'name="sex" value="m" checked' in second
    assert browser.get("/").status_code == 200


def test_saving_one_page_keeps_what_was_typed_on_another(boss: Browser, office: Office) -> None:
    base = office.visit()
    boss.post(f"{base}/form/draft", {"tel": "090-1111-22", "name": "打ちかけ"})
    boss.post(f"{base}/form/1", {**ANSWERS, "act": "next"})
    browser = cut_power(office)
    assert 'value="090-1111-22"' in browser.text(browser.get(f"{base}/form/3"))
    assert "打ちかけ" not in browser.text(browser.get(f"{base}/form/1"))


def test_saved_answers_and_money_are_there(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    paid = {"tendered": "2000", "payer_name": "𠮷田 髙子", "reason_code": "LOST",
            "paper_receipt_no": "101"}  # fmt: skip
    assert boss.post(f"{base}/fee", paid).status_code == 302, says(boss.get(f"{base}/fee"))
    browser = cut_power(office)
    page = browser.text(browser.get(f"{base}/fee"))
    assert "受け取りました" in page and "-00001" in page
    assert "昭和20年3月5日" in browser.text(browser.get(f"{base}/check"))
    browser.post(f"{base}/fee", paid)
    row = office.kit.open_vault().book.one("SELECT count(*) AS n FROM money")
    assert row and row["n"] == 1


def test_a_photo_not_chosen_is_sealed_and_can_be_taken_again(boss: Browser, office: Office) -> None:
    base = office.visit()
    made = json.loads(boss.send(f"{base}/photo/shoot", portrait()).get_data())
    picture = f"{base}/photo/{made['photo_id']}/view"
    assert boss.get(picture).status_code == 200
    browser = cut_power(office)
    answer = browser.get(picture)
    assert answer.status_code == 410 and "封印済みです" in browser.text(answer)
    page = browser.text(browser.get(f"{base}/photo"))
    assert "封印済みです" in page and "撮り直す" in page and "data-photo=" not in page
    again = browser.post(f"{base}/photo", {"photo_id": made["photo_id"], "act": "retake"})
    assert again.headers["Location"] == f"{base}/photo?again=1"
    assert photos.row_of(office.kit.open_vault(), made["photo_id"])["state"] == "erased"
    new = take_photo(browser, base)
    assert browser.get(f"{base}/photo/{new}/view").get_data().startswith(b"\xff\xd8")


def test_a_photo_that_cannot_be_seen_is_kept_from_memory_and_says_so(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    made = json.loads(boss.send(f"{base}/photo/shoot", portrait()).get_data())
    browser = cut_power(office)
    assert "撮ったときに確かめました" in browser.text(browser.get(f"{base}/photo"))
    given = {"photo_id": made["photo_id"], "act": "keep", "checked": "yes"}
    assert browser.post(f"{base}/photo", given).status_code == 302
    _, applicant = base.removeprefix("/visit/").split("/a/")
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    saved = records.find(trip, "application", applicant)[0]
    assert saved.get("photo_checked")["seen"] is False


def test_a_kept_photo_is_still_sent(boss: Browser, office: Office) -> None:
    base = office.visit()
    photo_id = do_tasks(boss, base)
    jpeg = boss.get(f"{base}/photo/{photo_id}/view").get_data()
    browser = cut_power(office)
    assert browser.get(f"{base}/photo/{photo_id}/view").status_code == 410
    assert photos.row_of(office.kit.open_vault(), photo_id)["state"] == "queued"
    close(browser, base)
    browser.post("/sync")
    while office.kit.progress.running:
        pass
    assert "送信が終わりました" in office.kit.progress.says
    assert photos.row_of(office.kit.open_vault(), photo_id)["state"] == "erased"
    assert city_rows.jpeg(office.city.store, photo_id) == jpeg


def test_a_locked_visit_says_how_to_open_it(boss: Browser, office: Office) -> None:
    base = office.visit()
    trip_id = field_trip(office)
    browser = office.restart()
    browser.log_in("tanaka")
    assert f"/trip/{trip_id}/unlock" in browser.text(browser.get("/"))
    assert "26文字で開いてください" in says(browser.get(base))
