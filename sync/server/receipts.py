"""Issue receipts: one chain for the city, signed only over what was read back after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sync import receipt as receipts
from sync import wire
from sync.receipt import GENESIS, Receipt
from sync.server.shelf import City, Shelf


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def issue(
    shelf: Shelf,
    device: str,
    kind: str,
    items: list[dict[str, Any]],
    ledger: dict[str, Any] | None = None,
    batch: str = "",
) -> Receipt:
    """Sign and keep the next receipt of the chain, in the caller's transaction.

    `items` are `{"id", "sha256", "size", "answer", "reason"}` of bytes that the caller has read
    back from the store. `batch` is the digest of the request, so that the same request gets the
    same receipt for ever.
    """
    city = shelf.city()
    seq, prev = shelf.last_receipt()
    body = {
        "city": city.code,
        "epoch": city.epoch,
        "seq": seq + 1,
        "prev": prev,
        "kind": kind,
        "device": device,
        "items": items,
        "at": now(),
    }
    if ledger is not None:
        body["ledger"] = ledger
    made = receipts.issue(wire.signing_private(city.sign_private), body)
    shelf.add_receipt(made, batch)
    return made


def kept(shelf: Shelf, *, batch: str = "", digest: str = "") -> Receipt | None:
    """A receipt that was issued before, as it is given once more: its very bytes, signed with the
    key that the laptops believe now (they would not take the word of one that was replaced)."""
    made = shelf.receipt(batch=batch, digest=digest)
    if made is None or not (city := shelf.city()).keys:
        return made
    key = wire.signing_private(city.sign_private)
    return Receipt(made.body, wire.sign(key, "receipt", made.body))


def statements(city: City) -> dict[str, Any]:
    """For an answer without news: the city's words on its newer keys, where there are any."""
    return {"keys": [dict(one) for one in city.keys]} if city.keys else {}


def item(
    object_id: str, sha256: str, size: int, answer: str = "taken", reason: str = ""
) -> dict[str, Any]:
    """One line of a receipt: what, exactly which bytes, and the city's word."""
    return {"id": object_id, "sha256": sha256, "size": size, "answer": answer, "reason": reason}


def refused(reason: str) -> dict[str, str]:
    return {"answer": "refused", "reason": reason}


def chain_problem(rows: Iterable[tuple[int, str, Receipt]]) -> int | None:
    """The number of the first receipt `(number, digest, receipt)` that does not follow the one
    before, or None."""
    prev = GENESIS
    for expected, (seq, digest, made) in enumerate(rows, start=1):
        if seq != expected or made.digest != digest or made.value["prev"] != prev:
            return expected
        prev = digest
    return None
