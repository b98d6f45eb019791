"""Sealed photos: declared in a batch, sent in parts, opened by the city, proved by a receipt.

Bytes → commit → read back and hash → receipt, as for saves. A refusal is signed as well: nothing
on the laptop changes because of an answer that anybody could have given.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sync import fail, packet, wire
from sync.receipt import Receipt
from sync.server import store
from sync.server.receipts import issue, kept, now
from sync.wire import WireError, sha256, unb64


def declare(engine: sa.Engine, device: Any, declared: Any) -> dict[str, Any]:
    """Register a photo that will come and answer its offset, or its receipt if it is here."""
    try:
        photo_id, trip_id, size = str(declared["id"]), str(declared["trip"]), int(declared["size"])
        digest, seal = str(declared["sha256"]), unb64(declared["seal"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise WireError("malformed") from None
    if not 0 < size <= wire.BLOB_LIMIT:
        return _refuse(engine, device, declared, "too_large")
    reason = ""
    offset = 0
    with engine.begin() as conn:
        trip = conn.execute(sa.select(store.trip).where(store.trip.c.id == trip_id)).first()
        row = conn.execute(sa.select(store.photo).where(store.photo.c.id == photo_id)).first()
        if trip is None or trip.device != device.id:
            reason = "unknown_trip"
        elif trip.state == "ended" and (row is None or not row.receipt):
            reason = "trip_ended"
        elif row is None:
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
            reason = "other_content"
        elif row.receipt:
            made = kept(conn, digest=row.receipt)
            assert made is not None
            return {"id": photo_id, "receipt": made.to_json()}
        offset = _have(conn, photo_id)
    if reason:
        return _refuse(engine, device, declared, reason)
    if row is not None and row.state == "stored":  # a kill came between the bytes and the receipt
        return {"id": photo_id, "receipt": _receipt_for_photo(engine, device, row).to_json()}
    if row is not None and offset >= size:  # a kill came between the last part and the photo
        return {"id": photo_id, **_finish(engine, device, row)}
    return {"id": photo_id, "offset": offset}


def _refuse(engine: sa.Engine, device: Any, declared: Any, reason: str) -> dict[str, Any]:
    """A signed no: only this lets the laptop park a photo (an unsigned answer changes nothing)."""
    with engine.begin() as conn:
        said = (str(declared["id"]), str(declared["sha256"]), int(declared["size"]))
        return {"id": said[0], "receipt": _no(conn, device, *said, reason)}


def _no(
    conn: sa.Connection, device: Any, photo_id: str, digest: str, size: int, reason: str
) -> dict[str, str]:
    item = {"id": photo_id, "sha256": digest, "size": size, "answer": "refused", "reason": reason}
    return issue(conn, device.id, "photo", [item]).to_json()


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
        if start < 0:
            raise WireError("malformed")
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
            return {"receipt": _no(conn, device, row.id, row.sha256, row.size, error.code)}
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
