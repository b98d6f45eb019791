"""Records of a stolen laptop that others have to read: lists of a day, photos, the hand-over."""

from __future__ import annotations

from typing import Any

import pytest

from sync import packet, wire
from sync.ids import new_id
from sync.server import handover, shapes
from sync.server.sqlstore import SqlStore
from tests import city_rows
from tests.console.cast import Laptop, form_id, make_laptop
from tests.console.conftest import Desk

DAY = "2026-07-01"


def sent(laptop: Laptop, entity: str, said: dict[str, Any], one: str = "") -> str:
    """The city's word for one save."""
    one = one or new_id()
    answer = laptop.send(laptop.batch([laptop.save(entity, one, "", said)]))
    assert answer.status == 200
    (item,) = wire.parse(answer.value["receipt"]["body"].encode())["items"]
    return str(item["reason"] or item["answer"])


def plan(store: SqlStore) -> handover.Plan:
    with store.read() as shelf:
        return handover.plan(shelf)


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        *(
            ("reservation", {"order": odd})
            for odd in ("x", [1], {"a": 1}, -1, 10**30, True, 1.5, "²")
        ),
        *(("reservation", {"visit_date": odd}) for odd in ([DAY], 7, {"a": DAY})),
        ("reservation", {"reception_no": ["x"]}),
        ("reservation", {"state": ["booked"]}),
        ("reservation", {"half": {"a": 1}}),
        ("applicant", {"name": ["花子"]}),
        ("applicant", {"retake_of": {"a": 1}}),
        ("application", {"photo_id": ["x"]}),
        ("application", {"state": {"confirmed": 1}}),
    ],
)  # fmt: skip
def test_what_others_reckon_with_has_its_shape(
    store: SqlStore, entity: str, said: dict[str, Any]
) -> None:
    laptop, one = make_laptop(store), new_id()
    assert sent(laptop, entity, {"notes": "a"}, one) == "taken"
    assert sent(laptop, entity, said, one) == "wrong_format"
    assert sent(laptop, entity, said) == "wrong_format"
    assert city_rows.bodies(store) == {one: {"notes": "a"}}


@pytest.mark.parametrize("order", [None, "", 0, 1, 12, "3"])
@pytest.mark.parametrize("number", [None, 7, "汐見-7", ""])
def test_what_a_kit_writes_is_taken(store: SqlStore, order: Any, number: Any) -> None:
    said = {
        "order": order,
        "reception_no": number,
        "visit_date": DAY,
        "half": "am",
        "place": "home",
    }
    assert not shapes.odd("reservation", said)
    assert not shapes.odd(
        "application", {"photo_id": None, "state": "doing", "answers": {"a": [1]}}
    )


def test_the_list_of_a_day_is_there_for_everybody(store: SqlStore) -> None:
    """One odd slip of a stolen laptop, and the others could not take out what is theirs."""
    thief, field = make_laptop(store), make_laptop(store)
    for order in (1, "x", [1]):
        sent(thief, "reservation", {"visit_date": DAY, "state": "booked", "order": order})
    rows = field.client.days(DAY)
    assert [int(one["order"] or 0) for one in rows] == [1]


def test_a_photo_goes_under_no_other_id(store: SqlStore, inside: Desk) -> None:
    """An application of the thief's own that names somebody's photo: both wait for a person."""
    honest, thief = make_laptop(store), make_laptop(store)
    _, photo = honest.case(form_id(1))
    _, other = honest.case(form_id(2))
    said = {"state": "confirmed", "photo_id": photo, "answers": {"form_id": form_id(9)}}
    sent(thief, "application", said)
    told = plan(store)
    assert [one.photo for one in told.ready] == [other]
    assert [(one.photo, one.why) for one in told.not_yet] == [(photo, "same_photo")]
    assert "この写真を使う申請が、ほかにもあります" in inside.page("/handover")


def test_a_photo_that_opens_to_anything_is_only_bytes(store: SqlStore) -> None:
    """The city never decodes a picture: 16 MiB of a bomb are 16 MiB."""
    laptop = make_laptop(store)
    name = new_id()
    ph, seal, _ = packet.seal_photo(laptop.trip.public, laptop.trip.id, name, b"PK\3\4" * 50_000)
    told = {"id": name, "trip": laptop.trip.id, "sha256": wire.sha256(ph), "size": len(ph),
            "seal": wire.b64(seal)}  # fmt: skip
    laptop.photos[name] = ph
    assert laptop.send(laptop.batch([], [told])).status == 200
    assert "receipt" in laptop.send_photo(name).value
