"""The city's own ledger: who did what at the console or the command line, to which id, how it went.

Rows are chained by hashes exactly as a laptop's ledger (sync/verify_ledger.py checks both), written
in the transaction of the act itself, and hold ids only: no name, no value, no text of a person.
"""

from __future__ import annotations

import getpass

import sqlalchemy as sa

from sync.server import store as t
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.verify_ledger import GENESIS, Problem, entry_hash, verify_rows
from sync.wire import canonical

DEVICE = "server"
"""The name of this ledger where a laptop's has its device id."""


def note(shelf: SqlShelf, who: str, act: str, obj: str, result: str = "ok") -> int:
    """Append one row in the caller's write transaction; returns its number."""
    a = t.audit
    last = shelf.conn.execute(sa.select(a).order_by(a.c.seq.desc()).limit(1)).first()
    seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
    body = {
        "seq": seq,
        "prev": prev,
        "at": now(),
        "actor": who,
        "device": DEVICE,
        "act": act,
        "object": obj,
        "result": result,
    }
    text = canonical(body).decode()
    shelf.conn.execute(a.insert().values(seq=seq, body=text, hash=entry_hash(text)))
    return int(seq)


def rows(shelf: SqlShelf) -> list[tuple[str, str]]:
    """Every row, (text, hash), by number."""
    a = t.audit
    return [(row.body, row.hash) for row in shelf.conn.execute(sa.select(a).order_by(a.c.seq))]


def problem(shelf: SqlShelf) -> Problem | None:
    """The first row that does not hold, or None."""
    return verify_rows(rows(shelf))


def me(who: str = "") -> str:
    """Who is at the command line: `--who`, else the account of this machine."""
    try:
        return who or f"cli:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):
        return "cli"
