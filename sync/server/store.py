"""The server's store: SQLAlchemy Core tables on an encrypted embedded file.

One code path for every database that SQLAlchemy speaks; the embedded default is SQLCipher with
WAL and synchronous=FULL, because a receipt may only be signed over bytes that survive a power cut.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlcipher3 import dbapi2 as sqlcipher

metadata = sa.MetaData()
T, I, B = sa.Text, sa.Integer, sa.LargeBinary


def _key(name: str, kind: Any = T) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _need(name: str, kind: Any = T) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


city = sa.Table(
    "city",
    metadata,
    _key("code"),
    _need("name"),
    _need("epoch", I),
    _need("sign_private", B),
    _need("sign_public", B),
    _need("console_hash"),
    _need("made_at"),
)
enrolment = sa.Table(
    "enrolment",
    metadata,
    _key("code_sha256"),
    _need("expires_at"),
    sa.Column("device", T),
    _need("made_at"),
)
device = sa.Table(
    "device",
    metadata,
    _key("id"),
    _need("name"),
    _need("sign_public", B),
    _need("seal_public", B),
    _need("status"),
    sa.Column("last_seen", T),
    _need("ledger_seq", I),
    _need("ledger_hash"),
    _need("enrolled_at"),
)
trip = sa.Table(
    "trip",
    metadata,
    _key("id"),
    _need("request_id"),
    _need("device"),
    _need("kind"),
    _need("day"),
    _need("seal_private", B),
    _need("seal_public", B),
    sa.Column("secret", B),
    _need("state"),
    _need("records"),
    _need("made_at"),
    sa.Column("ended_at", T),
    sa.UniqueConstraint("device", "request_id"),
)
op = sa.Table(
    "op",
    metadata,
    sa.Column("seq", I, primary_key=True, autoincrement=True),
    sa.Column("op_id", T, nullable=False, unique=True),
    _need("device"),
    _need("n", I),
    _need("trip"),
    _need("sha256"),
    _need("body", B),
    _need("at"),
    sa.UniqueConstraint("device", "n"),
)
record = sa.Table(
    "record",
    metadata,
    _key("id"),
    _need("kind"),
    _need("parent"),
    _need("body"),
    _need("rev", I),
    _need("state"),
    _need("actor"),
    _need("at"),
)
field = sa.Table(
    "field",
    metadata,
    _key("record"),
    _key("name"),
    _need("seq", I),
    _need("device"),
)
conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("id", I, primary_key=True, autoincrement=True),
    _need("record"),
    _need("name"),
    _need("theirs"),
    _need("op_id"),
    _need("state"),
    _need("at"),
)
photo = sa.Table(
    "photo",
    metadata,
    _key("id"),
    _need("trip"),
    _need("device"),
    _need("sha256"),
    _need("size", I),
    _need("seal", B),
    _need("state"),
    sa.Column("sealed", B),
    sa.Column("jpeg", B),
    sa.Column("jpeg_sha256", T),
    sa.Column("receipt", T),
    _need("at"),
)
part = sa.Table(
    "part",
    metadata,
    _key("photo"),
    _key("start", I),
    _need("data", B),
)
receipt = sa.Table(
    "receipt",
    metadata,
    _key("seq", I),
    sa.Column("digest", T, nullable=False, unique=True),
    _need("device"),
    _need("kind"),
    _need("body"),
    _need("signature"),
    sa.Column("batch", T, unique=True),
)

ledger_row = sa.Table(
    "ledger_row",
    metadata,
    _key("device"),
    _key("seq", I),
    _need("body"),
    _need("hash"),
)


def new_key_file(path: Path) -> bytes:
    """Make the server's key file (64 hex characters, readable by its owner only)."""
    key = secrets.token_bytes(32)
    path.touch(mode=0o600)
    path.write_text(key.hex(), encoding="ascii")
    return key


def open_store(folder: Path) -> sa.Engine:
    """The embedded store of `folder`; creates missing tables. ValueError without a key file."""
    key = bytes.fromhex((folder / "server.key").read_text(encoding="ascii").strip())
    engine = sa.create_engine(
        f"sqlite:///{(folder / 'city.db').as_posix()}",
        module=sqlcipher,
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    @sa.event.listens_for(engine, "connect")
    def unlock(conn: Any, _record: Any) -> None:
        conn.isolation_level = None
        conn.set_key(f"x'{key.hex()}'")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            conn.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(conn: Any) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    metadata.create_all(engine)
    return engine
