"""The city's receipts, kept for ever exactly as they came, and what they say of the city itself."""

from __future__ import annotations

import json
from typing import Any

from fieldkit.store.db import Database
from fieldkit.store.vault import Vault
from sync.receipt import Receipt
from sync.verify_ledger import GENESIS

META = "city"
NOTHING: dict[str, Any] = {"epoch": 0, "seq": 0, "ledger": {"seq": 0, "hash": GENESIS}}


def keep(vault: Vault, made: Receipt) -> None:
    """Store a receipt that was verified; a second copy changes nothing."""
    with vault.book.write() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?)",
            (made.digest, made.value["seq"], made.body.decode(), made.signature, vault.now()),
        )
        _remember(vault.book, made.value)
        vault.note("receipt_kept", made.digest[:16])


def city(book: Database) -> dict[str, Any]:
    """What the kept receipts say of the city: `{"epoch", "seq", "ledger": {"seq", "hash"}}`.

    `seq` is the highest number seen, `ledger` the last row of this laptop's ledger that the city
    countersigned. All zero before the first receipt.
    """
    row = book.one("SELECT value FROM meta WHERE key = ?", META)
    return json.loads(row["value"]) if row else NOTHING


def _remember(book: Database, value: dict[str, Any]) -> None:
    now = dict(city(book))
    now["epoch"], now["seq"] = value["epoch"], max(now["seq"], value["seq"])
    if value.get("kind") == "ops" and value["ledger"]["seq"] > now["ledger"]["seq"]:
        now["ledger"] = value["ledger"]
    with book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, json.dumps(now)))
