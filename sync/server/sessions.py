"""Sessions of the console: in the database, so that every process knows them and logout is final.

The database holds only the hash of a session's id; what the forms carry against foreign pages is
derived from the id, and so ends with it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from sync.server import store as t
from sync.server.box import Box
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
TOUCH = timedelta(minutes=1)


def _digest(box: Box, session: str) -> str:
    """Keyed, so that who may write to the database alone makes no session."""
    return hmac.new(box.derived("session"), session.encode(), "sha256").hexdigest()


def begin(shelf: SqlShelf, who: str) -> str:
    """A new session in the caller's transaction; forgets those that are over."""
    session, s = secrets.token_urlsafe(32), t.session
    shelf.conn.execute(s.delete().where(s.c.seen_at < _ago(IDLE)))
    values = {"who": who, "made_at": now(), "seen_at": now()}
    shelf.conn.execute(s.insert().values(id_sha256=_digest(shelf.box, session), **values))
    return session


def who(store: SqlStore, session: str) -> str:
    """Whose session this is, "" where it is none (any more)."""
    s, digest = t.session, _digest(store.box, session)
    with store.read() as shelf:
        row = shelf.conn.execute(sa.select(s).where(s.c.id_sha256 == digest)).first()
    if row is None or row.seen_at < _ago(IDLE) or row.made_at < _ago(LONGEST):
        return ""
    if row.seen_at < _ago(TOUCH):
        with store.write() as shelf:
            shelf.conn.execute(s.update().where(s.c.id_sha256 == digest).values(seen_at=now()))
    return str(row.who)


def end(store: SqlStore, session: str) -> None:
    digest = _digest(store.box, session)
    with store.write() as shelf:
        shelf.conn.execute(t.session.delete().where(t.session.c.id_sha256 == digest))


def end_all(shelf: SqlShelf, one: str) -> None:
    shelf.conn.execute(t.session.delete().where(t.session.c.who == one))


def token(box: Box, session: str) -> str:
    """What every form of this session must bring along."""
    return hmac.new(box.derived("csrf"), session.encode(), "sha256").hexdigest()


def _ago(span: timedelta) -> str:
    return (datetime.now(UTC) - span).isoformat(timespec="seconds")
