"""The city's copy of each laptop's ledger: a laptop cannot rewrite a row that arrived here.

A batch brings the next rows. They are judged against the copy before anything of the batch is
stored; what does not continue the copy is refused by a signed word (sync/PROTOCOL.md §5.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sync import fail, receipt, wire
from sync.receipt import Receipt
from sync.server import store
from sync.server.receipts import issue, kept, now
from sync.verify_ledger import GENESIS, entry_hash, head_bytes, verify_rows
from sync.wire import WireError, canonical

L, D = store.ledger_row, store.device


@dataclass(frozen=True)
class Sent:
    """What a batch says of the ledger: its newest row, and the next rows as exact texts.

    `rows` is None from a laptop that only names its head (before there were rows).
    """

    seq: int
    hash: str
    rows: tuple[str, ...] | None


@dataclass(frozen=True)
class Refused:
    """Why the rows do not continue the city's copy: `ledger_behind`, `_fork` or `_gap`."""

    code: str


def read(batch: dict[str, Any]) -> Sent:
    """The `ledger` of a batch; WireError("malformed") for anything that has not its shape."""
    said = batch.get("ledger") or {"seq": 0, "hash": ""}
    try:
        seq, digest, rows = wire.whole(said["seq"]), str(said["hash"]), said.get("rows")
        if rows is None:
            return Sent(seq, digest, None)
        if not isinstance(rows, list) or len(rows) > wire.LEDGER_ROWS:
            raise ValueError("not rows")
        for row in rows:
            value = wire.parse(row.encode())
            wire.whole(value["seq"])
        return Sent(seq, digest, tuple(rows))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WireError("malformed") from None


def verified(conn: sa.Connection, device: str) -> dict[str, Any]:
    """The last row of this device whose chain the city holds, hashed again as it is read."""
    row = conn.execute(
        sa.select(L).where(L.c.device == device).order_by(L.c.seq.desc()).limit(1)
    ).first()
    if row is None:
        return {"seq": 0, "hash": GENESIS}
    if entry_hash(row.body) != row.hash:
        raise WireError("not_stored")
    return {"seq": row.seq, "hash": row.hash}


def take(engine: sa.Engine, device: Any, sent: Sent) -> Refused | None:
    """Store the new rows in one transaction, or say why not (then nothing is changed)."""
    with engine.begin() as conn:
        told = conn.execute(sa.select(D).where(D.c.id == device.id)).one()
        have = verified(conn, device.id)
        code, fresh = _judge(conn, told, have, sent)
        if code:
            return Refused(code)
        if fresh:
            conn.execute(L.insert(), [{"device": device.id, **row} for row in fresh])
        if sent.seq >= told.ledger_seq:  # an old laptop's head is only kept if it is newer
            conn.execute(
                D.update()
                .where(D.c.id == device.id)
                .values(ledger_seq=sent.seq, ledger_hash=sent.hash)
            )
        fail.point("server.ledger_before")
    fail.point("server.ledger_after")
    return None


def _judge(
    conn: sa.Connection, told: Any, have: dict[str, Any], sent: Sent
) -> tuple[str, list[dict[str, Any]]]:
    """(refusal or "", the rows that are new here)."""
    if sent.rows is None and have["seq"] == 0:
        return "", []  # a laptop that never sent rows: nothing here to compare with
    if sent.seq < max(have["seq"], told.ledger_seq):
        return "ledger_behind", []
    known = {told.ledger_seq: told.ledger_hash} if told.ledger_hash else {}
    known[have["seq"]] = have["hash"]
    rows = [_row(text) for text in sent.rows or ()]
    if not rows:
        if sent.rows is not None and sent.seq > have["seq"]:
            return "ledger_gap", []
        return ("ledger_fork" if known.get(sent.seq, sent.hash) != sent.hash else ""), []
    first = rows[0]["seq"]
    stored = {0: GENESIS, **_hashes(conn, told.id, first - 1)}
    if first - 1 not in stored:
        return "ledger_gap", []
    chain = [(row["body"], row["hash"]) for row in rows]
    if verify_rows(chain, stored[first - 1], first) or rows[-1]["seq"] > sent.seq:
        return "ledger_fork", []
    for row in rows:
        for other in (stored, known, {sent.seq: sent.hash}):
            if other.get(row["seq"], row["hash"]) != row["hash"]:
                return "ledger_fork", []
    return "", [row for row in rows if row["seq"] > have["seq"]]


def _row(text: str) -> dict[str, Any]:
    return {"seq": wire.parse(text.encode())["seq"], "body": text, "hash": entry_hash(text)}


def _hashes(conn: sa.Connection, device: str, start: int) -> dict[int, str]:
    query = sa.select(L.c.seq, L.c.hash).where(L.c.device == device, L.c.seq >= start)
    return {row.seq: row.hash for row in conn.execute(query)}


def refuse(engine: sa.Engine, device: Any, digest: str, why: Refused) -> Receipt:
    """A signed no that stays in the city's chain: evidence that a laptop showed another past."""
    with engine.begin() as conn:
        batch = f"ledger:{digest}"
        made = kept(conn, batch=batch)
        if made is None:
            item = {"id": device.id, "sha256": "", "size": 0, "answer": "refused",
                    "reason": why.code}  # fmt: skip
            made = issue(conn, device.id, "ledger", [item], verified(conn, device.id), batch)
            conn.execute(D.update().where(D.c.id == device.id).values(last_seen=now()))
    return made


def refusals(conn: sa.Connection, device: str) -> int:
    """How often this device showed a ledger that does not continue the city's copy."""
    r = store.receipt
    query = sa.select(sa.func.count()).select_from(r)
    return int(conn.execute(query.where(r.c.device == device, r.c.kind == "ledger")).scalar_one())


def export(conn: sa.Connection, device: str) -> bytes:
    """The city's copy as a file, with its receipts for this device and an end that it signs."""
    city = conn.execute(sa.select(store.city)).one()
    rows = conn.execute(sa.select(L).where(L.c.device == device).order_by(L.c.seq))
    r = store.receipt
    made = conn.execute(
        sa.select(r.c.body, r.c.signature)
        .where(r.c.device == device, r.c.kind == "ops")
        .order_by(r.c.seq)
    )
    anchors = receipt.anchors(Receipt(row.body.encode(), row.signature) for row in made)
    head = verified(conn, device)
    end = {
        "head": head,
        "device": device,
        "signed_by": "city",
        "public": city.sign_public.hex(),
        "signature": wire.sign(
            wire.signing_private(city.sign_private), "ledger-copy", head_bytes(device, head)
        ),
    }
    lines = [canonical({"body": row.body, "hash": row.hash}) for row in rows]
    lines += [canonical({"receipt": one.to_json()}) for one in anchors]
    return b"\n".join([*lines, canonical(end), b""])
