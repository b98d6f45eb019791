"""One schedule: a city, one or two laptops, their people, and everything that can go wrong.

`run(seed)` gives what was wrong at the end, in words. Everything follows from the seed: who goes
on, what breaks, where a process dies, what a power cut leaves.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import Any, TypeVar

from fieldkit import outbox
from fieldkit.errors import KitError
from sync.client import Refused
from sync.road import NoAnswer
from sync.server import inbox
from sync.server.shelf import Trip
from sync.wire import WireError, sha256
from tests.sim import citystore, people
from tests.sim.city import City
from tests.sim.kernel import Cell, Kernel, Killed, Now, Process, Stuck
from tests.sim.laptop import Laptop
from tests.sim.people import Deed
from tests.sim.road import Network, Request
from tests.sim.stick import Stick
from tests.sim.storm import Storm

JST = timezone(timedelta(hours=9))
ROUNDS = 14
HARMLESS = {"no_server", "disk_full"}  # what may be said of a bad line and of a full disk
OFTEN = {"disk", "book.begin", "book.commit", "book.committed", "db.begin", "db.commit",
         "db.committed", "net.send", "net.answered", "file.new"}  # fmt: skip
R = TypeVar("R")
DANGERS = {"kill laptop", "kill city", "clock", "restore", "put back", "new key"}
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
        self._asked: list[Laptop] = []
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
            self.heal()
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
            return self._at_city(lambda: self.city.serve(request))
        except OSError:
            raise NoAnswer("500") from None

    def _at_city(self, act: Callable[[], R]) -> R:
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
        self.kernel.spawn(laptop.process, lambda: self._person(laptop))

    def _more(self) -> bool:
        """Start again what died, else deliver what is late; False where there is neither."""
        return self._restart() or (self.dice.random() < 0.5 and self.net.deliver_late())

    def _restart(self) -> bool:
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

    # -- people ---------------------------------------------------------------------------------
    def _person(self, laptop: Laptop) -> None:
        """Log in, then do what is left of the day; what is refused is left for later."""
        self._try(laptop, laptop.login)
        todo = self.todo[laptop.name]
        while todo:
            deed = todo.pop(0)
            self._try(laptop, partial(self._do, laptop, deed))

    def _try(self, laptop: Laptop, act: Callable[[], None]) -> bool:
        try:
            act()
            return True
        except SAYS_NO as error:
            self.kernel.say(laptop.name, "was told", type(error).__name__, str(error)[:60])
            code = str(getattr(error, "code", error))
            if code not in HARMLESS and not self.storm.tampered:
                self.told.wrong.append(f"I5: {laptop.name} raised a false alarm: {code}")
            return False

    def _do(self, laptop: Laptop, deed: Deed) -> None:
        self.kernel.say(laptop.name, deed.what, deed.field, str(deed.value)[:20])
        if deed.what == "save":
            self._save(laptop, deed)
        elif deed.what == "fact":
            laptop.fact(deed.value)
            self.told.facts.add(deed.value)
        elif deed.what == "restore":
            self.storm.seen.append("restore")
            self.city.to_restore = True
            self.kernel.kill(self.city.process)
        elif deed.what == "look":  # as a check-out does: the records as the city has them now
            docs = self.city.rows["doc"].values()
            laptop.seen |= {doc.id: doc.rev for doc in docs}
            laptop.saw = frozenset(self.city.rows["op_id"])
            laptop.cases = citystore.waiting(self.city.rows)
        elif deed.what == "decide":
            self._decide(laptop)
        elif deed.what == "remove":
            self._say(laptop, deed, {}, remove=True)
        elif deed.what == "photo":
            photo_id = laptop.shoot(deed.value)
            query = "SELECT sha256, size FROM photo WHERE id = ?"
            digest, self.net.sizes[photo_id] = laptop.conn.execute(query, (photo_id,)).fetchone()
            self.told.photos[photo_id] = (laptop.name, digest)
            self.kernel.say(laptop.name, "has photo", photo_id)
        elif deed.what == "export":
            self.stick.export(laptop)
        elif deed.what == "replies":
            self.stick.take_replies(laptop)
        elif deed.what == "import":
            self._import()
        else:
            self._send(laptop)

    def _import(self) -> None:
        """Somebody of the city takes in what lies on the stick; a kill of the city ends that."""
        if self.city.process.alive:
            cell = Cell()

            def act() -> None:
                try:
                    self._at_city(lambda: self.stick.import_(self.city))
                finally:
                    cell.put(None)

            self.kernel.spawn(self.city.process, act, lambda: cell.put(None))
            self.kernel.wait(cell)

    def _save(self, laptop: Laptop, deed: Deed) -> None:
        self._say(laptop, deed, people.said(deed.field, deed.value))

    def _decide(self, laptop: Laptop) -> None:
        """A supervisor decides everything that was shown as waiting."""
        cases, laptop.cases = laptop.cases, []
        for clash_id in cases:
            take = ("kept", "other")[self.dice.random() < 0.5]
            deed = Deed("decide", "decision", f"decision-of-{clash_id}", clash_id, take)
            self._say(laptop, deed, {"clash": clash_id, "take": take, "rev": 0, "why": "見比べた"})

    def _say(self, laptop: Laptop, deed: Deed, what: dict[str, Any], **more: Any) -> None:
        base = laptop.seen.get(deed.record, 0)
        said = Said(laptop.name, deed, laptop.saw)
        save = {
            "entity": deed.entity,
            "id": deed.record,
            "parent": "",
            "base": base,
            "set": what,
            "actor": "sato",
            "at": f"2026-07-01T09:{len(self.told.saves):02d}:00+09:00",
            **more,
        }
        op_id = laptop.new_op()
        self.told.saves[op_id] = said
        laptop.save(op_id, save)
        self.told.kept.add(op_id)

    def _send(self, laptop: Laptop) -> None:
        self.through.discard(laptop.name)
        laptop.send(self.net)
        self.through.add(laptop.name)

    # -- the end --------------------------------------------------------------------------------
    def heal(self) -> None:
        """Fine weather: everybody sends until nothing waits, and every late copy arrives."""
        self.storm.over()
        while self._restart():
            self.kernel.run(lambda: False)
        if self.stick.old and self.dice.random() < 0.5:
            self._all_sticks()
        if self.dice.random() < 0.7 and not self.net.late and all(map(self._done, self.laptops)):
            return
        for _ in range(ROUNDS):
            quiet = True
            for laptop in self.laptops.values():
                quiet = self._round(laptop) and quiet
            if quiet and not self.net.late and not self._requeued():
                return
            while self.net.deliver_late():
                self.kernel.run(lambda: False)
        self.told.wrong.append("never quiet")

    def _all_sticks(self) -> None:
        """Every copy of the stick that anybody kept comes to the city and to the laptops."""
        self.stick.all_again()
        self.kernel.spawn(self.city.process, lambda: self.stick.import_(self.city))
        self.kernel.run(lambda: False)
        for one in self.laptops.values():
            act = partial(self._try, one, partial(self.stick.take_replies, one))
            self.kernel.spawn(one.process, act)
            self.kernel.run(lambda: False)

    def _done(self, name: str) -> bool:
        """Whether this laptop's last send went through and left nothing."""
        found = outbox.waiting(self.laptops[name].vault)
        return name in self.through and not any(found.values()) and not self.city.restored

    def _requeued(self) -> bool:
        """A supervisor sends what is parked once more; whether there was anything new to send."""
        found = 0
        for laptop in self.laptops.values():
            if laptop not in self._asked and outbox.waiting(laptop.vault)["parked"]:
                self._asked.append(laptop)
                found += outbox.requeue(laptop.vault)
        return found > 0

    def _round(self, laptop: Laptop) -> bool:
        """One more send; whether it went through and nothing waits any more."""
        done: list[bool] = []
        self.kernel.spawn(
            laptop.process, lambda: done.append(self._try(laptop, lambda: self._send(laptop)))
        )
        self.kernel.run(lambda: False)
        return done == [True] and laptop.waiting() == 0

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
