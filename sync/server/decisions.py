"""What a supervisor decided, as it arrives from a kit: which of two values stands, who is the same.

A decision is a save like any other (`entity` "decision" or "twin_decision", sync/PROTOCOL.md §3):
sealed, numbered, receipted, kept. That its author is a supervisor is checked by the kit; the city
writes down who it was, and takes it only for what belongs to the trip that it was made in.
"""

from __future__ import annotations

from typing import Any, cast

from sync.clash import WAITING
from sync.decide import Stale, decide, renewed
from sync.merge import Doc
from sync.server import conflicts, scope, twins
from sync.server.shelf import Shelf
from sync.server.sqlshelf import SqlShelf

KINDS = ("decision", "twin_decision")


def refusal(shelf: Shelf, trip_id: str, save: dict[str, Any]) -> str:
    """Why a decision cannot be taken, "" where it can (or where the save is none)."""
    if save["entity"] not in KINDS:
        return ""
    sql, said = cast(SqlShelf, shelf), save["set"]
    trip = sql.trips([trip_id])[trip_id]
    if save["entity"] == "twin_decision":
        pair = twins.row_of(sql, str(said.get("twin", "")))
        if not isinstance(said.get("same"), bool):
            return "wrong_format"
        inside = pair is not None and all(scope.holds(sql, trip, x) for x in (pair.a, pair.b))
        return "" if inside else "out_of_scope"
    row = conflicts.row_of(sql, str(said.get("clash", "")))
    if row is None or not scope.holds(sql, trip, row.record):
        return "out_of_scope"
    fits = conflicts.may_decide(conflicts.read(sql, row), str(said.get("take", "")))
    return "" if fits else "wrong_format"


def apply(shelf: Shelf, docs: dict[str, Doc], save: dict[str, Any], seq: int, device: str) -> None:
    """Settle a clash or a pair of likely twins. What somebody else has decided before stays so;
    where the record has changed since, the clash waits again, against what it says now."""
    sql, said = cast(SqlShelf, shelf), save["set"]
    actor, at = str(save["actor"]), str(save["at"])
    word = {"why": str(said.get("why", "")), "op": str(save["op_id"]), "device": device}
    if save["entity"] == "twin_decision":
        twins.settled(sql, str(said["twin"]), bool(said["same"]), seq, actor, at, word)
        return
    row = conflicts.row_of(sql, str(said["clash"]))
    if row is None or row.state != WAITING:
        return
    clash, take = conflicts.read(sql, row), str(said["take"])
    if row.record not in docs:
        docs |= sql.docs([row.record])
    try:
        docs[row.record] = decide(docs[row.record], clash, take, seq, device, actor, at)
    except Stale:
        conflicts.renewed(sql, row.id, renewed(docs[row.record], clash), seq)
        return
    conflicts.settled(sql, row.id, seq, actor, at, {**word, "take": take})
