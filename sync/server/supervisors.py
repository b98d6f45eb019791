"""Who may work at the console: a password and a code of an authenticator, both each time.

A code counts once: the step of the last one is kept, in the same transaction that lets its owner
in. Five wrong tries lock the account for a quarter of an hour, whatever process they came to.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from sync.server import audit, sessions
from sync.server import store as t
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore

STEP, DIGITS = 30, 6
TRIES, LOCKED = 5, timedelta(minutes=15)
SHORTEST = 12
NOBODY = "-"
_hashing = threading.BoundedSemaphore(2)
"""64 MiB a hash: not one for every thread at once."""


@dataclass(frozen=True)
class Made:
    """What is shown once: the text that an authenticator scans, and the key to type by hand."""

    otpauth: str
    secret: str


@dataclass(frozen=True)
class Supervisor:
    id: str
    name: str
    locked: bool


def good_id(text: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9._-]{1,29}", text) is not None


def _hashed(password: str) -> str:
    kind = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    )
    with _hashing:
        return kind.derive_phc_encoded(password.encode())


_nobody: list[str] = []


def _matches(password: str, known: str) -> bool:
    """Takes as long for nobody's account as for somebody's."""
    if not known and not _nobody:
        _nobody.append(_hashed(secrets.token_hex(16)))
    try:
        with _hashing:
            Argon2id.verify_phc_encoded(password.encode(), known or _nobody[0])
    except (InvalidKey, ValueError):
        return False
    return bool(known)


def _totp(key: bytes) -> TOTP:
    return TOTP(key, DIGITS, SHA1(), STEP)


def code_at(key: bytes, at: float) -> str:
    """The code that an authenticator shows at this moment."""
    return _totp(key).generate(int(at)).decode()


def add(store: SqlStore, one: str, name: str, password: str, who: str, again: bool = False) -> Made:
    """A new supervisor, or (`again`) new secrets for one who is there; ValueError("id"),
    ("password") or ("taken"), KeyError where there is nobody to reset."""
    if not good_id(one):
        raise ValueError("id")
    if len(password) < SHORTEST:
        raise ValueError("password")
    key, hashed, s = secrets.token_bytes(20), _hashed(password), t.supervisor
    with store.write() as shelf:
        known = shelf.conn.execute(sa.select(s).where(s.c.id == one)).first()
        if known is not None and not again:
            raise ValueError("taken")
        if known is None and again:
            raise KeyError(one)
        values = {
            "password": hashed,
            "totp": shelf.box.seal("totp", one, key),
            "last_step": 0,
            "failures": 0,
            "locked_until": "",
        }
        if known is None:
            boxed = shelf.box.seal("supervisor", one, name.encode())
            shelf.conn.execute(s.insert().values(id=one, name=boxed, made_at=now(), **values))
        else:
            shelf.conn.execute(s.update().where(s.c.id == one).values(**values))
        sessions.end_all(shelf, one)
        audit.note(shelf, who, "supervisor_reset" if again else "supervisor_add", one)
        issuer = f"{shelf.city().name} 市サーバ"
    return Made(_totp(key).get_provisioning_uri(one, issuer), b32encode(key).decode())


def remove(store: SqlStore, one: str, who: str) -> bool:
    """End an account and its sessions; False where there is none."""
    with store.write() as shelf:
        done = shelf.conn.execute(t.supervisor.delete().where(t.supervisor.c.id == one))
        if done.rowcount:
            sessions.end_all(shelf, one)
            audit.note(shelf, who, "supervisor_remove", one)
    return bool(done.rowcount)


def every(shelf: SqlShelf) -> list[Supervisor]:
    s = t.supervisor
    return [
        Supervisor(row.id, shelf.box.open("supervisor", row.id, row.name).decode(),
                   row.locked_until > now())
        for row in shelf.conn.execute(sa.select(s).order_by(s.c.id))
    ]  # fmt: skip


def add_demo(store: SqlStore, one: str, name: str, password: str) -> None:
    """The demo's supervisor, once; nobody holds the authenticator, so `code_now` tells the code."""
    m = t.meta
    with store.write() as shelf:
        if shelf.conn.execute(sa.select(m.c.value).where(m.c.name == "demo")).first():
            return
        shelf.conn.execute(m.insert().values(name="demo", value=one))
    add(store, one, name, password, "demo")


def code_now(shelf: SqlShelf, one: str) -> str:
    """The code of this moment, for the demo's supervisor alone; KeyError for anybody else."""
    demo = shelf.conn.execute(sa.select(t.meta.c.value).where(t.meta.c.name == "demo")).scalar()
    row = shelf.conn.execute(sa.select(t.supervisor).where(t.supervisor.c.id == one)).first()
    if row is None or demo != one:
        raise KeyError(one)
    return code_at(shelf.box.open("totp", one, row.totp), time.time())


def sign_in(
    store: SqlStore, one: str, password: str, code: str, at: float | None = None
) -> str | None:
    """A new session's id where both are right, else None (the same for every reason)."""
    moment, s = time.time() if at is None else at, t.supervisor
    one = one if good_id(one) else ""
    with store.read() as shelf:
        row = shelf.conn.execute(sa.select(s).where(s.c.id == one)).first()
    right = _matches(password, "" if row is None or _locked(row.locked_until, moment)
                     else row.password)  # fmt: skip
    with store.write() as shelf:
        row = shelf.conn.execute(sa.select(s).where(s.c.id == one)).first()
        if row is None or _locked(row.locked_until, moment):
            # as slow as a wrong password; what was typed may be one, so it is not written down
            audit.note(shelf, NOBODY if row is None else one, "console_login", "-", "refused")
            return None
        step = _step(shelf.box.open("totp", one, row.totp), code, moment, row.last_step)
        if not right or step is None:
            _count(shelf, one, row.failures + 1, moment)
            return None
        values = {"failures": 0, "locked_until": "", "last_step": step}
        shelf.conn.execute(s.update().where(s.c.id == one).values(**values))
        audit.note(shelf, one, "console_login", one)
        return sessions.begin(shelf, one)


def _step(key: bytes, code: str, moment: float, last: int) -> int | None:
    """The step whose code this is: now, the one before or the next; never one used before."""
    here, found = int(moment) // STEP, None
    for step in (here - 1, here, here + 1):
        same = bytes_eq(_totp(key).generate(step * STEP), code.encode())
        if same and step > last:
            found = step
    return found


def _locked(until: str, moment: float) -> bool:
    return bool(until) and until > _stamp(moment)


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _count(shelf: SqlShelf, one: str, failures: int, moment: float) -> None:
    values = {"failures": failures, "locked_until": ""}
    act, result = "console_login", "refused"
    if failures >= TRIES:
        until = datetime.fromtimestamp(moment, UTC) + LOCKED
        values = {"failures": 0, "locked_until": until.isoformat(timespec="seconds")}
        result = "locked"
    shelf.conn.execute(t.supervisor.update().where(t.supervisor.c.id == one).values(**values))
    audit.note(shelf, one, act, one, result)
