"""What a new life of the store must not give away twice, and what a new key must sign anew."""

from __future__ import annotations

from pathlib import Path

from sync import wire
from sync.server import keys
from sync.server import store as t
from sync.server.receipts import issue, item, kept
from sync.server.sqlstore import open_store


def test_the_numbers_of_a_new_life_are_above_all_of_the_old_one(place: Path) -> None:
    city = open_store(place)
    with city.write() as shelf:
        assert shelf.next_seq() == 1
        shelf.conn.execute(t.city.update().values(epoch=3))
        assert shelf.next_seq() == (2 << 32) + 1
    city.close()


def test_a_receipt_of_before_is_given_again_under_the_new_key(place: Path) -> None:
    city = open_store(place)
    with city.write() as shelf:
        old = shelf.city().sign_public
        made = issue(shelf, "K01", "ops", [item("x", "0" * 64, 1)], None, "the batch")
    keys.rotate_key(city, "suzuki")
    with city.read() as shelf:
        again, new = kept(shelf, batch="the batch"), shelf.city().sign_public
    assert again is not None and again.body == made.body
    wire.verify(old, "receipt", made.body, made.signature)
    wire.verify(new, "receipt", again.body, again.signature)
    city.close()
