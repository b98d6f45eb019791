"""Photos on their way: each in parts, several at once, until its receipt is here.

What fails is asked for again by its offset, never begun from zero. Receipts are kept in groups, and
the photos that they prove are erased group by group, while the others are still going up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync import fail, pace
from sync.client import Refused, State
from sync.held import HeldPhoto, unnamed
from sync.lanes import Done
from sync.receipt import Receipt
from sync.road import NoAnswer, Request
from sync.wire import WireError

if TYPE_CHECKING:
    from sync.sender import Sender

GROUP, GROUP_SECONDS = 8, 2.0
IN_MEMORY = 32 * 1024 * 1024
DRAIN = 15.0
"""Seconds that the others get when one of them ends the run."""


@dataclass
class Upload:
    """One photo on its way. `offset`: so much is there; `failures` since the last progress."""

    photo: HeldPhoto
    offset: int = 0
    failures: int = 0
    stalled: int = 0
    rewound: int = 0
    not_before: float = 0.0
    data: bytes | None = None
    sent: int = 0

    @property
    def fresh(self) -> bool:
        """Nothing of it is there, and nothing went wrong with it."""
        return not (self.offset or self.failures or self.stalled or self.rewound)


class Uploads:
    """The photos of one declaration, sent by `sender` over its lanes."""

    def __init__(self, sender: Sender, photos: Sequence[HeldPhoto]) -> None:
        self.sender, self.held, self.lanes = sender, sender.held, sender.lanes
        self.client, self.pace, self.seen = sender.client, sender.pace, sender.seen
        self._all = {photo.id: Upload(photo) for photo in photos}
        self._ready: list[Upload] = []
        self._asking: list[Upload] = []
        self._flying = 0
        self._asked = False
        self._saves = self.pace.near and self.client.v > 1
        self._group: list[tuple[Receipt, dict[str, Any]]] = []
        self._since = 0.0
        self._failed_in_a_row = 0
        self._lost: NoAnswer | None = None
        self._stop: Exception | None = None
        self._stop_at = 0.0

    def run(self, states: Sequence[dict[str, Any]]) -> None:
        """From where each photo stands to its receipt. Raises what stopped it, all else kept."""
        self._place(states)
        while True:
            if self._stop is None:
                self._start()
            left = self._ready or self._asking or self._saves
            if not self._flying and (self._stop or not left):
                break
            if self._stop and self.lanes.now() > self._stop_at + DRAIN:
                break
            for done in self.lanes.finished(self._wait()):
                self._landed(done)
            if len(self._group) >= GROUP or self._due() <= 0:
                self._settle()
        self._settle()
        if self._stop is not None:
            raise self._stop
        if self._lost is not None:
            raise self._lost

    # -- what goes next ---------------------------------------------------------------------------
    def _start(self) -> None:
        """Keep every lane busy, and one request behind it."""
        self.lanes.width = self.seen.lanes = self.pace.lanes
        now = self.lanes.now()
        due = [one for one in self._asking if one.not_before <= now]
        if due and not self._asked:
            self._ask(due)
        elif self._saves and not self._asked:
            self._bring()
        ahead = 2 if self.pace.rate else 1  # until it is known what the line carries
        while self._ready and self._flying < ahead * self.lanes.width and self._has_room():
            self._send(self._next())

    def _has_room(self) -> bool:
        held = sum(len(one.data) for one in self._all.values() if one.data)
        return held < IN_MEMORY or not self._flying

    def _next(self) -> list[Upload]:
        """What goes next: a photo, or several whole ones that the line carries in a moment."""
        room = self.pace.together() if self.client.v > 1 else 0
        most = -(-len(self._ready) // self.lanes.width)  # the last ones are spread over the lanes
        chosen = [self._ready.pop(0)]
        room -= chosen[0].photo.size
        while self._ready and len(chosen) < most and chosen[0].fresh and self._ready[0].fresh:
            room -= self._ready[0].photo.size
            if room < 0:
                break
            chosen.append(self._ready.pop(0))
        return chosen

    def _send(self, ups: list[Upload]) -> None:
        ups = [one for one in ups if self._read(one)]
        if not ups:
            return
        if len(ups) > 1:
            whole = [(one.photo.id, one.photo.sha256, one.data or b"") for one in ups]
            request = self.client.whole(whole)
            for one in ups:
                one.sent = one.photo.size
        else:
            request = self._part(ups[0])
        self._flying += 1
        self.lanes.start((self, ups), request)

    def _read(self, one: Upload) -> bool:
        if one.data is None:
            one.data = self.held.photo_bytes(one.photo)
        if one.data is None:  # it became damaged: parked, and nothing of it goes
            del self._all[one.photo.id]
        return one.data is not None

    def _part(self, one: Upload) -> Request:
        assert one.data is not None
        piece = one.data[one.offset : one.offset + self.pace.piece(one.photo.size - one.offset)]
        one.sent = len(piece)
        digest = one.photo.sha256 if one.sent == one.photo.size else ""
        return self.client.part(one.photo.id, piece, one.offset, digest)

    def _ask(self, due: list[Upload]) -> None:
        """Declare once more those whose request failed: the city says where each stands."""
        self._asking = [one for one in self._asking if one not in due]
        self._asked = True
        self._flying += 1
        self._settle()  # the batch shows the newest receipt (sync/PROTOCOL.md §5.2)
        before = self.held.newest()
        request = self.sender.request(photos=[one.photo.declared() for one in due])
        self.lanes.start((self, before, due), request)

    def _bring(self) -> None:
        """The next saves, beside the photos."""
        saves = self.sender.next_saves()
        if saves is None:
            self._saves = False
            return
        self._asked = True
        self._flying += 1
        self._settle()  # the batch shows the newest receipt (sync/PROTOCOL.md §5.2)
        before = self.held.newest()
        self.lanes.start((self, before, saves), self.sender.request(**saves.parts))

    def _wait(self) -> float:
        now = self.lanes.now()
        times = [one.not_before - now for one in self._asking if not self._asked]
        return max(0.0, min([1.0, self._due(), *times]))

    def _due(self) -> float:
        """Seconds until the receipts that are here have to be kept."""
        if not self._group:
            return 1.0
        return self._since + GROUP_SECONDS - self.lanes.now()

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
                self.sender.took(saves, self.client.read_batch(done.answer), done.tag[1])
            elif asked:
                got = self.client.read_batch(done.answer)
                self._place(self.sender.take(got, done.tag[1]))
            else:
                self._answered(ups, done)
            self._failed_in_a_row = 0
        except NoAnswer as error:
            self._saves = self._saves and not saves  # they go when the photos have gone
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
        self._ready.insert(0, one)

    def _place(self, states: Sequence[dict[str, Any]]) -> None:
        """Put every photo where the city says that it stands."""
        for told in states:
            one = self._all.get(str(told["id"]))
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
                self._ready.append(one)

    def _proof(self, one: Upload, made: Receipt, value: dict[str, Any]) -> None:
        """A verified receipt for a photo: watched now, kept with its group. One that does not speak
        of it (somebody played it back) is no answer."""
        self.held.watch(made, value)
        photo = one.photo
        if unnamed(value, [(photo.id, photo.sha256, photo.size)]):
            raise NoAnswer("other_receipt", brief=True)
        fail.point("sync.photo_answered")
        if not self._group:
            self._since = self.lanes.now()
        if all(made != other for other, _ in self._group):
            self._group.append((made, value))
        self._all.pop(photo.id, None)

    def _settle(self) -> None:
        """Keep the receipts that came, then erase what they prove."""
        if not self._group:
            return
        group, self._group = [one for one in self._group if self._stands_yet(*one)], []
        self.seen.finished(self.held.keep(group))
        fail.point("sync.photo_receipted")
        self.held.erase()

    def _stands_yet(self, made: Receipt, value: dict[str, Any]) -> bool:
        """Whether a receipt that waited in the group still counts: the city may have said since
        that its store was set back. What it named is then asked for again."""
        try:
            self.held.watch(made, value)
        except WireError:
            return False
        return True

    # -- what went wrong --------------------------------------------------------------------------
    def _failed(self, ups: list[Upload], error: NoAnswer) -> None:
        """Later, from where the city says that it stands; no more where it failed too often."""
        self.pace.bad()
        self._failed_in_a_row += 1
        for one in ups:
            one.failures += 1
            one.data = None
            one.not_before = self.lanes.now() + pace.pause(one.failures, self.sender.dice)
            if one.failures < pace.tries(error):
                self._asking.append(one)
            else:
                self._lost = error
        if self._failed_in_a_row >= pace.tries(error) + self.lanes.width:
            self._end(error)

    def _refused(self, ups: list[Upload], error: Refused, asked: bool) -> None:
        if error.code == "too_large" and not asked and ups[0].sent > pace.SMALLEST // 2:
            self.pace.too_large(sum(one.sent for one in ups))
            self._ready[:0] = ups
        elif error.code in ("unknown_photo", "not_stored") and not asked:
            self._failed(ups, NoAnswer(error.code, brief=True))
        else:
            self._end(error)

    def _end(self, error: Exception) -> None:
        """No more requests; those that are on the way are heard for a while."""
        if self._stop is None or isinstance(self._stop, NoAnswer):
            self._stop_at = self._stop_at if self._stop else self.lanes.now()
            self._stop = error
