"""Which laptops may talk, and the trips that the city hands out to them."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sync import fail, wire
from sync.ids import code_of, is_id, new_id, secret_of
from sync.packet import seal_answer
from sync.server import store
from sync.server.receipts import now
from sync.wire import WireError, b64, unb64

CODE_HOURS = 24
KEY_BYTES = 32


def _code_digest(code: bytes) -> str:
    return hashlib.sha256(b"ksp1-enrolment\0" + code).hexdigest()


def new_code(engine: sa.Engine) -> str:
    """A one-time enrolment code (26 characters, valid for a day)."""
    code = secrets.token_bytes(16)
    expires = datetime.now(UTC) + timedelta(hours=CODE_HOURS)
    with engine.begin() as conn:
        conn.execute(
            store.enrolment.insert().values(
                code_sha256=_code_digest(code),
                expires_at=expires.isoformat(timespec="seconds"),
                made_at=now(),
            )
        )
    return code_of(code)


def enrol(engine: sa.Engine, asked: dict[str, Any]) -> dict[str, Any]:
    """Take a laptop in: `{"code", "name", "sign_public", "seal_public"}` → signed grant.

    The same code with the same keys gets the same device again (a lost answer); with other keys,
    or expired, it is refused.
    """
    try:
        code = str(asked["code"])
        sign_public, seal_public = unb64(asked["sign_public"]), unb64(asked["seal_public"])
        name = str(asked["name"])[:80]
    except (KeyError, ValueError):
        raise WireError("malformed") from None
    if (len(sign_public), len(seal_public)) != (KEY_BYTES, KEY_BYTES):
        raise WireError("malformed")
    try:
        digest = _code_digest(secret_of(code))
    except ValueError:
        raise WireError("bad_code") from None
    with engine.begin() as conn:
        row = conn.execute(
            sa.select(store.enrolment).where(store.enrolment.c.code_sha256 == digest)
        ).first()
        if row is None or row.expires_at < now():
            raise WireError("bad_code")
        if row.device is None:
            device_id = _add(conn, name, sign_public, seal_public)
            conn.execute(
                store.enrolment.update()
                .where(store.enrolment.c.code_sha256 == digest)
                .values(device=device_id)
            )
        else:
            device_id = row.device
            if by_id(conn, device_id).sign_public != sign_public:
                raise WireError("bad_code")
        city = conn.execute(sa.select(store.city)).one()
    grant = wire.canonical(
        {
            "v": wire.PROTOCOL,
            "device": device_id,
            "city": city.code,
            "city_name": city.name,
            "public": b64(city.sign_public),
            "sign_public": asked["sign_public"],
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "grant", grant)
    return {"grant": grant.decode(), "signature": signature}


def _add(conn: sa.Connection, name: str, sign_public: bytes, seal_public: bytes) -> str:
    count = conn.execute(sa.select(sa.func.count()).select_from(store.device)).scalar_one()
    device_id = f"K{count + 1:02d}"
    conn.execute(
        store.device.insert().values(
            id=device_id,
            name=name,
            sign_public=sign_public,
            seal_public=seal_public,
            status="active",
            ledger_seq=0,
            ledger_hash="",
            enrolled_at=now(),
        )
    )
    return device_id


def by_id(conn: sa.Connection, device_id: str) -> Any:
    row = conn.execute(sa.select(store.device).where(store.device.c.id == device_id)).first()
    if row is None:
        raise WireError("unknown_device")
    return row


def authenticate(engine: sa.Engine, device_id: str, purpose: str, body: bytes, sig: str) -> Any:
    """The device that signed this body; WireError for a stranger or a revoked one."""
    with engine.connect() as conn:
        row = by_id(conn, device_id)
    wire.verify(row.sign_public, purpose, body, sig)
    if row.status != "active":
        raise WireError("revoked")
    return row


def revoke(engine: sa.Engine, device_id: str) -> bool:
    """Stop a device in one act (lost laptop); False where there is no such device."""
    with engine.begin() as conn:
        done = conn.execute(
            store.device.update().where(store.device.c.id == device_id).values(status="revoked")
        )
    return bool(done.rowcount)


def make_trip(engine: sa.Engine, device: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Hand out a trip: a key pair, a day secret and the records of its reservations.

    `asked` = `{"request_id", "kind": "field"|"desk", "day", "reservations": [ids]}`.
    The private key stays here; the answer is sealed to the device, its public half signed. Asking
    again with the same request id gives the same trip.
    """
    request_id, kind = str(asked.get("request_id", "")), asked.get("kind")
    wanted = asked.get("reservations", [])
    if not is_id(request_id) or kind not in ("field", "desk") or not isinstance(wanted, list):
        raise WireError("malformed")
    with engine.begin() as conn:
        query = sa.select(store.trip).where(
            store.trip.c.device == device.id, store.trip.c.request_id == request_id
        )
        row = conn.execute(query).first()
        if row is None:
            private, public = wire.new_sealing_key()
            conn.execute(
                store.trip.insert().values(
                    id=new_id(),
                    request_id=request_id,
                    device=device.id,
                    kind=kind,
                    day=str(asked.get("day", ""))[:10],
                    seal_private=private,
                    seal_public=public,
                    secret=secrets.token_bytes(16),
                    state="out",
                    records=json.dumps([str(r) for r in wanted]),
                    made_at=now(),
                )
            )
            row = conn.execute(query).one()
        records = _records_of(conn, json.loads(row.records))
        city = conn.execute(sa.select(store.city)).one()
        fail.point("server.trip_before")
    fail.point("server.trip_after")
    return _trip_answer(city, device, row, records)


def _trip_answer(city: Any, device: Any, row: Any, records: list[dict[str, Any]]) -> dict[str, Any]:
    if row.secret is None:
        raise WireError("trip_ended")
    sealed = seal_answer(
        device.seal_public, device.id, row.id, {"secret": b64(row.secret), "records": records}
    )
    body = wire.canonical(
        {
            "v": wire.PROTOCOL,
            "device": device.id,
            "trip": row.id,
            "kind": row.kind,
            "day": row.day,
            "public": b64(row.seal_public),
            "sealed": b64(sealed),
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "trip", body)
    return {"trip": body.decode(), "signature": signature}


def trip_again(engine: sa.Engine, device: Any, trip_id: str) -> dict[str, Any]:
    """The second way to a day secret: the device that holds the trip may fetch it."""
    with engine.connect() as conn:
        row = conn.execute(
            sa.select(store.trip).where(
                store.trip.c.id == trip_id, store.trip.c.device == device.id
            )
        ).first()
        if row is None:
            raise WireError("unknown_trip")
        city = conn.execute(sa.select(store.city)).one()
    return _trip_answer(city, device, row, [])


def _records_of(conn: sa.Connection, reservations: list[str]) -> list[dict[str, Any]]:
    """The reservations and their applicants, as the laptop places them into the trip."""
    r = store.record
    children = sa.select(r.c.id).where(r.c.parent.in_(reservations))
    rows = conn.execute(
        sa.select(r)
        .where(
            sa.or_(r.c.id.in_(reservations), r.c.parent.in_(reservations), r.c.parent.in_(children))
        )
        .where(r.c.state == "live")
        .order_by(r.c.id)
    )
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "parent": row.parent,
            "body": json.loads(row.body),
            "rev": row.rev,
            "at": row.at,
            "actor": row.actor,
        }
        for row in rows
    ]
