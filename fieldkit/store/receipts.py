"""The city's receipts, kept for ever exactly as they came, and what they say of the city itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from fieldkit.store.db import Database
from fieldkit.store.vault import Vault
from sync import receipt
from sync.receipt import Receipt
from sync.statements import Epoch, void
from sync.verify_ledger import GENESIS
from sync.wire import WireError

META, HELD = "city", "city_held"
NOTHING: dict[str, Any] = {"epoch": 0, "seq": 0, "ledger": {"seq": 0, "hash": GENESIS}}


def keep(vault: Vault, made: Receipt) -> None:
    """Store a receipt that was verified; a second copy changes nothing.

    WireError("void_receipt") for one that was lost when the city's store was set back.
    """
    value = made.value
    if is_void(vault.book, made):
        raise WireError("void_receipt")
    with vault.book.write() as conn:
        done = conn.execute(
            "INSERT OR IGNORE INTO receipt (digest, seq, body, signature, kept_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (made.digest, value["seq"], made.body.decode(), made.signature, vault.now()),
        )
        if done.rowcount:
            _remember(vault.book, value)
            vault.note("receipt_kept", made.digest[:16])


def has(book: Database, made: Receipt) -> bool:
    """Whether this very receipt is kept."""
    return book.one("SELECT 1 FROM receipt WHERE digest = ?", made.digest) is not None


def city(book: Database) -> dict[str, Any]:
    """What the kept receipts say of the city: `{"epoch", "seq", "ledger": {"seq", "hash"}}`.

    `seq` is the highest number seen, `ledger` the last row of this laptop's ledger that the city
    countersigned. All zero before the first receipt.
    """
    row = book.one("SELECT value FROM meta WHERE key = ?", META)
    return json.loads(row["value"]) if row else NOTHING


def _remember(book: Database, value: dict[str, Any]) -> None:
    now = dict(city(book))
    now["epoch"] = max(now["epoch"], value["epoch"])
    now["seq"] = max(now["seq"], value["seq"])
    if value.get("kind") == "ops" and value["ledger"]["seq"] > now["ledger"]["seq"]:
        now["ledger"] = value["ledger"]
    _store(book, now)


def _store(book: Database, now: dict[str, Any]) -> None:
    with book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, json.dumps(now)))


def void_by_number(book: Database, lives: Iterable[Epoch]) -> None:
    """Receipts with a higher number than the last one after which a life began are void: all that
    is known where a city of before gives no list."""
    with book.write() as conn:
        for one in lives:
            conn.execute(
                "UPDATE receipt SET void = 1 WHERE seq > ? AND json_extract(body, '$.epoch') < ?",
                (one.from_seq, one.number),
            )


def void_by_list(book: Database, number: int, held: Sequence[str]) -> None:
    """Receipts of before the life `number` count if the city has them, and only then; so do those
    that come late."""
    there, older = set(held), "json_extract(body, '$.epoch') < ?"
    with book.write() as conn:
        told = json.dumps({"epoch": number, "held": list(held)})
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (HELD, told))
        for row in book.all(f"SELECT digest, void FROM receipt WHERE {older}", number):
            void_now = row["digest"] not in there
            if void_now != bool(row["void"]):
                conn.execute(
                    "UPDATE receipt SET void = ? WHERE digest = ?", (void_now, row["digest"])
                )


def is_void(book: Database, made: Receipt) -> bool:
    """Whether the newest life of the city's store that is known here does not have this receipt.

    The city's own list decides, also on one that comes late from a medium; the numbers do where a
    city of before gave none.
    """
    value, row = made.value, book.one("SELECT void FROM receipt WHERE digest = ?", made.digest)
    if row is not None:
        return bool(row["void"])
    lives = epochs(book)
    if not lives or value["epoch"] >= lives[-1].number:
        return False
    told = book.one("SELECT value FROM meta WHERE key = ?", HELD)
    held = json.loads(told["value"]) if told else {}
    if held.get("epoch") == lives[-1].number:
        return made.digest not in held["held"]
    return void(lives, value["epoch"], value["seq"])


def shown(book: Database, whole: bool) -> dict[str, Any]:
    """The newest receipt that counts and the newest word on a life of the city's store: by digest,
    or as they were signed."""
    words = {}
    for name, query in (
        ("receipt", "SELECT * FROM receipt WHERE void = 0 ORDER BY seq DESC LIMIT 1"),
        ("life", "SELECT * FROM epoch ORDER BY number DESC LIMIT 1"),
    ):
        if (row := book.one(query)) is not None:
            words[name] = Receipt(row["body"].encode(), row["signature"])
    return {name: one.to_json() if whole else one.digest for name, one in words.items()}


def fall_back(book: Database, to: Epoch) -> None:
    """Remember of the city only what its restored store holds too: the receipts that are not void.

    The rows of the ledger after the last one that these countersign go up again.
    """
    head = NOTHING["ledger"]
    for row in book.all("SELECT body FROM receipt WHERE void = 0 ORDER BY seq"):
        value = json.loads(row["body"])
        if value.get("kind") == "ops" and value["ledger"]["seq"] > head["seq"]:
            head = value["ledger"]
    _store(book, {"epoch": to.number, "seq": to.from_seq, "ledger": head})


def epochs(book: Database) -> list[Epoch]:
    """The city's words on the lives of its store that were accepted here."""
    return [
        Epoch(r["number"], r["from_seq"], r["from_digest"], r["body"], r["signature"])
        for r in book.all("SELECT * FROM epoch ORDER BY number")
    ]


def verify(book: Database, row: Any) -> dict[str, Any]:
    """The content of a kept receipt, verified now; WireError where it proves nothing (any more).

    Signed by the pinned key, or by one that the city has replaced since: a receipt was verified
    against the key of its day when it was kept.
    """
    device = book.one("SELECT * FROM device")
    if device is None:
        raise WireError("unknown_device")
    if row["void"]:
        raise WireError("void_receipt")
    made = Receipt(row["body"].encode(), row["signature"])
    former = [r["old"] for r in book.all("SELECT old FROM city_key ORDER BY kept_at DESC")]
    for public in former:
        try:
            return receipt.verify(made, public, device["city"], device["id"])
        except WireError as error:
            if error.code != "bad_signature":
                raise
    return receipt.verify(made, device["city_public"], device["city"], device["id"])
