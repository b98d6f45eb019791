"""Photos: sealed the moment they are taken, shown only while their key is in memory.

States: `sealed` (taken) → `queued` (chosen) → `receipted` → `erased`; `parked` where the city
refused. A failed erase is an open row of `erasure`. The laptop cannot open what lies on its disk
(design §5).
"""

from __future__ import annotations

from typing import Any

from fieldkit.errors import KitError
from fieldkit.store.files import write_atomic
from fieldkit.store.vault import OpenTrip, Vault
from sync import fail
from sync.ids import is_id, new_id
from sync.packet import open_photo, seal_photo
from sync.wire import sha256

SEALED_SENTENCE = "この写真は封印済みです。再表示できません（市サーバには送信されます）。"


def files_of(vault: Vault, trip_id: str, photo_id: str) -> tuple[Any, Any]:
    """The two files of a photo: (`.ph`, `.seal`)."""
    folder = vault.trip_folder(trip_id)
    if not is_id(photo_id):
        raise KitError("unknown_photo", "この写真はこの端末にありません。", "retry")
    return folder / f"{photo_id}.ph", folder / f"{photo_id}.seal"


def seal(vault: Vault, trip: OpenTrip, record_id: str, jpeg: bytes) -> str:
    """Seal a JPEG to the city and keep its key in memory; returns the photo id.

    Files first, then the row: what a kill leaves in between has no row and is erased at the next
    start with that reason, because nobody was told that it was taken.
    """
    photo_id = new_id()
    ph, sealed_key, key = seal_photo(trip.public, trip.id, photo_id, jpeg)
    ph_file, seal_file = files_of(vault, trip.id, photo_id)
    write_atomic(seal_file, sealed_key)
    fail.point("photo.seal_file")
    write_atomic(ph_file, ph)
    fail.point("photo.ph_file")
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO photo (id, trip_id, record_id, state, sha256, size, captured_at)"
            " VALUES (?, ?, ?, 'sealed', ?, ?, ?)",
            (photo_id, trip.id, record_id, sha256(ph), len(ph), vault.now()),
        )
        vault.note("photo_taken", photo_id)
    fail.point("photo.row")
    vault.photo_keys[photo_id] = key
    return photo_id


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
    ph_file, _ = files_of(vault, row["trip_id"], photo_id)
    return open_photo(key, row["trip_id"], photo_id, ph_file.read_bytes())


def keep(vault: Vault, photo_id: str) -> None:
    """The photo was chosen: it will be sent."""
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE photo SET state = 'queued' WHERE id = ? AND state = 'sealed'", (photo_id,)
        )
        vault.note("photo_kept", photo_id)
    fail.point("photo.kept")


def forget_keys(vault: Vault, record_ids: list[str]) -> None:
    """The visit is closed: from now on only the city can open its photos."""
    for photo_id in list(vault.photo_keys):
        if row_of(vault, photo_id)["record_id"] in record_ids:
            del vault.photo_keys[photo_id]
