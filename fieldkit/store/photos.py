"""Photos: sealed the moment they are taken, shown only while their key is in memory.

States: `sealed` (taken) → `queued` (chosen) → `receipted` → `erased`; `parked` where the city
refused. A failed erase is an open row of `erasure`. The laptop cannot open what lies on its disk
(design §5).
"""

from __future__ import annotations

import threading
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import wipe
from fieldkit.store.files import write_new
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import is_id, new_id
from sync.packet import SEAL_SIZE, join_photo, open_photo, seal_photo, split_photo
from sync.wire import sha256

CHANGE = threading.RLock()
"""One change of which photo counts at a time: of two windows, or of a double click, each would
erase the shot of the other as the older one."""
SEALED_SENTENCE = "この写真は封印済みです。再表示できません（市サーバには送信されます）。"


def files_of(vault: Vault, trip_id: str, photo_id: str) -> tuple[Any, Any]:
    """Where a photo lies: its file, and the second one that version 1 wrote beside it."""
    folder = vault.trip_folder(trip_id)
    if not is_id(photo_id):
        raise KitError("unknown_photo", "この写真はこの端末にありません。", "retry")
    return folder / f"{photo_id}.ph", folder / f"{photo_id}.seal"


def seal(vault: Vault, trip: OpenTrip, record_id: str, jpeg: bytes) -> str:
    """Seal a JPEG to the city and keep its key in memory; returns the photo id.

    The file first, then the row: what a kill leaves in between has no row and is erased at the next
    start with that reason, because nobody was told that it was taken.
    """
    photo_id = new_id()
    ph, sealed_key, key = seal_photo(trip.public, trip.id, photo_id, jpeg)
    write_new(trip.folder / f"{photo_id}.ph", join_photo(sealed_key, ph))
    fail.point("photo.files")
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO photo (id, trip_id, record_id, state, sha256, size, captured_at,"
            " seal_sha256) VALUES (?, ?, ?, 'sealed', ?, ?, ?, ?)",
            (
                photo_id,
                trip.id,
                record_id,
                sha256(ph),
                len(ph),
                vault.now(),
                sha256(sealed_key),
            ),
        )
        vault.note("photo_taken", photo_id)
    fail.point("photo.row")
    vault.photo_keys[photo_id] = bytearray(key)
    return photo_id


def parts(vault: Vault, row: Any) -> tuple[bytes, bytes]:
    """(`.seal`, `.ph`) of a photo as they lie on the disk; OSError where they are not there."""
    ph_file, seal_file = files_of(vault, row["trip_id"], row["id"])
    sealed_key, ph = split_photo(ph_file.read_bytes())
    return (sealed_key or seal_file.read_bytes()), ph


class Unsendable(Exception):
    """The file of a photo cannot be sent; `reason` is "file_missing" or "file_damaged"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def whole_parts(vault: Vault, row: Any) -> tuple[bytes, bytes]:
    """`parts`, whose bytes are those that were sealed; raises Unsendable.

    A changed bit would only be found at the city, when the laptop could have been asked to keep
    what it has. (`seal_sha256` is empty for photos of version 1.)
    """
    try:
        sealed_key, ph = parts(vault, row)
    except OSError:
        raise _unreadable(vault, row) from None
    same_seal = row["seal_sha256"] in ("", sha256(sealed_key))
    if sha256(ph) != row["sha256"] or not same_seal:
        raise Unsendable("file_damaged")
    return sealed_key, ph


def whole_seal(vault: Vault, row: Any) -> bytes:
    """The `.seal` alone, as it was sealed; raises Unsendable, also for a file of another size."""
    ph_file, seal_file = files_of(vault, row["trip_id"], row["id"])
    try:
        with ph_file.open("rb") as file:
            sealed_key, _ = split_photo(file.read(SEAL_SIZE))
        size = ph_file.stat().st_size - len(sealed_key)
        sealed_key = sealed_key or seal_file.read_bytes()
    except OSError:
        raise _unreadable(vault, row) from None
    if size != row["size"] or row["seal_sha256"] not in ("", sha256(sealed_key)):
        raise Unsendable("file_damaged")
    return sealed_key


def _unreadable(vault: Vault, row: Any) -> Unsendable:
    there = files_of(vault, row["trip_id"], row["id"])[0].exists()
    return Unsendable("file_damaged" if there else "file_missing")


def row_of(vault: Vault, photo_id: str) -> dict[str, Any]:
    row = vault.book.one("SELECT * FROM photo WHERE id = ?", photo_id)
    if row is None:
        raise KitError("unknown_photo", "この写真はこの端末にありません。", "retry")
    return dict(row)


def show(vault: Vault, photo_id: str) -> bytes:
    """The JPEG, while the visit's keys are in memory; KitError("photo_sealed") afterwards."""
    row = row_of(vault, photo_id)
    key = vault.photo_keys.get(photo_id)
    if key is None or row["state"] == "erased":
        raise KitError("photo_sealed", SEALED_SENTENCE, "retry")
    _, ph = parts(vault, row)
    return open_photo(key, row["trip_id"], photo_id, ph)


def keep(vault: Vault, photo_id: str) -> None:
    """The photo was chosen: it will be sent. KitError("photo_gone") where it was erased unsent."""
    with vault.book.write() as conn:
        row = row_of(vault, photo_id)
        if row["state"] == "erased" and row["reason"] != "receipt":
            says = "この写真はもう消去されています。撮り直してください。"
            raise KitError("photo_gone", says, "retry")
        conn.execute(
            "UPDATE photo SET state = 'queued' WHERE id = ? AND state = 'sealed'", (photo_id,)
        )
        vault.note("photo_kept", photo_id)
    fail.point("photo.kept")


def forget_keys(vault: Vault, record_ids: list[str]) -> None:
    """The visit is closed: from now on only the city can open its photos."""
    for photo_id in list(vault.photo_keys):
        if row_of(vault, photo_id)["record_id"] in record_ids:
            vault.forget_photo(photo_id)
    wipe.sweep()
