"""A change that the city itself makes to a record: numbered and merged as any save, pulled by kits.

Its device is `city`; nobody sealed it, so its text is boxed like everything else of a person.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync.ids import new_id
from sync.merge import Doc, merge
from sync.server import store as t
from sync.server.receipts import now
from sync.server.shelf import Op
from sync.server.sqlshelf import SqlShelf
from sync.wire import sha256

DEVICE = "city"


def save(shelf: SqlShelf, record: str, said: dict[str, Any], who: str) -> int:
    """Set fields of a record that is here, in the caller's transaction; its revision. KeyError
    where there is no such record."""
    doc = shelf.docs([record])[record]
    return _put(shelf, doc, doc, {"set": said}, who)


def make(
    shelf: SqlShelf, record: str, kind: str, parent: str, said: dict[str, Any], who: str
) -> int:
    """Begin a record that is not here yet; its revision."""
    return _put(shelf, None, Doc(record, kind, parent), {"set": said}, who)


def remove(shelf: SqlShelf, record: str, who: str) -> int:
    """Take a record away (a tombstone); its revision. KeyError where there is no such record."""
    doc = shelf.docs([record])[record]
    return _put(shelf, doc, doc, {"set": {}, "remove": True}, who)


def _put(shelf: SqlShelf, old: Doc | None, doc: Doc, said: dict[str, Any], who: str) -> int:
    last = shelf.conn.execute(
        sa.select(sa.func.max(t.op.c.n)).where(t.op.c.device == DEVICE)
    ).scalar()
    seq, op_id, n = shelf.next_seq(), new_id(), int(last or 0) + 1
    told = {
        "op_id": op_id,
        "entity": doc.kind,
        "id": doc.id,
        "parent": doc.parent,
        "base": doc.rev,
        "actor": who,
        "at": now(),
        "n": n,
        **said,
    }
    body = shelf.box.seal_json("city-save", op_id, told)
    merged, clashes = merge(old, told, seq, DEVICE, "office")
    shelf.add_ops([Op(seq, op_id, DEVICE, n, "", sha256(body), body)], now())
    shelf.put_docs([merged])
    shelf.add_clashes(clashes, now())
    return seq
