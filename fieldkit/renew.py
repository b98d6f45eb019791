"""The desk's container is made anew, so that what was deleted from it is gone for good.

That of a kit of the office (fieldkit/office.py) is renewed once a week in the same way.

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

from fieldkit import container, erase, kits_told, office, outbox, reserve, slips
from fieldkit.city import asking, connect
from fieldkit.container import DESK, KINDS, OFFICE
from fieldkit.errors import KitError
from fieldkit.store import heard, numbering
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.asking import Trip

LONGEST = timedelta(days=7)
ONE_AT_A_TIME = threading.RLock()  # nobody drops the container that somebody else is filling


OPEN = {DESK: reserve.open_desk, OFFICE: office.open_office}
DONE = {DESK: "desk_renewed", OFFICE: "office_renewed"}


def due(vault: Vault) -> None:
    """Write down that a container has to be renewed: it has served for a week (design §4)."""
    for kind in KINDS:
        row = container.row(vault, kind)
        if row is None:
            continue
        age = vault.settings.clock() - datetime.fromisoformat(row["made_at"])
        if age >= LONGEST:
            erase.intend(vault, kind, row["id"], "weekly")


def ask(vault: Vault, kind: str = DESK) -> None:
    """A supervisor wants it renewed now (season's end, a sheet from the safe that was seen)."""
    row = container.row(vault, kind)
    if row is not None:
        erase.intend(vault, kind, row["id"], "asked")


def wanted(vault: Vault, kind: str = DESK) -> Any | None:
    """The container in use, where its renewal was written down."""
    return vault.book.one(
        "SELECT t.* FROM erasure e JOIN trip t ON t.id = e.object_id"
        " WHERE e.what = ?1 AND t.kind = ?1 AND e.done_at IS NULL AND t.state = 'out'",
        kind,
    )


def run(vault: Vault) -> None:
    """Renew the containers for which that is wanted. KitError where the city cannot be reached.

    One that was closed is opened for it by the city's word and closed again.
    """
    failed: KitError | None = None
    for kind in KINDS:
        try:
            _run(vault, kind)
        except KitError as error:  # the desk waits for a person: the other one is renewed
            failed = failed or error
    if failed is not None:
        raise failed
    erase_old(vault)


def _run(vault: Vault, kind: str) -> None:
    with ONE_AT_A_TIME:
        row = wanted(vault, kind)
        if row is not None:
            was_open = row["id"] in vault.trips
            new = _renew(vault, OPEN[kind](vault))
            if not was_open:
                vault.forget_trip(new.id)


def take(vault: Vault, old_id: str, made: Trip) -> bool:
    """Renew with a container that came by USB memory; False where that is not wanted any more.

    The old one has to be open. What it saved meanwhile need not be at the city yet: its old folder
    stays until it is (`erase_old`).
    """
    with ONE_AT_A_TIME:
        row = wanted(vault, made.kind)
        known = vault.book.one("SELECT 1 FROM trip WHERE id = ?", made.id)
        if row is None or row["id"] != old_id:
            return False
        if known is not None:  # a kill cut the copy off: that one is never used
            _drop_begun(vault, vault.trip(old_id))
            return False
        _renew(vault, vault.trip(old_id), made)
        vault.forget_trip(old_id)
    return True


def end_office(vault: Vault) -> None:
    """The season is over: a kit of the office erases all that it was told (a supervisor asked).

    Whatever was decided on it is at the city first. The next opening begins with nothing.
    """
    with ONE_AT_A_TIME:
        old = office.open_office(vault)
        _send_first(vault, old)
        with vault.book.read(), old.db.write():  # nobody writes into it from here on
            if vault.unnumbered or _waits(vault, old.id):
                raise KitError("moved", "いま保存されたものがあります。もう一度どうぞ。", "retry")
            with vault.book.write() as conn:
                erase.intend(vault, OFFICE, old.id, "asked")
                conn.execute(
                    "UPDATE trip SET state = 'ending'"
                    " WHERE kind = ? AND state IN ('out', 'making')",
                    (OFFICE,),
                )
                conn.execute("DELETE FROM meta WHERE key = ?", (kits_told.META,))
                container.forget_request(conn, OFFICE, "")
            old.db.retire()
        fail.point("office.ended")
    erase_old(vault)


def _renew(vault: Vault, old: OpenTrip, made: Trip | None = None) -> OpenTrip:
    if old.kind == DESK:
        slips.erase_owed(vault)  # before anything of an ended trip is copied
    by_line = made is None
    if made is None:
        _send_first(vault, old)
        _drop_begun(vault, old)
        request_id = container.request_for(vault, old.kind, old.id)
        fail.point("renew.request")
        with asking():
            made = connect(vault).make_trip(request_id, old.kind, vault.now()[:10], [])
    new = vault.add_trip(made.id, old.kind, made.day, made.public, made.secret, "making")
    fail.point("renew.made")
    with vault.book.read(), old.db.write():  # nobody writes into the old one from here on
        numbering.adopt_orphans(vault)
        if vault.unnumbered or (by_line and _waits(vault, old.id)):
            raise KitError("moved", "いま保存されたものがあります。もう一度どうぞ。", "retry")
        _copy(old, new)
        fail.point("renew.copied")
        with vault.book.write() as conn:
            conn.execute("UPDATE trip SET state = 'ending' WHERE id = ?", (old.id,))
            conn.execute(
                "UPDATE trip SET state = 'out', cursor = (SELECT cursor FROM trip WHERE id = ?)"
                " WHERE id = ?",
                (old.id, new.id),
            )
        old.db.retire()
    fail.point("renew.swapped")
    return new


def _drop_begun(vault: Vault, old: OpenTrip) -> None:
    """A copy that was begun and never used ends as well: what has been erased since then may stand
    on its pages, and its key would live on."""
    with vault.book.write() as conn:
        begun = conn.execute(
            "UPDATE trip SET state = 'ending' WHERE state = 'making' AND kind = ?", (old.kind,)
        )
        if begun.rowcount:
            container.forget_request(conn, old.kind, old.id)


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
    return not _waits(vault, trip_id) and vault.unnumbered == 0


def _waits(vault: Vault, trip_id: str) -> bool:
    left = vault.book.one(
        "SELECT 1 FROM outbox WHERE trip_id = ? AND state NOT IN ('receipted', 'given_up')", trip_id
    )
    return left is not None


def _copy(old: OpenTrip, new: OpenTrip) -> None:
    """Everything that is live, as it is, into a container that has never held anything."""
    with new.db.write() as conn:
        for table in ("record", "draft", "moved", "clash", "twin"):
            for row in old.db.all(f"SELECT * FROM {table}"):
                marks = ", ".join("?" for _ in tuple(row))
                conn.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row))
    heard.copy(old, new)


def erase_old(vault: Vault) -> None:
    """Remove the folders of containers that were replaced (needs no line)."""
    with ONE_AT_A_TIME:
        rows = vault.book.all(
            "SELECT id, kind FROM trip WHERE kind IN (?, ?) AND state = 'ending'", *KINDS
        )
        for row in rows:
            if _waits(vault, row["id"]):  # the city was set back: these saves go up again
                continue
            if not erase.remove_folder(vault, row["id"]):
                continue
            with vault.book.write() as conn:
                conn.execute(
                    "UPDATE trip SET state = 'wiped', erased_at = ? WHERE id = ?",
                    (vault.now(), row["id"]),
                )
                kind = row["kind"]
                erase.done(vault, f"{kind}:{row['id']}", DONE[kind], row["id"], kind)
