"""One batch and its answer: built from what waits, carried over the line, acted upon.

Nothing is settled by an answer: only by the receipts in it, verified and watched, each kept before
anything depends on it (sync/PROTOCOL.md §6). All that is held is touched by the calling thread
alone; the lanes only carry requests. Which batch comes when is for sync/sender.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from sync import fail, pace, wire
from sync import receipt as receipts
from sync.client import BatchAnswer, Client, LedgerRefused, Refused
from sync.held import Held, HeldOp, unnamed
from sync.lanes import Done, Lanes
from sync.pace import Pace
from sync.road import Request
from sync.wire import WireError, b64

PART_OF_BEFORE = 256 * 1024


class Again(Exception):
    """The city's store was set back: what was settled waits again, so begin anew."""


@dataclass(frozen=True)
class Saves:
    """What one batch brings up."""

    ops: list[HeldOp]
    facts: list[dict[str, str]]

    @property
    def parts(self) -> dict[str, Any]:
        return {"ops": [_op(op) for op in self.ops], "facts": self.facts}


class Seen(Protocol):
    """Who looks on: bytes that went up, bytes that were there already, things that are proved."""

    lanes: int

    def moved(self, count: int) -> None: ...
    def there(self, count: int) -> None: ...
    def finished(self, count: int) -> None: ...


class Exchange:
    """The batches of one run over one line. `whole`: the signed words themselves go along, because
    the city does not know them any more."""

    def __init__(
        self, held: Held, client: Client, lanes: Lanes, seen: Seen, dice: Random | None = None
    ) -> None:
        self.held, self.client, self.lanes, self.seen = held, client, lanes, seen
        self.dice = dice or Random()
        self.pace = Pace(wire.PART_LIMIT)
        self.whole = self._reached = False
        self._told: set[str] = set()

    def anew(self) -> None:
        """From the start: no fact was told yet."""
        self._told.clear()

    def request(self, pull: bool = False, **parts: Any) -> Request:
        """The next batch, with the rows of the ledger that the city has not countersigned."""
        return self.client.batch(
            **parts,
            ledger=self.held.ledger(),
            pull=self.held.pull() if pull else {},
            about=self.held.about() | self.held.shows(self.whole),
        )

    def exchange(self, pull: bool = False, **parts: Any) -> tuple[BatchAnswer, int, float]:
        """One batch on its own: its answer, the newest receipt when it was built, the time."""
        while True:
            before = self.held.newest()
            request = self.request(pull, **parts)
            done = self._carried(request)
            assert done.answer is not None
            try:
                return self.client.read_batch(done.answer), before, done.took
            except Refused as error:
                if not self.other_version(error):
                    raise

    def other_version(self, error: Refused) -> bool:
        """Whether it is a city of before: from now on this run speaks as it does."""
        if error.code != "other_version" or self.client.v == 1:
            return False
        self.client.v = 1
        self.pace.most = PART_OF_BEFORE
        return True

    def _carried(self, request: Request) -> Done:
        """The end of one request, tried again where the line was there in this run."""
        failures = 0
        while True:
            tag = (object(),)
            self.lanes.start(tag, request)
            ends: list[Done] = []
            while not ends:
                ends = [done for done in self.lanes.finished(1.0) if done.tag is tag]
            done = ends[0]
            if done.error is None:
                self._reached = True
                self.pace.heard(done.rtt)
                return done
            failures += 1
            self.pace.bad()
            if not self._reached or failures >= pace.tries(done.error):
                raise done.error
            self.rest(pace.pause(failures, self.dice))

    def rest(self, seconds: float) -> None:
        """Wait, with nothing on the way."""
        until = self.lanes.now() + seconds
        while (left := until - self.lanes.now()) > 0:
            self.lanes.finished(left)

    def take(
        self, got: BatchAnswer, before: int, sent: Sequence[tuple[str, str, int]] = ()
    ) -> list[dict[str, Any]]:
        """Act on a batch's answer: keep its receipt, hear the news; where its photos stand.

        Every receipt that was kept before stands in the ledger that the batch named, so its own
        must be newer: `old_receipt` for one that is kept here already (somebody played it back),
        `city_restored` for a number that the city had given away before.
        """
        news, known = got.news, self.held.about()["epoch"]
        if news is not None and news.epoch > known and self.held.hear(news):
            raise Again
        self.held.watch(got.made, got.value)
        if got.ledger_refused:
            self.held.keep([(got.made, got.value)])
            raise LedgerRefused(receipts.reason_for(got.value, self.client.me.device), got.made)
        if self.held.has(got.made):
            raise WireError("old_receipt")
        if got.value["seq"] <= before:
            raise WireError("city_restored")
        if unnamed(got.value, sent):  # a true word, but not on this: somebody played it back
            raise WireError("old_receipt")
        self.seen.finished(self.held.keep([(got.made, got.value)]))
        if news is not None and self.held.hear(news):
            raise Again
        return got.photos

    def next_saves(self) -> Saves | None:
        """The next batch of saves and facts, None where no more wait."""
        ops = list(self.held.next_ops())
        facts = list(self.held.next_facts()) if self.client.v > 1 else []
        facts = [] if any(f["id"] in self._told for f in facts) else facts
        if not ops and not facts:
            return None
        fail.point("sync.begin")
        return Saves(ops, facts)

    def took(self, saves: Saves, got: BatchAnswer, before: int) -> None:
        """The answer to a batch of saves is here."""
        fail.point("sync.answered")
        self._told.update(f["id"] for f in saves.facts)
        self.take(got, before, [(op.op_id, op.sha256, op.size) for op in saves.ops])
        fail.point("sync.receipt_kept")
        self.seen.moved(sum(op.size for op in saves.ops))


def _op(op: HeldOp) -> dict[str, Any]:
    return {"op_id": op.op_id, "n": op.n, "trip": op.trip, "rec": b64(op.sealed)}
