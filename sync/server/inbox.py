"""What arrives: batches of sealed saves, and the end of a trip (photos: sync/server/photos.py).

Each item gets one of three words: `taken`, `already`, `refused` with a reason. The order is always
bytes → commit → read back and hash → receipt, so that a receipt is never ahead of the disk.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from sync import fail, packet, wire
from sync.receipt import Receipt
from sync.server import ledgers, photos, store
from sync.server.receipts import issue, kept, now
from sync.wire import WireError, sha256, unb64


def take_batch(engine: sa.Engine, device: Any, body: bytes) -> dict[str, Any]:
    """A signed batch: the ledger first, then every save; one receipt, and where each photo stands.

    A ledger that does not continue the city's copy stops the whole batch (sync/server/ledgers.py).
    """
    batch = wire.parse(body)
    if not isinstance(batch, dict) or batch.get("v") != wire.PROTOCOL:
        raise WireError("other_version")
    ops, declared = batch.get("ops", []), batch.get("photos", [])
    if not isinstance(ops, list) or not isinstance(declared, list):
        raise WireError("malformed")
    sent = ledgers.read(batch)
    digest = sha256(body)
    with engine.connect() as conn:
        before = kept(conn, batch=digest)
    if before is None:
        why = ledgers.take(engine, device, sent)
        if why is not None:
            no = ledgers.refuse(engine, device, digest, why)
            return {"receipt": no.to_json(), "photos": [], "now": now()}
        words = [_take_op(engine, device, op) for op in ops]
        before = _receipt_for_ops(engine, device, words, digest)
    return {
        "receipt": before.to_json(),
        "photos": [photos.declare(engine, device, one) for one in declared],
        "now": now(),
    }


def _take_op(engine: sa.Engine, device: Any, op: Any) -> dict[str, Any]:
    """Store and apply one save in its own transaction; the word and the digest for the receipt."""
    try:
        op_id, n, trip_id = str(op["op_id"]), wire.whole(op["n"]), str(op["trip"])
        data = unb64(op["rec"])
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None
    item = {"id": op_id, "sha256": sha256(data), "size": len(data), "answer": "", "reason": ""}
    with engine.begin() as conn:
        known = conn.execute(sa.select(store.op).where(store.op.c.op_id == op_id)).first()
        if known is not None:
            same = known.sha256 == item["sha256"]
            return {**item, **({"answer": "already"} if same else _no("other_content"))}
        if conn.execute(
            sa.select(store.op.c.seq).where(store.op.c.device == device.id, store.op.c.n == n)
        ).first():
            return {**item, **_no("fork")}
        trip = conn.execute(sa.select(store.trip).where(store.trip.c.id == trip_id)).first()
        if trip is None or trip.device != device.id:
            return {**item, **_no("unknown_trip")}
        if trip.state == "ended":
            return {**item, **_no("trip_ended")}
        try:
            save = _checked(packet.open_record(trip.seal_private, trip_id, op_id, data))
        except WireError as error:
            return {**item, **_no(error.code)}
        stored = conn.execute(
            store.op.insert().values(
                op_id=op_id,
                device=device.id,
                n=n,
                trip=trip_id,
                sha256=item["sha256"],
                body=data,
                at=now(),
            )
        )
        _apply(conn, device, save, int(stored.inserted_primary_key[0]))  # type: ignore[index]
        fail.point("server.op_before")
    fail.point("server.op_after")
    return {**item, "answer": "taken"}


def _checked(save: dict[str, Any]) -> dict[str, Any]:
    """A save whose shape the city understands; anything else is refused, never half applied."""
    texts = all(
        isinstance(save.get(name), str) for name in ("op_id", "entity", "id", "actor", "at")
    )
    if not texts or not isinstance(save.get("set"), dict) or not isinstance(save.get("base"), int):
        raise WireError("wrong_format")
    return save


def _no(reason: str) -> dict[str, str]:
    return {"answer": "refused", "reason": reason}


def _apply(conn: sa.Connection, device: Any, save: dict[str, Any], seq: int) -> None:
    """Merge the changed fields into the record; a field that somebody else changed meanwhile keeps
    the city's value and the other one waits in `conflict` for a supervisor."""
    r, record_id = store.record, str(save["id"])
    row = conn.execute(sa.select(r).where(r.c.id == record_id)).first()
    body = json.loads(row.body) if row else {}
    for name, value in save["set"].items():
        if _clashes(conn, device, save, record_id, name) and body.get(name) != value:
            conn.execute(
                store.conflict.insert().values(
                    record=record_id,
                    name=name,
                    theirs=json.dumps(value, ensure_ascii=False),
                    op_id=str(save["op_id"]),
                    state="waiting",
                    at=now(),
                )
            )
            continue
        body[name] = value
        f = store.field
        conn.execute(f.delete().where(f.c.record == record_id, f.c.name == name))
        conn.execute(f.insert().values(record=record_id, name=name, seq=seq, device=device.id))
    values = {
        "body": json.dumps(body, ensure_ascii=False),
        "rev": seq,
        "actor": str(save["actor"]),
        "at": str(save["at"]),
    }
    if row is None:
        conn.execute(
            r.insert().values(
                id=record_id,
                kind=str(save["entity"]),
                parent=str(save.get("parent", "")),
                state="live",
                **values,
            )
        )
    elif row.state == "live":
        conn.execute(r.update().where(r.c.id == record_id).values(**values))


def _clashes(
    conn: sa.Connection, device: Any, save: dict[str, Any], record_id: str, name: str
) -> bool:
    f = store.field
    last = conn.execute(
        sa.select(f.c.seq, f.c.device).where(f.c.record == record_id, f.c.name == name)
    ).first()
    return last is not None and last.device != device.id and last.seq > int(save.get("base", 0))


def _receipt_for_ops(
    engine: sa.Engine, device: Any, items: list[dict[str, Any]], digest: str
) -> Receipt:
    """Read every taken save and the head of the ledger back from the store, then sign."""
    with engine.begin() as conn:
        again = kept(conn, batch=digest)
        if again is not None:
            return again
        for item in items:
            if item["answer"] == "refused":
                continue
            data = conn.execute(
                sa.select(store.op.c.body).where(store.op.c.op_id == item["id"])
            ).scalar_one()
            if sha256(data) != item["sha256"]:
                item.update(_no("not_stored"))
        conn.execute(
            store.device.update()
            .where(store.device.c.id == device.id)
            .values(last_seen=now())
        )
        head = ledgers.verified(conn, device.id)
        made = issue(conn, device.id, "ops", items, head, digest)
        fail.point("server.ops_receipt_before")
    fail.point("server.ops_receipt_after")
    return made


def end_trip(engine: sa.Engine, device: Any, trip_id: str) -> dict[str, Any]:
    """The laptop erased the trip: the city forgets its day secret and private key, for good.

    What lies in remnants on the laptop's disk then opens for nobody; the records and photos stay
    in the city's own encrypted store.
    """
    with engine.begin() as conn:
        t = store.trip
        row = conn.execute(sa.select(t).where(t.c.id == trip_id, t.c.device == device.id)).first()
        if row is None:
            raise WireError("unknown_trip")
        batch = f"end:{trip_id}"
        made = kept(conn, batch=batch)
        if made is None:
            conn.execute(
                t.update()
                .where(t.c.id == trip_id)
                .values(secret=None, seal_private=b"", state="ended", ended_at=now())
            )
            p = store.photo
            conn.execute(p.update().where(p.c.trip == trip_id).values(sealed=None, seal=b""))
            item = {"id": trip_id, "sha256": "", "size": 0, "answer": "taken", "reason": ""}
            made = issue(conn, device.id, "trip_end", [item], None, batch)
        fail.point("server.end_before")
    fail.point("server.end_after")
    return {"receipt": made.to_json()}
