"""What every request asks of the store, put together once (sync/server/sqlshelf.py uses it).

SQLAlchemy takes four times as long to build such a question as the store to answer it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync.server import store as t


def _named(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return column.in_(sa.bindparam("ids", expanding=True))


_R, _O, _P = t.receipt.c, t.op.c, t.photo.c
IS_MINE = sa.select(t.meta).where(t.meta.c.name.in_(("schema", "key_id")))
CITY = sa.select(t.city)
STATEMENTS = sa.select(t.statement).order_by(t.statement.c.no)
DEVICE = sa.select(t.device).where(t.device.c.id == sa.bindparam("id"))
SEEN = (
    t.device.update()
    .where(t.device.c.id == sa.bindparam("b_id"))
    .values(last_seen=sa.bindparam("at"))
)
HEAD = (
    t.device.update()
    .where(t.device.c.id == sa.bindparam("b_id"))
    .values(ledger_seq=sa.bindparam("seq"), ledger_hash=sa.bindparam("hash"))
)
LAST_RECEIPT = sa.select(_R.seq, _R.digest).order_by(_R.seq.desc()).limit(1)
RECEIPT_BY_BATCH = sa.select(_R.body, _R.signature).where(_R.batch == sa.bindparam("name"))
RECEIPT_BY_DIGEST = sa.select(_R.body, _R.signature).where(_R.digest == sa.bindparam("name"))
ADD_RECEIPT = t.receipt.insert()
TRIPS = sa.select(t.trip).where(_named(t.trip.c.id))
OPS = sa.select(_O.op_id, _O.sha256).where(_named(_O.op_id))
NUMBERED = sa.select(_O.n).where(
    _O.device == sa.bindparam("device"), _O.n.between(sa.bindparam("low"), sa.bindparam("high"))
)
BODIES = sa.select(_O.op_id, _O.body).where(_named(_O.op_id))
NEXT = sa.select(sa.func.max(_O.seq), sa.select(t.city.c.epoch).scalar_subquery())
ADD_OPS = t.op.insert()
DOCS = sa.select(t.record).where(_named(t.record.c.id))
PLACES = sa.select(t.record.c.id, t.record.c.parent, t.record.c.owner).where(
    _named(t.record.c.id)
)
DOCS_THERE = sa.select(t.record.c.id).where(_named(t.record.c.id))
DOC_COLUMNS = ("kind", "parent", "body", "revs", "rev", "state", "actor", "at")
CHANGE_DOCS = (
    t.record.update()
    .where(t.record.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(f"b_{name}") for name in DOC_COLUMNS})
)
ADD_DOCS = t.record.insert()
PHOTOS = sa.select(t.photo).where(_named(_P.id))
PHOTO_COLUMNS = ("trip", "device", "sha256", "size", "seal", "state", "key", "receipt")
CHANGE_PHOTO = (
    t.photo.update()
    .where(_P.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(f"b_{name}") for name in PHOTO_COLUMNS})
)
ADD_PHOTO = t.photo.insert()
LAST_ROW = (
    sa.select(t.ledger_row)
    .where(t.ledger_row.c.device == sa.bindparam("device"))
    .order_by(t.ledger_row.c.seq.desc())
    .limit(1)
)
