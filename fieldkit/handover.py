"""The online application file: written onto a USB stick, and owed until it is erased from there.

Never through the browser, which would leave a download behind. Row → bytes → read again; later look
→ overwrite and unlink → look again → row. The name on the stick says nothing (`photo-` and six
letters). A kill at any step leaves a row that is owed; only a look at the same stick ends it, or a
supervisor's word that the stick is lost (003 §5).
"""

from __future__ import annotations

import secrets
import string
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from fieldkit import media
from fieldkit.errors import KitError, NotAllowed, NotFound
from fieldkit.media import Drive
from fieldkit.photo.exporting import online_file
from fieldkit.store import photos
from fieldkit.store.files import write_new
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id
from sync.wire import sha256

_ONE = threading.Lock()
"""One act at a time: a double click writes one file, and two windows do not race to erase it."""
NO_STICK = (
    "USBメモリを読めません。差し込まれているか確かめ、抜き差ししてから、もう一度押してください。"
)
NO_WRITE = (
    "USBメモリに書き込めませんでした。空きと書き込み禁止のつまみを確かめるか、"
    "別のUSBメモリを使ってください。"
)


def hand_out(vault: Vault, photo_id: str, mount: str) -> None:
    """Write the file of a photo onto the drive that is mounted there; it is owed from now on.

    KitError("photo_sealed") once the photo cannot be shown, BadInput where the online application
    would not take it, KitError("stick_away"/"stick_full") where the stick does not take it.
    """
    with _ONE:
        data = online_file(photos.show(vault, photo_id))
        drive = _drive_at(mount)
        media.refuse_own(drive, vault.settings.data_dir)
        if not _lies_there(vault, photo_id, drive, sha256(data)):
            _write(vault, photo_id, drive, data)


def _lies_there(vault: Vault, photo_id: str, drive: Drive, digest: str) -> bool:
    """Whether this very file was already written onto this stick and still lies there."""
    rows = vault.book.all(
        "SELECT * FROM photo_file WHERE photo_id = ? AND sha256 = ? AND serial = ? AND place = ?"
        " AND state = 'out'",
        photo_id, digest, drive.serial, drive.name,
    )  # fmt: skip
    return any((drive.mount / row["name"]).is_file() for row in rows)


def _write(vault: Vault, photo_id: str, drive: Drive, data: bytes) -> None:
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(6))
    file_id, name = new_id(), f"photo-{letters}.jpg"
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO photo_file (id, photo_id, name, place, serial, sha256, size, state, at,"
            " actor) VALUES (?, ?, ?, ?, ?, ?, ?, 'begun', ?, ?)",
            (file_id, photo_id, name, drive.name, drive.serial, sha256(data), len(data),
             vault.now(), vault.user.id),
        )  # fmt: skip
        vault.note("photo_handed", photo_id, "begun")
    fail.point("handover.intended")
    try:
        write_new(drive.mount / name, data)
        whole = (drive.mount / name).read_bytes() == data
    except (KitError, OSError):
        whole = False
    fail.point("handover.written")
    if not whole:
        with suppress(KitError):
            _take_back(vault, file_id)
        raise KitError("stick_full", NO_WRITE, "retry")
    with vault.book.write() as conn:
        conn.execute("UPDATE photo_file SET state = 'out' WHERE id = ?", (file_id,))
        vault.note("photo_handed", photo_id)
    fail.point("handover.noted")


def of_person(vault: Vault, applicant_id: str) -> list[dict[str, Any]]:
    """Every file of a person's photos, retaken ones too, oldest first: rows of `photo_file`."""
    rows = vault.book.all(
        "SELECT f.* FROM photo_file f JOIN photo p ON p.id = f.photo_id WHERE p.record_id = ?"
        " ORDER BY f.id",
        applicant_id,
    )
    return [dict(row) for row in rows]


def owed(vault: Vault) -> list[dict[str, Any]]:
    """Every file that may still lie on a stick, oldest first."""
    rows = vault.book.all("SELECT * FROM photo_file WHERE state <> 'gone' ORDER BY id")
    return [dict(row) for row in rows]


def take_back(vault: Vault, file_id: str) -> str:
    """Erase the file from its stick and look that it is gone; returns "erased" or "not_found".

    A file that was renamed, moved or copied on the stick is known by its bytes. KitError
    "stick_away" names the stick where it is not plugged in; "stick_unsure" where nothing lies on
    one that cannot be told from another of the same name.
    """
    with _ONE:
        return _take_back(vault, file_id)


def _take_back(vault: Vault, file_id: str) -> str:
    row = _row(vault, file_id)
    if row["state"] == "gone":
        return str(row["reason"])
    drive = _drive_of(row)
    found = _there(drive, row)
    for path in found:
        try:
            media.erase_file(path)
        except OSError:
            raise KitError("stick_locked", NO_WRITE, "retry") from None
        fail.point("handover.erased")
    if _there(drive, row):
        raise KitError(
            "not_erased",
            f"USBメモリ「{row['place']}」から消せませんでした。もう一度押してください。",
            "ask_supervisor",
        )
    if not found and not row["serial"] and row["state"] == "out":
        raise KitError(
            "stick_unsure",
            f"差し込まれているUSBメモリに、ファイル「{row['name']}」はありません。同じ名前の別の"
            "USBメモリかもしれません。ほかのUSBメモリも差し込んで試し、なければ監督者へ連絡してください。",
            "ask_supervisor",
        )
    return _settle(vault, row, "erased" if found else "not_found")


def declare_lost(vault: Vault, file_id: str) -> None:
    """A supervisor's word that the stick is lost: the one way out without a look at it."""
    if vault.user.role != "supervisor":
        raise NotAllowed("USBメモリの紛失は、監督者が記録します。監督者へ連絡してください。")
    row = _row(vault, file_id)
    if row["state"] != "gone":
        _settle(vault, row, "lost")


def _settle(vault: Vault, row: dict[str, Any], reason: str) -> str:
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE photo_file SET state = 'gone', gone_at = ?, reason = ? WHERE id = ?",
            (vault.now(), reason, row["id"]),
        )
        vault.note("photo_file_gone", row["photo_id"], reason)
    fail.point("handover.gone")
    return reason


def _row(vault: Vault, file_id: str) -> dict[str, Any]:
    row = vault.book.one("SELECT * FROM photo_file WHERE id = ?", file_id)
    if row is None:
        raise NotFound("この書き出しの記録はありません。画面を開き直してください。")
    return dict(row)


def _drive_at(mount: str) -> Drive:
    for drive in media.drives():
        if str(drive.mount) == mount:
            return drive
    raise KitError("stick_away", NO_STICK, "retry")


def _drive_of(row: dict[str, Any]) -> Drive:
    """The stick that the file went to: by its serial, where the system tells one."""
    for drive in media.drives():
        if drive.serial == row["serial"] and (row["serial"] or drive.name == row["place"]):
            return drive
    raise KitError(
        "stick_away",
        f"ファイル「{row['name']}」は、USBメモリ「{row['place']}」にあります。"
        "差し込んでから、もう一度押してください。",
        "retry",
    )


def _there(drive: Drive, row: dict[str, Any]) -> list[Path]:
    """Where the file lies on the stick, under its name or with its bytes."""
    try:
        return [path for path in media.files(drive, links_ok=True) if _is_it(path, row)]
    except (KitError, OSError):
        raise KitError("stick_away", NO_STICK, "retry") from None


def _is_it(path: Path, row: dict[str, Any]) -> bool:
    if path.name == row["name"]:
        return True
    return path.stat().st_size == row["size"] and sha256(path.read_bytes()) == row["sha256"]
