"""Two laptops at one facility session: one application a person, whoever syncs first."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fieldkit import checkout, outbox, reserve, tripend, visit
from fieldkit.money import issue_receipt
from fieldkit.rules.cash import Cash
from fieldkit.rules.fees import Fee
from fieldkit.store import photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import child_id, new_id
from sync.server import store as t
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import CLERK, DAY, JPEG, book, sync
from tests.pull.conftest import Kits

FEE = Fee(1000, (("再交付手数料", 1000),), "lost", "1,000円です。")


def two(kits: Kits, people: int = 2) -> tuple[Vault, Vault, OpenTrip, OpenTrip, str, list[str]]:
    desk, one, other = kits("desk", CLERK), kits("field"), kits("field")
    rid, ids = book(desk, people, place="facility")
    sync(desk)
    a = checkout.check_out(one, None, DAY, [rid])
    b = checkout.check_out(other, None, DAY, [rid], share=True)
    return one, other, a, b, rid, ids


def serve(vault: Vault, trip: OpenTrip, rid: str, aid: str, jpeg: bytes, **answers: str) -> str:
    """Answers, a photo and a fee for one person; returns the photo."""
    applicant = next(a for a in reserve.slip(trip, rid).applicants if a.id == aid)
    photo_id = photos.seal(vault, trip, aid, jpeg)
    photos.keep(vault, photo_id)
    visit.save_application(vault, trip, applicant, {"photo_id": photo_id, "answers": answers})
    issue_receipt(vault, trip, applicant, FEE, "施設", cash=Cash(), paper_no=f"B-{vault.device_id}")
    return photo_id


@pytest.mark.parametrize("order", ["one", "other"])
def test_both_take_the_same_person(kits: Kits, city: CityServer, order: str) -> None:
    one, other, a, b, rid, (aid, _) = two(kits)
    first = serve(one, a, rid, aid, JPEG, tel="1", kind="reissue")
    second = serve(other, b, rid, aid, JPEG + b"2", tel="2", reason="lost")
    kits_in_order = (one, other) if order == "one" else (other, one)
    sync(*kits_in_order, *kits_in_order)
    docs = city_rows.docs(city.store)
    applications = [doc for doc in docs.values() if doc.kind == "application"]
    assert [doc.id for doc in applications] == [child_id(aid, "application")]
    said = applications[0].body["answers"]
    assert said["kind"] == "reissue" and said["reason"] == "lost" and said["tel"] in ("1", "2")
    with city.engine.connect() as conn:
        rows = conn.execute(sa.select(t.clash).where(t.clash.c.state == "waiting")).all()
    names = {name for row in rows for name in row.names.split('"') if name.isidentifier()}
    assert {"photo_id", "receipt_no"} <= names
    assert any("answers.tel" in row.names for row in rows)
    assert city_rows.jpeg(city.store, first) == JPEG
    assert city_rows.jpeg(city.store, second) == JPEG + b"2"
    for vault, trip in ((one, a), (other, b)):
        here = records.get(trip, child_id(aid, "application"))
        assert here.body == applications[0].body
        assert len(trip.db.all("SELECT 1 FROM clash WHERE state = 'waiting'")) == len(rows)
        assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}


def test_a_photo_that_gave_way_is_not_taken_for_an_old_shot(kits: Kits, city: CityServer) -> None:
    """News come before the photo went up; the visit is closed then: the photo stays queued."""
    one, other, a, b, rid, (aid, second) = two(kits)
    serve(one, a, rid, aid, JPEG)
    sync(one)
    mine = serve(other, b, rid, aid, JPEG + b"2")
    with other.book.write() as conn:  # the saves go up, the photo does not get its turn
        conn.execute("UPDATE photo SET state = 'waits' WHERE id = ?", (mine,))
    sync(other)
    with other.book.write() as conn:
        conn.execute("UPDATE photo SET state = 'queued' WHERE id = ?", (mine,))
    now = visit.application(b, aid)
    assert now is not None and now.get("photo_id") != mine
    for person in reserve.slip(b, rid).applicants:
        if person.id == second:
            visit.set_aside(other, b, person, "postponed", "")
        else:
            visit.confirm(other, b, person)
    visit.close_visit(other, b, rid)
    assert photos.row_of(other, mine)["state"] == "queued"
    sync(other)
    assert city_rows.jpeg(city.store, mine) == JPEG + b"2"


def test_a_person_done_by_the_other_laptop_and_a_visit_it_closed(kits: Kits) -> None:
    one, other, a, b, rid, (aid, second) = two(kits)
    for trip_one, who, vault in ((a, aid, one), (b, second, other)):
        serve(vault, trip_one, rid, who, JPEG)
        person = next(p for p in reserve.slip(trip_one, rid).applicants if p.id == who)
        visit.confirm(vault, trip_one, person)
    left = photos.seal(other, b, second, JPEG)  # a further shot that nobody chose
    sync(one, other, one)
    done = visit.application(a, second)
    assert done is not None and done.get("state") == "confirmed" and done.device == "K03"
    assert visit.by_other(done) and not visit.by_other(visit.application(a, aid))
    visit.close_visit(one, a, rid)
    sync(one, other)
    assert records.get(b, rid).get("state") == "visited"
    assert reserve.reception_list(other)[0]["state"] == "visited"
    assert photos.row_of(other, left)["state"] == "erased" and other.photo_keys == {}
    sync(other)
    assert tripend.blockers(other, b.id) == [] and tripend.blockers(one, a.id) == []


def test_a_person_who_joins_at_one_laptop_appears_at_the_other(kits: Kits) -> None:
    one, other, a, b, rid, _ = two(kits)
    joined = new_id()
    records.save(one, a, "applicant", {"name": "施設 三郎", "kind": "new"}, joined, rid)
    sync(one, other)
    assert joined in {p.id for p in reserve.slip(b, rid).applicants}
    assert reserve.reception_list(other)[0]["planned"] == 3
    members = other.book.all("SELECT record_id FROM member WHERE reservation_id = ?", rid)
    assert joined in {row["record_id"] for row in members}


def test_numbers_of_two_desks_do_not_collide(kits: Kits) -> None:
    first, second, field = kits("desk", CLERK), kits("desk", CLERK), kits("field")
    ids = [book(first)[0], book(second, half="pm")[0]]
    sync(first, second)
    assert {one["label"] for one in checkout.of_day(field, DAY)} == {"K01-1", "K02-1"}
    trip = checkout.check_out(field, None, DAY, ids)
    shown = {reserve.slip(trip, rid).reservation.get("reception_no") for rid in ids}
    assert shown == {"K01-1", "K02-1"}
    assert {row["number"] for row in reserve.reception_list(field)} == shown
