"""Somebody on the city's network: he keeps true answers, and gives them to other questions.

What the city signed stays signed; so each answer has to say what it answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sync import wire
from sync.client import Client, LedgerRefused, Refused
from sync.ids import new_id
from sync.road import Answer
from sync.server.sqlstore import SqlStore
from sync.wire import WireError
from tests.console.cast import Laptop, Near, make_city, make_laptop

DAY = "2026-07-01"


@dataclass
class Middle:
    """A road on which somebody sits: `swap` is given instead of the next answer."""

    near: Near
    kept: list[Answer] = field(default_factory=list)
    swap: Answer | None = None

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        answer = self.near.send(method, path, body, headers)
        self.kept.append(answer)
        if self.swap is not None:
            answer, self.swap = self.swap, None
        return answer

    def close(self) -> None:
        return None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = make_city(tmp_path / "city")
    yield made
    made.close()


@pytest.fixture
def laptop(store: SqlStore) -> Laptop:
    return make_laptop(store)


@pytest.fixture
def middle(store: SqlStore, laptop: Laptop) -> Middle:
    made = Middle(Near(store))
    laptop.client.road = made
    return made


def test_an_older_trip_is_not_the_one_that_was_asked_for(laptop: Laptop, middle: Middle) -> None:
    """The desk that is asked for would be the trip of last week."""
    client = laptop.client
    client.make_trip(new_id(), "field", DAY, [])
    (old,) = middle.kept
    for kind in ("desk", "field"):
        middle.swap = old
        with pytest.raises(WireError, match="not_for_us"):
            client.make_trip(new_id(), kind, DAY, [])


def test_the_same_request_gets_its_trip_again(laptop: Laptop, middle: Middle) -> None:
    request = new_id()
    first = laptop.client.make_trip(request, "field", DAY, [])
    middle.swap = middle.kept[0]
    assert laptop.client.make_trip(request, "field", DAY, []) == first


def test_the_secret_of_another_trip_is_not_taken(laptop: Laptop, middle: Middle) -> None:
    client = laptop.client
    one, two = (client.make_trip(new_id(), "field", DAY, []) for _ in range(2))
    assert client.fetch_secret(one.id) == one.secret
    middle.swap = middle.kept[-1]
    with pytest.raises(WireError, match="not_for_us"):
        client.fetch_secret(two.id)
    assert client.fetch_secret(two.id) == two.secret


def test_another_receipt_does_not_say_that_the_city_forgot(
    laptop: Laptop, middle: Middle, store: SqlStore
) -> None:
    """The date of deletion hangs on it: an old receipt of saves, or the end of another trip."""
    client = laptop.client
    saves = laptop.send(laptop.batch([laptop.save("reservation", new_id(), "", {"notes": "x"})]))
    trip = client.make_trip(new_id(), "field", DAY, [])
    other = client.make_trip(new_id(), "field", DAY, [])
    client.end_trip(other.id)
    for swap in (saves, middle.kept[-1]):
        middle.swap = Answer(200, {"receipt": swap.value["receipt"]})
        with pytest.raises(WireError, match="old_receipt"):
            client.end_trip(trip.id)
    assert trip.id in client.end_trip(trip.id).body.decode()


def test_another_laptops_answers_are_not_ours(
    laptop: Laptop, middle: Middle, store: SqlStore
) -> None:
    other = make_laptop(store)
    theirs = other.send(other.batch([other.save("reservation", new_id(), "", {"notes": "x"})]))
    days = other.send(other.client.request("POST", "/ksp/v1/days", "day-list", b'{"day":"%b"}'
                                           % DAY.encode()))  # fmt: skip
    middle.swap = days
    with pytest.raises(WireError, match="not_for_us"):
        laptop.client.days(DAY)
    middle.swap = theirs
    with pytest.raises(WireError, match="not_for_us"):
        laptop.client.read_batch(laptop.send(laptop.batch([])))


def test_mixed_halves_of_two_answers_do_not_pass(
    laptop: Laptop, middle: Middle, store: SqlStore
) -> None:
    """Our receipt under another laptop's news, and news that nobody signed."""
    other = make_laptop(store)
    ours, theirs = laptop.send(laptop.batch([])), other.send(other.batch([]))
    news = ours.value["news"]
    body = wire.parse(news["body"].encode())
    forged: list[tuple[Any, str]] = [
        (theirs.value["news"], "not_for_us"),
        ({**news, "body": wire.canonical({**body, "epoch": 9}).decode()}, "bad_signature"),
        ({**news, "body": wire.canonical({**body, "keys": [{}]}).decode()}, "malformed"),
        ({"body": ours.value["receipt"]["body"], "signature": ours.value["receipt"]["signature"]},
         "malformed"),
        (None, "malformed"),
        ([], "malformed"),
    ]  # fmt: skip
    for swapped, code in forged:
        with pytest.raises(WireError, match=code):
            laptop.client.read_batch(Answer(200, {**ours.value, "news": swapped}))
    with pytest.raises(WireError, match="malformed"):
        laptop.client.read_batch(Answer(200, {k: v for k, v in ours.value.items() if k != "news"}))
    assert laptop.client.read_batch(ours).news is not None


@pytest.mark.parametrize(
    "value",
    [{}, {"error": "revoked"}, {"error": ["x"]}, {"receipt": None}, {"receipt": {"body": 1}},
     {"receipt": {"body": "{}", "signature": "AAAA"}}, {"trip": None}, {"days": 1}],
)  # fmt: skip
def test_forged_answers_are_one_of_three_words(
    laptop: Laptop, middle: Middle, value: dict[str, Any]
) -> None:
    """No answer of whatever shape is anything but a refusal, and none is a crash."""
    client: Client = laptop.client
    acts = [
        lambda: client.make_trip(new_id(), "field", DAY, []), lambda: client.days(DAY),
        lambda: client.fetch_secret(laptop.trip.id), lambda: client.end_trip(new_id()),
        lambda: client.read_batch(laptop.send(laptop.batch([]))),
        lambda: client.read_part(laptop.send(laptop.batch([]))),
    ]  # fmt: skip
    for status in (200, 400):
        for act in acts:
            middle.swap = Answer(status, dict(value))
            with pytest.raises((WireError, Refused, LedgerRefused)):
                act()


def test_a_request_of_one_purpose_is_none_of_another(laptop: Laptop, store: SqlStore) -> None:
    """What was signed for one door opens no other, and not for another trip."""
    near, client = Near(store), laptop.client
    trip = laptop.trip.id
    secret = client.request("POST", f"/ksp/v1/trips/{trip}/secret", "trip-secret",
                            wire.canonical({"trip": trip}))  # fmt: skip
    for path in (f"/ksp/v1/trips/{trip}/end", "/ksp/v1/trips", "/ksp/v1/ops", "/ksp/v1/days",
                 "/ksp/v1/settings"):  # fmt: skip
        answer = near.send("POST", path, secret.body, secret.headers)
        assert (answer.status, answer.value) == (401, {"error": "bad_signature"}), path
    other = client.make_trip(new_id(), "field", DAY, [])
    path = f"/ksp/v1/trips/{other.id}/secret"
    answer = near.send("POST", path, secret.body, secret.headers)
    assert answer.value == {"error": "malformed"}
