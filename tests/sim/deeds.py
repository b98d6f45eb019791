"""What people do with the real code, deed after deed, and what they were told.

A person does what is left of the day; what is refused is left for later. What was promised is
written down (`Promises`), and tests/sim/invariants.py holds the end of the schedule against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from fieldkit.errors import KitError
from sync.client import Refused
from sync.road import NoAnswer
from sync.wire import WireError
from tests.sim import citystore, people
from tests.sim.kernel import Cell
from tests.sim.laptop import Laptop
from tests.sim.people import Deed

if TYPE_CHECKING:
    from tests.sim.world import World

HARMLESS = {"no_server", "disk_full"}  # what may be said of a bad line and of a full disk
SAYS_NO = (KitError, NoAnswer, Refused, WireError)


@dataclass(frozen=True)
class Said:
    """A save that somebody began. `saw`: the saves of others that its author knew of."""

    laptop: str
    deed: Deed
    saw: frozenset[str]


@dataclass
class Promises:
    """What people were told, and what was seen on the way."""

    saves: dict[str, Said] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    photos: dict[str, tuple[str, str]] = field(default_factory=dict)  # id: (laptop, sha256)
    facts: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def person(world: World, laptop: Laptop) -> None:
    """Log in, then do what is left of the day; what is refused is left for later."""
    tried(world, laptop, laptop.login)
    todo = world.todo[laptop.name]
    while todo:
        deed = todo.pop(0)
        tried(world, laptop, partial(_do, world, laptop, deed))


def tried(world: World, laptop: Laptop, act: Callable[[], None]) -> bool:
    """Whether it was not refused. A refusal that nothing explains is a finding."""
    try:
        act()
        return True
    except SAYS_NO as error:
        world.kernel.say(laptop.name, "was told", type(error).__name__, str(error)[:60])
        code = str(getattr(error, "code", error))
        if code not in HARMLESS and not world.storm.tampered:
            world.told.wrong.append(f"I5: {laptop.name} raised a false alarm: {code}")
        return False


def _do(world: World, laptop: Laptop, deed: Deed) -> None:
    world.kernel.say(laptop.name, deed.what, deed.field, str(deed.value)[:20])
    if deed.what == "save":
        _save(world, laptop, deed)
    elif deed.what == "fact":
        laptop.fact(deed.value)
        world.told.facts.add(deed.value)
    elif deed.what == "restore":
        world.storm.seen.append("restore")
        world.city.to_restore = True
        world.kernel.kill(world.city.process)
    elif deed.what == "look":  # as a check-out does: the records as the city has them now
        docs = world.city.rows["doc"].values()
        laptop.seen |= {doc.id: doc.rev for doc in docs}
        laptop.saw = frozenset(world.city.rows["op_id"])
        laptop.cases = citystore.waiting(world.city.rows)
    elif deed.what == "decide":
        _decide(world, laptop)
    elif deed.what == "remove":
        _say(world, laptop, deed, {}, remove=True)
    elif deed.what == "photo":
        photo_id = laptop.shoot(deed.value)
        query = "SELECT sha256, size FROM photo WHERE id = ?"
        digest, world.net.sizes[photo_id] = laptop.conn.execute(query, (photo_id,)).fetchone()
        world.told.photos[photo_id] = (laptop.name, digest)
        world.kernel.say(laptop.name, "has photo", photo_id)
    elif deed.what == "export":
        world.stick.export(laptop)
    elif deed.what == "replies":
        world.stick.take_replies(laptop)
    elif deed.what == "import":
        _import(world)
    else:
        send(world, laptop)


def _import(world: World) -> None:
    """Somebody of the city takes in what lies on the stick; a kill of the city ends that."""
    if world.city.process.alive:
        cell = Cell()

        def act() -> None:
            try:
                world.at_city(lambda: world.stick.import_(world.city))
            finally:
                cell.put(None)

        world.kernel.spawn(world.city.process, act, lambda: cell.put(None))
        world.kernel.wait(cell)


def _save(world: World, laptop: Laptop, deed: Deed) -> None:
    _say(world, laptop, deed, people.said(deed.field, deed.value))


def _decide(world: World, laptop: Laptop) -> None:
    """A supervisor decides everything that was shown as waiting."""
    cases, laptop.cases = laptop.cases, []
    for clash_id in cases:
        take = ("kept", "other")[world.dice.random() < 0.5]
        deed = Deed("decide", "decision", f"decision-of-{clash_id}", clash_id, take)
        _say(world, laptop, deed, {"clash": clash_id, "take": take, "rev": 0, "why": "見比べた"})


def _say(world: World, laptop: Laptop, deed: Deed, what: dict[str, Any], **more: Any) -> None:
    base = laptop.seen.get(deed.record, 0)
    said = Said(laptop.name, deed, laptop.saw)
    save = {
        "entity": deed.entity,
        "id": deed.record,
        "parent": "",
        "base": base,
        "set": what,
        "actor": "sato",
        "at": f"2026-07-01T09:{len(world.told.saves):02d}:00+09:00",
        **more,
    }
    op_id = laptop.new_op()
    world.told.saves[op_id] = said
    laptop.save(op_id, save)
    world.told.kept.add(op_id)


def send(world: World, laptop: Laptop) -> None:
    """Send all that waits; the world remembers who came through."""
    world.through.discard(laptop.name)
    laptop.send(world.net)
    world.through.add(laptop.name)
