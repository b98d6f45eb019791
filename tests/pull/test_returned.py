"""A photo that J-LIS returned: a task at the desk, a new visit, the end of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldkit import checkout, outbox, renew, reserve, returned, tripend, visit
from fieldkit.store import photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import child_id, new_id
from sync.server import (
    devices,
    handover,
    handover_erase,
    handover_files,
    handover_results,
    verify_things,
)
from sync.server import store as t
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import CLERK, DAY, JPEG, book, sync
from tests.pull.conftest import Kits
from tests.web.conftest import Browser, Office, new_office, says

FORM_ID = "12345678901234567890123"
WHY = "顔に影がある"


def serve(vault: Vault, trip: OpenTrip, rid: str, confirm: bool = True) -> str:
    """The visit: photo, answers, the end; returns the application's id."""
    person = reserve.slip(trip, rid).applicants[0]
    photo = photos.seal(vault, trip, person.id, JPEG)
    photos.keep(vault, photo)
    said = {"photo_id": photo, "photo_checked": True, "answers": {"form_id": FORM_ID}}
    visit.save_application(vault, trip, person, said)
    if confirm:
        visit.confirm(vault, trip, person)
    else:
        visit.set_aside(vault, trip, person, "postponed", "")
    visit.close_visit(vault, trip, rid)
    sync(vault)
    return child_id(person.id, "application")


def hand_over(city: CityServer, folder: Path) -> int:
    return handover_files.make(city.store, folder, "test").count


def give_back(city: CityServer) -> int:
    return handover_results.record(city.store, "returned", "suzuki", ids=[FORM_ID], reason=WHY).done


@pytest.fixture
def case(kits: Kits, city: CityServer, tmp_path: Path) -> tuple[Vault, Vault, str, str]:
    """A desk, a field laptop, a reservation and its application, whose photo came back."""
    desk, field = kits("desk", CLERK), kits("field")
    rid, _ = book(desk, caller_name="𠮷田 一郎", caller_relation="household")
    sync(desk)
    trip = checkout.check_out(field, None, DAY, [rid])
    application = serve(field, trip, rid)
    sync(desk)
    assert returned.tasks(desk) == []
    assert hand_over(city, tmp_path / "one") == 1 and give_back(city) == 1
    return desk, field, rid, application


def again(desk: Vault, **changes: Any) -> str:
    """The booking of the new visit, as the call screen makes it; its id."""
    trip = reserve.open_desk(desk)
    (task,) = returned.tasks(desk)
    rid, aid = new_id(), new_id()
    values = returned.prefilled(task)
    person = {n: task.record.get("person")[n] for n in ("name", "kana", "birth", "kind")}
    person |= returned.link(trip, values, 0)
    fields = {"visit_date": DAY, "half": "pm", "order": 1, "phone": values["phone"], **changes}
    reserve.reserve(desk, trip, rid, fields, [(aid, person)])
    return rid


def jlis(city: CityServer, application: str) -> Any:
    return city_rows.bodies(city.store)[application]["jlis"]


def test_it_becomes_a_task_of_the_desk_and_of_nobody_else(
    case: tuple[Vault, Vault, str, str], city: CityServer, kits: Kits
) -> None:
    desk, field, _, application = case
    other = kits("desk", CLERK)
    book(other)
    sync(desk, field, other)
    (task,) = returned.tasks(desk)
    body = task.record.body
    assert (task.application, task.state, task.waits) == (application, "open", True)
    assert (body["reception_no"], body["reason"]) == (1, WHY) and body["on"] == jlis(
        city, application
    )["on"]
    assert body["person"]["name"] == "𠮷田 髙子" and body["slip"]["phone"] == "0134-00-0000"
    assert "answers" not in str(body) and FORM_ID not in str(body)
    assert returned.tasks(other) == [] and returned.waiting(other) == 0
    assert all(not records.find(one, "retake") for one in field.trips.values())
    found = verify_things.look(city.store, city.folder)
    assert found.wrong == []


def test_it_is_booked_visited_confirmed_and_gone(
    case: tuple[Vault, Vault, str, str], city: CityServer, tmp_path: Path
) -> None:
    desk, field, _, application = case
    sync(desk)
    rid = again(desk)
    (task,) = returned.tasks(desk)
    assert (task.state, task.booked, returned.waiting(desk)) == ("booked", "2", 0)
    sync(desk, desk)
    (task,) = returned.tasks(desk)
    assert task.record.get("state") == "booked"
    with pytest.raises(Exception, match="もう予約されています"):
        returned.begin(desk, reserve.open_desk(desk), task.id)
    trip = checkout.check_out(field, None, DAY, [rid])
    new = serve(field, trip, rid)
    sync(desk, desk)
    assert returned.tasks(desk) == [] and new != application
    assert jlis(city, application)["state"] == "retaken"
    docs = city_rows.docs(city.store)
    tasks = [doc for doc in docs.values() if doc.kind == "retake"]
    assert [(doc.state, doc.body) for doc in tasks] == [("removed", {})]
    # the new photo goes under the same 申請書ID; the old one is erased when its days are over
    assert hand_over(city, tmp_path / "two") == 1
    with city.store.read() as shelf:
        assert sorted(handover.states(shelf).values()) == ["exported", "returned"]
    past = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="seconds")
    with city.store.write() as shelf:
        shelf.conn.execute(t.handover.update().values(at=past))
    assert handover_erase.erase(city.store, "suzuki", 30).count == 1
    with city.store.read() as shelf:
        assert sorted(handover.states(shelf).values()) == ["erased", "exported"]


def test_a_new_visit_without_a_photo_leaves_the_task(
    case: tuple[Vault, Vault, str, str], city: CityServer
) -> None:
    desk, field, _, application = case
    sync(desk)
    rid = again(desk)
    sync(desk)
    serve(field, checkout.check_out(field, None, DAY, [rid]), rid, confirm=False)
    sync(desk, desk)
    (task,) = returned.tasks(desk)
    assert (task.state, task.waits) == ("visited", True)
    third = again(desk, order=2)
    sync(desk, desk)
    assert [one.state for one in returned.tasks(desk)] == ["booked"]
    serve(field, checkout.check_out(field, None, DAY, [third]), third)
    sync(desk, desk)
    assert returned.tasks(desk) == [] and jlis(city, application)["state"] == "retaken"


def test_a_cancelled_booking_opens_it_again(case: tuple[Vault, Vault, str, str]) -> None:
    desk, _, _, _ = case
    sync(desk)
    rid = again(desk)
    sync(desk)
    records.save(desk, reserve.open_desk(desk), "reservation", {"state": "cancelled"}, rid)
    sync(desk, desk)
    assert [one.state for one in returned.tasks(desk)] == ["open"]


def test_a_photo_that_is_handed_over_again_ends_it(
    case: tuple[Vault, Vault, str, str], city: CityServer, tmp_path: Path
) -> None:
    desk, _, _, _ = case
    sync(desk)
    handover_results.record(city.store, "again", "suzuki", ids=[FORM_ID])
    sync(desk)
    assert returned.tasks(desk) == []
    assert hand_over(city, tmp_path / "two") == 1 and give_back(city) == 1
    sync(desk)
    assert len(returned.tasks(desk)) == 1  # a second return is a second task


def test_another_photo_of_the_same_application_ends_it(
    case: tuple[Vault, Vault, str, str], city: CityServer
) -> None:
    desk, field, _, application = case
    sync(desk)
    (trip,) = field.trips.values()
    records.save(field, trip, "application", {"photo_id": new_id()}, application)
    sync(field)
    book(desk, order=3)  # the city looks again when somebody is new
    sync(desk, desk)
    assert returned.tasks(desk) == []


def test_it_comes_to_a_desk_that_has_erased_its_slip_and_stays_through_a_renewal(
    kits: Kits, city: CityServer, tmp_path: Path
) -> None:
    both = kits("field")
    rid, _ = book(both, caller_name="𠮷田 一郎")
    sync(both)
    trip = checkout.check_out(both, reserve.open_desk(both), DAY)
    serve(both, trip, rid)
    tripend.end_trip(both, trip.id, ("佐藤", "鈴木"))
    assert records.find(reserve.open_desk(both), "reservation") == []
    assert hand_over(city, tmp_path / "one") == 1 and give_back(city) == 1
    sync(both)
    assert records.find(reserve.open_desk(both), "reservation") == []
    assert len(returned.tasks(both)) == 1
    renew.ask(both)
    renew.run(both)
    (task,) = returned.tasks(both)
    assert returned.prefilled(task)["caller_name"] == "𠮷田 一郎"


def test_a_revoked_desk_leaves_it_to_another(kits: Kits, city: CityServer, tmp_path: Path) -> None:
    desk, field, second = kits("desk", CLERK), kits("field"), kits("desk", CLERK)
    rid, _ = book(desk)
    sync(desk)
    serve(field, checkout.check_out(field, None, DAY, [rid]), rid)
    book(second)
    devices.revoke(city.store, "K01")
    assert hand_over(city, tmp_path / "one") == 1 and give_back(city) == 1
    sync(second)
    assert [one.record.get("reception_no") for one in returned.tasks(second)] == ["K01-1"]


# -- the screens ----------------------------------------------------------------------------------
@pytest.fixture
def office(tmp_path: Path, city: CityServer) -> Iterator[Office]:
    made = new_office(tmp_path, city)
    made.browser.log_in("suzuki")
    yield made
    made.kit.put_away()


def test_the_desk_books_the_new_visit(office: Office, city: CityServer, tmp_path: Path) -> None:
    browser, vault = office.browser, office.kit.open_vault()
    rid, _ = office.book(
        caller_name="𠮷田 一郎", caller_relation="household", reason_cannot_go="足が不自由",
        notes="犬がいる", person={"birth": "1945-03-05"},
    )  # fmt: skip
    office.take_out()
    (trip,) = (one for one in vault.trips.values() if one.kind == "field")
    outbox.sync(vault)
    application = serve(vault, trip, rid)
    assert "写真の差し戻し" not in Browser.text(browser.get("/desk"))
    assert hand_over(city, tmp_path / "one") == 1 and give_back(city) == 1
    sync(vault)
    first = Browser.text(browser.get("/"))
    assert "J-LISから戻った写真が1件あります" in first
    page = Browser.text(browser.get("/desk"))
    assert "写真の差し戻し（1件）" in page and WHY in page and "返却 令和" in page
    (task,) = returned.tasks(vault)
    press = f"/returned/{task.id}/book"
    assert press in page
    begun = browser.post(press).headers["Location"]
    assert browser.post(press).headers["Location"] == begun  # twice is the same draft
    form = Browser.text(browser.get(begun))
    for text in ("𠮷田 髙子", "ヨシダ タカコ", "昭和20年3月5日", "0134-00-0000", "汐見市花園1丁目",
                 f"写真の撮り直し（受付番号1。理由：{WHY}）", "犬がいる"):  # fmt: skip
        assert text in form, text
    values = office.draft(begun.removeprefix("/desk/"), "desk")
    assert values is not None and values["applicant-0-retake_of"] == application
    typed = {**values, "parking": "yes", "offer": "2026-07-16|am|1"}
    answer = browser.post(begun, typed)
    assert answer.status_code == 302, says(answer)
    page = Browser.text(browser.get("/desk"))
    assert "予約あり" in page and "（受付番号 2）" in page and press not in page
    assert "J-LISから戻った写真" not in Browser.text(browser.get("/"))
    assert "写真の撮り直し</span>" in Browser.text(browser.get(begun))
    sync(vault)
    made = [doc for doc in city_rows.docs(city.store).values() if doc.body.get("retake_of")]
    assert [(doc.kind, doc.body["retake_of"]) for doc in made] == [("applicant", application)]
    stale = browser.post(press)
    assert stale.status_code == 400 and "もう予約されています" in says(stale)
    assert browser.post(f"/returned/{new_id()}/book").status_code == 404


def test_a_made_up_link_is_not_kept(office: Office) -> None:
    vault = office.kit.open_vault()
    trip = reserve.open_desk(vault)
    assert returned.link(trip, {"applicant-0-retake_of": new_id()}, 0) == {}


def test_field_staff_see_no_count(office: Office) -> None:
    office.browser.log_in("tanaka")
    assert "J-LISから" not in Browser.text(office.browser.get("/"))
