"""What this laptop asks the city for by USB memory: a day's visits, a container, a key, a list.

An ask is written down first, goes along with the next bundles until it is answered, and keeps its
request id: the city hands the same trip out however often it hears of it. The answer is taken as
over the line (fieldkit/carry_answers.py). Nothing here holds anybody's data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fieldkit import checkout, container, office, renew
from fieldkit.errors import KitError, NotFound, NotReady
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import asking, fail
from sync.asking import Asked
from sync.client import Client
from sync.folder_road import Letter

KEY, SENT = "ask:", "asked:"
WHAT = ("key", "renew", *container.KINDS, "checkout", "days")
"""In the order in which answers are taken: a key may open what the next one needs."""


@dataclass(frozen=True)
class Ask:
    """`what` is one of WHAT; `trip` the one whose key is asked for, or the container to renew.

    `kind` is that of the container, where a first or a next one is asked for.
    """

    what: str
    at: str
    day: str = ""
    trip: str = ""
    request_id: str = ""
    ids: tuple[str, ...] = ()
    share: bool = False
    kind: str = container.DESK

    @property
    def key(self) -> str:
        """What makes it the same ask."""
        return f"{KEY}{self.what}:{self.request_id or self.trip or self.day}"

    def asked(self) -> Asked:
        """The request, the same bytes whenever it goes."""
        if self.what == "key":
            return asking.secret(self.trip)
        if self.what == "days":
            return asking.days(self.day)
        kind = "field" if self.what == "checkout" else self.kind
        return asking.trip(self.request_id, kind, self.day, self.ids, self.share)


def waiting(vault: Vault) -> list[Ask]:
    """What was asked for and has no answer yet, oldest first."""
    rows = vault.book.all("SELECT value FROM meta WHERE key LIKE ?", f"{KEY}%")
    return sorted((_ask(json.loads(row["value"])) for row in rows), key=lambda ask: ask.at)


def _ask(told: dict[str, Any]) -> Ask:
    return Ask(**{**told, "ids": tuple(told["ids"])})


def _keep(vault: Vault, ask: Ask) -> Ask:
    with vault.book.write() as conn:
        told = json.dumps(asdict(ask))
        conn.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (ask.key, told))
        if conn.execute("SELECT changes()").fetchone()[0]:
            vault.note("asked_by_usb", ask.trip or ask.request_id or vault.device_id, ask.what)
    fail.point("usb.ask_kept")
    return ask


def end(vault: Vault, ask: Ask) -> None:
    """It was answered, or nobody needs the answer any more."""
    with vault.book.write() as conn:
        conn.execute("DELETE FROM meta WHERE key = ?", (ask.key,))


# -- what a person asks for -----------------------------------------------------------------------
def for_day(
    vault: Vault, desk: OpenTrip | None, day: str, others: Sequence[str] = (), share: bool = False
) -> Ask:
    """The day's reservations onto this laptop: those of its own desk, and `others`.

    What waits for the same day and was not written yet is asked for together with it.
    """
    if desk is not None:
        checkout.tell_begun(vault, desk, day)
    slips = checkout.waiting_days(desk).get(day, []) if desk is not None else []
    wanted = {slip.reservation.id for slip in slips} | set(others)
    before = [ask for ask in waiting(vault) if ask.what == "checkout" and ask.day == day]
    there = written(vault)
    wanted -= {one for ask in before if ask in there for one in ask.ids}
    if not wanted:
        raise KitError(
            "nothing_to_check_out",
            "この日に、この端末で受けて、新しく持ち出しを頼む予約はありません。ほかの端末で受けた"
            "予約は、「持ち出し」の画面の「一覧をUSBで頼む」から選びます。",
        )
    for ask in before:
        if ask not in there:
            wanted |= set(ask.ids)
            share = share or ask.share
            end(vault, ask)
    ids = sorted(wanted)
    request_id = checkout.request_for(vault, day, ids)
    return _keep(vault, Ask("checkout", vault.now(), day, "", request_id, tuple(ids), share))


def booked(vault: Vault, day: str) -> list[str]:
    """The reservations of this laptop's own desk that wait for a day, by 受付一覧表."""
    rows = vault.book.all(
        "SELECT reservation_id AS id FROM reception WHERE state = 'booked' AND visit_on = ?", day
    )
    return [row["id"] for row in rows]


def for_list(vault: Vault, day: str) -> Ask:
    """What other desks took for a day."""
    return _keep(vault, Ask("days", vault.now(), day))


def for_first(vault: Vault, kind: str = container.DESK) -> Ask:
    """This laptop's first container for its desk, or on a kit of the office that of all records."""
    if kind == container.OFFICE and not office.is_office(vault):
        raise NotFound(office.NOT_HERE)
    if container.row(vault, kind) is not None:
        raise NotReady(f"{container.NAMES[kind]}は、もう用意してあります。")
    request_id = container.request_for(vault, kind)
    return _keep(vault, Ask(kind, vault.now(), vault.now()[:10], "", request_id, kind=kind))


def for_key(vault: Vault, trip_id: str) -> Ask:
    """The second way to the day secret of a trip that is closed here."""
    row = vault.book.one("SELECT state FROM trip WHERE id = ?", trip_id)
    if row is None or row["state"] != "out":
        raise NotFound("この訪問データはこの端末にありません。画面を開き直してください。")
    return _keep(vault, Ask("key", vault.now(), "", trip_id))


def withdraw(vault: Vault, key: str) -> None:
    """Ask for it no more; NotReady where the city may have heard of it already."""
    for ask in waiting(vault):
        if ask.key == key:
            if ask in written(vault):
                raise NotReady("もうUSBメモリに書き込みました。市の返事を待ってください。")
            end(vault, ask)


def for_renewal(vault: Vault) -> None:
    """A container that has to be renewed asks for the next one, and for its own key: it may be
    closed when the answer comes."""
    renew.due(vault)
    for kind in container.KINDS:
        row = renew.wanted(vault, kind)
        if row is not None:
            _renewal(vault, kind, row["id"])


def _renewal(vault: Vault, kind: str, trip_id: str) -> None:
    request_id = container.request_for(vault, kind, trip_id)
    mine = Ask("renew", vault.now(), vault.now()[:10], trip_id, request_id, kind=kind)
    for old in waiting(vault):
        if (old.what, old.kind) == ("renew", kind) and old.key != mine.key:
            end(vault, old)
    _keep(vault, mine)
    for_key(vault, trip_id)


# -- what goes along ------------------------------------------------------------------------------
def letters(client: Client, asks: Iterable[Ask]) -> list[Letter]:
    """In their order behind the saves: a trip is handed out with what those said, or not at all."""
    found = []
    for ask in asks:
        made = client.request(*ask.asked())
        found.append(Letter(lambda made=made: made, True))  # type: ignore[misc]
    return found


def note_sent(vault: Vault, no: int, parts: dict[str, Ask]) -> None:
    """Which part of a bundle is which ask, in the caller's transaction."""
    told = json.dumps({part: asdict(ask) for part, ask in parts.items()})
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{SENT}{no}", told))


def sent(vault: Vault, no: int) -> dict[str, Ask]:
    """The asks in a bundle, by the name of their part, also those that were answered since."""
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", f"{SENT}{no}")
    return {part: _ask(told) for part, told in json.loads(row["value"]).items()} if row else {}


def written(vault: Vault) -> set[Ask]:
    """The asks that lie on a USB memory, or did."""
    rows = vault.book.all(
        "SELECT m.value FROM meta m JOIN bundle b ON m.key = ? || b.no WHERE b.state <> 'failed'",
        SENT,
    )
    return {_ask(told) for row in rows for told in json.loads(row["value"]).values()}
