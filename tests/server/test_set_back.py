"""A laptop shows a word of the city that the store does not know: what proves a set-back, and what
does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sync import receipt as receipts
from sync import wire
from sync.receipt import GENESIS, Receipt
from sync.server import audit, epochs
from sync.server import store as t
from sync.server.sqlstore import SqlStore, open_store
from tests.server.kit import CODE, Laptop

STRANGER, _ = wire.new_signing_key()


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


@pytest.fixture
def laptop(city: SqlStore) -> Laptop:
    made = Laptop(city)
    made.send()
    return made


def lost(store: SqlStore, device: str, key: bytes = b"", **other: Any) -> Receipt:
    """A receipt that the city signed in days of which its store knows nothing."""
    with store.read() as shelf:
        key = key or shelf.city().sign_private
    body = {"city": CODE, "epoch": 1, "seq": 70, "prev": "0" * 64, "kind": "ops", "items": [],
            "device": device, "ledger": {"seq": 0, "hash": GENESIS}, "at": "x"}  # fmt: skip
    return receipts.issue(wire.signing_private(key), {**body, **other})


def life(city: SqlStore, number: int) -> Receipt:
    with city.read() as shelf:
        key = wire.signing_private(shelf.city().sign_private)
    body = wire.canonical({"v": 2, "city": CODE, "epoch": number, "from_seq": 3,
                           "from_digest": "0" * 64, "at": "x"})  # fmt: skip
    return Receipt(body, wire.sign(key, "epoch", body))


def state(city: SqlStore) -> tuple[int, int]:
    with city.read() as shelf:
        return shelf.city().epoch, shelf.last_receipt()[0]


def show(laptop: Laptop, shows: Any, epoch: int = 1) -> Any:
    return laptop.batch(v=2, epoch=epoch, shows=shows)


def news(told: dict[str, Any]) -> dict[str, Any]:
    return wire.parse(told["news"]["body"].encode())  # type: ignore[no-any-return]


def test_a_lost_receipt_begins_a_life(city: SqlStore, laptop: Laptop) -> None:
    made = lost(city, laptop.id)
    assert show(laptop, {"receipt": made.digest}) == (409, {"error": "show_receipt"})
    assert state(city) == (1, 1)
    told = show(laptop, {"receipt": made.to_json()})
    assert laptop.read(told["receipt"])["items"][0]["reason"] == "old_epoch"
    with city.read() as shelf:
        mine = shelf.conn.execute(
            sa.select(t.receipt.c.digest).where(t.receipt.c.device == laptop.id)
        ).scalars()
        assert news(told)["held"] == list(mine) and made.digest not in news(told)["held"]
        found, rows = epochs.found_by(shelf), audit.rows(shelf)
    assert news(told)["epoch"] == 2 and found is not None and found["device"] == laptop.id
    assert any('"act":"set-back"' in text for text, _ in rows)


def test_two_laptops_begin_one_life(city: SqlStore, laptop: Laptop) -> None:
    other = Laptop(city)
    for one in (laptop, other):
        show(one, {"receipt": lost(city, one.id).to_json()})
    assert state(city)[0] == 2


def test_after_the_life_is_known_what_was_shown_before_is_no_surprise(
    city: SqlStore, laptop: Laptop
) -> None:
    made = lost(city, laptop.id)
    told = show(laptop, {"receipt": made.to_json()})
    said = news(told)["epochs"][-1]["body"].encode()
    shows = {"life": wire.sha256(said), "receipt": Receipt.from_json(told["receipt"]).digest}
    told = show(laptop, shows, 2)
    assert laptop.read(told["receipt"])["kind"] == "ops" and "held" not in news(told)
    told = show(laptop, {"receipt": made.to_json()}, 2)
    assert laptop.read(told["receipt"])["kind"] == "ops" and state(city)[0] == 2


@pytest.mark.parametrize(
    "other", [{"key": STRANGER}, {"device": "01999-99"}, {"city": "01998"}, {"items": "none"}]
)
def test_no_other_word_does(city: SqlStore, laptop: Laptop, other: dict[str, Any]) -> None:
    made = lost(city, **{"device": laptop.id, **other})
    assert show(laptop, {"receipt": made.to_json()}) == (409, {"error": "show_receipt"})
    assert state(city) == (1, 1)


def test_a_lost_life_is_passed_over(city: SqlStore, laptop: Laptop) -> None:
    told = show(laptop, {"life": life(city, 5).to_json()}, 5)
    assert news(told)["epoch"] == 6
    assert laptop.read(told["receipt"])["items"][0]["reason"] == "old_epoch"


def test_another_life_of_the_same_number(city: SqlStore, laptop: Laptop) -> None:
    with city.write() as shelf:
        epochs.begin(shelf, [])
    assert show(laptop, {"life": life(city, 2).digest}, 2) == (409, {"error": "show_receipt"})
    assert news(show(laptop, {"life": life(city, 2).to_json()}, 2))["epoch"] == 3


@pytest.mark.parametrize("shows", [7, [], {"receipt": 7}, {"receipt": {"body": 1}}, {"life": []}])
def test_what_has_no_shape(city: SqlStore, laptop: Laptop, shows: Any) -> None:
    assert show(laptop, shows) == (400, {"error": "malformed"})
    assert state(city) == (1, 1)
