"""What the city says of itself: that its store was set back, that its key changed, what is new.

A statement is signed once and repeated in every answer (sync/PROTOCOL.md §4). An *epoch* is one
life of the city's store: a restored backup begins a new one, and says after which receipt of the
chain. Receipts of an older life that are not in that chain are void: what they proved has to be
sent again. A *key* statement is signed by the key that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sync import wire
from sync.wire import WireError, unb64


@dataclass(frozen=True)
class Epoch:
    """The life `number` of the city's store begins after the receipt `from_seq` of the chain."""

    number: int
    from_seq: int
    from_digest: str
    body: str
    signature: str


@dataclass(frozen=True)
class NewKey:
    """The city's signing key `old` was replaced by `new`."""

    old: bytes
    new: bytes
    body: str
    signature: str


@dataclass(frozen=True)
class News:
    """The verified news of one answer; `epochs` and `keys` are verified one by one."""

    value: dict[str, Any]
    epochs: tuple[Epoch, ...]
    keys: tuple[NewKey, ...]

    @property
    def epoch(self) -> int:
        return int(self.value["epoch"])

    @property
    def held(self) -> list[str] | None:
        """The digests of this laptop's receipts that the city has, where it told them."""
        return self.value.get("held")


def void(epochs: Iterable[Epoch], epoch: int, seq: int) -> bool:
    """Whether a receipt of that life and number was lost when the city's store was set back, as far
    as the numbers tell."""
    return any(one.number > epoch and seq > one.from_seq for one in epochs)


def read_keys(public: bytes, city: str, statements: Any) -> tuple[NewKey, ...]:
    """The chain of keys from the pinned one on; what does not begin there is of before."""
    found = []
    for body, signature, told in _each(statements):
        if unb64(told["old"]) != public or told["city"] != city:
            continue
        wire.verify(public, "key", body.encode(), signature)
        new = NewKey(public, unb64(told["new"]), body, signature)
        found.append(new)
        public = new.new
    return tuple(found)


def read_epochs(publics: Iterable[bytes], city: str, statements: Any) -> tuple[Epoch, ...]:
    """Those that one of these keys of the city signed, by number; others are passed over."""
    keys, found = list(publics), {}
    for body, signature, told in _each(statements):
        if told["city"] != city or not any(_signed(key, body, signature) for key in keys):
            continue
        one = Epoch(
            wire.whole(told["epoch"]),
            wire.whole(told["from_seq"]),
            str(told["from_digest"]),
            body,
            signature,
        )
        found[one.number] = one
    return tuple(found[number] for number in sorted(found))


def read_news(public: bytes, city: str, device: str, value: Any) -> News:
    """The news of an answer; WireError where the city's newest key did not sign them for us.

    The keys stand inside, so the body is read before it is verified; nothing of it is used until
    the chain from the pinned key leads to the key that signed it.
    """
    try:
        body, signature = str(value["body"]).encode(), str(value["signature"])
        told = wire.parse(body)
        keys = read_keys(public, city, told["keys"])
        newest = keys[-1].new if keys else public
        wire.verify(newest, "news", body, signature)
        if told["v"] != wire.PROTOCOL:
            raise WireError("other_version")
        if told["device"] != device:
            raise WireError("not_for_us")
        known = [public, *(key.new for key in keys)]
        epochs = read_epochs(known, city, told["epochs"])
        wire.whole(told["epoch"])
        if not isinstance(told["trips"], dict) or not _is_list(told.get("held")):
            raise WireError("malformed")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WireError("malformed") from None
    return News(told, epochs, keys)


def _is_list(held: Any) -> bool:
    return held is None or (isinstance(held, list) and all(isinstance(one, str) for one in held))


def _each(statements: Any) -> Iterable[tuple[str, str, dict[str, Any]]]:
    if not isinstance(statements, list):
        raise WireError("malformed")
    for one in statements:
        body = str(one["body"])
        told = wire.parse(body.encode())
        if told["v"] != wire.PROTOCOL:
            raise WireError("other_version")
        yield body, str(one["signature"]), told


def _signed(public: bytes, body: str, signature: str) -> bool:
    try:
        wire.verify(public, "epoch", body.encode(), signature)
    except WireError:
        return False
    return True
