"""What must hold at the end of every schedule, whatever broke on the way.

I1 nothing that was promised is lost; I2 nothing is doubled; I3 every value stands, was superseded
by somebody who had seen it, or waits in a clash; I4 what was erased is proved and held (the moment
of the erase itself is watched by the world); I5 the outbox says what is true; I6 the city's
receipts form one chain, and every kept one is in it; I7 what a person decided is not undone unseen.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sync import field_kinds, packet, states
from sync import receipt as receipts
from sync.merge import Clash, Doc
from sync.receipt import Receipt
from sync.server.receipts import chain_problem
from sync.server.shelf import Op
from sync.wire import WireError, sha256
from tests.sim.city import CODE
from tests.sim.citystore import SimShelf
from tests.sim.laptop import Laptop
from tests.sim.rows import Rows
from tests.sim.world import Said, World

STATES = {
    "outbox": {"queued", "receipted", "parked"},
    "photo": {"sealed", "queued", "receipted", "parked", "erased"},
}


def problems(world: World) -> list[str]:
    """Everything that does not hold, in words."""
    found = [_saves, _facts, _photos, _values, _once, _decisions, _outbox, _chain]
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


def _values(world: World) -> Iterator[str]:
    """I3, over the saves that the city took, in its order."""
    rows = world.city.rows
    taken: list[tuple[Op, Said]] = [
        (op, world.told.saves[op.op_id])
        for _, op in sorted(rows["op"].items())
        if op.op_id in world.told.saves
    ]
    clashes = list(rows["clash"].values())
    late = {clash.op_id for clash in clashes if clash.rule == "removed"}
    for op, said in taken:
        doc = rows["doc"].get(said.deed.record)
        if said.deed.what == "remove" and (doc is None or doc.state != "removed" or doc.body):
            yield f"I3: {said.deed.record} was removed and is there again"
        if said.deed.what != "save":
            continue
        if doc is None:
            yield f"I3: no record for save {op.op_id}"
            continue
        if _stands(doc, said) or any(_waits(clash, said) for clash in clashes):
            continue
        if doc.state == "removed" and (op.seq <= doc.rev or op.op_id in late):
            continue
        if world.city.put_back:
            continue  # nobody said so: until a laptop proves it, the same numbers are given again
        # who saw it, or saw that the same laptop had said the same before
        mine = (said.laptop, said.deed)
        ids = {one.op_id for one, told in taken if (told.laptop, told.deed) == mine}
        if not any(_saw(op, said, *one, ids) or _passed(said, one[1]) for one in taken):
            yield f"I3: {said.laptop} {said.deed.field} = {said.deed.value} overwritten unseen"


def _stands(doc: Doc, said: Said) -> bool:
    now, value = doc.get(said.deed.field), said.deed.value
    if isinstance(value, list):
        return isinstance(now, list) and all(one in now for one in value)
    return bool(now == value)


def _passed(said: Said, other: Said) -> bool:
    """Whether somebody brought the same record further up the ladder of its states."""
    mine, ladder = said.deed, states.LADDER.get(said.deed.entity, ())
    if (other.deed.record, other.deed.field) != (mine.record, "state") or mine.field != "state":
        return False
    both = mine.value in ladder and other.deed.value in ladder
    return both and ladder.index(other.deed.value) > ladder.index(mine.value)


def _waits(clash: Clash, said: Said) -> bool:
    name = said.deed.field
    return clash.record == said.deed.record and said.deed.value in (
        clash.kept.get(name),
        clash.other.get(name),
    )


def _saw(op: Op, said: Said, later: Op, other: Said, ids: set[str]) -> bool:
    """Whether a later save of the same field was made by somebody who knew this one."""
    if (other.deed.record, other.deed.field) != (said.deed.record, said.deed.field):
        kind = said.deed.entity
        mine = field_kinds.kind_of(kind, said.deed.field).group
        same = mine and field_kinds.kind_of(kind, other.deed.field).group == mine
        if other.deed.record != said.deed.record or not same:
            return False
    if later.device == op.device:
        return later.n > op.n
    return later.seq > op.seq and not ids.isdisjoint(other.saw)


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


def _decisions(world: World) -> Iterator[str]:
    """I7: what a person chose stands, until somebody changes it who has seen that, or it waits."""
    rows = world.city.rows
    told: dict[str, list[tuple[Op, Said]]] = defaultdict(list)
    for op in rows["op"].values():
        if (one := world.told.saves.get(op.op_id)) and one.deed.what == "decide":
            told[one.deed.field].append((op, one))
    for clash_id, word in rows["word"].items():
        clash, said = rows["clash"][clash_id], world.told.saves.get(word["op"])
        doc = rows["doc"][clash.record]
        if said is None or said.deed.field != clash_id or said.deed.value != word["take"]:
            yield f"I7: {clash_id} was decided by nobody"
            continue
        if any(op.seq < word["seq"] and one.deed.value == "kept" for op, one in told[clash_id]):
            yield f"I7: {clash_id} was decided before, and again"
        if word["take"] != "other" or doc.state == "removed" or clash.rule == "removed":
            continue
        for name, value in clash.other.items():
            if doc.get(name) == value or any(
                value in (one.kept.get(name), one.other.get(name))
                for one in rows["clash"].values()
                if one is not clash
            ):
                continue
            rev = doc.revs.get(name)
            by = world.told.saves.get(rows["op"][rev.seq].op_id) if rev else None
            mine = by is not None and by.laptop == said.laptop
            if not mine and (by is None or word["op"] not in by.saw):
                yield f"I7: {name} was decided in {clash_id} and overwritten unseen"


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
