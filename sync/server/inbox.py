"""What arrives: batches of sealed saves, and the end of a trip (photos: sync/server/photos.py).

Each item gets one of three words: `taken`, `already`, `refused` with a reason. The order is always
bytes → commit → read back and hash → receipt, so that a receipt is never ahead of the disk. A batch
is one transaction: the ledger's rows, the saves, the facts, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync import fail
from sync.ids import is_id
from sync.merge import Clash, Doc, merge
from sync.receipt import Receipt
from sync.server import batches, belongs, decisions, ledgers, photos, shapes, shown
from sync.server.batches import Batch
from sync.server.receipts import issue, item, kept, now, refused, statements
from sync.server.shelf import City, Device, Op, Shelf, Store, Trip
from sync.wire import WireError, canonical, sha256


def take_batch(store: Store, device: Device, body: bytes, late: bool = False) -> dict[str, Any]:
    """A signed batch: one receipt for all of it, and where each declared photo stands.

    A ledger that does not continue the city's copy stops the whole batch (sync/server/ledgers.py).
    SetBack where the laptop shows a word of the city that this store has lost.
    """
    batch = batches.read(device.id, body)
    with store.read() as shelf:
        shown.look(shelf, batch.value)
        made = kept(shelf, batch=batch.digest)
    if made is None:
        made = _take(store, device, batch, late)
        if made.value["kind"] == "ledger":
            return {"receipt": made.to_json(), "photos": [], "now": now()}
    states = photos.declare(store, device, batch.photos) if batch.photos else []
    return {"receipt": made.to_json(), "photos": states, "now": now()}


def _take(store: Store, device: Device, batch: Batch, late: bool) -> Receipt:
    """Store and apply, commit, read back, sign."""
    opened = _open(store, device, batch)
    with store.write() as shelf:
        why = _other_life(shelf, batch, late) or ledgers.take(shelf, device.id, batch.ledger, late)
        if why:
            return ledgers.refuse(shelf, device.id, batch.digest, why)
        fail.point("server.ledger_before")
        words = _store(shelf, device, batch, opened)
        words += _take_facts(shelf, device, batch)
        fail.point("server.op_before")
    fail.point("server.op_after")
    return store.together(lambda shelf: _receipt(shelf, device, batch, words))


def _other_life(shelf: Shelf, batch: Batch, late: bool) -> str:
    """A laptop that has not heard yet that the city was restored sends first what was lost: its
    newer saves must not overtake the older ones. The news of the answer tells it."""
    known = batch.value.get("epoch", 0)
    older = isinstance(known, int) and 0 < known < shelf.city().epoch
    return "old_epoch" if older and not late else ""


def _open(store: Store, device: Device, batch: Batch) -> dict[str, Any]:
    """What is inside each new save, or the reason why it is refused: `{op id: save | reason}`.

    Opening is most of the work and touches nothing: it is done before anybody waits for the lock.
    """
    with store.read() as shelf:
        known = shelf.ops([op.op_id for op in batch.ops])
        trips = shelf.trips({op.trip for op in batch.ops})
    found: dict[str, Any] = {}
    for op in batch.ops:
        if op.op_id not in known and op.op_id not in found:
            found[op.op_id] = batches.opened(device, trips.get(op.trip), op)
    return found


def _store(
    shelf: Shelf, device: Device, batch: Batch, opened: dict[str, Any]
) -> list[dict[str, Any]]:
    """Keep and apply what is new, in the order of the batch; the word for every save."""
    known = shelf.ops([op.op_id for op in batch.ops])
    used = shelf.numbered(device.id, [op.n for op in batch.ops if op.op_id not in known])
    saves = {i: s for i, s in opened.items() if isinstance(s, dict)}
    docs = shelf.docs({str(save["id"]) for save in saves.values()})
    inside = belongs.of_batch(shelf, device, saves.values())
    seq, words = shelf.next_seq(), []
    rows: list[Op] = []
    clashes: list[Clash] = []
    for op in batch.ops:
        line = item(op.op_id, op.sha256, len(op.data))
        if op.op_id in known:
            same = known[op.op_id] == op.sha256
            line |= {"answer": "already"} if same else refused("other_content")
        elif op.n in used:
            line |= refused("fork")
        elif op.op_id not in saves:
            line |= refused(str(opened.get(op.op_id, "not_stored")))
        elif why := _refusal(shelf, inside, op.trip, saves[op.op_id], docs, seq):
            line |= refused(why)
        else:
            row = Op(seq + len(rows), op.op_id, device.id, op.n, op.trip, op.sha256, op.data)
            rows.append(row)
            known[op.op_id] = op.sha256
            used.add(op.n)
            clashes += _apply(shelf, device, docs, saves[op.op_id], row.seq)
        words.append(line)
    shelf.add_ops(rows, now())
    shelf.put_docs(doc for doc in docs.values() if doc.rev >= seq)
    shelf.add_clashes(clashes, now())
    return words


def _refusal(
    shelf: Shelf, inside: belongs.Belongs, trip: str, save: dict[str, Any], docs: dict[str, Doc],
    seq: int,
) -> str:  # fmt: skip
    """Why a save that could be opened is not taken, "" where it is. `seq`: the batch's first."""
    if save["base"] >= seq:  # nobody has seen what comes later
        return "wrong_format"
    if save["entity"] in decisions.KINDS:
        return decisions.refusal(shelf, trip, save)
    doc = docs.get(str(save["id"]))
    kind = doc.kind if doc else save["entity"]
    if belongs.citys_own(save, kind):
        return "out_of_scope"
    if shapes.odd(kind, save["set"]):
        return "wrong_format"
    return inside.refusal(save)


def _apply(
    shelf: Shelf, device: Device, docs: dict[str, Doc], save: dict[str, Any], seq: int
) -> tuple[Clash, ...]:
    """One save into its record; what cannot be settled by rule is returned for a person."""
    if save["entity"] in decisions.KINDS:
        decisions.apply(shelf, docs, save, seq, device.id)
        return ()
    record = str(save["id"])
    docs[record], clashes = merge(docs.get(record), save, seq, device.id, save["trip_kind"])
    return clashes


def _take_facts(shelf: Shelf, device: Device, batch: Batch) -> list[dict[str, Any]]:
    """Facts hold nobody; one line of the receipt for all of them, named by their digest."""
    if not batch.facts:
        return []
    known = shelf.facts([i for i, _ in batch.facts])
    fresh = {i: body for i, body in batch.facts if i not in known}
    shelf.add_facts(device.id, list(fresh.items()))
    return [facts_item(batch.facts)]


def facts_item(facts: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The line of a receipt that stands for a batch's facts (both sides build it alike)."""
    data = canonical([{"id": i, "body": body} for i, body in facts])
    return item("facts", sha256(data), len(facts))


def _receipt(shelf: Shelf, device: Device, batch: Batch, items: list[dict[str, Any]]) -> Receipt:
    """Read every taken save, the facts and the ledger's head back from the store, then sign."""
    again = kept(shelf, batch=batch.digest)
    if again is not None:
        return again
    bodies = shelf.op_bodies([op.op_id for op in batch.ops])
    facts = shelf.facts([i for i, _ in batch.facts])
    for line in items:
        if line["answer"] == "refused":
            continue
        if line["id"] == "facts":
            whole = all(i in facts for i, _ in batch.facts)
        else:
            whole = sha256(bodies.get(line["id"], b"")) == line["sha256"]
        if not whole:
            line.update(refused("not_stored"))
    shelf.seen(device.id, now())
    head = ledgers.verified(shelf, device.id)
    made = issue(shelf, device.id, "ops", items, head, batch.digest)
    fail.point("server.ops_receipt_before")
    return made


def end_trip(
    store: Store, device: Device, trip_id: str, also: Callable[[Any, Trip], None] | None = None
) -> dict[str, Any]:
    """The laptop erased the trip: the city forgets its day secret and private key, for good.

    What lies in remnants on the laptop's disk then opens for nobody but whoever holds the city's
    own copy of a photo's key; the records and photos stay in the city's store. A trip that a city
    never heard of, because it was restored, gets its word too: there is no secret of it here.
    `also` is done in the same transaction (sync/server/closing.py).
    """

    def act(shelf: Shelf) -> tuple[Receipt, City]:
        trip = shelf.trips([trip_id]).get(trip_id)
        if not is_id(trip_id) or (trip is not None and trip.device != device.id):
            raise WireError("unknown_trip")
        batch = f"end:{trip_id}" if trip is not None else f"end:{device.id}:{trip_id}"
        made = kept(shelf, batch=batch)
        if made is None:
            word = item(trip_id, "", 0)
            if trip is None:
                word |= {"answer": "already", "reason": "unknown_trip"}
            shelf.end_trip(trip_id, now())
            if trip is not None and also is not None:
                also(shelf, trip)
            made = issue(shelf, device.id, "trip_end", [word], None, batch)
        fail.point("server.end_before")
        return made, shelf.city()

    made, city = store.together(act)
    fail.point("server.end_after")
    return {"receipt": made.to_json(), **statements(city)}
