"""Numbers for the outbox: every sealed save gets one, in the order in which it was made.

Saving does not wait for this (decision 17). It is done when something is sent, shown or closed, and
at every login, from the files alone: nobody has to type a day secret for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store import saves
from fieldkit.store.saves import Save
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import child_id, is_id
from sync.wire import sha256


def adopt_orphans(vault: Vault) -> int:
    """Give every sealed save that has none its number in the outbox; returns how many.

    Oldest first over all trips, and within a trip in the order of its file, so that an older value
    never arrives after a newer one. A line that cannot be read is parked, never dropped.
    """
    with vault.book.read():  # one thread at a time
        found: list[tuple[str, str, Save]] = []
        for row in vault.book.all("SELECT id FROM trip WHERE state <> 'wiped'"):
            newest = ""
            for save in _new_saves(vault, row["id"]):
                newest = max(newest, save.op)
                found.append((newest, row["id"], save))
        vault.unnumbered = sum(trip.saved - trip.flushed for trip in vault.trips.values())
        if not found:
            return 0
        with _counting(vault, len(found)), vault.book.write() as conn:
            n = conn.execute("SELECT coalesce(max(n), 0) AS n FROM outbox").fetchone()["n"]
            for _, trip_id, save in sorted(found, key=lambda f: f[0]):
                n += _queue(vault, conn, n + 1, trip_id, save)
        fail.point("save.queued")
    return len(found)


@contextlib.contextmanager
def _counting(vault: Vault, count: int) -> Iterator[None]:
    """A disk that is full just here takes nothing back: they are numbered the next time."""
    try:
        yield
    except KitError:
        vault.unnumbered += count


def _new_saves(vault: Vault, trip_id: str) -> list[Save]:
    """The saves of a trip that have no number yet, in the order in which they were made."""
    folder = vault.trip_folder(trip_id)
    if trip_id in vault.trips:
        with vault.trips[trip_id].db.read():  # no save of it is half done
            whole = vault.trips[trip_id].flush()
            return _unnumbered(vault, trip_id, folder) if whole else []
    saves.make_durable(folder)
    found = _unnumbered(vault, trip_id, folder)
    return saves.until_hole(found) if vault.left_open(trip_id) else found


def _unnumbered(vault: Vault, trip_id: str, folder: Path) -> list[Save]:
    known = vault.book.one("SELECT max(place) AS last FROM outbox WHERE trip_id = ?", trip_id)
    found = list(saves.after(folder, known["last"] if known else None))
    single = [f for f in folder.glob("*.rec") if is_id(f.stem)] if folder.is_dir() else []
    if single:  # version 1 kept each save in a file of its own
        have = {r["op_id"] for r in vault.book.all("SELECT op_id FROM outbox")}
        found = [
            Save(-1, f.stem, "", "", f.read_bytes()) for f in sorted(single) if f.stem not in have
        ] + found
    return found


def _queue(vault: Vault, conn: Any, n: int, trip_id: str, save: Save) -> int:
    """One row of the outbox; 1 where it is new, so that the numbers have no gap."""
    damaged = not save.op
    done = conn.execute(
        "INSERT OR IGNORE INTO outbox (op_id, n, trip_id, entity, record_id, sha256, size,"
        " state, reason, queued_at, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            save.op or child_id(trip_id, f"damaged-{save.place}"),
            n,
            trip_id,
            save.entity,
            save.record,
            sha256(save.sealed),
            len(save.sealed),
            "parked" if damaged else "queued",
            "file_damaged" if damaged else "",
            vault.now(),
            save.place if save.place >= 0 else None,
        ),
    )
    return int(done.rowcount)


def sealed_bytes(vault: Vault, row: Any) -> bytes | None:
    """The sealed save of an outbox row, exactly as it was made; None where it is damaged."""
    folder = vault.trip_folder(row["trip_id"])
    if row["place"] is not None:
        sealed = saves.at(folder, row["place"]).sealed
    else:
        file = folder / f"{row['op_id']}.rec"
        sealed = file.read_bytes() if file.exists() else b""
    return sealed if sha256(sealed) == row["sha256"] else None
