"""The sending machine: what waits goes up, what the city proves is settled.

Saves and facts first (on a near line the rest of them beside the photos), then the photos, several
on the way at once, then what is left of the ledger; with that the news come. How one batch goes is
sync/exchange.py, how the photos go sync/uploads.py.
"""

from __future__ import annotations

from random import Random

from sync import fail
from sync.client import Client, LedgerRefused, Refused
from sync.exchange import Again, Exchange, Seen
from sync.held import Held
from sync.lanes import Lanes
from sync.road import NoAnswer
from sync.uploads import Uploads
from sync.wire import WireError

ROUNDS = 6
DECLARED = 500
"""Photos that one batch declares at most."""


class Sender:
    """One run over one line. `run()` ends when all that can go is proved or refused.

    NoAnswer where the line does not carry on: all that was reached stays. Refused and LedgerRefused
    where the city says no to this laptop, WireError where what it says does not fit.
    """

    def __init__(
        self, held: Held, client: Client, lanes: Lanes, seen: Seen, dice: Random | None = None
    ) -> None:
        self.held = held
        self.line = Exchange(held, client, lanes, seen, dice)
        self._photos_sent = False

    def run(self) -> None:
        """Send all that waits; once more from the start where the city was restored and says so."""
        suspicious = False
        for _ in range(ROUNDS):
            self.line.anew()
            self._photos_sent = False
            try:
                self._saves()
                lost = self._photos()
                self._close()
                if lost is not None:
                    raise lost
                return
            except Again:
                self.line.whole = False
            except Refused as error:
                self._show(error)
            except WireError as error:
                if error.code != "city_restored" or suspicious:
                    raise
                suspicious = True  # the news of a batch say whether it is so, or raise this again
                self._ask_news()
        raise WireError("city_restored")

    # -- in this order ----------------------------------------------------------------------------
    def _saves(self) -> None:
        """Saves in order of number, and facts beside them, batch after batch. On a line that
        carries a photo in a moment the rest goes beside the photos (`next_saves`)."""
        while (saves := self.line.next_saves()) is not None:
            got, before, _ = self.line.exchange(**saves.parts)
            self.line.took(saves, got, before)
            if self.line.pace.near and self.line.client.v > 1 and not self._photos_sent:
                return

    def _photos(self) -> NoAnswer | None:
        """Declare all that wait, then send them, several at once, until each has its receipt; why
        some did not get through on a line that carries the rest."""
        waiting, lost = list(self.held.next_photos()), None
        for start in range(0, len(waiting), DECLARED):
            chosen = waiting[start : start + DECLARED]
            fail.point("sync.photo_begin")
            try:
                got, before, _ = self.line.exchange(photos=[one.declared() for one in chosen])
                states = self.line.take(got, before)
                fail.point("sync.photo_declared")
                lost = Uploads(self.line, chosen).run(states) or lost
            except LedgerRefused:
                raise
            except (Refused, WireError):  # a photo that stops the run stops no save
                self._photos_sent = True
                self._saves()
                raise
        self._photos_sent = True
        self._saves()
        return lost

    def _close(self) -> None:
        """Bring every row that stands in the ledger now, however many batches it takes; hear news.

        At least one batch goes, so that a ledger that was cut off here is refused there. The rows
        that the receipts themselves add follow with the next run.
        """
        wanted, told = int(self.held.ledger()["seq"]), -1
        while told < wanted:
            fail.point("sync.anchor_begin")
            got, before, took = self.line.exchange(pull=True)
            fail.point("sync.anchor_answered")
            self.line.take(got, before)
            fail.point("sync.anchor_kept")
            self.held.clock(got.now, took)
            now = int(got.value["ledger"]["seq"])
            if now <= told:  # an answer, but no progress: never ask for ever
                raise WireError("ledger_not_ours")
            told = now

    def _ask_news(self) -> None:
        """A receipt spoke of another life of the city's store: let the city say what happened."""
        try:
            got, before, _ = self.line.exchange()
            self.line.take(got, before)
        except Again:
            return
        except Refused as error:
            return self._show(error)
        raise WireError("city_restored")

    def _show(self, error: Refused) -> None:
        """The city does not know what it once signed for this laptop: from now on the signed words
        themselves go along, and it begins a new life on their proof. Any other refusal stands."""
        if error.code != "show_receipt" or self.line.whole:
            raise error
        self.line.whole = True
