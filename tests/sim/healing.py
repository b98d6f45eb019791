"""Fine weather at the end of a schedule: everybody sends until nothing waits any more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fieldkit import outbox
from tests.sim.deeds import send, tried
from tests.sim.laptop import Laptop

if TYPE_CHECKING:
    from tests.sim.world import World

ROUNDS = 14


def heal(world: World) -> None:
    """Fine weather: everybody sends until nothing waits, and every late copy arrives."""
    world.storm.over()
    while world.restart():
        world.kernel.run(lambda: False)
    if world.stick.old and world.dice.random() < 0.5:
        _all_sticks(world)
    early = world.dice.random() < 0.7 and not world.net.late
    if early and all(_done(world, name) for name in world.laptops):
        return
    for _ in range(ROUNDS):
        quiet = True
        for laptop in world.laptops.values():
            quiet = _round(world, laptop) and quiet
        if quiet and not world.net.late and not _requeued(world):
            return
        while world.net.deliver_late():
            world.kernel.run(lambda: False)
    world.told.wrong.append("never quiet")


def _all_sticks(world: World) -> None:
    """Every copy of the stick that anybody kept comes to the city and to the laptops."""
    world.stick.all_again()
    world.kernel.spawn(world.city.process, lambda: world.stick.import_(world.city))
    world.kernel.run(lambda: False)
    for one in world.laptops.values():
        act = partial(tried, world, one, partial(world.stick.take_replies, one))
        world.kernel.spawn(one.process, act)
        world.kernel.run(lambda: False)


def _done(world: World, name: str) -> bool:
    """Whether this laptop's last send went through and left nothing."""
    found = outbox.waiting(world.laptops[name].vault)
    return name in world.through and not any(found.values()) and not world.city.restored


def _requeued(world: World) -> bool:
    """A supervisor sends what is parked once more; whether there was anything new to send."""
    found = 0
    for laptop in world.laptops.values():
        if laptop not in world.asked and outbox.waiting(laptop.vault)["parked"]:
            world.asked.append(laptop)
            found += outbox.requeue(laptop.vault)
    return found > 0


def _round(world: World, laptop: Laptop) -> bool:
    """One more send; whether it went through and nothing waits any more."""
    done: list[bool] = []
    world.kernel.spawn(
        laptop.process, lambda: done.append(tried(world, laptop, lambda: send(world, laptop)))
    )
    world.kernel.run(lambda: False)
    return done == [True] and laptop.waiting() == 0
