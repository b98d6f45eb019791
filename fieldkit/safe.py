"""A container's key on paper in the supervisor's safe: printed, used without a line, shredded.

While such a sheet exists, its container is not gone for good, whatever was erased: the sheet is
a key. So printing is noted, and the date of deletion waits until two people saw it shredded.
"""

from __future__ import annotations

from typing import Any

from fieldkit import container, tripend
from fieldkit.errors import NotFound
from fieldkit.store.vault import Vault

META = "safe_sheet:"


def sheet_object(trip_id: str) -> str:
    """What the ledger calls the sheet of a container."""
    return f"safe-sheet-{trip_id}"


def printed(vault: Vault, trip_id: str) -> None:
    """Remember, before the paper is made, that a sheet of this container exists."""
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META + trip_id, vault.now()))


def to_shred(vault: Vault) -> list[dict[str, Any]]:
    """The containers that ended and whose sheet nobody has seen shredded yet, oldest first."""
    rows = vault.book.all(
        "SELECT t.id, t.kind, t.day, m.value AS printed_at FROM meta m"
        " JOIN trip t ON m.key = ? || t.id"
        " WHERE t.kind IN (?, ?) AND t.state IN ('ending', 'wiped') ORDER BY t.made_at, t.id",
        META,
        *container.KINDS,
    )
    return [{**dict(row), "name": container.NAMES[row["kind"]]} for row in rows]


def shredded(vault: Vault, trip_id: str, names: tuple[str, str]) -> None:
    """Two people saw the sheet of an ended container shredded; the date of deletion follows."""
    if trip_id not in [row["id"] for row in to_shred(vault)]:
        raise NotFound("裁断を待っている控えはありません。画面を開き直してください。")
    witnesses = tripend.two_names(names, "金庫の控え")
    with vault.book.write() as conn:
        conn.execute("UPDATE trip SET shredded_by = ? WHERE id = ?", (witnesses, trip_id))
        conn.execute("DELETE FROM meta WHERE key = ?", (META + trip_id,))
        vault.note("sheet_shredded", trip_id)
    tripend.date_deletions(vault)
