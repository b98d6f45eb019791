"""Issue receipts: one chain for the city, signed only over what was read back after the commit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sync import receipt as receipts
from sync.receipt import GENESIS, Receipt
from sync.server import store
from sync.wire import signing_private


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def issue(
    conn: sa.Connection,
    device: str,
    kind: str,
    items: list[dict[str, Any]],
    ledger: dict[str, Any] | None = None,
    batch: str | None = None,
) -> Receipt:
    """Sign and keep the next receipt of the chain, in the caller's transaction.

    `items` are `{"id", "sha256", "size", "answer", "reason"}` of bytes that the caller has read
    back from the store. `batch` is the digest of the request, so that the same request gets the
    same receipt for ever.
    """
    city = conn.execute(sa.select(store.city)).one()
    last = conn.execute(
        sa.select(store.receipt.c.seq, store.receipt.c.digest)
        .order_by(store.receipt.c.seq.desc())
        .limit(1)
    ).first()
    body = {
        "city": city.code,
        "epoch": city.epoch,
        "seq": last.seq + 1 if last else 1,
        "prev": last.digest if last else GENESIS,
        "kind": kind,
        "device": device,
        "items": items,
        "at": now(),
    }
    if ledger is not None:
        body["ledger"] = ledger
    made = receipts.issue(signing_private(city.sign_private), body)
    conn.execute(
        store.receipt.insert().values(
            seq=body["seq"],
            digest=made.digest,
            device=device,
            kind=kind,
            body=made.body.decode(),
            signature=made.signature,
            batch=batch,
        )
    )
    return made


def kept(conn: sa.Connection, **where: str) -> Receipt | None:
    """A receipt issued before, by its batch or digest."""
    query = sa.select(store.receipt.c.body, store.receipt.c.signature)
    for name, value in where.items():
        query = query.where(store.receipt.c[name] == value)
    row = conn.execute(query).first()
    return Receipt(row.body.encode(), row.signature) if row else None


def chain_problem(conn: sa.Connection) -> int | None:
    """The number of the first receipt that does not follow the one before, or None."""
    prev = GENESIS
    rows = conn.execute(sa.select(store.receipt).order_by(store.receipt.c.seq))
    for expected, row in enumerate(rows, start=1):
        made = Receipt(row.body.encode(), row.signature)
        if row.seq != expected or made.digest != row.digest or made.value["prev"] != prev:
            return expected
        prev = row.digest
    return None
