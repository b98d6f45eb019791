"""The city's copy of every laptop's ledger: what it countersigned can be rewritten nowhere.

Each batch brings the rows after the last countersigned one. They are checked against the copy and
stored before anything else of the batch; the receipt then names the last row whose chain the city
holds. A ledger that does not continue the copy is refused as a whole, with a signed reason
(sync/PROTOCOL.md §5.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sync import wire
from sync.receipt import Receipt
from sync.server.receipts import issue, item, kept
from sync.server.shelf import Device, Shelf
from sync.verify_ledger import GENESIS, entry_hash, verify_rows
from sync.wire import WireError

Row = tuple[int, str, str]


@dataclass(frozen=True)
class Sent:
    """What a batch says of its ledger: the newest head, and the texts of the rows it brings.

    `rows` is None where the laptop is an older one that brings none: it is served, but nothing
    more of its ledger is countersigned.
    """

    seq: int
    hash: str
    rows: tuple[str, ...] | None


def read(batch: dict[str, Any]) -> Sent:
    """The `ledger` of a batch; WireError("malformed") for anything that has not its shape."""
    said = batch.get("ledger") or {"seq": 0, "hash": ""}
    try:
        seq, digest, rows = wire.whole(said["seq"]), wire.name(said["hash"]), said.get("rows")
        if rows is None:
            return Sent(seq, digest, None)
        if not isinstance(rows, list) or len(rows) > wire.LEDGER_ROWS:
            raise ValueError("not rows")
        for row in rows:
            wire.whole(wire.parse(row.encode())["seq"])
        return Sent(seq, digest, tuple(rows))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WireError("malformed") from None


def verified(shelf: Shelf, device: str) -> dict[str, Any]:
    """The last row of this device whose chain the city holds, hashed again as it is read."""
    seq, body, digest = shelf.ledger_last(device)
    if seq and entry_hash(body) != digest:
        raise WireError("not_stored")
    return {"seq": seq, "hash": digest}


def take(shelf: Shelf, device_id: str, sent: Sent, late: bool = False) -> str:
    """Store the new rows in the caller's transaction, or say why not ("" = taken).

    `late`: the batch was written onto a medium before newer ones came over the line. A head that is
    older than the copy is no refusal then, if the rows it brings are those of the copy.
    """
    told = shelf.device(device_id)
    if told is None:
        raise WireError("unknown_device")
    have = verified(shelf, device_id)
    if late and sent.seq < max(have["seq"], told.ledger_seq):
        return "" if _is_past(shelf, told, have, sent) else "ledger_fork"
    code, fresh = _judge(shelf, told, have, sent)
    if code:
        return code
    shelf.add_ledger(device_id, fresh)
    if sent.seq >= told.ledger_seq:  # an old laptop's head is only kept if it is newer
        shelf.head(device_id, sent.seq, sent.hash)
    return ""


def _is_past(shelf: Shelf, told: Device, have: dict[str, Any], sent: Sent) -> bool:
    """Whether the head and every row of a late batch stand in the city's copy (or beyond it)."""
    rows = [_row(text) for text in sent.rows or ()]
    first = rows[0][0] if rows else sent.seq
    stored = {0: GENESIS, **shelf.ledger_hashes(told.id, min(first, sent.seq))}
    said = [(sent.seq, sent.hash), *((seq, digest) for seq, _, digest in rows)]
    return all(stored.get(seq, digest) == digest for seq, digest in said)


def _judge(
    shelf: Shelf, told: Device, have: dict[str, Any], sent: Sent
) -> tuple[str, list[Row]]:
    """(refusal or "", the rows that are new here)."""
    if sent.rows is None and have["seq"] == 0:
        return "", []  # a laptop that never sent rows: nothing here to compare with
    if sent.seq < max(have["seq"], told.ledger_seq):
        return "ledger_behind", []
    known = {told.ledger_seq: told.ledger_hash} if told.ledger_hash else {}
    known[have["seq"]] = have["hash"]
    rows = [_row(text) for text in sent.rows or ()]
    if not rows:
        if sent.rows is not None and sent.seq > have["seq"]:
            return "ledger_gap", []
        return ("ledger_fork" if known.get(sent.seq, sent.hash) != sent.hash else ""), []
    first = rows[0][0]
    stored = {0: GENESIS, **shelf.ledger_hashes(told.id, first - 1)}
    if first - 1 not in stored:
        return "ledger_gap", []
    chain = [(body, digest) for _, body, digest in rows]
    if verify_rows(chain, stored[first - 1], first) or rows[-1][0] > sent.seq:
        return "ledger_fork", []
    for seq, _, digest in rows:
        for other in (stored, known, {sent.seq: sent.hash}):
            if other.get(seq, digest) != digest:
                return "ledger_fork", []
    return "", [row for row in rows if row[0] > have["seq"]]


def _row(text: str) -> Row:
    return int(wire.parse(text.encode())["seq"]), text, entry_hash(text)


def refuse(shelf: Shelf, device_id: str, digest: str, code: str) -> Receipt:
    """A signed no that stays in the city's chain: evidence that a laptop showed another past."""
    batch = f"ledger:{digest}"
    made = kept(shelf, batch=batch)
    if made is None:
        line = item(device_id, "", 0, "refused", code)
        made = issue(shelf, device_id, "ledger", [line], verified(shelf, device_id), batch)
    return made
