"""The shots of a camera card: read and hashed, imported for a person, or set aside with a reason.

Bytes go from the card into memory, are judged and sealed (`shot.take`), and nothing else is kept of
them but their hash. A shot that is imported or aside stays on the card until the whole is emptied.
"""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from fieldkit import cards, erase, media, media_says, shot
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.media import Drive
from fieldkit.photo.opening import open_picture
from fieldkit.photo.refusing import MAX_BYTES
from fieldkit.rules.card_shots import ASIDE, GONE, kind_of
from fieldkit.rules.photo_limits import Limits
from fieldkit.store import photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail

VIEW_PIXELS = 1400
READABLE = ("out", "read", "emptied")


@dataclass(frozen=True)
class Seen:
    """One file on the card: where, its hash and size in bytes, and a key of `card_shots.KINDS`."""

    path: Path
    sha256: str
    size: int
    kind: str


@dataclass
class Reader:
    """Hashes of a card's files, in memory, so that a large card is read in many short steps.

    A file counts as read while its name, size and time stay the same. A fresh Reader trusts
    nothing: emptying begins with one.
    """

    known: dict[tuple[str, str, int, int], Seen] = field(default_factory=dict)

    def look(self, drive: Drive, seconds: float) -> list[Seen] | None:
        """Every file of the card; None where more time is needed (call it again).

        Each call reads one file at least. KitError `card_gone` where the card was pulled out.
        """
        until = time.monotonic() + seconds
        found: list[Seen] = []
        begun = len(self.known)
        for path in media.files(drive):
            try:
                about = path.stat()
                key = (drive.serial, str(path), about.st_size, about.st_mtime_ns)
                if key not in self.known:
                    if time.monotonic() >= until and len(self.known) > begun:
                        return None
                    self.known[key] = hashed(path)
            except OSError as error:
                raise media_says.refused(error) from None
            found.append(self.known[key])
        media.still_there(drive)
        return found

    def share(self, drive: Drive) -> float:
        """How much of the card is read, 0..1."""
        return min(1.0, len(self.known) / max(1, len(media.files(drive))))


def hashed(path: Path) -> Seen:
    """Read a file to its end; OSError where the card went away."""
    digest, size, head = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        while piece := file.read(media.MEBI):
            head = head or piece[:16]
            digest.update(piece)
            size += len(piece)
    return Seen(path, digest.hexdigest(), size, kind_of(head))


def read(vault: Vault, card_id: str, drive: Drive, reader: Reader, seconds: float = 60) -> bool:
    """Note every shot on the card; False where more time is needed. Repeating it changes nothing.

    What was found before and is gone now keeps its row: `cards_empty` asks about it.
    """
    row = cards.open_row(vault, card_id, *READABLE)
    seen = reader.look(drive, seconds)
    if seen is None:
        return False
    fail.point("card.read")
    note_found(vault, card_id, seen)
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card SET state = 'read', shots = ?, read_at = ?,"
            " serial = CASE serial WHEN '' THEN ? ELSE serial END WHERE id = ?",
            (len({one.sha256 for one in seen}), vault.now(), drive.serial, row["id"]),
        )
        vault.note("card_read", card_id, f"{len(seen)} files")
    fail.point("card.noted")
    return True


def note_found(vault: Vault, card_id: str, seen: list[Seen]) -> None:
    """A row for each shot that has none yet; one that came back counts as being there again."""
    with vault.book.write() as conn:
        for one in seen:
            conn.execute(
                "INSERT INTO card_shot (card_id, sha256, size, state, at, kind)"
                " VALUES (?, ?, ?, 'found', ?, ?)"
                " ON CONFLICT (card_id, sha256) DO UPDATE SET gone_at = NULL",
                (card_id, one.sha256, one.size, vault.now(), one.kind),
            )


def shot_row(vault: Vault, card_id: str, sha256: str) -> dict[str, Any]:
    row = vault.book.one(
        "SELECT * FROM card_shot WHERE card_id = ? AND sha256 = ?", card_id, sha256
    )
    if row is None:
        raise BadInput("shot", "この写真はこのカードの記録にありません。読み取り直してください。")
    return dict(row)


def bytes_of(vault: Vault, card_id: str, sha256: str, drive: Drive, reader: Reader) -> bytes:
    """The bytes of one shot, read from the card now; KitError `card_gone`, BadInput if too large.

    They are the bytes that were counted: the hash says so.
    """
    row = shot_row(vault, card_id, sha256)
    if row["size"] > MAX_BYTES:
        raise BadInput(
            "shot",
            "このファイルは大きすぎて取り込めません（30MBまで）。対象外にしてください。",
        )
    seen = reader.look(drive, seconds=60) or []
    try:
        for one in seen:
            if one.sha256 == sha256:
                data = one.path.read_bytes()
                if hashlib.sha256(data).hexdigest() == sha256:
                    return data
    except OSError as error:
        raise media_says.refused(error) from None
    raise KitError(
        "shot_missing",
        "この写真がカードに見あたりません。カードの番号を確かめ、読み取り直してください。",
        "retry",
    )


def view(data: bytes) -> bytes:
    """Any readable picture (HEIC too) as a small JPEG for the canvas; no Exif goes along."""
    picture = Image.fromarray(open_picture(data))
    picture.thumbnail((VIEW_PIXELS, VIEW_PIXELS))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def take_in(
    vault: Vault, card_id: str, sha256: str, data: bytes, applicant: Record, limits: Limits
) -> shot.Shot:
    """Judge and seal a shot for a person; the row says so only after the photo is on the disk.

    A kill in between leaves the shot to be imported again, and `shot.take` erases the first try.
    A shot that was imported for the wrong person can be given to another until it is chosen.
    """
    with photos.CHANGE:
        return _take_in(vault, card_id, sha256, data, applicant, limits)


def _take_in(
    vault: Vault, card_id: str, sha256: str, data: bytes, applicant: Record, limits: Limits
) -> shot.Shot:
    row = cards.open_row(vault, card_id, "read")
    before = shot_row(vault, card_id, sha256)
    _refuse_chosen(vault, before)
    trip = vault.trip(row["trip_id"])
    taken = shot.take(vault, trip, applicant, data, limits, "card")
    if taken.photo_id is None:
        raise BadInput(
            "applicant",
            "顔が見つからないため、取り込めません。別の写真を使うか、対象外にしてください。",
        )
    fail.point("card.sealed")
    _undo(vault, trip, before)
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card_shot SET state = 'imported', photo_id = ?, reason = '', at = ?"
            " WHERE card_id = ? AND sha256 = ?",
            (taken.photo_id, vault.now(), card_id, sha256),
        )
        vault.note("card_shot", taken.photo_id, card_id)
    fail.point("card.imported")
    return taken


def _refuse_chosen(vault: Vault, row: dict[str, Any]) -> None:
    """NotReady where the photo of a shot was chosen already: its own screen changes that."""
    if row["photo_id"] and photos.row_of(vault, row["photo_id"])["state"] == "queued":
        raise NotReady("この写真はもう採用されています。顔写真の画面で選び直してください。")


def _undo(vault: Vault, trip: OpenTrip | None, before: dict[str, Any]) -> None:
    """The photo of an earlier import of the same shot ends, and with it what was judged of it."""
    if not before["photo_id"]:
        return
    row = photos.row_of(vault, before["photo_id"])
    if row["state"] != "sealed":
        return
    tried = shot.tried(trip, row["record_id"]) if trip else None
    if trip and tried and tried["id"] == row["id"]:
        records.drop_draft(trip, row["record_id"], shot.DRAFT)
    erase.erase_photo(vault, row["id"], "retaken")


def set_aside(vault: Vault, card_id: str, hashes: list[str], reason: str) -> None:
    """Shots that belong to no application: counted, with a reason of ASIDE (or GONE)."""
    with photos.CHANGE:
        _set_aside(vault, card_id, hashes, reason)


def _set_aside(vault: Vault, card_id: str, hashes: list[str], reason: str) -> None:
    card = cards.open_row(vault, card_id, "read")
    if reason not in ASIDE and reason != GONE:
        raise BadInput("reason", "対象外にする理由を選んでください。")
    rows = [shot_row(vault, card_id, sha256) for sha256 in hashes]
    for row in rows:
        _refuse_chosen(vault, row)
    for row in rows:
        _undo(vault, vault.trips.get(card["trip_id"]), row)
    with vault.book.write() as conn:  # at once: a medium may hold thousands of small files
        for row in rows:
            conn.execute(
                "UPDATE card_shot SET state = 'aside', photo_id = '', reason = ?, at = ?"
                " WHERE card_id = ? AND sha256 = ?",
                (reason, vault.now(), card_id, row["sha256"]),
            )
            vault.note("card_shot_aside", card_id, reason)
    fail.point("card.aside")
