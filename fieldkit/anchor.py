"""The ledger at the city: each sync brings the new rows there, the receipt countersigns them.

What the city countersigned can be rewritten neither here (the next sync is refused, the verifier
names the row) nor there without being seen (the receipts of a city that was set back do not fit
those that are kept here). Nothing is erased on the word of a city that does not fit (001 特記15).
"""

from __future__ import annotations

from typing import Any

from fieldkit.store import ledger
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync.receipt import Receipt
from sync.verify_ledger import GENESIS
from sync.wire import WireError


def to_send(vault: Vault) -> dict[str, Any]:
    """The `ledger` of a batch: the newest row, and the rows after the last countersigned one."""
    with vault.book.read():
        told = kept.city(vault.book)["ledger"]
        return {**ledger.head(vault.book), "rows": ledger.texts_after(vault.book, told["seq"])}


def watch(vault: Vault, made: Receipt, value: dict[str, Any], late: bool = False) -> None:
    """Whether a verified receipt fits all that the city said before; WireError where it does not.

    `city_restored`: a life of the city's store that nobody told of, the same number for something
    else, or rows forgotten. `void_receipt`: it was lost when that store was set back.
    `ledger_not_ours`: it countersigns a row that this laptop never wrote. A `late` one (from a
    medium) may countersign less than a newer one did.
    """
    known = kept.city(vault.book)
    epoch, seq = value.get("epoch"), value.get("seq")
    if not isinstance(epoch, int) or not isinstance(seq, int):
        raise WireError("malformed")
    if epoch < 1:  # no store has such a life, so no statement could ever make it void
        raise WireError("malformed")
    if kept.is_void(vault.book, made):
        raise WireError("void_receipt")
    if known["epoch"] and epoch > known["epoch"]:
        raise WireError("city_restored")
    same = vault.book.one("SELECT digest FROM receipt WHERE seq = ? AND void = 0", seq)
    if same is not None and same["digest"] != made.digest:
        raise WireError("city_restored")
    if value.get("kind") != "ops":
        return
    head = value.get("ledger")
    if not isinstance(head, dict):
        raise WireError("malformed")
    if head.get("hash") != ledger.hash_at(vault.book, head.get("seq", -1)):
        raise WireError("ledger_not_ours")
    if head["seq"] < known["ledger"]["seq"] and same is None and not late:
        raise WireError("city_restored")


def status(vault: Vault) -> dict[str, Any]:
    """For the screen: `{"seq", "head", "told_seq", "told_head"}`, heads as 16 characters."""
    now, told = ledger.head(vault.book), kept.city(vault.book)["ledger"]
    return {
        "seq": now["seq"],
        "head": now["hash"][:16],
        "told_seq": told["seq"],
        "told_head": "" if told["hash"] == GENESIS else told["hash"][:16],
    }
