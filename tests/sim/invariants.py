"""What must hold at the end of every schedule, whatever broke on the way.

I1 nothing that was promised is lost; I2 nothing is doubled; I3 every value stands, was superseded
by somebody who had seen it, or waits in a clash; I4 what was erased is proved and held (the moment
of the erase itself is watched by the world); I5 the outbox says what is true; I6 the city's
receipts form one chain, and every kept one is in it; I7 what a person decided is not undone unseen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sync import packet
from sync import receipt as receipts
from sync.receipt import Receipt
from sync.server.receipts import chain_problem
from sync.wire import WireError, sha256
from tests.sim import said
from tests.sim.city import CODE
from tests.sim.citystore import SimShelf
from tests.sim.laptop import Laptop
from tests.sim.rows import Rows
from tests.sim.world import World

STATES = {
    "outbox": {"queued", "receipted", "parked"},
    "photo": {"sealed", "queued", "receipted", "parked", "erased"},
}


def problems(world: World) -> list[str]:
    """Everything that does not hold, in words."""
    found = [_saves, _facts, _photos, said.values, _once, said.decisions, _outbox, _chain]
    return [*world.told.wrong, *(word for check in found for word in check(world))]


def _rows(laptop: Laptop, sql: str) -> list[Any]:
    return laptop.conn.execute(sql).fetchall()


def _saves(world: World) -> Iterator[str]:
    """I1 for saves."""
    here = {row["op_id"]: row for one in world.laptops.values()
            for row in _rows(one, "SELECT op_id, sha256, state, reason FROM outbox")}  # fmt: skip
    there = world.city.rows["op_id"]
    for op_id in world.told.kept:
        row = here.get(op_id)
        if row is None:
            yield f"I1: save {op_id} is not in the outbox any more"
        elif row["state"] == "parked":
            if world.city.restored and world.told.saves[op_id].deed.what == "decide":
                continue  # what it decides is not there any more: a person sees it
            yield f"I5: save {op_id} was promised and is parked: {row['reason']}"
        elif row["state"] == "receipted":
            op = there.get(op_id)
            if op is None or op.sha256 != row["sha256"] or sha256(op.body) != op.sha256:
                yield f"I1: save {op_id} is receipted, and the city does not have it"


def _facts(world: World) -> Iterator[str]:
    """I1 for facts, which hold nobody and go up beside the saves."""
    for name in sorted(world.told.facts - world.city.rows["fact"].keys()):
        yield f"I1: {name} is not at the city"


def _photos(world: World) -> Iterator[str]:
    """I1 and I4 for photos."""
    for photo_id, (name, digest) in world.told.photos.items():
        laptop = world.laptops[name]
        found = _rows(laptop, f"SELECT * FROM photo WHERE id = '{photo_id}'")
        node = world.city.disk.plate.get(f"city/photos/{photo_id}.ph")
        there = node is not None and sha256(node.forced) == digest
        if not found:
            yield f"I1: photo {photo_id} has no row any more"
            continue
        row = found[0]
        if world.city.restored and _alarm(laptop, photo_id):
            continue
        path = f"{name}/trips/{laptop.trip.id}/{photo_id}.ph"
        file = laptop.disk.names.get(path)
        here = file is not None and sha256(packet.split_photo(file.data)[1]) == digest
        if not here and not there:
            yield f"I1: photo {photo_id} ({row['state']}) is neither here nor there"
        if row["state"] == "parked":
            yield f"I5: photo {photo_id} was promised and is parked: {row['reason']}"
        if row["state"] == "erased":
            yield from _proved(world, laptop, row)
            if here:
                yield f"I4: photo {photo_id} says erased and is still here"


def _alarm(laptop: Laptop, object_id: str) -> bool:
    """Whether the kit shows it as lost to both sides, by a city that was set back."""
    return bool(_rows(laptop, f"SELECT 1 FROM lost WHERE id = '{object_id}'"))


def _proved(world: World, laptop: Laptop, row: Any) -> Iterator[str]:
    """Erased: a receipt that verifies is kept and names exactly these bytes, and the row agrees."""
    kept = {r["digest"]: r for r in _rows(laptop, "SELECT digest, body, signature FROM receipt")}
    proof = kept.get(row["receipt"])
    if proof is None:
        yield f"I4: photo {row['id']} erased, its receipt is not kept"
        return
    made = Receipt(proof["body"].encode(), proof["signature"])
    value = _verified(world, made, laptop.name)
    if value is None:
        yield f"I4: photo {row['id']} erased on a receipt that does not verify"
        return
    lines = [i for i in value["items"] if i["id"] == row["id"]]
    if not any(i["sha256"] == row["sha256"] and i["answer"] in ("taken", "already") for i in lines):
        yield f"I4: photo {row['id']} erased on a receipt that does not name it"
    stored = world.city.rows["photo"].get(row["id"])
    if stored is None or stored.state != "stored" or stored.sha256 != row["sha256"]:
        yield f"I4: photo {row['id']} erased, the city's row says {stored and stored.state}"


def _verified(world: World, made: Receipt, device: str) -> dict[str, Any] | None:
    for key in world.city.keys:
        with contextlib.suppress(WireError):
            return receipts.verify(made, key, CODE, device)
    return None


def _once(world: World) -> Iterator[str]:
    """I2: one row for a save; the records are what the saves make when each is applied once."""
    rows = world.city.rows
    ids = [op.op_id for op in rows["op"].values()]
    for twice in {i for i in ids if ids.count(i) > 1}:
        yield f"I2: save {twice} is stored twice"
    again = Rows(world.kernel)
    again.tables |= {name: rows[name] for name in ("city", "trip", "device")}
    with again.write():
        shelf: Any = SimShelf(again)
        for seq, op in sorted(rows["op"].items()):
            trip = rows["trip"][op.trip]
            save = packet.open_record(trip.seal_private, trip.id, op.op_id, op.body)
            save = {**save, "n": op.n, "trip_kind": trip.kind}
            docs = shelf.docs([save["id"]])
            clashes = world.apply(shelf, rows["device"][op.device], docs, save, seq)
            shelf.put_docs(docs.values())
            shelf.add_clashes(clashes, "")
    for table, what in (("doc", "records"), ("clash", "clashes"), ("word", "decisions")):
        if again[table] != rows[table]:
            yield f"I2: the {what} are not what the saves make"


def _outbox(world: World) -> Iterator[str]:
    """I5."""
    for laptop in world.laptops.values():
        for table, known in STATES.items():
            for row in _rows(laptop, f"SELECT * FROM {table}"):
                if row["state"] not in known:
                    yield f"I5: {table} says {row['state']}"
                if row["state"] == "parked" and not row["reason"]:
                    yield f"I5: parked in {table} without a reason"
                if row["state"] == "receipted" and not row["receipt"]:
                    yield f"I5: receipted in {table} without a receipt"
        numbers = [row["n"] for row in _rows(laptop, "SELECT n FROM outbox ORDER BY n")]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"I5: the numbers of {laptop.name} have gaps"


def _chain(world: World) -> Iterator[str]:
    """I6."""
    if world.city.rows.found_out and not world.city.restored:
        yield "I6: the city lost a word that it had signed"
    made = world.city.rows["receipt"]
    broken = chain_problem((seq, one.digest, one) for seq, one in sorted(made.items()))
    if broken is not None:
        yield f"I6: the chain of receipts breaks at {broken}"
    known = {one.digest for one in made.values()}
    for laptop in world.laptops.values():
        for row in _rows(laptop, "SELECT digest, seq FROM receipt WHERE void = 0"):
            if row["digest"] not in known:
                yield f"I6: {laptop.name} keeps receipt {row['seq']}, the city does not know it"
