"""The sending machine: what waits goes up, what the city proves is settled, in one fixed order.

Saves and facts first, then the photos, several on the way at once, then what is left of the ledger;
with that the news come. Nothing is settled by an answer: only by the receipts in it, verified and
watched, each kept before anything depends on it (sync/PROTOCOL.md §6). All that is held is touched
by the calling thread alone; the lanes only carry requests.
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
from sync.uploads import Uploads
from sync.wire import WireError, b64

ROUNDS = 6
PART_OF_BEFORE = 256 * 1024
DECLARED = 500
"""Photos that one batch declares at most."""


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


class Sender:
    """One run over one line. `run()` ends when all that can go is proved or refused.

    NoAnswer where the line does not carry on: all that was reached stays. Refused and LedgerRefused
    where the city says no to this laptop, WireError where what it says does not fit.
    """

    def __init__(
        self, held: Held, client: Client, lanes: Lanes, seen: Seen, dice: Random | None = None
    ) -> None:
        self.held, self.client, self.lanes, self.seen = held, client, lanes, seen
        self.dice = dice or Random()
        self.pace = Pace(wire.PART_LIMIT)
        self._reached = self._whole = False
        self._told: set[str] = set()
        self._photos_sent = False

    def run(self) -> None:
        """Send all that waits; once more from the start where the city was restored and says so."""
        suspicious = False
        for _ in range(ROUNDS):
            self._told.clear()
            self._photos_sent = False
            try:
                self._saves()
                self._photos()
                self._close()
                return
            except Again:
                self._whole = False
            except Refused as error:
                self._show(error)
            except WireError as error:
                if error.code != "city_restored" or suspicious:
                    raise
                suspicious = True  # the news of a batch say whether it is so, or raise this again
                self._ask_news()
        raise WireError("city_restored")

    # -- one batch --------------------------------------------------------------------------------
    def request(self, pull: bool = False, **parts: Any) -> Request:
        """The next batch, with the rows of the ledger that the city has not countersigned."""
        return self.client.batch(
            **parts,
            ledger=self.held.ledger(),
            pull=self.held.pull() if pull else {},
            about=self.held.about() | self.held.shows(self._whole),
        )

    def _exchange(self, pull: bool = False, **parts: Any) -> tuple[BatchAnswer, int, float]:
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

    # -- in this order ----------------------------------------------------------------------------
    def _saves(self) -> None:
        """Saves in order of number, and facts beside them, batch after batch. On a line that
        carries a photo in a moment the rest goes beside the photos (`next_saves`)."""
        while (saves := self.next_saves()) is not None:
            got, before, _ = self._exchange(**saves.parts)
            self.took(saves, got, before)
            if self.pace.near and self.client.v > 1 and not self._photos_sent:
                return

    def next_saves(self) -> Saves | None:
        """The next batch of saves and facts, None where no more wait."""
        ops = list(self.held.next_ops())
        facts = list(self.held.next_facts()) if self.client.v > 1 else []
        facts = [] if any(f["id"] in self._told for f in facts) else facts
        if not ops and not facts:
            return None
        self._told.update(f["id"] for f in facts)
        fail.point("sync.begin")
        return Saves(ops, facts)

    def took(self, saves: Saves, got: BatchAnswer, before: int) -> None:
        """The answer to a batch of saves is here."""
        fail.point("sync.answered")
        self.take(got, before, [(op.op_id, op.sha256, op.size) for op in saves.ops])
        fail.point("sync.receipt_kept")
        self.seen.moved(sum(op.size for op in saves.ops))

    def _photos(self) -> None:
        """Declare all that wait, then send them, several at once, until each has its receipt."""
        waiting = list(self.held.next_photos())
        for start in range(0, len(waiting), DECLARED):
            chosen = waiting[start : start + DECLARED]
            fail.point("sync.photo_begin")
            got, before, _ = self._exchange(photos=[one.declared() for one in chosen])
            states = self.take(got, before)
            fail.point("sync.photo_declared")
            try:
                Uploads(self, chosen).run(states)
            except (Refused, WireError):  # a photo that stops the run stops no save
                self._photos_sent = True
                self._saves()
                raise
        self._photos_sent = True
        self._saves()

    def _close(self) -> None:
        """Bring every row that stands in the ledger now, however many batches it takes; hear news.

        At least one batch goes, so that a ledger that was cut off here is refused there. The rows
        that the receipts themselves add follow with the next run.
        """
        wanted, told = int(self.held.ledger()["seq"]), -1
        while told < wanted:
            fail.point("sync.anchor_begin")
            got, before, took = self._exchange(pull=True)
            fail.point("sync.anchor_answered")
            self.take(got, before)
            fail.point("sync.anchor_kept")
            self.held.clock(got.now, took)
            now = int(got.value["ledger"]["seq"])
            if now <= told:  # an answer, but no progress: never ask for ever
                raise WireError("ledger_not_ours")
            told = now

    def _ask_news(self) -> None:
        """A receipt spoke of another life of the city's store: let the city say what happened."""
        try:
            got, before, _ = self._exchange()
            self.take(got, before)
        except Again:
            return
        except Refused as error:
            return self._show(error)
        raise WireError("city_restored")

    def _show(self, error: Refused) -> None:
        """The city does not know what it once signed for this laptop: from now on the signed words
        themselves go along, and it begins a new life on their proof. Any other refusal stands."""
        if error.code != "show_receipt" or self._whole:
            raise error
        self._whole = True


def _op(op: HeldOp) -> dict[str, Any]:
    return {"op_id": op.op_id, "n": op.n, "trip": op.trip, "rec": b64(op.sealed)}
