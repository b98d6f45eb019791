"""The desk's slips of an ended trip: they go from the container in use, which is then renewed."""

from __future__ import annotations

from fieldkit import erase, reserve
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail


def erase_owed(vault: Vault) -> None:
    """Erase the slips of every trip for which that was written down and not done."""
    for row in vault.book.all(
        "SELECT object_id AS id FROM erasure WHERE what = 'slips' AND done_at IS NULL"
    ):
        erase_copies(vault, row["id"])


def erase_copies(vault: Vault, trip_id: str) -> None:
    """The desk's slips of these visits go with them (001 §8(2)キ: shared and visited).

    They go as rows here, and for good when their container is renewed (fieldkit/renew.py): that
    this one held them is written down first, and the date of deletion waits for its end.
    """
    row = reserve.desk_row(vault)
    if row is not None and row["id"] not in vault.trips:
        return  # owed: done as soon as the desk is opened
    if row is not None:
        with vault.book.write() as conn:
            conn.execute("INSERT OR IGNORE INTO desk_copy VALUES (?, ?)", (trip_id, row["id"]))
            erase.intend(vault, "desk", row["id"], "trip_end")
        fail.point("slips.noted")
    for found in vault.book.all(
        "SELECT reservation_id AS id FROM reception WHERE trip_id = ?", trip_id
    ):
        if row is not None:
            _drop(vault.trips[row["id"]], found["id"])
        vault.note("erased", found["id"], "trip_end")
    with vault.book.write():
        erase.done(vault, f"slips:{trip_id}", "erased", trip_id, "slips")


def _drop(desk: OpenTrip, reservation_id: str) -> None:
    """A reservation and its applicants, with their drafts."""
    with desk.db.write() as conn:
        rows = conn.execute(
            "SELECT id FROM record WHERE id = ?1 OR parent = ?1", (reservation_id,)
        ).fetchall()
        records.drop(conn, [row["id"] for row in rows])
    desk.db.checkpoint()
