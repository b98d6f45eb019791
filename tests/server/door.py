"""Processes of the city that can be killed at a named place: a server, or one command.

They come from a process that has loaded the program once and opened nothing (forkserver), so that a
hundred of them take seconds.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sync import fail as points
from sync.fail import EXIT_CODE
from sync.server.__main__ import main
from sync.server.handle import Handler
from sync.server.sqlstore import open_store

LATE = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite")
"""What the program only loads when it opens its database."""
WAYS = multiprocessing.get_all_start_methods()
START = multiprocessing.get_context("forkserver" if "forkserver" in WAYS else "spawn")
if "forkserver" in WAYS:
    START.set_forkserver_preload([__name__, *LATE])


class Killed(Exception):
    """The process died at the place that was asked for."""


def _at(fail: str) -> None:
    points._name, _, passage = fail.partition(":")
    points._left = int(passage or 1)


def _serve(folder: Path, fail: str, pipe: Connection) -> None:
    _at(fail)
    handle = Handler(open_store(folder))
    while (asked := pipe.recv()) is not None:
        pipe.send(handle(*asked))


def _command(words: list[str], fail: str) -> None:
    _at(fail)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
    os._exit(main(words))


def run(fail: str, *words: str) -> int:
    """The exit code of `python -m sync.server WORDS` in a process of its own."""
    process = START.Process(target=_command, args=(list(words), fail))
    process.start()
    process.join(60)
    return process.exitcode if process.exitcode is not None else -1


def kill(fail: str, *words: str) -> None:
    """Run a command and see it die at the place."""
    assert run(fail, *words) == EXIT_CODE, f"not on the path: {fail}"


class Door:
    """A server that is asked as a `Handler` is."""

    def __init__(self, folder: Path, fail: str = "") -> None:
        self.pipe, there = START.Pipe()
        self.process = START.Process(target=_serve, args=(folder, fail, there))
        self.process.start()
        there.close()

    def __call__(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        try:
            self.pipe.send((method, path, headers, body))
            status, value = self.pipe.recv()
        except (EOFError, BrokenPipeError):
            self.process.join(30)
            assert self.process.exitcode == EXIT_CODE
            raise Killed from None
        return status, value

    def close(self) -> None:
        self.pipe.send(None)
        self.process.join(30)
        assert self.process.exitcode == 0
