"""One commit for several threads: forcing a log to the disk costs the same for one act as for ten.

The first thread that comes becomes the leader and runs what waits; the others get their result
when it is durable. An act that fails takes nobody with it: then each runs alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class _Job:
    def __init__(self, act: Callable[[Any], Any]) -> None:
        self.act = act
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None


class Together:
    """Shares the transactions that `write()` opens among threads."""

    def __init__(self, write: Callable[[], AbstractContextManager[Any]]) -> None:
        self._write = write
        self._waiting: list[_Job] = []
        self._list = threading.Lock()
        self._turn = threading.Lock()

    def run(self, act: Callable[[Any], Any]) -> Any:
        """The value of `act(shelf)`, when what it changed is durable; or its exception."""
        job = _Job(act)
        with self._list:
            self._waiting.append(job)
        with self._turn:
            if not job.done:
                with self._list:
                    jobs, self._waiting = self._waiting, []
                self._lead(jobs)
        if job.error is not None:
            raise job.error
        return job.value

    def _lead(self, jobs: list[_Job]) -> None:
        try:
            with self._write() as shelf:
                values = [job.act(shelf) for job in jobs]
            for job, value in zip(jobs, values, strict=True):
                job.value, job.done = value, True
        except BaseException as error:
            if len(jobs) == 1:
                jobs[0].error, jobs[0].done = error, True
                return
            for job in jobs:
                self._lead([job])
