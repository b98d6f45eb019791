"""Which kits may talk: one-time codes, enrolment, revocation in one act."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sync import packet, wire
from sync.ids import code_of, secret_of
from sync.server import audit, closing
from sync.server import store as t
from sync.server.box import Box
from sync.server.receipts import now
from sync.server.shelf import Device
from sync.server.sidebook import DEVICE, STOPPED
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, b64, unb64

CODE_HOURS = 24
FILE_HOURS = 7 * 24
"""A file may have to be carried to a laptop, and its answer back, over a week-end."""
KEY_BYTES = 32
PROFILES = ("field", "desk", "booth", "office")


def _code_digest(box: Box, code: bytes) -> str:
    """Keyed, so that who may write to the database alone makes no code."""
    return hmac.new(box.derived("enrolment"), code, "sha256").hexdigest()


@dataclass(frozen=True)
class Unused:
    """A code that nobody has used. `name` is the beginning of its digest: it enrols nobody."""

    name: str
    profile: str
    made_at: str
    expires_at: str


def new_code(
    store: SqlStore, profile: str = "field", who: str = "cli", hours: int = CODE_HOURS
) -> str:
    """A one-time enrolment code for a kit of this profile (26 characters, valid for a day)."""
    if profile not in PROFILES:
        raise ValueError(profile)
    code = secrets.token_bytes(16)
    expires = datetime.now(UTC) + timedelta(hours=hours)
    digest = _code_digest(store.box, code)
    with store.write() as shelf:
        audit.note(shelf, who, "enrol_code", digest[:8], profile)
        shelf.conn.execute(
            t.enrolment.insert().values(
                code_sha256=digest,
                expires_at=expires.isoformat(timespec="seconds"),
                profile=profile,
                made_at=now(),
            )
        )
    return code_of(code)


def unused(shelf: SqlShelf) -> list[Unused]:
    """The codes that would still enrol somebody, oldest first."""
    e = t.enrolment
    rows = shelf.conn.execute(
        sa.select(e).where(e.c.device.is_(None), e.c.expires_at >= now()).order_by(e.c.made_at)
    )
    return [Unused(r.code_sha256[:8], r.profile, r.made_at, r.expires_at) for r in rows]


def withdraw(store: SqlStore, name: str, who: str = "cli") -> bool:
    """End an unused code by its `Unused.name`; False where there is none of that name."""
    e = t.enrolment
    with store.write() as shelf:
        if name not in [one.name for one in unused(shelf)]:
            return False
        shelf.conn.execute(
            e.update()
            .where(e.c.code_sha256.startswith(name), e.c.device.is_(None))
            .values(expires_at="")
        )
        audit.note(shelf, who, "enrol_withdrawn", name)
    return True


def enrolment_file(store: SqlStore, profile: str, url: str, who: str = "cli") -> dict[str, Any]:
    """What a kit needs to enrol, for a stick: as secret as the code in it. `url` is empty where
    there is no line: then the kit asks with a file, too (sync/enrol_file.py)."""
    code = new_code(store, profile, who, FILE_HOURS)
    with store.read() as shelf:
        city = shelf.city()
    expires = datetime.now(UTC) + timedelta(hours=FILE_HOURS)
    return {
        "v": 1,
        "city": city.code,
        "city_name": city.name,
        "url": url,
        "fingerprint": wire.fingerprint(city.sign_public),
        "public": b64(city.sign_public),
        "seal_public": b64(city.seal_public),
        "code": code,
        "profile": profile,
        "expires_at": expires.isoformat(timespec="seconds"),
    }


def file_name(value: dict[str, Any]) -> str:
    """The name of such a file: nothing in it helps to guess the code."""
    digest = hashlib.sha256(b"ksp1-enrolment\0" + secret_of(value["code"])).hexdigest()
    return f"enrol-{digest[:8]}.json"


def enrol(store: SqlStore, asked: dict[str, Any]) -> dict[str, Any]:
    """Take a laptop in: `{"code", "name", "sign_public", "seal_public"}` → signed grant.

    The same code with the same keys gets the same device again (a lost answer), also later; with
    other keys, or expired before its first use, it is refused.
    """
    try:
        code = str(asked["code"])
        sign_public, seal_public = unb64(asked["sign_public"]), unb64(asked["seal_public"])
        name = str(asked["name"])[:80]
    except (KeyError, ValueError):
        raise WireError("malformed") from None
    if len(sign_public) != KEY_BYTES or not packet.can_seal_to(seal_public):
        raise WireError("malformed")
    try:
        digest = _code_digest(store.box, secret_of(code))
    except ValueError:
        raise WireError("bad_code") from None
    with store.write() as shelf:
        e, d = t.enrolment, t.device
        row = shelf.conn.execute(sa.select(e).where(e.c.code_sha256 == digest)).first()
        if row is None or (row.device is None and row.expires_at < now()):
            raise WireError("bad_code")
        if row.device is None:
            if shelf.conn.execute(sa.select(d.c.id).where(d.c.sign_public == sign_public)).first():
                raise WireError("bad_code")  # what one of them signs would be the other's word too
            device_id = _add(shelf, name, row.profile, sign_public, seal_public)
            shelf.conn.execute(e.update().where(e.c.code_sha256 == digest).values(device=device_id))
        else:
            device_id = row.device
            known = shelf.device(device_id)
            if known is None or known.sign_public != sign_public:
                raise WireError("bad_code")
        city = shelf.city()
    grant = wire.canonical(
        {
            "v": wire.FORMAT,
            "device": device_id,
            "profile": row.profile,
            "city": city.code,
            "city_name": city.name,
            "public": b64(city.sign_public),
            "seal_public": b64(city.seal_public),
            "sign_public": asked["sign_public"],
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "grant", grant)
    return {"grant": grant.decode(), "signature": signature}


def _add(shelf: SqlShelf, name: str, profile: str, sign_public: bytes, seal_public: bytes) -> str:
    count = shelf.conn.execute(sa.select(sa.func.count()).select_from(t.device)).scalar_one()
    m = t.meta.c
    unknown = shelf.conn.execute(sa.select(m.value).where(m.name == "device_gap")).scalar()
    device_id = f"K{count + int(unknown or 0) + 1:02d}"
    at = now()
    put(shelf, Device(device_id, name, profile, sign_public, seal_public, "active", 0, ""), at)
    told = {"name": name, "profile": profile, "sign": b64(sign_public), "seal": b64(seal_public)}
    shelf.side.add(DEVICE, device_id, told | {"at": at})
    return device_id


def put(shelf: SqlShelf, device: Device, at: str) -> None:
    """A new device into the store."""
    shelf.conn.execute(t.device.insert().values(**asdict(device), enrolled_at=at))


def revoke(store: SqlStore, device_id: str, who: str = "cli") -> bool:
    """Stop a device in one act (lost laptop), for good; False where there is no such device."""
    d = t.device
    with store.write() as shelf:
        known = shelf.device(device_id)
        if known is not None and known.status == "active":
            values = {"status": "revoked", "revoked_at": now()}
            shelf.conn.execute(d.update().where(d.c.id == device_id).values(**values))
            audit.note(shelf, who, "revoke", device_id)
            closing.device_stopped(shelf, device_id)
            shelf.side.add(STOPPED, device_id, {"at": values["revoked_at"]})
    return known is not None
