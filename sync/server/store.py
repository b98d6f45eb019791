"""The server's tables. No column holds a name or a secret in the clear: those marked *boxed* are
sealed by sync/server/box.py before they come here, whatever the database is.

`op.seq` is the city's order of all saves; revisions and cursors are numbers of it. `statement` are
the city's signed words on its epochs and keys. `packet` is what a revoked device still sent. `twin`
are pairs of people who may be one; `twin_key` finds them by keyed digests (sync/server/twins.py).
`audit` is the city's own ledger of what its people did at the console and the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

SCHEMA = 2
metadata = sa.MetaData()
T, I, B = sa.Text, sa.BigInteger, sa.LargeBinary


def _key(name: str, kind: Any = T) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _need(name: str, kind: Any = T, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, **more)


meta = sa.Table("meta", metadata, _key("name"), _need("value"))
city = sa.Table(
    "city",
    metadata,
    _key("code"),
    _need("name"),
    _need("epoch", I),
    _need("sign_private", B),  # boxed
    _need("sign_public", B),
    _need("seal_private", B),  # boxed
    _need("seal_public", B),
    _need("made_at"),
)
statement = sa.Table(
    "statement",
    metadata,
    _key("kind"),
    _key("no", I),
    _need("body"),
    _need("signature"),
)
enrolment = sa.Table(
    "enrolment",
    metadata,
    _key("code_sha256"),
    _need("expires_at"),
    _need("profile"),
    sa.Column("device", T),
    _need("made_at"),
)
device = sa.Table(
    "device",
    metadata,
    _key("id"),
    _need("name"),
    _need("profile"),
    _need("sign_public", B),
    _need("seal_public", B),
    _need("status"),
    sa.Column("last_seen", T),
    _need("ledger_seq", I),
    _need("ledger_hash"),
    _need("enrolled_at"),
    sa.Column("revoked_at", T),
)
trip = sa.Table(
    "trip",
    metadata,
    _key("id"),
    _need("request_id"),
    _need("device"),
    _need("kind"),
    _need("day"),
    _need("seal_private", B),  # boxed
    _need("seal_public", B),
    sa.Column("secret", B),  # boxed
    _need("state"),
    _need("records"),
    _need("made_at"),
    sa.Column("ended_at", T),
    sa.UniqueConstraint("device", "request_id"),
)
op = sa.Table(
    "op",
    metadata,
    _key("seq", I),
    sa.Column("op_id", T, nullable=False, unique=True),
    _need("device"),
    _need("n", I),
    _need("trip"),
    _need("sha256"),
    _need("body", B),  # the sealed save exactly as it came
    _need("at"),
    sa.UniqueConstraint("device", "n"),
)
record = sa.Table(
    "record",
    metadata,
    _key("id"),
    _need("kind"),
    _need("parent", index=True),
    _need("owner", index=True),  # the device that brought it first
    _need("body", B),  # boxed
    _need("revs"),
    _need("rev", I, index=True),
    _need("state"),
    _need("actor"),
    _need("at"),
)
clash = sa.Table(
    "clash",
    metadata,
    _key("id"),
    _need("record", index=True),
    _need("op_id"),
    _need("names"),
    _need("body", B),  # boxed: both values, who and when
    _need("rule"),
    _need("state", index=True),
    _need("rev", I, index=True),  # when it last changed
    _need("at"),
    sa.Column("decided_by", T),
    sa.Column("decided_at", T),
    sa.Column("word", B),  # boxed: what was decided, and why
)
twin = sa.Table(
    "twin",
    metadata,
    _key("id"),
    _need("a", index=True),
    _need("b", index=True),
    _need("why"),
    _need("state", index=True),
    _need("rev", I, index=True),
    _need("at"),
    sa.Column("decided_by", T),
    sa.Column("decided_at", T),
    sa.Column("word", B),  # boxed
)
twin_key = sa.Table(
    "twin_key", metadata, _key("key"), _key("record"), sa.Index("twin_key_record", "record")
)
fact = sa.Table(
    "fact",
    metadata,
    _key("id"),
    _need("device"),
    _need("body"),
)
photo = sa.Table(
    "photo",
    metadata,
    _key("id"),
    _need("trip", index=True),
    _need("device"),
    _need("sha256"),
    _need("size", I),
    _need("seal", B),
    _need("state"),
    _need("key", B),  # boxed
    _need("receipt"),
    _need("at"),
)
blob = sa.Table("blob", metadata, _key("name"), _need("data", B))
part = sa.Table("part", metadata, _key("name"), _key("start", I), _need("data", B))
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
packet = sa.Table(
    "packet",
    metadata,
    _key("digest"),
    _need("no", I),  # in the order of arrival
    _need("device", index=True),
    _need("method"),
    _need("path"),
    _need("headers"),
    _need("body", B),
    _need("state"),
    _need("at"),
    sa.Column("decided_by", T),
    sa.Column("decided_at", T),
    sa.Column("why", T),
)
audit = sa.Table("audit", metadata, _key("seq", I), _need("body"), _need("hash"))
supervisor = sa.Table(
    "supervisor",
    metadata,
    _key("id"),
    _need("name", B),  # boxed
    _need("password"),  # Argon2id, as a PHC text
    _need("totp", B),  # boxed
    _need("last_step", I),
    _need("failures", I),
    _need("locked_until"),
    _need("made_at"),
)
session = sa.Table(
    "session",
    metadata,
    _key("id_sha256"),
    _need("who"),
    _need("made_at"),
    _need("seen_at"),
)
settings = sa.Table(
    "settings",
    metadata,
    _key("no", I),
    _need("digest"),
    _need("size", I),
    _need("body", B),  # forms and tables of the city: nobody's data
    _need("statement"),
    _need("signature"),
    _need("made_at"),
    _need("made_by"),
)
handover = sa.Table(
    "handover",
    metadata,
    _key("photo"),
    _need("application"),
    _need("batch", index=True),
    _need("state"),
    _need("sha256"),  # of the opened JPEG as it was handed over
    _need("at"),
)


def read_key_file(path: Path) -> bytes:
    """The 32 bytes of `server.key`; FileNotFoundError or ValueError where there are none."""
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != 32:
        raise ValueError("not a server key")
    return key
