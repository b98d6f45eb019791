"""The port of the sending machine: what a laptop holds and what it does with the city's proof.

The kit implements it over its vault (fieldkit/sending.py); the simulation of the tests over a disk
of its own that forgets what was not forced to it. Only one thread calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sync import wire
from sync.receipt import Receipt
from sync.statements import News

Kept = Sequence[tuple[Receipt, dict[str, Any]]]


@dataclass(frozen=True)
class HeldOp:
    """A sealed save that waits: `n` counts this device's saves without gaps."""

    op_id: str
    n: int
    trip: str
    sha256: str
    size: int
    sealed: bytes


@dataclass(frozen=True)
class HeldPhoto:
    """A sealed photo that waits; its bytes are asked for when they are sent."""

    id: str
    trip: str
    sha256: str
    size: int
    seal: bytes

    def declared(self) -> dict[str, Any]:
        """As a batch declares it."""
        return {
            "id": self.id,
            "trip": self.trip,
            "sha256": self.sha256,
            "size": self.size,
            "seal": wire.b64(self.seal),
        }


def unnamed(value: dict[str, Any], sent: Iterable[tuple[str, str, int]]) -> list[str]:
    """The ids of those `(id, digest, size)` of which a receipt neither says that they are there nor
    that they are refused."""
    words = ("taken", "already", "refused")
    said = {
        (item.get("id"), item.get("sha256"), item.get("size"))
        for item in value["items"]
        if item.get("answer") in words
    }
    return [one[0] for one in sent if one not in said]


def facts_digest(facts: Sequence[dict[str, str]]) -> str:
    """How a receipt names a group of facts, whose items are in this order (its size: how many)."""
    return wire.sha256(wire.canonical([{"id": f["id"], "body": f["body"]} for f in facts]))


class Held(Protocol):
    """What waits here. Every method is durable when it returns."""

    def next_ops(self) -> Sequence[HeldOp]:
        """The next saves in order of number, within one batch; what is damaged is parked first."""
        ...

    def next_photos(self) -> Sequence[HeldPhoto]:
        """All photos that wait, oldest first; what is damaged is parked first."""
        ...

    def photo_bytes(self, photo: HeldPhoto) -> bytes | None:
        """The `.ph` as it was sealed, or None where it became damaged (it is parked then)."""
        ...

    def next_facts(self) -> Sequence[dict[str, str]]:
        """A group of facts `{"id", "body"}` that no kept receipt names, oldest first."""
        ...

    def ledger(self) -> dict[str, Any]:
        """`{"seq", "hash", "rows"}`: the newest row and the rows after the countersigned one."""
        ...

    def pull(self) -> dict[str, int]:
        """The open trips and how far each has heard of the city: `{trip id: cursor}`."""
        ...

    def about(self) -> dict[str, Any]:
        """`{"epoch", "settings"}`: the life of the city that is known here (0 before the first
        receipt), and the digest of the settings bundle that is held ("" for none)."""
        ...

    def shows(self, whole: bool = False) -> dict[str, Any]:
        """`{"shows": {"receipt", "life"}}`: the newest receipt that counts here and the newest
        word on a life of the city's store, by digest or (`whole`) as they were signed."""
        ...

    def newest(self) -> int:
        """The highest number of a receipt that is kept and not void."""
        ...

    def has(self, made: Receipt) -> bool:
        """Whether this very receipt is kept already."""
        ...

    def watch(self, made: Receipt, value: dict[str, Any]) -> None:
        """Whether a verified receipt fits all that the city said before; WireError if not."""
        ...

    def keep(self, kept: Kept) -> int:
        """Store verified receipts and settle what they name, in one commit; how much was proved.

        An item is settled by its id, digest and size, whichever request the receipt answered: what
        is proved becomes `receipted`, what is refused `parked` with the signed reason. What no line
        names is left as it is.
        """
        ...

    def erase(self) -> None:
        """Erase what the receipts kept in this run prove (photos); what fails stays owed."""
        ...

    def hear(self, news: News) -> bool:
        """Take the city's verified news in (epochs, keys, changes, settings); whether something
        that was settled waits again, so that the sending has to begin anew."""
        ...

    def clock(self, city_now: str, took: float) -> None:
        """The city's time in an answer that took so many seconds; only ever said to a person."""
        ...
