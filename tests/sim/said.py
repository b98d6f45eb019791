"""I3 and I7: what people said and decided stands, was superseded by who had seen it, or waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sync import field_kinds, states
from sync.merge import Clash, Doc
from sync.server.shelf import Op
from tests.sim.deeds import Said
from tests.sim.world import World


def values(world: World) -> Iterator[str]:
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


def decisions(world: World) -> Iterator[str]:
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
