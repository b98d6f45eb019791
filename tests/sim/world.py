"""One schedule: a city, one or two laptops, their people, and everything that can go wrong.

`run(seed)` gives what was wrong at the end, in words. Everything follows from the seed: who goes
on, what breaks, where a process dies, what a power cut leaves.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, TypeVar

from sync.road import NoAnswer
from sync.server import inbox
from sync.server.shelf import Trip
from sync.wire import sha256
from tests.sim import people
from tests.sim.city import City
from tests.sim.deeds import Promises, person
from tests.sim.healing import heal
from tests.sim.kernel import Kernel, Killed, Now, Process, Stuck
from tests.sim.laptop import Laptop
from tests.sim.people import Deed
from tests.sim.road import Network, Request
from tests.sim.stick import Stick
from tests.sim.storm import Storm

JST = timezone(timedelta(hours=9))
OFTEN = {"disk", "book.begin", "book.commit", "book.committed", "db.begin", "db.commit",
         "db.committed", "net.send", "net.answered", "file.new"}  # fmt: skip
R = TypeVar("R")
DANGERS = {"kill laptop", "kill city", "clock", "restore", "put back", "new key"}


class World:
    """Everything of one schedule."""

    def __init__(self, seed: int, never: frozenset[str] = frozenset(), trace: bool = False) -> None:
        self.dice = Random(seed)
        self.kernel = Now.kernel = Kernel(self.dice)
        if trace:
            self.kernel.trace = []
        self.storm = Storm(self.kernel, self.dice, never)
        self.net = Network(self.kernel, self.storm)
        self.told = Promises()
        self.stick = Stick(self.kernel, self.storm, self.told.wrong.append)
        self.now = datetime(2026, 7, 1, 9, 30, tzinfo=JST)
        self.city = City(self.kernel)
        self.city.rows.full = self.city.disk.full = lambda: self.storm.strikes("full city")
        self.apply = inbox._apply
        self.laptops: dict[str, Laptop] = {}
        self.todo: dict[str, list[Deed]] = {}
        self.asked: list[Laptop] = []
        self.through: set[str] = set()  # whose last send went through
        kind = self.dice.random()
        duel, quarrel = kind < 0.04, 0.04 < kind < 0.13
        pool = people.some_fields(self.dice)
        for number in range(2 if duel or quarrel else 1 + int(self.dice.random() * 1.45)):
            self._add_laptop(f"K0{number + 1}", number)
            if quarrel:
                name = f"K0{number + 1}"
                self.todo[name] = people.quarrel(self.dice, name, pool)
            if duel:
                self.storm.only("answer lost", "kill laptop")
                self.city.back_up()
                self.todo[f"K0{number + 1}"] = people.duel(self.dice, number == 0)

        if self.storm.kinds.keys() & DANGERS:
            self.kernel.danger = self._danger

    def _add_laptop(self, name: str, number: int) -> None:
        kind = ("field", "desk", "office")[int(self.dice.random() * 3)]
        key = f"trip-key-{number}".encode().ljust(32, b"=")
        trip = Trip(
            f"00000000-0000-7000-8000-{number:012d}", f"r{number}", name, kind, "2026-07-01",
            key, key, b"s" * 16, "out", tuple(people.record_id(i) for i in range(3)),
        )  # fmt: skip
        self.city.add_laptop(name, trip)
        laptop = Laptop(self.kernel, name, trip, lambda: self.now)
        laptop.storm_full = laptop.disk.full = lambda: self.storm.strikes("full laptop")
        laptop.disk.gone = lambda path, data: self._erased(laptop, path, data)
        self.laptops[name] = laptop
        self.todo[name] = people.day(self.dice, name)

    # -- dangers --------------------------------------------------------------------------------
    def _danger(self, name: str, process: Process) -> bool:
        if self.storm.strikes("clock"):
            self.now += timedelta(days=int((self.dice.random() - 0.5) * 4000))
        if process is not self.city.process:
            kind = "kill laptop"
        else:
            kind = "kill city"
            if self.storm.kinds.keys() & {"restore", "put back"}:
                if not self.city.backup or self.dice.random() < 0.01:
                    self.city.back_up()
                if self.storm.strikes("restore"):
                    self.city.to_restore = True
                    return True
                if self.storm.strikes("put back"):
                    self.city.to_restore = self.city.in_silence = True
                    return True
            if not process.held and self.storm.strikes("new key"):
                self.city.new_key()
        if not self.storm.strikes(kind, 1 if name in OFTEN else 5):
            return False
        self.kernel.say("kill", process.name, "at", name)
        return True

    def _died(self, machine: Laptop | City, name: str) -> None:
        """After a kill: perhaps the power went as well."""
        kind = "city" if name == "city" else "laptop"
        if self.dice.random() < self.storm.kinds.get(f"power {kind}", 0.15):
            self.kernel.say("POWER CUT", name)
            machine.power_cut(self.dice)

    # -- the schedule ---------------------------------------------------------------------------
    def run(self) -> list[str]:
        """The whole schedule; what was wrong, in words."""
        try:
            self._start_city()
            for name in self.laptops:
                self._start_laptop(name)
            self.kernel.run(self._more)
            heal(self)
        except Stuck as error:
            self.told.wrong.append(f"stuck: {error}")
        except Exception:
            self.told.wrong.append("crash: " + traceback.format_exc(limit=-6))
        finally:
            self.storm.over()
        return self.told.wrong

    def close(self) -> None:
        self.kernel.danger = None
        for process in {task.process for task in self.kernel.tasks}:
            self.kernel.kill(process)
        for laptop in self.laptops.values():
            laptop.give_back()

    def _start_city(self) -> None:
        self.city.start()
        self.net.city = self.city.process
        self.net.serve = self._serve

    def _serve(self, request: Request) -> tuple[int, dict[str, Any]]:
        try:
            return self.at_city(lambda: self.city.serve(request))
        except OSError:
            raise NoAnswer("500") from None

    def at_city(self, act: Callable[[], R]) -> R:
        """Any exception that the city's own code does not expect is a finding."""
        try:
            return act()
        except (OSError, Killed):
            raise
        except Exception:
            self.told.wrong.append("the city: " + traceback.format_exc(limit=-4))
            raise Killed from None

    def _start_laptop(self, name: str) -> None:
        laptop = self.laptops[name]
        laptop.start()
        self.kernel.spawn(laptop.process, lambda: person(self, laptop))

    def _more(self) -> bool:
        """Start again what died, else deliver what is late; False where there is neither."""
        return self.restart() or (self.dice.random() < 0.5 and self.net.deliver_late())

    def restart(self) -> bool:
        """Start again one machine that died; False where none did."""
        self.kernel.down = 0
        if not self.city.process.alive:
            self._died(self.city, "city")
            if self.city.to_restore:
                self.kernel.say("the city is RESTORED from its backup")
                self.city.restore()
            self.kernel.say("city starts again")
            self._start_city()
            self.kernel.down = sum(not one.process.alive for one in self.laptops.values())
            return True
        for name, laptop in self.laptops.items():
            if not laptop.process.alive:
                self._died(laptop, name)
                self.kernel.say(name, "starts again, to do:", len(self.todo[name]))
                self._start_laptop(name)
                return True
        return False

    def _erased(self, laptop: Laptop, path: str, data: bytes) -> None:
        """A file leaves a laptop's disk: at this moment the city must hold a promised photo."""
        photo_id, _, ending = path.rpartition("/")[2].partition(".")
        if ending != "ph" or photo_id not in self.told.photos:
            return
        if self.city.restored:
            return  # a receipt of before may still have been on its way: see the alarm list
        node = self.city.disk.plate.get(f"city/photos/{photo_id}.ph")
        if node is None or sha256(node.forced) != self.told.photos[photo_id][1]:
            self.told.wrong.append(f"I4: {photo_id} erased, and the city's disk does not hold it")
