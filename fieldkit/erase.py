"""Erasing: intent row → act → check that nothing is left → done row in the ledger.

A photo's files end only against a receipt that proves the exact sealed bytes, or against a reason
that was recorded. What a kill or a fault leaves half done is an *owed erase* (fieldkit/tripend.py):
it shows on the first screen, blocks the check-out and is tried again at every start (design §5).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import photos
from fieldkit.store.files import remove, sync_dir
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import is_id

REASONS = {
    "receipt": "市サーバの受領証により",
    "retaken": "撮り直しのため",
    "incomplete": "撮影が完了しなかったため",
    "withdrawn": "申請取りやめのため",
    "damaged": "壊れていて送れないため（監督者の判断）",
    "trip_end": "訪問データの終了により",
}


def intend(vault: Vault, what: str, object_id: str, reason: str) -> None:
    """Write down that something will be erased, before it is."""
    with vault.book.write() as conn:
        done = conn.execute(
            "INSERT OR IGNORE INTO erasure (id, what, object_id, reason, intended_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (f"{what}:{object_id}", what, object_id, reason, vault.now()),
        )
        if done.rowcount:
            vault.note("erase_intended", object_id, reason)


def done(vault: Vault, erasure_id: str, act: str, object_id: str, reason: str) -> None:
    with vault.book.write() as conn:
        conn.execute("UPDATE erasure SET done_at = ? WHERE id = ?", (vault.now(), erasure_id))
        vault.note(act, object_id, reason)


def erase_photo(vault: Vault, photo_id: str, reason: str) -> bool:
    """Erase one photo's files; False leaves an owed erase."""
    return erase_photos(vault, [photo_id], reason) == 1


def erase_photos(vault: Vault, photo_ids: Sequence[str], reason: str) -> int:
    """Erase the files of photos that are proved or taken back; returns how many are gone.

    What could not be erased is owed and tried again. A kept photo (`queued`, `parked`) is never
    erased by "receipt" without its receipt: KitError("no_receipt"), and nothing is touched.
    """
    rows = [photos.row_of(vault, photo_id) for photo_id in photo_ids]
    if reason == "receipt" and any(r["state"] not in ("receipted", "erased") for r in rows):
        raise KitError("no_receipt", "市サーバの受領証がない写真は消去できません。", "stop")
    rest = [row for row in rows if row["state"] != "erased"]
    if not rest:
        return len(rows)
    with vault.book.write():
        for row in rest:
            intend(vault, "photo", row["id"], reason)
    fail.point("erase.intended")
    files = [file for row in rest for file in photos.files_of(vault, row["trip_id"], row["id"])]
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()
        fail.point("erase.file")
    for folder in {file.parent for file in files if file.parent.is_dir()}:
        sync_dir(folder)
    fail.point("erase.files_gone")
    return len(rows) - len(rest) + _settle(vault, rest, reason)


def _settle(vault: Vault, rows: list[dict[str, Any]], reason: str) -> int:
    """Look whether the files are really gone, and write down what is and what is owed."""
    gone = 0
    with vault.book.write() as conn:
        for row in rows:
            photo_id = row["id"]
            vault.forget_photo(photo_id)
            if any(f.exists() for f in photos.files_of(vault, row["trip_id"], photo_id)):
                vault.note("erase_owed", photo_id)
                continue
            conn.execute(
                "UPDATE photo SET state = 'erased', erased_at = ?, reason = ? WHERE id = ?",
                (vault.now(), reason, photo_id),
            )
            done(vault, f"photo:{photo_id}", "erased", photo_id, reason)
            gone += 1
    return gone


def remove_folder(vault: Vault, trip_id: str) -> bool:
    """Close a trip and remove its folder; False where something is left, which is then owed."""
    folder = vault.trip_folder(trip_id)
    vault.forget_trip(trip_id)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.exists():
        sync_dir(folder.parent)
    fail.point("erase.folder")
    if folder.exists():
        vault.note("erase_owed", trip_id)
        return False
    return True


def sweep_incomplete(vault: Vault) -> None:
    """Files of photos that have no row: a kill came before anybody was told of the picture.

    And half a change of passphrase: nobody was told of it either, and its slot would still open.
    """
    half = vault.settings.data_dir / "slots.json.part"
    with vault.book.write():  # nobody is just changing the slots (Vault._change_slots)
        if half.exists():
            remove(half)
    known = {row["id"] for row in vault.book.all("SELECT id FROM photo")}
    for row in vault.book.all("SELECT id FROM trip WHERE state <> 'wiped'"):
        folder = vault.trip_folder(row["id"])
        for file in sorted(folder.iterdir()) if folder.is_dir() else []:
            name = file.name.split(".")[0]
            if file.suffix in (".ph", ".seal") and is_id(name) and name not in known:
                remove(file)
                vault.note("erased", name, "incomplete")
            elif file.suffix == ".part":
                remove(file)
