"""Clashes as the city keeps them: two values of one field, until a supervisor has decided.

The rules that find them are in sync/merge.py, those that settle them in sync/decide.py; here they
are read from their rows, told to those whom they concern, and written back.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sync.clash import WAITING, Clash, Rev
from sync.decide import outrun
from sync.server import store as t
from sync.server.sqlshelf import SqlShelf

DECIDED = "decided"


def read(shelf: SqlShelf, row: Any) -> Clash:
    """A row of the table `clash`, opened."""
    body = shelf.box.open_json("clash", row.id, row.body)
    kept_by, other_by = (
        Rev(**{**body[name], "also": tuple(body[name].get("also", ()))})
        for name in ("kept_by", "other_by")
    )
    kept, other = body["kept"], body["other"]
    return Clash(
        row.record, row.op_id, tuple(kept), kept, other, kept_by, other_by, row.rule, row.state
    )


def row_of(shelf: SqlShelf, clash_id: str) -> Any | None:
    return shelf.conn.execute(sa.select(t.clash).where(t.clash.c.id == clash_id)).first()


def changed(within: sa.ColumnElement[bool], cursor: int, upto: int) -> sa.Select[Any]:
    """The clashes that changed after `cursor`, of records that are `within`, by revision."""
    c = t.clash.c
    query = sa.select(t.clash, t.record.c.kind.label("kind"))
    query = query.join(t.record, t.record.c.id == c.record)
    return query.where(c.rev > cursor, c.rev <= upto, within).order_by(c.rev, c.id)


def told(shelf: SqlShelf, row: Any) -> dict[str, Any]:
    """A clash as it travels to a device: both values, who said them and when, and the decision."""
    clash = read(shelf, row)
    word = shelf.box.open_json("clash-word", row.id, row.word) if row.word else {}
    decided = {"by": row.decided_by, "at": row.decided_at, **word} if row.decided_by else None
    return {
        "id": row.id,
        "record": row.record,
        "kind": row.kind,
        "names": list(clash.names),
        "kept": clash.kept,
        "other": clash.other,
        "kept_by": _who(clash.kept_by),
        "other_by": _who(clash.other_by),
        "rule": row.rule,
        "state": row.state,
        "rev": row.rev,
        "at": row.at,
        "decided": decided,
    }


def _who(rev: Rev) -> dict[str, str]:
    return {"actor": rev.actor, "at": rev.at, "device": rev.device, "trip_kind": rev.trip_kind}


def settled(
    shelf: SqlShelf, clash_id: str, seq: int, actor: str, at: str, word: dict[str, Any]
) -> None:
    """Write down who decided what, and why."""
    sealed = shelf.box.seal_json("clash-word", clash_id, word)
    _change(shelf, clash_id, state=DECIDED, rev=seq, decided_by=actor, decided_at=at, word=sealed)


def renewed(shelf: SqlShelf, clash_id: str, clash: Clash, seq: int) -> None:
    """The record has changed since: what waits is the other value against what it says now."""
    body = {
        "kept": clash.kept,
        "other": clash.other,
        "kept_by": asdict(clash.kept_by),
        "other_by": asdict(clash.other_by),
    }
    _change(shelf, clash_id, rev=seq, body=shelf.box.seal_json("clash", clash_id, body))


def _change(shelf: SqlShelf, clash_id: str, **values: Any) -> None:
    shelf.conn.execute(t.clash.update().where(t.clash.c.id == clash_id).values(**values))


def catch_up(shelf: SqlShelf, done: int, upto: int) -> None:
    """Of the records with a clash after `done`: what needs no decision any more is history."""
    c = t.clash.c
    fresh = sa.select(c.record).where(c.rev > done, c.rev <= upto, c.state == WAITING)
    rows = shelf.conn.execute(
        sa.select(t.clash).where(c.state == WAITING, c.record.in_(fresh)).order_by(c.record, c.id)
    ).all()
    for _, group in groupby(rows, key=lambda row: row.record):
        here = [(row, read(shelf, row)) for row in group]
        newest = max(row.rev for row, _ in here)
        late = outrun(clash for _, clash in here)
        for row, clash in here:
            if clash in late:
                _change(shelf, row.id, state="ruled", rev=newest)


def may_decide(clash: Clash, take: str) -> bool:
    """Whether this answer fits this clash: what has not the shape of its field, or belongs to a
    record that was removed, cannot be put in."""
    return take == "kept" or (take == "other" and clash.rule not in ("map", "removed"))
