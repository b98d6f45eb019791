"""The city's receipts, kept for ever exactly as they came."""

from __future__ import annotations

from fieldkit.store.vault import Vault
from sync.receipt import Receipt


def keep(vault: Vault, made: Receipt) -> None:
    """Store a receipt that was verified; a second copy changes nothing."""
    with vault.book.write() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?)",
            (made.digest, made.value["seq"], made.body.decode(), made.signature, vault.now()),
        )
        vault.note("receipt_kept", made.digest[:16])
