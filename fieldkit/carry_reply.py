"""Reading the city's replies from a USB memory: the same receipts, the same path as over the line.

A reply is opened with this laptop's key, must be signed by the pinned city, and must name the very
bundle that was written here. Each receipt in it is then verified and watched on its own, kept, and
only then does anything go. An old reply again, or a copy, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fieldkit import (
    carry_answers,
    carry_asks,
    carry_says,
    citysettings,
    outbox,
    pull,
    tripend,
)
from fieldkit.carry_answers import Told, Verified
from fieldkit.city import identity
from fieldkit.sending import Sending
from fieldkit.store.vault import Vault
from sync import bundle, fail, folder_road
from sync import receipt as receipts
from sync.asking import Identity
from sync.bundle import Address, Answered
from sync.client import Client
from sync.folder_road import NoLine, Reply
from sync.receipt import Receipt
from sync.road import Answer
from sync.statements import News
from sync.wire import WireError

Proved = tuple[Receipt, dict[str, Any]]


@dataclass
class Taken:
    """What became of one reply. `code` says why nothing of it counts, else "".

    `proved` saves and photos are at the city; `again` answers are missing, because a part of the
    bundle or of the reply was damaged: they go with the next bundle. `refused` are the city's
    codes. `told` is what became of the asks, `open` how many answers to asks wait in this reply.
    """

    file: str
    code: str = ""
    no: int = 0
    proved: int = 0
    again: int = 0
    refused: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    open: int = 0


@dataclass
class _Read:
    """The answers of one reply, verified."""

    proofs: list[Proved] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    others: list[Answered] = field(default_factory=list)
    asked: list[Verified] = field(default_factory=list)


def take_replies(vault: Vault, folder: Path, asks: bool = True) -> list[Taken]:
    """Take every reply that lies in a folder, oldest bundle first. KitError where the medium cannot
    be read; what is no reply to this laptop is named in the result, except where it is another
    laptop's of this city. Without `asks` the answers to those stay in the reply."""
    if not folder.is_dir():
        raise carry_says.NO_FOLDER
    done, found = [], []
    me = identity(vault)
    former = [bytes(row["old"]) for row in vault.book.all("SELECT old FROM city_key")]
    try:
        for path in sorted(folder.glob(f"*{bundle.ENDINGS['reply']}")):
            try:
                found.append((path.name, folder_road.open_reply(path, me, former)))
            except WireError as error:
                told = folder_road.named(path)
                if told is not None and told.city != bundle.plain(me.city):
                    done.append(Taken(path.name, "other_city"))
                elif told is None or not _of_another(me, told, path):
                    done.append(Taken(path.name, error.code))
    except OSError as error:
        raise carry_says.trouble(error) from None
    for name, reply in sorted(found, key=lambda one: one[1].n):
        try:
            with outbox.one_at_a_time(vault), outbox.told_of_room():
                done.append(_take(vault, name, reply, asks))
        except WireError as error:
            done.append(Taken(name, error.code, reply.n))
    return done


def _of_another(me: Identity, told: Address, path: Path) -> bool:
    """Another laptop's reply under its own name: laptops may share a medium."""
    mine = told.device == bundle.plain(me.device)
    return not mine and path.name == told.file_name("reply")


def _take(vault: Vault, name: str, reply: Reply, asks: bool) -> Taken:
    row = vault.book.one("SELECT * FROM bundle WHERE no = ?", reply.n)
    if row is None or row["digest"] != reply.bundle:
        raise WireError("other_bundle")
    held = Sending(vault, pull.place, late=True)
    read = _read(vault, held, reply)
    proofs = [*_standing(held, read.proofs)]
    fail.point("usb.reply_checked")
    proved = held.keep(proofs)
    fail.point("usb.reply_kept")
    _forgotten(vault, [value for _, value in proofs])
    for news in read.news:
        held.hear(news)
    fail.point("usb.reply_heard")
    held.erase()
    fail.point("usb.reply_erased")
    citysettings.take_answers(vault, [one.value for one in read.others if "settings" in one.value])
    told = carry_answers.take(vault, read.asked) if asks else []
    tripend.run_owed(vault)
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE bundle SET state = 'answered', reply_at = coalesce(reply_at, ?) WHERE no = ?",
            (vault.now(), reply.n),
        )
        if row["state"] != "answered":
            vault.note("reply_taken", Path(name).stem[:40], f"{proved} proved")
    again = len(reply.damaged) + reply.lost
    open_ = [one for one in read.asked if one.ask in carry_asks.waiting(vault)]
    return Taken(name, "", reply.n, proved, again, read.refused, told, len(open_))


def _read(vault: Vault, held: Sending, reply: Reply) -> _Read:
    """Verify every answer. What a restored city or a new key says counts before its receipts do."""
    read = _Read()
    newest = replace(identity(vault), city_public=reply.city_public)
    asks = carry_asks.sent(vault, reply.n)
    for one in reply.answers:
        answer = Answer(one.status, one.value)
        if one.name in asks:
            read.asked.append(carry_answers.read(vault, newest, asks[one.name], one))
        elif one.status != 200:
            read.refused.append(str(one.value.get("error", "refused")))
        elif "photos" in one.value:
            client = Client(NoLine(), identity(vault))
            got = client.read_batch(answer)
            read.proofs.append((got.made, got.value))
            states = [client.read_state(state) for state in got.photos]
            read.proofs += [state for state in states if not isinstance(state, int)]
            if got.ledger_refused:
                read.refused.append(receipts.reason_for(got.value, client.me.device))
            if got.news is not None:
                if got.news.epoch > held.about()["epoch"]:
                    held.hear(got.news)
                read.news.append(got.news)
        elif {"receipt", "offset"} & one.value.keys():
            state = _part(vault, newest, answer)
            if not isinstance(state, int):
                read.proofs.append(state)
        else:
            read.others.append(one)
    return read


def _part(vault: Vault, newest: Identity, answer: Answer) -> int | Proved:
    """The answer to a part or an ended trip; the city may have signed it before its key changed."""
    try:
        return Client(NoLine(), newest).read_part(answer)
    except WireError as error:
        if error.code != "bad_signature":
            raise
        return Client(NoLine(), identity(vault)).read_part(answer)


def _standing(held: Sending, proofs: Iterable[Proved]) -> Iterable[Proved]:
    """Those that fit all that the city said before; what a restored city lost proves nothing."""
    for made, value in proofs:
        try:
            held.watch(made, value)
        except WireError as error:
            if error.code != "void_receipt":
                raise
            continue
        yield made, value


def _forgotten(vault: Vault, values: Iterable[dict[str, Any]]) -> None:
    """The city gave its word that it forgot the secrets of trips that were wiped here."""
    ended = [
        (vault.now(), str(item.get("id")))
        for value in values
        if value.get("kind") == "trip_end"
        for item in value["items"]
    ]
    with vault.book.write() as conn:
        for row in ended:
            conn.execute(
                "UPDATE trip SET city_forgot = ? WHERE id = ? AND state = 'wiped'"
                " AND city_forgot IS NULL",
                row,
            )
    if ended:
        tripend.date_deletions(vault)
