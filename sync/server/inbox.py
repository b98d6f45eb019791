"""What arrives: batches of sealed saves, parts of sealed photos, the end of a trip.

Each item gets one of three words: `taken`, `already`, `refused` with a reason. The order is always
bytes → commit → read back and hash → receipt, so that a receipt is never ahead of the disk.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from sync import fail, packet, wire
from sync.receipt import Receipt
from sync.server import store
from sync.server.receipts import issue, kept, now
from sync.wire import WireError, sha256, unb64


def take_batch(engine: sa.Engine, device: Any, body: bytes) -> dict[str, Any]:
    """A signed batch: store every save, answer with one receipt, say where each photo stands."""
    batch = wire.parse(body)
    if not isinstance(batch, dict) or batch.get("v") != wire.PROTOCOL:
        raise WireError("other_version")
    ops, photos = batch.get("ops", []), batch.get("photos", [])
    if not isinstance(ops, list) or not isinstance(photos, list):
        raise WireError("malformed")
    digest = sha256(body)
    with engine.connect() as conn:
        before = kept(conn, batch=digest)
    if before is None:
        words = [_take_op(engine, device, op) for op in ops]
        before = _receipt_for_ops(engine, device, batch, words, digest)
    return {
        "receipt": before.to_json(),
        "photos": [_photo_state(engine, device, declared) for declared in photos],
        "now": now(),
    }


def _take_op(engine: sa.Engine, device: Any, op: Any) -> dict[str, Any]:
    """Store and apply one save in its own transaction; the word and the digest for the receipt."""
    try:
        op_id, n, trip_id = str(op["op_id"]), int(op["n"]), str(op["trip"])
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
        try:
            save = packet.open_record(trip.seal_private, trip_id, op_id, data)
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
    engine: sa.Engine, device: Any, batch: dict[str, Any], items: list[dict[str, Any]], digest: str
) -> Receipt:
    """Read every taken save back from the store, then sign."""
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
        head = batch.get("ledger") or {"seq": 0, "hash": ""}
        conn.execute(
            store.device.update()
            .where(store.device.c.id == device.id)
            .values(last_seen=now(), ledger_seq=int(head["seq"]), ledger_hash=str(head["hash"]))
        )
        made = issue(conn, device.id, "ops", items, head, digest)
        fail.point("server.ops_receipt_before")
    fail.point("server.ops_receipt_after")
    return made


def _photo_state(engine: sa.Engine, device: Any, declared: Any) -> dict[str, Any]:
    """Register a photo that will come and answer its offset, or its receipt if it is here."""
    try:
        photo_id, trip_id, size = str(declared["id"]), str(declared["trip"]), int(declared["size"])
        digest, seal = str(declared["sha256"]), unb64(declared["seal"])
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None
    if not 0 < size <= wire.BLOB_LIMIT:
        return {"id": photo_id, "refused": "too_large"}
    with engine.begin() as conn:
        trip = conn.execute(sa.select(store.trip).where(store.trip.c.id == trip_id)).first()
        if trip is None or trip.device != device.id:
            return {"id": photo_id, "refused": "unknown_trip"}
        row = conn.execute(sa.select(store.photo).where(store.photo.c.id == photo_id)).first()
        if row is None:
            conn.execute(
                store.photo.insert().values(
                    id=photo_id,
                    trip=trip_id,
                    device=device.id,
                    sha256=digest,
                    size=size,
                    seal=seal,
                    state="coming",
                    at=now(),
                )
            )
        elif (row.sha256, row.size, row.device) != (digest, size, device.id):
            return {"id": photo_id, "refused": "other_content"}
        elif row.receipt:
            made = kept(conn, digest=row.receipt)
            assert made is not None
            return {"id": photo_id, "receipt": made.to_json()}
        offset = _have(conn, photo_id)
    if row is not None and row.state == "stored":  # a kill came between the bytes and the receipt
        return {"id": photo_id, "receipt": _receipt_for_photo(engine, device, row).to_json()}
    return {"id": photo_id, "offset": offset}


def _have(conn: sa.Connection, photo_id: str) -> int:
    """How many bytes of a photo are here without a gap."""
    have = 0
    p = store.part
    rows = conn.execute(
        sa.select(p.c.start, sa.func.length(p.c.data).label("size"))
        .where(p.c.photo == photo_id)
        .order_by(p.c.start)
    )
    for row in rows:
        if row.start > have:
            break
        have = max(have, row.start + row.size)
    return have


def take_part(
    engine: sa.Engine, device: Any, photo_id: str, start: int, data: bytes
) -> dict[str, Any]:
    """One part of a sealed photo. Overlap is harmless, a gap is answered with the offset."""
    with engine.begin() as conn:
        row = conn.execute(
            sa.select(store.photo).where(
                store.photo.c.id == photo_id, store.photo.c.device == device.id
            )
        ).first()
        if row is None:
            raise WireError("unknown_photo")
        if row.receipt:
            made = kept(conn, digest=row.receipt)
            assert made is not None
            return {"receipt": made.to_json()}
        have = _have(conn, photo_id)
        if start > have or start + len(data) > row.size or not data:
            return {"offset": have}
        p = store.part
        conn.execute(p.delete().where(p.c.photo == photo_id, p.c.start == start))
        conn.execute(p.insert().values(photo=photo_id, start=start, data=data))
        have = _have(conn, photo_id)
        fail.point("server.part_before")
    fail.point("server.part_after")
    return _finish(engine, device, row) if have >= row.size else {"offset": have}


def _finish(engine: sa.Engine, device: Any, row: Any) -> dict[str, Any]:
    """All bytes are here: check the digest, open the photo, commit, read back, sign."""
    p = store.part
    with engine.begin() as conn:
        whole = bytearray()
        for piece in conn.execute(sa.select(p).where(p.c.photo == row.id).order_by(p.c.start)):
            whole[piece.start : piece.start + len(piece.data)] = piece.data
        conn.execute(p.delete().where(p.c.photo == row.id))
        if sha256(bytes(whole)) != row.sha256:
            return {"offset": 0}
        trip = conn.execute(sa.select(store.trip).where(store.trip.c.id == row.trip)).one()
        try:
            key = packet.open_photo_key(trip.seal_private, trip.id, row.id, row.seal)
            jpeg = packet.open_photo(key, trip.id, row.id, bytes(whole))
        except WireError as error:
            return {"refused": error.code}
        conn.execute(
            store.photo.update()
            .where(store.photo.c.id == row.id)
            .values(sealed=bytes(whole), jpeg=jpeg, jpeg_sha256=sha256(jpeg), state="stored")
        )
        fail.point("server.photo_before")
    fail.point("server.photo_after")
    return {"receipt": _receipt_for_photo(engine, device, row).to_json()}


def _receipt_for_photo(engine: sa.Engine, device: Any, row: Any) -> Receipt:
    with engine.begin() as conn:
        stored = conn.execute(sa.select(store.photo).where(store.photo.c.id == row.id)).one()
        if stored.receipt:
            made = kept(conn, digest=stored.receipt)
            assert made is not None
            return made
        if sha256(stored.sealed) != row.sha256 or sha256(stored.jpeg) != stored.jpeg_sha256:
            raise WireError("not_stored")
        item = {
            "id": row.id,
            "sha256": row.sha256,
            "size": row.size,
            "answer": "taken",
            "reason": "",
        }
        made = issue(conn, device.id, "photo", [item])
        conn.execute(
            store.photo.update().where(store.photo.c.id == row.id).values(receipt=made.digest)
        )
        fail.point("server.photo_receipt_before")
    fail.point("server.photo_receipt_after")
    return made


def end_trip(engine: sa.Engine, device: Any, trip_id: str) -> dict[str, Any]:
    """The laptop erased the trip: the city forgets its day secret too, for good."""
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
                .values(secret=None, state="ended", ended_at=now())
            )
            item = {"id": trip_id, "sha256": "", "size": 0, "answer": "taken", "reason": ""}
            made = issue(conn, device.id, "trip_end", [item], None, batch)
        fail.point("server.end_before")
    fail.point("server.end_after")
    return {"receipt": made.to_json()}
