"""The city's store was set back, and the city says so: what it lost goes up again.

With a signed epoch statement the city tells which of this laptop's receipts it has. Every other
receipt of an older life is *void*, whatever its number: what it proved here waits again where its
sealed bytes are still on this laptop. What was already erased on such a receipt is lost to both
sides and stands in the alarm list `lost` (the city's staff decide about a second visit). Where the
lost store comes back later, its receipts count again. Without a valid statement nothing here
happens: the sync stops with a sentence, as before (sync/PROTOCOL.md §5.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldkit.errors import BadInput, NotAllowed
from fieldkit.store import numbering, photos
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import fail
from sync.statements import Epoch
from sync.wire import WireError


@dataclass
class Found:
    """What a set-back did to this laptop's things, by id."""

    again: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    trips: set[str] = field(default_factory=set)


REASONS = {
    "again": "もう一度訪問して、撮り直す・聞き直す",
    "paper": "紙の申請書で受け付けた",
    "withdrawn": "申請を取りやめた",
}


def lost(vault: Vault) -> list[dict[str, Any]]:
    """What nobody holds any more and nobody has settled yet, oldest first: `{"id", "what":
    "photo"|"save", "record_id", "trip_id", "captured_at", "noticed_at"}`. No personal data."""
    rows = vault.book.all("SELECT * FROM lost WHERE closed_at IS NULL ORDER BY captured_at, id")
    return [dict(row) for row in rows]


def close_lost(vault: Vault, reason: str) -> int:
    """A supervisor records what happens about all of them; returns how many. Only then may their
    trips end."""
    if vault.user.role != "supervisor":
        raise NotAllowed("失われたものの扱いを記録できるのは監督者だけです。")
    if reason not in REASONS:
        raise BadInput("reason", "扱いを選んでください。")
    found = lost(vault)
    with vault.book.write() as conn:
        for one in found:
            conn.execute(
                "UPDATE lost SET closed_at = ?, closed_by = ?, reason = ? WHERE id = ?",
                (vault.now(), vault.user.id, reason, one["id"]),
            )
            vault.note("lost_closed", one["id"], reason)
    return len(found)


def accept(vault: Vault, statements: Sequence[Epoch], held: Sequence[str] | None = None) -> bool:
    """Take new epoch statements in; whether something has to be sent again. One commit.

    `held`: the digests of this laptop's receipts that the city has; None from a city of before,
    where the numbers alone tell. WireError("city_restored") for a statement that contradicts a
    receipt, or another statement, that is kept here.
    """
    now = kept.city(vault.book)["epoch"]
    fresh = _fresh(vault, statements, held)
    if not fresh:
        return False
    newest = max(fresh, key=lambda one: one.number)
    with vault.book.write() as conn:
        for one in fresh:
            conn.execute(
                "INSERT OR REPLACE INTO epoch (number, from_seq, from_digest, body, signature,"
                " kept_at) VALUES (?, ?, ?, ?, ?, ?)",
                (one.number, one.from_seq, one.from_digest, one.body, one.signature, vault.now()),
            )
        if held is None:
            kept.void_by_number(vault.book, fresh)
        else:
            kept.void_by_list(vault.book, newest.number, held)
        found = Found(back=_back(conn))
        for one in fresh:
            _fits(vault, one)
        fail.point("restored.void")
        if newest.number > now:
            kept.fall_back(vault.book, newest)
            conn.execute("UPDATE trip SET cursor = 0")  # all comes down again (fieldkit/pull.py)
        _saves(vault, conn, found)
        _photos(vault, conn, found)
        _facts_and_ends(conn)
        _cancel_ends(conn, found.trips)
        if now:
            says = f"epoch={newest.number} again={len(found.again)} lost={len(found.lost)}"
            vault.note("city_restored", vault.device_id, says)
        for object_id in found.lost:
            vault.note("city_restored", object_id, "lost")
        for object_id in found.back:
            vault.note("city_restored", object_id, "found")
    fail.point("restored.accepted")
    return bool(now)


def _fresh(vault: Vault, statements: Sequence[Epoch], held: Sequence[str] | None) -> list[Epoch]:
    """The statements that are new here. Where a store was set back to before a life that it had
    told of, the number of that life may come again for another one: a newer life settles it."""
    known = {one.number: one for one in kept.epochs(vault.book)}
    fresh = [one for one in statements if one.number not in known]
    other = [one for one in statements
             if one.number in known and known[one.number].body != one.body]  # fmt: skip
    settled = held is not None and max((one.number for one in fresh), default=0) > max([0, *known])
    if other and not settled:
        raise WireError("city_restored")
    return [*fresh, *other]


def _back(conn: Any) -> list[str]:
    """What was lost and is at the city again: the store that was lost came back."""
    back = (
        "SELECT l.id FROM lost l JOIN receipt r ON r.void = 0 AND r.digest IN"
        " ((SELECT receipt FROM photo WHERE id = l.id),"
        " (SELECT receipt FROM outbox WHERE op_id = l.id)) WHERE l.closed_at IS NULL"
    )
    found = [row["id"] for row in conn.execute(back).fetchall()]
    conn.executemany("DELETE FROM lost WHERE id = ?", [(one,) for one in found])
    return found


def proved_again(conn: Any, digest: str, exact: tuple[str, Any, Any]) -> None:
    """A receipt for what is on the list of losses: it came twice (a bundle was taken in again)."""
    void = "AND receipt IN (SELECT digest FROM receipt WHERE void = 1)"
    for table, key in (("photo", "id"), ("outbox", "op_id")):
        done = conn.execute(
            f"UPDATE {table} SET receipt = ? WHERE {key} = ? AND sha256 = ? AND size = ?"
            f" AND state IN ('receipted', 'erased') {void}",
            (digest, *exact),
        )
        if done.rowcount:
            conn.execute("DELETE FROM lost WHERE id = ? AND closed_at IS NULL", (exact[0],))


def _fits(vault: Vault, one: Epoch) -> None:
    """The receipt after which the new life begins must be the one that is kept here, if it is."""
    row = vault.book.one(
        "SELECT digest FROM receipt WHERE seq = ? AND void = 0"
        " AND json_extract(body, '$.epoch') < ?",
        one.from_seq,
        one.number,
    )
    if row is not None and row["digest"] != one.from_digest:
        raise WireError("city_restored")


def _void(conn: Any, table: str) -> list[Any]:
    return list(
        conn.execute(
            f"SELECT t.* FROM {table} t JOIN receipt r ON r.digest = t.receipt WHERE r.void = 1"
        )
    )


def _saves(vault: Vault, conn: Any, found: Found) -> None:
    for row in _void(conn, "outbox"):
        key = row["op_id"]
        if row["state"] == "receipted" and numbering.sealed_bytes(vault, row) is not None:
            conn.execute(
                "UPDATE outbox SET state = 'queued', receipt = NULL, reason = '' WHERE op_id = ?",
                (key,),
            )
            found.again.append(key)
            found.trips.add(row["trip_id"])
        elif row["state"] == "receipted":
            _lost(vault, conn, found, "save", key, row, row["queued_at"])


def _photos(vault: Vault, conn: Any, found: Found) -> None:
    for row in _void(conn, "photo"):
        if row["state"] == "receipted" and _is_whole(vault, row):
            conn.execute(
                "UPDATE photo SET state = 'queued', receipt = NULL, reason = '' WHERE id = ?",
                (row["id"],),
            )
            conn.execute("DELETE FROM erasure WHERE id = ?", (f"photo:{row['id']}",))
            found.again.append(row["id"])
            found.trips.add(row["trip_id"])
        elif row["state"] == "receipted" or row["reason"] == "receipt":
            _lost(vault, conn, found, "photo", row["id"], row, row["captured_at"])


def _is_whole(vault: Vault, row: Any) -> bool:
    try:
        photos.whole_parts(vault, row)
    except photos.Unsendable:
        return False
    return True


def _lost(
    vault: Vault, conn: Any, found: Found, what: str, object_id: str, row: Any, at: str
) -> None:
    done = conn.execute(
        "INSERT OR IGNORE INTO lost (id, what, record_id, trip_id, captured_at, noticed_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (object_id, what, row["record_id"], row["trip_id"], at, vault.now()),
    )
    if done.rowcount:
        found.lost.append(object_id)


def _facts_and_ends(conn: Any) -> None:
    """Facts go up again; the city forgets again what its backup still knew, and the dates of
    deletion that rested on its word are given anew (fieldkit/tripend.py)."""
    void = "SELECT digest FROM receipt WHERE void = 1"
    conn.execute(f"UPDATE fact SET receipt = NULL WHERE receipt IN ({void})")
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for row in conn.execute("SELECT body, void FROM receipt WHERE instr(body, 'trip_end')"):
        value = json.loads(row["body"])  # not json_each: SQLite's own crashed here
        if value["kind"] == "trip_end":
            told[bool(row["void"])] |= {str(one["id"]) for one in value["items"]}
    lost_ends = [(one,) for one in sorted(told[True] - told[False])]
    conn.executemany("UPDATE trip SET city_forgot = NULL WHERE id = ?", lost_ends)
    conn.execute(
        "UPDATE reception SET erased_on = NULL WHERE erased_on IS NOT NULL AND (trip_id IN"
        " (SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL) OR trip_id IN"
        " (SELECT c.trip_id FROM desk_copy c JOIN trip d ON d.id = c.desk_id"
        "  WHERE d.state = 'wiped' AND d.city_forgot IS NULL) OR reservation_id IN"
        " (SELECT c.trip_id FROM desk_copy c JOIN trip d ON d.id = c.desk_id"
        "  WHERE d.state = 'wiped' AND d.city_forgot IS NULL))"
    )


def _cancel_ends(conn: Any, trips: Iterable[str]) -> None:
    """The end of a trip that was begun and whose folder is still here waits for new receipts."""
    for trip_id in trips:
        conn.execute(
            "DELETE FROM erasure WHERE done_at IS NULL AND id IN (?, ?)",
            (f"trip:{trip_id}", f"slips:{trip_id}"),
        )
