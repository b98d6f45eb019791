"""The desk's container is made anew, so that what was deleted from it is gone for good.

Deleting a slip from a living store leaves its pages on the disk for whoever has the store's key
(measured: decision 16). So at the end of a trip, and once a week, the live slips and drafts move
into a new container under a new secret of the city; the old one is erased, and the city forgets
its secret. What it once held then opens for nobody.

Intent → new container → copy → swap → the old folder is gone → the city forgets. A kill anywhere
leaves exactly one container in use; the rest is finished at the next login or send.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from fieldkit import erase, outbox, reserve, slips
from fieldkit.city import asking, connect
from fieldkit.errors import KitError
from fieldkit.store import numbering
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id

LONGEST = timedelta(days=7)
ONE_AT_A_TIME = threading.RLock()  # nobody drops the container that somebody else is filling


def due(vault: Vault) -> None:
    """Write down that the container has to be renewed: it has served for a week (design §4)."""
    row = reserve.desk_row(vault)
    if row is None:
        return
    age = vault.settings.clock() - datetime.fromisoformat(row["made_at"])
    if age >= LONGEST:
        erase.intend(vault, "desk", row["id"], "weekly")


def ask(vault: Vault) -> None:
    """A supervisor wants it renewed now (season's end, a sheet from the safe that was seen)."""
    row = reserve.desk_row(vault)
    if row is not None:
        erase.intend(vault, "desk", row["id"], "asked")


def wanted(vault: Vault) -> Any | None:
    """The container in use, where its renewal was written down."""
    return vault.book.one(
        "SELECT t.* FROM erasure e JOIN trip t ON t.id = e.object_id"
        " WHERE e.what = 'desk' AND e.done_at IS NULL AND t.state = 'out'"
    )


def run(vault: Vault) -> None:
    """Renew the container where that is wanted. KitError where the city cannot be reached.

    A desk that was closed is opened for it by the city's word and closed again.
    """
    with ONE_AT_A_TIME:
        row = wanted(vault)
        if row is not None:
            was_open = row["id"] in vault.trips
            new = _renew(vault, reserve.open_desk(vault))
            if not was_open:
                vault.forget_trip(new.id)
    erase_old(vault)


def _renew(vault: Vault, old: OpenTrip) -> OpenTrip:
    slips.erase_owed(vault)  # before anything of an ended trip is copied
    _send_first(vault, old)
    _drop_begun(vault, old)
    key = f"desk_request:{old.id}"
    with vault.book.write() as conn:
        conn.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, new_id()))
    request = vault.book.one("SELECT value FROM meta WHERE key = ?", key)
    assert request is not None
    fail.point("renew.request")
    with asking():
        made = connect(vault).make_trip(request["value"], "desk", vault.now()[:10], [])
    new = vault.add_trip(made.id, "desk", made.day, made.public, made.secret, "making")
    fail.point("renew.made")
    with vault.book.read(), old.db.write():  # nobody writes into the old one from here on
        if not _all_at_city(vault, old.id):
            raise KitError("moved", "いま保存されたものがあります。もう一度どうぞ。", "retry")
        _copy(old, new)
        fail.point("renew.copied")
        with vault.book.write() as conn:
            conn.execute("UPDATE trip SET state = 'ending' WHERE id = ?", (old.id,))
            conn.execute("UPDATE trip SET state = 'out' WHERE id = ?", (new.id,))
        old.db.retire()
    fail.point("renew.swapped")
    return new


def _drop_begun(vault: Vault, old: OpenTrip) -> None:
    """A copy that was begun and never used ends as well: what has been erased since then may stand
    on its pages, and its key would live on."""
    with vault.book.write() as conn:
        begun = conn.execute("UPDATE trip SET state = 'ending' WHERE state = 'making'")
        if begun.rowcount:
            conn.execute("DELETE FROM meta WHERE key = ?", (f"desk_request:{old.id}",))


def _send_first(vault: Vault, old: OpenTrip) -> None:
    """Every save of the old container must be proved to be at the city before its files go."""
    if not _all_at_city(vault, old.id):
        outbox.sync(vault)
    if not _all_at_city(vault, old.id):
        raise KitError(
            "desk_parked",
            "受付の記録に、市サーバが保留にした項目があります。監督者が確かめるまで、"
            "受付データの入れ替えを待ちます。",
            "ask_supervisor",
        )


def _all_at_city(vault: Vault, trip_id: str) -> bool:
    numbering.adopt_orphans(vault)
    left = vault.book.one(
        "SELECT 1 FROM outbox WHERE trip_id = ? AND state NOT IN ('receipted', 'given_up')", trip_id
    )
    return left is None and vault.unnumbered == 0


def _copy(old: OpenTrip, new: OpenTrip) -> None:
    """Everything that is live, as it is, into a container that has never held anything."""
    with new.db.write() as conn:
        for table in ("record", "draft"):
            for row in old.db.all(f"SELECT * FROM {table}"):
                marks = ", ".join("?" for _ in tuple(row))
                conn.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row))


def erase_old(vault: Vault) -> None:
    """Remove the folders of containers that were replaced (needs no line)."""
    with ONE_AT_A_TIME:
        rows = vault.book.all("SELECT id FROM trip WHERE kind = 'desk' AND state = 'ending'")
        for row in rows:
            if not erase.remove_folder(vault, row["id"]):
                continue
            with vault.book.write() as conn:
                conn.execute(
                    "UPDATE trip SET state = 'wiped', erased_at = ? WHERE id = ?",
                    (vault.now(), row["id"]),
                )
                erase.done(vault, f"desk:{row['id']}", "desk_renewed", row["id"], "desk")
