"""Who runs when, and who dies where: tasks of killable processes, one dice for everything.

A task runs until it pauses (before every transaction, file operation and exchange with the city);
then the dice choose who goes on. A killed process never runs another line: `Killed` goes through
its tasks like a `kill -9`, and what `finally` does then meets a disk that no longer listens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

TURNS = 60_000
SOON = 0.03  # the chance of each turn that something that is down is started again


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the real code catches it."""


class Stuck(Exception):
    """The schedule does not come to an end."""


class Process:
    """A program on a machine. After its death a new one is started over the same disk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.held = 0  # > 0: within a transaction, in which nobody else takes a turn


class Cell:
    """A place where one task waits for what another one will put there."""

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None

    def put(self, value: Any) -> None:
        if not self.done:
            self.done, self.value = True, value


class Task(greenlet):
    """A thread of a process. `cell`: what it waits for, or None where it may go on."""

    process: Process
    cell: Cell | None = None
    act: Callable[[], Any]
    ended: Callable[[], None] | None = None  # also where it never began

    def run(self) -> None:
        with contextlib.suppress(Killed):
            self.act()


class Kernel:
    """The scheduler. `danger(name)` is asked at every point whether the process dies there."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.tasks: list[Task] = []
        self.turns = 0
        self.down = 0  # processes that died and were not started again
        self.trace: list[str] | None = None
        self.danger: Callable[[str, Process], bool] | None = None
        self.hub = getcurrent()

    def say(self, *words: object) -> None:
        if self.trace is not None:
            self.trace.append(" ".join(str(word) for word in words))

    # -- called from within tasks ---------------------------------------------------------------
    def process(self) -> Process | None:
        return getattr(getcurrent(), "process", None)

    def pause(self) -> None:
        """Let others go first, unless this task holds a transaction open."""
        task = getcurrent()
        if task is self.hub:
            return
        process = task.process
        if not process.alive:
            raise Killed
        if process.held or len(self.tasks) == 1:
            return
        ready = [t for t in self.tasks if t.cell is None or t.cell.done]
        self.turns += 1
        if self.down or self.turns > TURNS:
            self.hub.switch()
        elif len(ready) > 1:
            chosen = ready[int(self.dice.random() * len(ready))]
            if chosen is not task:
                chosen.switch()

    def wait(self, cell: Cell) -> Any:
        """Wait until somebody has put something into the cell."""
        task = getcurrent()
        task.cell = cell
        while not cell.done:
            self.hub.switch()
        task.cell = None
        return cell.value

    def point(self, name: str) -> None:
        """A place where a process may die (every `fail.point` of the real code is one)."""
        task = getcurrent()
        if task is self.hub:
            return
        process = task.process
        if not process.alive:
            raise Killed
        if self.danger is not None and self.danger(name, process):
            self.say("KILLED", process.name, "at", name)
            self.kill(process)

    # -- the life of processes ------------------------------------------------------------------
    def spawn(
        self, process: Process, act: Callable[[], Any], ended: Callable[[], None] | None = None
    ) -> Task:
        task = Task(parent=self.hub)
        task.process, task.act, task.ended = process, act, ended
        self.tasks.append(task)
        return task

    def kill(self, process: Process) -> None:
        """End it now; within one of its own tasks this raises Killed."""
        self.down += process.alive
        process.alive = False
        process.held = 0
        me = getcurrent()
        for task in [t for t in self.tasks if t.process is process and t is not me]:
            if not task.dead:
                self._end(task)
        if getattr(me, "process", None) is process:
            raise Killed

    def _end(self, task: Task) -> None:
        self.tasks.remove(task)
        if task:  # started and not finished
            task.parent = getcurrent()
            task.throw(Killed)
        if task.ended is not None:
            task.ended()

    # -- the hub --------------------------------------------------------------------------------
    def run(self, more: Callable[[], bool]) -> None:
        """Let tasks go on in an order of the dice until none is left and `more` has nothing."""
        rand, tasks = self.dice.random, self.tasks
        while True:
            if any(t.dead for t in tasks):
                tasks[:] = [t for t in tasks if not t.dead]
            ready = [t for t in tasks if t.cell is None or t.cell.done]
            if self.down and rand() < SOON and more():
                continue
            if not ready:
                if more():
                    continue
                if self.tasks:
                    raise Stuck("every task waits")
                return
            self.turns += 1
            if self.turns > TURNS:
                raise Stuck("no end")
            task = ready[int(rand() * len(ready))] if len(ready) > 1 else ready[0]
            task.switch()


class Now:
    """The kernel of the schedule that is running (the real code's hooks are functions)."""

    kernel: Kernel


class SimLock:
    """`threading.Lock` for tasks."""

    def __init__(self) -> None:
        self.busy = False

    def __enter__(self) -> None:
        while self.busy:
            Now.kernel.hub.switch()
        self.busy = True

    def __exit__(self, *_why: object) -> None:
        self.busy = False


def point(name: str) -> None:
    """What `sync.fail.point` is within the simulation."""
    Now.kernel.point(name)
