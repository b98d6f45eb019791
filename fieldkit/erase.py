"""Erasing: intent row → act → check that nothing is left → done row in the ledger.

A photo's files end only against a receipt that proves the exact sealed bytes, or against a reason
that was recorded. What a kill or a fault leaves half done is an *owed erase* (fieldkit/tripend.py):
it shows on the first screen, blocks the check-out and is tried again at every start (design §5).
"""

from __future__ import annotations

from fieldkit.errors import KitError
from fieldkit.store import photos
from fieldkit.store.files import remove
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import is_id

REASONS = {
    "receipt": "市サーバの受領証により",
    "retaken": "撮り直しのため",
    "incomplete": "撮影が完了しなかったため",
    "withdrawn": "申請取りやめのため",
    "trip_end": "訪問データの終了により",
}


def intend(vault: Vault, what: str, object_id: str, reason: str) -> str:
    erasure_id = f"{what}:{object_id}"
    with vault.book.write() as conn:
        done = conn.execute(
            "INSERT OR IGNORE INTO erasure (id, what, object_id, reason, intended_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (erasure_id, what, object_id, reason, vault.now()),
        )
        if done.rowcount:
            vault.note("erase_intended", object_id, reason)
    return erasure_id


def done(vault: Vault, erasure_id: str, act: str, object_id: str, reason: str) -> None:
    with vault.book.write() as conn:
        conn.execute("UPDATE erasure SET done_at = ? WHERE id = ?", (vault.now(), erasure_id))
        vault.note(act, object_id, reason)


def erase_photo(vault: Vault, photo_id: str, reason: str) -> bool:
    """Erase one photo's files; False leaves an owed erase. Allowed for a proved or taken-back one.

    A kept photo (`queued`, `parked`) is never erased by "receipt" without its receipt.
    """
    row = photos.row_of(vault, photo_id)
    if row["state"] == "erased":
        return True
    if reason == "receipt" and row["state"] != "receipted":
        raise KitError("no_receipt", "市サーバの受領証がない写真は消去できません。", "stop")
    erasure_id = intend(vault, "photo", photo_id, reason)
    fail.point("erase.intended")
    vault.photo_keys.pop(photo_id, None)
    files = photos.files_of(vault, row["trip_id"], photo_id)
    left = False
    for file in files:
        try:
            remove(file)
        except OSError:
            left = True
        left = left or file.exists()
        fail.point("erase.file")
    if left:
        vault.note("erase_owed", photo_id)
        return False
    fail.point("erase.files_gone")
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE photo SET state = 'erased', erased_at = ?, reason = ? WHERE id = ?",
            (vault.now(), reason, photo_id),
        )
        done(vault, erasure_id, "erased", photo_id, reason)
    return True


def sweep_incomplete(vault: Vault) -> None:
    """Files of photos that have no row: a kill came before anybody was told of the picture."""
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
