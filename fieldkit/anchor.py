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
from sync import fail
from sync.client import Client, LedgerRefused
from sync.receipt import Receipt
from sync.verify_ledger import GENESIS
from sync.wire import WireError


def send_batch(
    vault: Vault, client: Client, ops: list[dict[str, Any]], photos: list[dict[str, Any]]
) -> dict[str, Any]:
    """A batch with the next rows of the ledger; the answer's receipt is fresh and fits.

    Raises what Client.send_batch raises; a refusal because of the ledger is kept as evidence.
    Every receipt that was kept before stands in the ledger that this batch names, so its own must
    be newer: WireError("old_receipt") for one that is kept here already (somebody played it back),
    WireError("city_restored") for a number that the city had given away before.
    """
    before = kept.city(vault.book)["seq"]
    try:
        answer = client.send_batch(ops, photos, to_send(vault))
    except LedgerRefused as error:
        with vault.book.write():
            kept.keep(vault, error.receipt)
            vault.note("refused", vault.device_id, error.code)
        raise
    made = answer["receipt"]
    if vault.book.one("SELECT 1 FROM receipt WHERE digest = ?", made.digest):
        raise WireError("old_receipt")
    if answer["value"]["seq"] <= before:
        raise WireError("city_restored")
    return answer


def to_send(vault: Vault) -> dict[str, Any]:
    """The `ledger` of a batch: the newest row, and the rows after the last countersigned one."""
    with vault.book.read():
        told = kept.city(vault.book)["ledger"]
        return {**ledger.head(vault.book), "rows": ledger.texts_after(vault.book, told["seq"])}


def watch(vault: Vault, made: Receipt, value: dict[str, Any]) -> None:
    """Whether a verified receipt fits all that the city said before; WireError where it does not.

    `city_restored`: another epoch, the same number for something else, or rows forgotten.
    `ledger_not_ours`: it countersigns a row that this laptop never wrote.
    """
    known = kept.city(vault.book)
    if known["epoch"] not in (0, value.get("epoch")):
        raise WireError("city_restored")
    same = vault.book.one("SELECT digest FROM receipt WHERE seq = ?", value.get("seq"))
    if same is not None and same["digest"] != made.digest:
        raise WireError("city_restored")
    if value.get("kind") != "ops":
        return
    head = value.get("ledger")
    if not isinstance(head, dict):
        raise WireError("malformed")
    if head.get("hash") != ledger.hash_at(vault.book, head.get("seq", -1)):
        raise WireError("ledger_not_ours")
    if head["seq"] < known["ledger"]["seq"] and same is None:
        raise WireError("city_restored")


def send_rest(vault: Vault, client: Client) -> None:
    """Bring every row that stands in the ledger now to the city, however many batches it takes.

    At least one batch goes, so that a ledger that was cut off here is refused there. The rows that
    the receipts themselves add follow with the next sync.
    """
    wanted = ledger.head(vault.book)["seq"]
    while True:
        before = kept.city(vault.book)["ledger"]["seq"]
        fail.point("sync.anchor_begin")
        answer = send_batch(vault, client, [], [])
        fail.point("sync.anchor_answered")
        with vault.book.write():
            kept.keep(vault, answer["receipt"])
        fail.point("sync.anchor_kept")
        told = kept.city(vault.book)["ledger"]["seq"]
        if told >= wanted:
            return
        if told <= before:  # an answer, but no progress: never ask for ever
            raise WireError("ledger_not_ours")


def status(vault: Vault) -> dict[str, Any]:
    """For the screen: `{"seq", "head", "told_seq", "told_head"}`, heads as 16 characters."""
    now, told = ledger.head(vault.book), kept.city(vault.book)["ledger"]
    return {
        "seq": now["seq"],
        "head": now["hash"][:16],
        "told_seq": told["seq"],
        "told_head": "" if told["hash"] == GENESIS else told["hash"][:16],
    }
