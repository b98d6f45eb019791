"""What a laptop shows of the city's own words, and whether this store still knows them.

Each batch names the newest receipt and the newest word on a life of the store that the laptop
believes (sync/PROTOCOL.md §5.2). A store that does not know them was set back without a word: an
older copy was put back by hand. A laptop that has not heard of this store's life yet will hear
which of its receipts count, so what it shows is no surprise then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sync import wire
from sync.receipt import Receipt
from sync.server.shelf import City, Shelf
from sync.wire import WireError


class SetBack(Exception):
    """A laptop shows a word of this city that this store does not know."""


@dataclass(frozen=True)
class Word:
    """One word of the city by its digest; `signed` and the life it is of where it came whole."""

    digest: str
    epoch: int = 0
    signed: Receipt | None = None

    def is_of(self, epoch: int) -> bool:
        """Whether it may be of this life or a later one. Words of an older life are no surprise:
        with this life the laptop heard which of them count."""
        return self.signed is None or self.epoch >= epoch


@dataclass(frozen=True)
class Shown:
    """What a laptop shows, and the newest life that it has heard of."""

    epoch: int
    life: Word | None
    receipt: Word | None


def read(batch: dict[str, Any]) -> Shown | None:
    """What a batch shows; None for a laptop that shows nothing. WireError("malformed")."""
    shows = batch.get("shows")
    if shows is None:
        return None
    try:
        epoch = wire.whole(batch.get("epoch", 0))
        return Shown(epoch, _word(shows.get("life")), _word(shows.get("receipt")))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise WireError("malformed") from None


def _word(told: Any) -> Word | None:
    if told is None or isinstance(told, str):
        return Word(told) if told else None
    signed = Receipt.from_json(told)
    return Word(signed.digest, wire.whole(signed.value["epoch"]), signed)


def look(shelf: Shelf, batch: dict[str, Any]) -> None:
    """SetBack where a laptop that knows this life of the store, or a later one, shows a word of it
    that is not here."""
    shown = read(batch)
    if shown is None:
        return
    life, receipt = shown.life, shown.receipt
    here = receipt is None or shelf.receipt(digest=receipt.digest) is not None
    if here and life is None:
        return
    city = shelf.city()
    if shown.epoch < city.epoch:
        return
    if not here and receipt is not None and receipt.is_of(city.epoch):
        raise SetBack
    if life is not None and life.is_of(city.epoch) and life.digest not in _lives(city):
        raise SetBack


def _lives(city: City) -> set[str]:
    return {wire.sha256(one["body"].encode()) for one in city.epochs}
