"""A database in memory that can lose what it did not force: tables, one log, undo.

A transaction is all or nothing; committed is seen by everybody, and durable once it is forced,
which a commit does before it returns (unless a seeded bug says otherwise).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.sim.disk import quiet
from tests.sim.kernel import Kernel

NONE = object()


class Twice(Exception):
    """A unique key was used twice; the real databases refuse it too."""


class Rows:
    """`rows[table]` is a dict; changes go through `put`, `new` and `drop` within `write()`."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.tables: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.log: list[list[tuple[str, Any, Any]]] = []
        self.forced = 0
        self.forces = True
        self.unique = True
        self.found_out = False  # a laptop showed that they were set back
        self.full: Callable[[], bool] = lambda: False
        self._open: list[tuple[str, Any, Any]] | None = None

    def __getitem__(self, table: str) -> dict[Any, Any]:
        return self.tables[table]

    def put(self, table: str, key: Any, value: Any) -> None:
        assert self._open is not None, "outside of a transaction"
        rows = self.tables[table]
        self._open.append((table, key, rows.get(key, NONE)))
        rows[key] = value

    def new(self, table: str, key: Any, value: Any) -> None:
        if self.unique and key in self.tables[table]:
            raise Twice(table)
        self.put(table, key, value)

    def drop(self, table: str, key: Any) -> None:
        assert self._open is not None, "outside of a transaction"
        self._open.append((table, key, self.tables[table].pop(key)))

    @contextmanager
    def write(self) -> Iterator[Rows]:
        """One transaction; a kill or an error within it leaves nothing of it."""
        self.kernel.point("db.begin")
        self.kernel.pause()
        assert self._open is None, "a turn was given away within a transaction"
        self._open = []
        try:
            with quiet(self.kernel.process()):
                yield self
                self.kernel.point("db.commit")
                if self.full():
                    raise OSError(28, "full")
        except BaseException:
            self._undo(self._open)
            self._open = None
            raise
        if self._open:
            self.log.append(self._open)
        self._open = None
        if self.forces:
            self.forced = len(self.log)
        self.kernel.point("db.committed")

    def read(self) -> Rows:
        self.kernel.pause()
        return self

    def _undo(self, steps: list[tuple[str, Any, Any]]) -> None:
        for table, key, old in reversed(steps):
            if old is NONE:
                self.tables[table].pop(key, None)
            else:
                self.tables[table][key] = old

    def back_to(self, place: int) -> None:
        """Forget every transaction after the first `place`."""
        while len(self.log) > place:
            self._undo(self.log.pop())
        self.forced = min(self.forced, place)

    def power_cut(self, dice: Random) -> None:
        loose = len(self.log) - self.forced
        if loose:
            self.back_to(self.forced + int(dice.random() * (loose + 1)))
        self.forced = len(self.log)
