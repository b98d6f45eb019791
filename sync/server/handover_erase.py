"""The end of a photo at the city: its key and its bytes, once J-LIS has accepted it.

Intent row → the bytes go → the key goes, with a signed statement in the city's chain and a row in
its ledger → the store is tidied and looked at again. What was never handed over is never erased
here, except a returned photo that another one has taken the place of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sync import fail
from sync.server import audit, quarantine, retakes
from sync.server import store as t
from sync.server.handle import BASE
from sync.server.receipts import issue, item, now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore


@dataclass(frozen=True)
class Erased:
    """How many photos are gone, how many wait for their day, and ids of those still there."""

    count: int
    waiting: int
    left: tuple[str, ...]


def erase(store: SqlStore, who: str, days: int, at_once: bool = False) -> Erased:
    """Erase what was accepted more than `days` ago (`at_once`: all that was accepted)."""
    until = (datetime.now(UTC) - timedelta(days=0 if at_once else days)).isoformat("T", "seconds")
    with store.write() as shelf:
        ids, waiting = _due(shelf, until)
        h = t.handover
        for one in ids:
            shelf.conn.execute(h.update().where(h.c.photo == one).values(state="erasing"))
        if ids:
            audit.note(shelf, who, "photos_erase", "photos", f"begun {len(ids)}")
    fail.point("jlis.erase_intended")
    for one in ids:
        store.blobs.delete(one)
        fail.point("jlis.bytes_gone")
        with store.write() as shelf:
            _erase_key(shelf, one, who)
        fail.point("jlis.key_gone")
    left = tuple(one for one in ids if not _gone(store, one))
    if ids:
        _tidy(store)
        with store.write() as shelf:
            audit.note(shelf, who, "photos_erase", "photos", "left" if left else f"ok {len(ids)}")
    return Erased(len(ids) - len(left), waiting, left)


def _due(shelf: SqlShelf, until: str) -> tuple[list[str], int]:
    """The photos to erase now, and how many accepted ones wait."""
    rows: list[Any] = list(shelf.conn.execute(sa.select(t.handover).order_by(t.handover.c.photo)))
    docs = shelf.docs({row.application for row in rows if row.state == "returned"})
    found, waiting = [], 0
    for row in rows:
        doc = docs.get(row.application)
        replaced = row.state == "returned" and (
            doc is None
            or doc.body.get("photo_id") != row.photo
            or retakes.came_back(doc) == retakes.RETAKEN
        )
        if row.state == "erasing" or ((row.state == "accepted" or replaced) and row.at <= until):
            found.append(row.photo)
        else:
            waiting += row.state == "accepted"
    return found, waiting


def _erase_key(shelf: SqlShelf, photo: str, who: str) -> None:
    """In one commit: no key, no sealed copy of it, no parts of a parked request; and the proof."""
    row = shelf.photos([photo])[photo]
    shelf.put_photo(row.but(state="erased", key=b"", seal=b""))
    h = t.handover
    _strip_parked(shelf, photo)
    shelf.conn.execute(h.update().where(h.c.photo == photo).values(state="erased", at=now()))
    issue(shelf, row.device, "photo_erased", [item(photo, row.sha256, row.size, "erased")])
    audit.note(shelf, who, "photo_erased", photo)


def _strip_parked(shelf: SqlShelf, photo: str) -> None:
    """A parked request that was let in keeps its bytes: those of this photo go as well."""
    p = t.packet
    here = (p.c.method == "PUT", p.c.state == "accepted")
    query = sa.select(p.c.digest, p.c.path, p.c.body).where(*here, p.c.body != b"")
    for row in shelf.conn.execute(query).all():
        several = row.path == f"{BASE}/photos"
        if row.path == f"{BASE}/photos/{photo}" or (
            several and photo in quarantine.whole_names(bytes(row.body))
        ):
            shelf.conn.execute(p.update().where(p.c.digest == row.digest).values(body=b""))


def _gone(store: SqlStore, photo: str) -> bool:
    """Looked up again, as somebody would who wants it back."""
    with store.read() as shelf:
        row = shelf.photos([photo])[photo]
    return (
        not row.key
        and not row.seal
        and not store.blobs.have(photo)
        and (store.blobs.get(photo) is None)
    )


def _tidy(store: SqlStore) -> None:
    """Nothing of the key in the log of the embedded store; no dead row of it in PostgreSQL's."""
    with store.engine.connect() as conn:
        raw = conn.execution_options(isolation_level="AUTOCOMMIT")
        if store.engine.dialect.name == "postgresql":
            for name in ("photo", "packet"):
                raw.exec_driver_sql(f"VACUUM (FULL) {name}")
        else:
            conn.rollback()
            conn.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore
