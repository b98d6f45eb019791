"""A supervisor decides between two values; the city puts it in, once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fieldkit import checkout, conflicts, outbox, reserve, visit
from fieldkit.errors import BadInput, NotAllowed, NotFound, NotReady
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import child_id, new_id
from sync.server import store as t
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import BOSS, CLERK, DAY, FIELD, book, sync
from tests.pull.conftest import Kits

WHY = "本人に電話で確かめた"


def disputed(kits: Kits, user: object = BOSS) -> tuple[Vault, Vault, OpenTrip, OpenTrip, str]:
    """Two laptops that wrote different telephone numbers into one application."""
    desk, one, other = kits("desk", CLERK), kits("field", user), kits("field")
    rid, (aid,) = book(desk)
    sync(desk)
    a = checkout.check_out(one, None, DAY, [rid])
    b = checkout.check_out(other, None, DAY, [rid], share=True)
    for vault, trip, tel in ((one, a, "111"), (other, b, "222")):
        person = reserve.slip(trip, rid).applicants[0]
        visit.save_application(vault, trip, person, {"answers": {"tel": tel}})
    sync(one, other, one)
    return one, other, a, b, child_id(aid, "application")


def tel(city: CityServer, record: str) -> str:
    return str(city_rows.bodies(city.store)[record]["answers"]["tel"])


def test_the_other_value_is_taken(kits: Kits, city: CityServer) -> None:
    one, other, a, b, record = disputed(kits)
    assert tel(city, record) == "111"
    (case,) = conflicts.clashes(one)
    assert case.waits and conflicts.waiting(one) == conflicts.waiting(other) == 1
    assert case.told["kept"] == {"answers.tel": "111"}
    assert case.told["other"] == {"answers.tel": "222"}
    assert (case.told["kept_by"]["device"], case.told["other_by"]["device"]) == ("K02", "K03")
    conflicts.decide(one, case.id, "other", WHY)
    with pytest.raises(NotReady):
        conflicts.decide(one, case.id, "kept", WHY)
    assert conflicts.waiting(one) == 0 and tel(city, record) == "111"
    sync(one)
    assert tel(city, record) == "222"
    assert records.get(a, record).get("answers")["tel"] == "222"
    (done,) = conflicts.clashes(one)
    assert done.state == "decided" and not done.too_late
    assert done.told["decided"]["by"] == "suzuki" and done.told["decided"]["why"] == WHY
    sync(other)
    assert conflicts.waiting(other) == 0
    assert records.get(b, record).get("answers")["tel"] == "222"
    with city.engine.connect() as conn:  # the words of a person lie boxed
        row = conn.execute(sa.select(t.clash)).one()
    assert WHY.encode() not in row.word and row.decided_by == "suzuki"


def test_the_value_that_stands_is_confirmed(kits: Kits, city: CityServer) -> None:
    one, other, _, _, record = disputed(kits)
    conflicts.decide(one, conflicts.clashes(one)[0].id, "kept", WHY)
    sync(one, other)
    assert tel(city, record) == "111" and conflicts.waiting(other) == 0
    assert city_rows.docs(city.store)[record].revs["answers.tel"].trip_kind == "supervisor"


def test_two_supervisors_decide(kits: Kits, city: CityServer) -> None:
    one, other, _, _, record = disputed(kits)
    case = conflicts.clashes(one)[0].id
    conflicts.decide(one, case, "other", WHY)
    conflicts.decide(other, case, "kept", "書類で確かめた")
    sync(one, other, one)
    assert tel(city, record) == "222"
    assert not conflicts.clashes(one)[0].too_late
    late = conflicts.clashes(other)[0]
    assert late.too_late and late.told["decided"]["why"] == WHY
    assert outbox.waiting(other) == {"waiting": 0, "parked": 0}


def test_a_record_that_changed_since_is_asked_again(kits: Kits, city: CityServer) -> None:
    one, other, a, b, record = disputed(kits)
    person = reserve.slip(b, records.get(b, records.get(b, record).parent).parent).applicants[0]
    sync(other)  # it has seen 111 and changes it knowingly
    visit.save_application(other, b, person, {"answers": {"tel": "333"}})
    conflicts.decide(one, conflicts.clashes(one)[0].id, "other", WHY)
    sync(other, one)
    assert tel(city, record) == "333"
    waiting = [case for case in conflicts.clashes(one) if case.waits]
    assert [case.told["kept"] for case in waiting] == [{"answers.tel": "333"}]
    conflicts.decide(one, waiting[0].id, "other", WHY)
    sync(one)
    assert tel(city, record) == "222" and conflicts.waiting(one) == 0


def test_who_and_what_is_refused(kits: Kits, city: CityServer) -> None:
    one, other, a, _, record = disputed(kits, FIELD)
    case = conflicts.clashes(one)[0].id
    with pytest.raises(NotAllowed):
        conflicts.decide(one, case, "kept", WHY)
    with pytest.raises(BadInput):
        conflicts.decide(other, case, "kept", " ")
    with pytest.raises(BadInput):
        conflicts.decide(other, case, "both", WHY)
    with pytest.raises(NotFound):
        conflicts.decide(other, new_id(), "kept", WHY)
    # a kit that decides what is not in its trip is told no, with the reason in the receipt
    stranger = kits("field")
    rid, _ = book(stranger, order=2)
    trip = checkout.check_out(stranger, reserve.open_desk(stranger), DAY)
    said = {"clash": case, "take": "other", "why": WHY}
    records.save(stranger, trip, "decision", said, None, rid)
    sync(stranger)
    row = stranger.book.one("SELECT state, reason FROM outbox WHERE entity = 'decision'")
    assert (row["state"], row["reason"]) == ("parked", "out_of_scope")
    records.save(other, other.trips[next(iter(other.trips))], "decision", {**said, "take": "x"},
                 None, record)  # fmt: skip
    sync(other)
    row = other.book.one("SELECT state, reason FROM outbox WHERE entity = 'decision'")
    assert (row["state"], row["reason"]) == ("parked", "wrong_format")
    assert tel(city, record) == "111"


def test_an_older_clash_of_the_same_author_needs_no_decision(kits: Kits, city: CityServer) -> None:
    one, other, a, b, record = disputed(kits)
    person = reserve.slip(b, records.get(b, records.get(b, record).parent).parent).applicants[0]
    records.save(other, b, "reservation", {"phone": "1"}, person.parent)
    sync(other)
    with one.book.read():
        assert conflicts.waiting(one) == 1
    # both change it again, without having heard of each other
    visit.save_application(one, a, reserve.slip(a, person.parent).applicants[0],
                           {"answers": {"tel": "444"}})  # fmt: skip
    visit.save_application(other, b, person, {"answers": {"tel": "555"}})
    sync(one, other, one)
    states = sorted(case.state for case in conflicts.clashes(one))
    assert states == ["ruled", "waiting"]
    (case,) = [case for case in conflicts.clashes(one) if case.waits]
    assert case.told["other"] == {"answers.tel": "555"}
