"""The desk's slips end with their visits: they go from the container in use, which is then renewed.

A visit of this kit takes its slips along when its trip ends. Of a visit that another kit made the
city says so by `closed` in the reservation (sync/server/closing.py); what was saved here of that
slip and is not yet proved to be at the city holds it back. Intent → which containers held it → the
rows → the row in the ledger: a kill anywhere leaves an owed erase.
"""

from __future__ import annotations

from typing import Any

from fieldkit import erase, reserve
from fieldkit.store import numbering, record_rows
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail

CLOSED = "closed"
SAID = f"kind = 'reservation' AND json_extract(body, '$.{CLOSED}') IS NOT NULL"
HELD = (
    "kind = 'desk' AND (state <> 'wiped' OR city_forgot IS NULL"
    " OR EXISTS (SELECT 1 FROM meta WHERE key = 'safe_sheet:' || trip.id))"
)
"""Which rows of `trip` are containers of the desk that somebody could still open."""


def erase_owed(vault: Vault) -> None:
    """Erase the slips of every trip, and of every visit of another kit, for which that is owed."""
    for row in vault.book.all(
        "SELECT object_id AS id FROM erasure WHERE what = 'slips' AND done_at IS NULL"
    ):
        erase_copies(vault, row["id"])
    erase_closed(vault)


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
            vault.trips[row["id"]].db.checkpoint()
        vault.note("erased", found["id"], "trip_end")
    with vault.book.write():
        erase.done(vault, f"slips:{trip_id}", "erased", trip_id, "slips")


# -- visits of other kits -------------------------------------------------------------------------
def intend_closed(vault: Vault, desk: OpenTrip) -> None:
    """Write down which slips have to go, for the visits that the city says are over."""
    for rid in sorted(_closed(desk)):
        erase.intend(vault, "slip", rid, "trip_end")


def unsay(conn: Any) -> None:
    """The city may have been set back to before these visits: it says again which are over."""
    conn.execute(f"UPDATE record SET body = json_remove(body, '$.{CLOSED}') WHERE {SAID}")


def erase_closed(vault: Vault) -> None:
    """Erase the slips of visits that other kits made and ended (the desk has to be open)."""
    row = reserve.desk_row(vault)
    desk = vault.trips.get(row["id"]) if row is not None else None
    if row is None or desk is None or not row["cursor"]:
        return  # without a cursor the city was set back: whether it still says so is not known
    intend_closed(vault, desk)
    closed = _closed(desk)
    for owed in vault.book.all(
        "SELECT object_id AS id FROM erasure WHERE what = 'slip' AND done_at IS NULL"
    ):
        if owed["id"] in closed or not _ids(desk, owed["id"]):
            _erase_one(vault, desk, owed["id"])
        else:  # the city was set back to before the visit
            with vault.book.write() as conn:
                conn.execute("DELETE FROM erasure WHERE id = ?", (f"slip:{owed['id']}",))


def _closed(desk: OpenTrip) -> set[str]:
    return {row["id"] for row in desk.db.all(f"SELECT id FROM record WHERE {SAID}")}


def _erase_one(vault: Vault, desk: OpenTrip, rid: str) -> None:
    """A slip that is not here any more was dropped before a kill: what is left to do is done."""
    if _waits(vault, _ids(desk, rid)):
        return
    with vault.book.write() as conn:
        conn.execute(
            f"INSERT OR IGNORE INTO desk_copy SELECT ?, id FROM trip WHERE {HELD}", (rid,)
        )
        erase.intend(vault, "desk", desk.id, "trip_end")
    fail.point("slip.noted")
    with vault.book.read(), desk.db.write():  # nobody saves anything of it meanwhile
        if _waits(vault, _ids(desk, rid)):
            return
        _drop(desk, rid)
    fail.point("slip.dropped")
    desk.db.checkpoint()
    erase.done(vault, f"slip:{rid}", "erased", rid, "slips")
    fail.point("slip.done")


def _drop(desk: OpenTrip, rid: str) -> None:
    with desk.db.write() as conn:
        record_rows.drop(conn, _ids(desk, rid))


def _ids(desk: OpenTrip, rid: str) -> list[str]:
    """A reservation and its applicants, as far as they are here; their drafts go with them."""
    rows = desk.db.all("SELECT id FROM record WHERE id = ?1 OR parent = ?1", rid)
    return [row["id"] for row in rows]


def _waits(vault: Vault, ids: list[str]) -> bool:
    """Whether something that was saved here of these is not yet proved to be at the city."""
    numbering.adopt_orphans(vault)
    marks = ", ".join("?" for _ in ids)
    left: Any = vault.book.one(
        f"SELECT 1 FROM outbox WHERE record_id IN ({marks})"
        " AND state NOT IN ('receipted', 'given_up', 'superseded')",
        *ids,
    )
    return left is not None or vault.unnumbered > 0
