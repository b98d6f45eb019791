"""What goes into a bundle: the same requests as over the line, built ahead of their answers.

Saves, photo declarations and ledger rows are batches that count in their order, so they stand twice
in the file (sync/bundle.py). Every batch brings the same next rows of the ledger: none needs the
one before it. Nothing here changes what waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fieldkit import citysettings, pull
from fieldkit.sending import OPS_A_BATCH, Sending
from fieldkit.store import facts, ledger, numbering, photos
from fieldkit.store.vault import Vault
from sync import wire
from sync.bundle_file import LIMIT
from sync.client import Client
from sync.folder_road import Letter
from sync.held import HeldPhoto
from sync.road import Request
from sync.sender import DECLARED
from sync.wire import WireError, b64, canonical

ROOM = LIMIT - 64 * 1024**2
"""Bytes of photos in one bundle; the rest goes with the next one."""


@dataclass(frozen=True)
class Load:
    """What goes along: the letters, how many saves and photos they hold, how many are damaged.

    `photos` are those that are in it, `left` how many did not fit.
    """

    letters: list[Letter]
    items: int
    damaged: int
    photos: frozenset[str]
    left: int


def load(vault: Vault, client: Client, more: Iterable[Letter] = ()) -> Load:
    """Everything that waits now, in the order of the line: saves, photos, news, ended trips."""
    numbering.adopt_orphans(vault)
    held = Sending(vault, pull.place)
    rows, about = held.ledger(), held.about() | held.shows(True)

    def batch(**parts: Any) -> Letter:
        made = client.batch(ledger=parts.pop("ledger", rows), about=about, **parts)
        return Letter(lambda: made, True)

    groups, damaged = _saves(vault)
    letters = [batch(ops=group) for group in groups]
    letters += [batch(facts=group) for group in facts.groups(vault.book)]
    pictures = _pictures(vault)
    letters += _photos(vault, client, batch, pictures.found)
    letters += [batch(ledger=chunk) for chunk in _rest(vault, rows)]
    letters.append(batch(pull=held.pull()))
    asked = citysettings.requests(vault, client)
    letters += [_letter(one) for one in [*_ended(vault, client), *asked]]
    count = sum(map(len, groups)) + len(pictures.found)
    return Load(
        [*letters, *more], count, damaged + pictures.damaged, pictures.ids, pictures.left
    )


def load_rest(vault: Vault, client: Client, done: frozenset[str]) -> Load:
    """The photos that the bundles before did not hold, as many as one file takes."""
    held = Sending(vault, pull.place)
    rows, about = held.ledger(), held.about() | held.shows(True)
    pictures = _pictures(vault, done)

    def batch(photos: Any) -> Letter:
        made = client.batch(ledger=rows, about=about, photos=photos)
        return Letter(lambda: made, True)

    letters = _photos(vault, client, batch, pictures.found)
    return Load(letters, len(pictures.found), pictures.damaged, pictures.ids, pictures.left)


def _letter(made: Request) -> Letter:
    return Letter(lambda: made)


def _saves(vault: Vault) -> tuple[list[list[dict[str, Any]]], int]:
    """The saves that wait, by number, in groups that the city takes; how many are damaged here."""
    groups: list[list[dict[str, Any]]] = []
    size, damaged = 0, 0
    for row in vault.book.all("SELECT * FROM outbox WHERE state = 'queued' ORDER BY n"):
        sealed = numbering.sealed_bytes(vault, row)
        if sealed is None:
            damaged += 1
            continue
        size += row["size"] * 4 // 3 + 400
        if not groups or size > wire.BATCH_LIMIT or len(groups[-1]) == OPS_A_BATCH:
            groups.append([])
            size = row["size"] * 4 // 3 + 400
        op = {"op_id": row["op_id"], "n": row["n"], "trip": row["trip_id"], "rec": b64(sealed)}
        groups[-1].append(op)
    return groups, damaged


@dataclass(frozen=True)
class _Pictures:
    found: list[HeldPhoto]
    damaged: int
    left: int

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(picture.id for picture in self.found)


def _pictures(vault: Vault, done: frozenset[str] = frozenset()) -> _Pictures:
    """The photos that wait, oldest first, as many as one file holds, without those of `done`."""
    found: list[HeldPhoto] = []
    room, damaged, left = ROOM, 0, 0
    for row in vault.book.all("SELECT * FROM photo WHERE state = 'queued' ORDER BY captured_at"):
        if row["id"] in done:
            continue
        if left or (found and row["size"] > room):
            left += 1
            continue
        try:
            seal, _ = photos.whole_parts(vault, row)
        except photos.Unsendable:
            damaged += 1
            continue
        room -= row["size"]
        found.append(HeldPhoto(row["id"], row["trip_id"], row["sha256"], row["size"], seal))
    return _Pictures(found, damaged, left)


def _photos(
    vault: Vault, client: Client, batch: Callable[..., Letter], pictures: list[HeldPhoto]
) -> list[Letter]:
    """Their declarations, then their bytes."""
    letters = []
    for start in range(0, len(pictures), DECLARED):
        declared = [one.declared() for one in pictures[start : start + DECLARED]]
        letters.append(batch(photos=declared))
    for picture in pictures:
        letters += _parts(vault, client, picture)
    return letters


def _parts(vault: Vault, client: Client, picture: HeldPhoto) -> Iterator[Letter]:
    """The parts of one photo, read again from the disk when they are written."""

    def make(start: int) -> Request:
        try:
            _, data = photos.whole_parts(vault, photos.row_of(vault, picture.id))
        except photos.Unsendable:
            raise WireError("changed") from None
        return client.part(picture.id, data[start : start + wire.PART_LIMIT], start)

    for start in range(0, picture.size, wire.PART_LIMIT):
        yield Letter(lambda at=start: make(at))  # type: ignore[misc]


def _rest(vault: Vault, first: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a long ledger that the first rows do not reach."""
    at = int(first["seq"]) - _rows_left(vault, first)
    while at < first["seq"]:
        texts = ledger.texts_after(vault.book, at)
        at += len(texts)
        yield {"seq": first["seq"], "hash": first["hash"], "rows": texts}


def _rows_left(vault: Vault, first: dict[str, Any]) -> int:
    """How many rows stand behind those that every batch brings."""
    if not first["rows"]:
        return 0
    last = int(wire.parse(first["rows"][-1].encode())["seq"])
    return max(0, int(first["seq"]) - last)


def _ended(vault: Vault, client: Client) -> Iterator[Request]:
    """Let the city forget the secrets of the trips that were wiped here."""
    for row in vault.book.all(
        "SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL ORDER BY id"
    ):
        body = canonical({"trip": row["id"]})
        yield client.request("POST", f"/ksp/v1/trips/{row['id']}/end", "trip-end", body)
