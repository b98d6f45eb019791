"""Likely the same person twice: found under keyed digests, decided by a person."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fieldkit import conflicts, reserve
from fieldkit.city import connect
from fieldkit.store import records
from sync.ids import new_id
from sync.server import store as t
from sync.server import twins
from tests.conftest import CityServer
from tests.pull.cast import BOSS, book, fields, person, sync
from tests.pull.conftest import Kits


def pairs(city: CityServer) -> list[tuple[str, str]]:
    with city.engine.connect() as conn:
        return [(row.why, row.state) for row in conn.execute(sa.select(t.twin))]


def test_a_person_who_was_booked_twice(kits: Kits, city: CityServer) -> None:
    desk = kits("desk", BOSS)
    first, (one,) = book(desk)
    second, (other,) = book(desk, order=2, address="別の町9", postal="0470001")
    sync(desk)
    assert pairs(city) == [("kana_birth,name_birth", "waiting")]
    (case,) = conflicts.twins(desk)
    assert {case.told["a"]["id"], case.told["b"]["id"]} == {one, other}
    assert conflicts.waiting(desk) == 1
    conflicts.decide_twin(desk, case.id, True, "二重の予約")
    sync(desk)
    assert [state for _, state in pairs(city)] == ["same"]
    assert conflicts.waiting(desk) == 0
    (done,) = conflicts.twins(desk)
    assert done.told["decided"]["why"] == "二重の予約" and not done.too_late
    # decided for good: a further save of either asks nothing anew
    records.save(desk, reserve.open_desk(desk), "applicant", {"kana": "ヨシダタカコ"}, one)
    sync(desk)
    assert [state for _, state in pairs(city)] == ["same"]


def test_saving_again_makes_no_pair_and_a_correction_ends_one(kits: Kits, city: CityServer) -> None:
    desk = kits("desk", BOSS)
    rid, (aid,) = book(desk)
    sync(desk)
    container = reserve.open_desk(desk)
    reserve.reserve(desk, container, rid, fields(notes="x"), [(aid, person(sex="m"))])
    sync(desk)
    assert pairs(city) == []
    other, (aid2,) = book(desk, order=2)
    sync(desk)
    assert len(pairs(city)) == 1
    records.save(desk, container, "applicant",
                 {"name": "別 人", "kana": "ベツ ジン", "birth": "1950-01-01"}, aid2)  # fmt: skip
    sync(desk)
    assert [state for _, state in pairs(city)] == ["lapsed"]
    assert conflicts.twins(desk) == []
    records.save(desk, container, "reservation", {"postal": ""}, other)
    records.save(desk, container, "applicant", {"kana": "よしだ　たかこ", "birth": "1945-03-05"},
                 aid2)  # fmt: skip
    sync(desk)
    assert pairs(city) == [("kana_birth", "waiting")]


def test_nobody_hears_of_a_pair_of_which_one_is_not_theirs(kits: Kits, city: CityServer) -> None:
    first, second, office = kits("desk", BOSS), kits("desk", BOSS), kits("office")
    book(first)
    book(second)
    sync(first, second, first)
    assert len(pairs(city)) == 1
    assert conflicts.twins(first) == conflicts.twins(second) == []
    made = connect(office).make_trip(new_id(), "office", "2026-07-01", [])
    office.add_trip(made.id, "office", made.day, made.public, made.secret)
    sync(office)
    assert len(conflicts.twins(office)) == 1
    decided = conflicts.twins(office)[0]
    conflicts.decide_twin(office, decided.id, False, "別の世帯")
    sync(office)
    assert [state for _, state in pairs(city)] == ["other"]


def test_the_index_tells_nobody_a_name(kits: Kits, city: CityServer) -> None:
    desk = kits("desk", BOSS)
    book(desk)
    sync(desk)
    with city.engine.connect() as conn:
        keys = [row.key for row in conn.execute(sa.select(t.twin_key))]
    assert len(keys) == len(set(keys)) == 4 and all(len(key) == 32 for key in keys)
    with city.store.read() as shelf:
        body = person()
        assert set(twins.keys_of(shelf, body, fields())) == set(keys)
        assert not set(twins.keys_of(shelf, {**body, "birth": "1999-01-01", "kana": "アベ"},
                                     fields())) & set(keys)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("渡邊 花", "渡辺花", True),
        ("髙橋　一", "高橋一", True),
        ("葛󠄀城", "葛城", True),
        ("ﾖｼﾀﾞ", "ヨシダ", True),
        ("吉田", "古田", False),
    ],
)
def test_names_are_compared_as_people_write_them(one: str, other: str, alike: bool) -> None:
    assert (twins.plain(one) == twins.plain(other)) is alike


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("よしだ たかこ", "ヨシダタカコ", True),
        ("ﾊﾔｼ ｷｮｳｺ", "ハヤシ キヨウコ", True),
        ("ハヤシ", "ハセ", False),
    ],
)
def test_kana_is_compared_by_its_sound(one: str, other: str, alike: bool) -> None:
    assert (twins.kana(one) == twins.kana(other)) is alike


def test_addresses_are_compared_by_their_numbers() -> None:
    one = twins.place({"postal": "047-0024", "address": "汐見市花園一丁目２番３号"})
    assert one == twins.place({"postal": "0470024", "address": "北海道汐見市花園1-2-3"}) != ""
    assert twins.place({"postal": "", "address": "1-2-3"}) == ""
