"""Look at everything that the city holds: does each word of it still prove what it says?

The receipts' chain and signatures (across new keys and new lives), every save and every photo
hashed again and opened, the copies of the laptops' ledgers, every box. One moment of the database
is looked at; the server may run. Saves, photos, records, boxes: sync/server/verify_things.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sync import statements, wire
from sync.receipt import GENESIS, Receipt
from sync.server import audit, keys
from sync.server import store as t
from sync.server.sqlshelf import SqlShelf
from sync.wire import WireError, sha256, sign, signing_private


@dataclass
class Found:
    """What was looked at, what is wrong, and what a person should know."""

    looked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, what: str, more: int = 1) -> None:
        self.looked[what] = self.looked.get(what, 0) + more


def pages(shelf: SqlShelf, found: Found) -> None:
    """Every page of an embedded file is authentic and in its place."""
    if shelf.conn.dialect.name != "sqlite":
        return
    for pragma in ("cipher_integrity_check", "integrity_check"):
        told = [told for (told,) in shelf.conn.exec_driver_sql(f"PRAGMA {pragma}") if told != "ok"]
        if told and pragma.startswith("cipher"):  # it looks past the log: a power cut may have
            _bring_log(shelf)  # left a page torn whose whole copy is still there
            told = [t for (t,) in shelf.conn.exec_driver_sql(f"PRAGMA {pragma}") if t != "ok"]
        if told:
            found.wrong.append("データベースのファイルが壊れています。")
            return
    found.count("データベースのファイル")


def _bring_log(shelf: SqlShelf) -> None:
    """Write what stands in the write-ahead log into the file, as happens all the time."""
    with shelf.conn.engine.connect() as conn:
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        conn.exec_driver_sql("BEGIN")


def city(shelf: SqlShelf, found: Found) -> None:
    """The city's keys fit together, and its signed words lead from the first key to this one."""
    meta = {row.name: row.value for row in shelf.conn.execute(sa.select(t.meta))}
    for name in ("schema", "key_id"):
        if not meta.get(name):
            found.wrong.append(f"設定の行 {name} がありません。")
    if keys.kept(shelf) is None:
        found.notes.append("復旧の紙がありません。recovery-renew で作れます。")
    one = shelf.city()
    mark = b"fieldkit"
    word = sign(signing_private(one.sign_private), "check", mark)
    wire.verify(one.sign_public, "check", mark, word)
    pair = wire.sealing_private(one.seal_private).public_key().public_bytes_raw()
    if pair != one.seal_public:
        found.wrong.append("市の封の鍵が合いません。")
    publics = signing_keys(shelf)
    if publics[-1] != one.sign_public:
        found.wrong.append("市の鍵の入れ替えの記録がつながりません。")
    told = statements.read_epochs(publics, one.code, [dict(s) for s in one.epochs])
    numbers = [life.number for life in told]
    if len(told) != len(one.epochs) or max([1, *numbers]) != one.epoch:
        found.wrong.append("市の世代の記録が足りないか、署名が正しくありません。")
    found.count("鍵と世代の記録", len(publics) + len(told))


def signing_keys(shelf: SqlShelf) -> list[bytes]:
    """Every key that the city signed with, oldest first."""
    one = shelf.city()
    first = wire.unb64(wire.parse(one.keys[0]["body"].encode())["old"]) if one.keys else b""
    if not first:
        return [one.sign_public]
    told = statements.read_keys(first, one.code, [dict(s) for s in one.keys])
    return [first, *(key.new for key in told)]


def receipts(shelf: SqlShelf) -> Iterator[Any]:
    """The rows of the chain, in order."""
    query = sa.select(t.receipt).order_by(t.receipt.c.seq)
    yield from shelf.conn.execute(query, execution_options={"yield_per": 500})


def chain(shelf: SqlShelf, found: Found) -> None:
    """Each receipt follows the one before, and one of the city's keys signed it."""
    one, publics, prev, at = shelf.city(), signing_keys(shelf), GENESIS, 0
    begins = {life.from_seq: life for life in
              statements.read_epochs(publics, one.code, [dict(s) for s in one.epochs])}  # fmt: skip
    epoch, named = 1, set()
    for number, row in enumerate(receipts(shelf), start=1):
        if number - 1 in begins:
            life = begins[number - 1]
            epoch = life.number
            if life.from_digest != prev:
                found.wrong.append(f"世代 {epoch} の始まりが、受領証 {number - 1} 番と合いません。")
        made = Receipt(row.body.encode(), row.signature)
        value = made.value
        whole = (
            (row.seq, value["seq"], value["prev"]) == (number, number, prev)
            and row.digest == sha256(made.body)
            and (row.device, row.kind) == (value["device"], value["kind"])
            and (value["city"], value["epoch"]) == (one.code, epoch)
        )
        if not whole:
            found.wrong.append(f"受領証 {number} 番が、前の受領証とつながりません。")
            return
        if (place := signer(made, publics[at:])) is None:
            found.wrong.append(f"受領証 {number} 番の署名が、市のものではありません。")
        else:
            at += place
        if value["kind"] in ("key", "epoch"):
            named |= {item["id"] for item in value["items"]}
        prev = row.digest
        found.count("受領証")
    missing = {wire.b64(public) for public in publics[1:]} ^ {n for n in named if not n.isdigit()}
    if missing:
        found.wrong.append("市の鍵の入れ替えの記録が、受領証と合いません。")


def signer(made: Receipt, publics: list[bytes]) -> int | None:
    """Which of these keys signed it; a key that was replaced signs no more."""
    for place, public in enumerate(publics):
        try:
            wire.verify(public, "receipt", made.body, made.signature)
        except WireError:
            continue
        return place
    return None


def own_ledger(shelf: SqlShelf, found: Found) -> None:
    """The city's ledger of its own acts."""
    problem = audit.problem(shelf)
    if problem is not None:
        found.wrong.append(f"市の取扱記録簿の {problem.seq} 行目がつながりません。")
    found.count("市の取扱記録簿", len(audit.rows(shelf)))
