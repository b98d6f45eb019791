"""Photos on their way: several at once over the lanes, until each has its receipt.

What fails is asked for again by its offset, never begun from zero. What goes next is chosen in
sync/upload_queue.py, what proves it is kept in groups by sync/proofs.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync import fail, pace
from sync.client import Refused, State
from sync.exchange import Exchange
from sync.held import HeldPhoto
from sync.lanes import Done
from sync.proofs import Proofs
from sync.receipt import Receipt
from sync.road import NoAnswer
from sync.upload_queue import Queue, Upload

DRAIN = 15.0
"""Seconds that the others get when one of them ends the run."""


class Uploads:
    """The photos of one declaration, sent over the lanes of one line."""

    def __init__(self, line: Exchange, photos: Sequence[HeldPhoto]) -> None:
        self.line, self.held, self.lanes = line, line.held, line.lanes
        self.client, self.pace, self.seen = line.client, line.pace, line.seen
        self.queue = Queue(self.held, self.client, self.pace, photos)
        self.proofs = Proofs(self.held, self.seen, self.lanes.now)
        self._asking: list[Upload] = []
        self._flying = 0
        self._asked = False
        self._saves = self.client.v > 1
        self._saves_failed, self._saves_at = 0, 0.0
        self._alive = True
        self._failed_in_a_row = 0
        self._lost: NoAnswer | None = None
        self._stop: Exception | None = None
        self._stop_at = 0.0

    def run(self, states: Sequence[dict[str, Any]]) -> NoAnswer | None:
        """From where each photo stands to its receipt. Raises what stopped it, all else kept.

        NoAnswer is returned where photos did not get through, but batches still do.
        """
        try:
            self._place(list(self.queue.all.values()), states)
        except Exception as error:
            self._end(error)
        while True:
            if self._stop is None:
                self._start()
            left = self.queue.ready or self._asking or self._saves
            if not self._flying and (self._stop or not left):
                break
            if self._stop and self.lanes.now() > self._stop_at + DRAIN:
                break
            for done in self.lanes.finished(self._wait()):
                self._landed(done)
            if self.proofs.due() <= 0:
                self.proofs.settle()
        self.proofs.settle()
        why = self._stop or self._lost
        if why is not None and not (self._alive and isinstance(why, NoAnswer)):
            raise why
        return why

    # -- what goes next ---------------------------------------------------------------------------
    def _start(self) -> None:
        """Keep every lane busy, and one request behind it."""
        self.lanes.width = self.seen.lanes = self.pace.lanes
        now = self.lanes.now()
        if self._saves and not self._asked and self._saves_at <= now:
            self._bring()
        due = [one for one in self._asking if one.not_before <= now]
        if due and not self._asked:
            self._ask(due)
        ahead = 2 if self.pace.rate else 1  # until it is known what the line carries
        while self.queue.ready and self._flying < ahead * self.lanes.width:
            if self._flying and not self.queue.has_room():
                break
            self._send(self.queue.next(self.lanes.width))

    def _send(self, ups: list[Upload]) -> None:
        ups = [one for one in ups if self.queue.read(one)]
        if ups:
            request = self.queue.request(ups)
            self._flying += 1
            self.lanes.start((self, ups), request)

    def _ask(self, due: list[Upload]) -> None:
        """Declare once more those whose request failed: the city says where each stands."""
        self._asking = [one for one in self._asking if one not in due]
        self._asked = True
        self._flying += 1
        self.proofs.settle()  # the batch shows the newest receipt (sync/PROTOCOL.md §5.2)
        before = self.held.newest()
        request = self.line.request(photos=[one.photo.declared() for one in due])
        self.lanes.start((self, before, due), request)

    def _bring(self) -> None:
        """The next saves, beside the photos."""
        saves = self.line.next_saves()
        if saves is None:
            self._saves = False
            return
        self._asked = True
        self._flying += 1
        self.proofs.settle()  # the batch shows the newest receipt (sync/PROTOCOL.md §5.2)
        before = self.held.newest()
        self.lanes.start((self, before, saves), self.line.request(**saves.parts))

    def _wait(self) -> float:
        now = self.lanes.now()
        times = [one.not_before - now for one in self._asking]
        times += [self._saves_at - now] if self._saves else []
        times = [] if self._asked or self._stop else times  # nothing of it may begin now
        return max(0.0, min([1.0, self.proofs.due(), *times]))

    # -- what came back ---------------------------------------------------------------------------
    def _landed(self, done: Done) -> None:
        if done.tag[0] is not self:  # of an earlier run that did not wait for it
            return
        self._flying -= 1
        asked = len(done.tag) == 3
        saves = done.tag[2] if asked and not isinstance(done.tag[2], list) else None
        ups: list[Upload] = [] if saves else done.tag[2] if asked else done.tag[1]
        self._asked = self._asked and not asked
        try:
            if done.error is not None:
                raise done.error
            assert done.answer is not None
            self.pace.heard(done.rtt)
            if saves:
                self.line.took(saves, self.client.read_batch(done.answer), done.tag[1])
            elif asked:
                got = self.client.read_batch(done.answer)
                self._place(ups, self.line.take(got, done.tag[1]))
            else:
                self._answered(ups, done)
            self._failed_in_a_row = 0
            self._alive = self._alive or asked
        except NoAnswer as error:
            self._alive = self._alive and not asked
            if saves:
                self._saves_later(error)
            self._failed(ups, error)
        except Refused as error:
            self._refused(ups, error, asked)
        except Exception as error:
            self._end(error)

    def _answered(self, ups: list[Upload], done: Done) -> None:
        assert done.answer is not None
        if len(ups) > 1:
            states = self.client.read_whole(done.answer, [one.photo.id for one in ups])
            if any(isinstance(state, int) and state for state in states):
                raise NoAnswer("stalled", brief=True)  # whole or nothing
        else:
            states = [self.client.read_part(done.answer)]
        fail.point("sync.part")
        self.pace.good(sum(one.sent for one in ups), done.took)
        for one, state in zip(ups, states, strict=True):
            self._stands(one, state)

    def _stands(self, one: Upload, state: State) -> None:
        if isinstance(state, tuple):
            self.seen.moved(one.photo.size - one.offset)
            self._proof(one, *state)
            return
        if not 0 <= state < one.photo.size:
            raise NoAnswer("stalled", brief=True)
        one.stalled = one.stalled + 1 if state <= one.offset else 0
        one.rewound += state < one.offset
        if max(one.stalled, one.rewound) > 3:
            raise NoAnswer("stalled", brief=True)
        self.seen.moved(max(0, state - one.offset))
        one.failures = one.failures if one.stalled else 0
        one.offset = state
        self.queue.ready.insert(0, one)

    def _place(self, ups: Sequence[Upload], states: Sequence[dict[str, Any]]) -> None:
        """Put every photo where the city says that it stands; one that it does not name is not
        answered."""
        unnamed = {one.photo.id: one for one in ups if one.photo.id in self.queue.all}
        for told in states:
            one = unnamed.pop(str(told["id"]), None)
            if one is None:
                continue
            state = self.client.read_state(told)
            if isinstance(state, tuple):
                self.seen.there(one.photo.size - one.offset)
                try:
                    self._proof(one, *state)
                except NoAnswer as error:
                    self._failed([one], error)
            else:
                offset = state if 0 <= state < one.photo.size else 0
                self.seen.there(max(0, offset - one.offset))
                one.failures = 0 if offset > one.offset else one.failures
                one.offset = offset
                self.queue.ready.append(one)
        if unnamed:
            self._failed(list(unnamed.values()), NoAnswer("unnamed", brief=True))

    def _proof(self, one: Upload, made: Receipt, value: dict[str, Any]) -> None:
        self.proofs.add(one.photo, made, value)
        self.queue.all.pop(one.photo.id, None)

    # -- what went wrong --------------------------------------------------------------------------
    def _failed(self, ups: list[Upload], error: NoAnswer) -> None:
        """Later, from where the city says that it stands; no more where it failed too often."""
        self.pace.bad()
        self._failed_in_a_row += 1
        for one in ups:
            one.failures += 1
            one.data = None
            one.not_before = self.lanes.now() + pace.pause(one.failures, self.line.dice)
            if one.failures < pace.tries(error):
                self._asking.append(one)
            else:
                self._lost = error
        if self._failed_in_a_row >= pace.tries(error) + self.lanes.width:
            self._end(error)

    def _saves_later(self, error: NoAnswer) -> None:
        """Once more in a moment; when the photos have gone, where they failed too often."""
        self._saves_failed += 1
        self._saves = self._saves_failed < pace.tries(error)
        self._saves_at = self.lanes.now() + pace.pause(self._saves_failed, self.line.dice)

    def _refused(self, ups: list[Upload], error: Refused, asked: bool) -> None:
        if error.code == "too_large" and not asked and ups[0].sent > pace.SMALLEST // 2:
            self.pace.too_large(sum(one.sent for one in ups))
            self.queue.ready[:0] = ups
        elif error.code in ("unknown_photo", "not_stored") and not asked:
            self._failed(ups, NoAnswer(error.code, brief=True))
        else:
            self._end(error)

    def _end(self, error: Exception) -> None:
        """No more requests; those that are on the way are heard for a while."""
        if self._stop is None or isinstance(self._stop, NoAnswer):
            self._stop_at = self._stop_at if self._stop else self.lanes.now()
            self._stop = error
