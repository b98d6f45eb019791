"""What a backup of yesterday does not know and a restored city must not forget: `side.book`.

A line for each trip handed out (with its private key: without it the city could not open what the
laptop sends again), each trip ended, each device enrolled or stopped, each new key and each life of
the store. A line is forced to the disk before the act is committed, so it may speak of an act that
never was; that harms nobody. Lines are boxed like the database. When a trip ends its keys are
overwritten in their place: nothing but `E` and its id stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync import fail
from sync.disk import sync_dir
from sync.server.box import Box
from sync.server.keyfile import write_private
from sync.wire import WireError, b64, unb64

TRIP, ENDED, DEVICE, STOPPED, KEY, EPOCH = "T", "E", "D", "R", "K", "P"
PURPOSE = "side"


@dataclass(frozen=True)
class Line:
    """`value` is empty for an ended trip; None where the line is damaged."""

    kind: str
    id: str
    value: dict[str, Any] | None


class SideBook:
    """The lines of one server folder. `add` is called under the city's lock."""

    def __init__(self, path: Path, box: Box) -> None:
        self.path, self.box = path, box

    def add(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """One more line, on the disk when this returns."""
        data = _text(self.box, Line(kind, name, value))
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        fresh = not self.path.exists()
        handle = os.open(self.path, flags, 0o600)
        with os.fdopen(handle, "rb+") as file:
            file.seek(_whole(file.read()))  # a power cut may have left half a line
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            sync_dir(self.path.parent)
        fail.point("server.side_added")

    def end(self, trip: str) -> None:
        """Destroy the keys of a trip; its id stays, as one that ended."""
        self.tidy(lambda ids: {trip} & ids)

    def tidy(self, ended: Callable[[set[str]], set[str]]) -> None:
        """Destroy the keys of those trips of the book that `ended` names."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        starts: dict[str, list[tuple[int, int]]] = {}
        at = 0
        for line in data.splitlines(keepends=True):
            if line.startswith(f"{TRIP} ".encode()) and line.endswith(b"\n"):
                starts.setdefault(line.split(b" ")[1].decode(), []).append((at, len(line)))
            at += len(line)
        gone = ended(set(starts)) if starts else set()
        if not gone:
            return
        with self.path.open("rb+", buffering=0) as file:
            for trip in gone:
                for start, size in starts[trip]:
                    file.seek(start)
                    file.write(f"{ENDED} {trip} ".encode().ljust(size - 1) + b"\n")
            os.fsync(file.fileno())
        fail.point("server.end_side")

    def lines(self) -> list[Line]:
        """Every line in the order in which they were written."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return [self._line(one) for one in data[: _whole(data)].splitlines()]

    def _line(self, data: bytes) -> Line:
        kind, _, rest = data.decode("ascii", "replace").partition(" ")
        name, _, boxed = rest.partition(" ")
        if kind == ENDED:
            return Line(kind, name, {})
        try:
            opened = self.box.open_json(PURPOSE, f"{kind} {name}", unb64(boxed))
        except (WireError, ValueError):
            return Line(kind, name, None)
        return Line(kind, name, opened)

    def write(self, path: Path, box: Box, lines: Iterable[Line]) -> None:
        """Lines as a new file, sealed with another key; what is damaged is left out."""
        write_private(path, b"".join(_text(box, one) for one in lines if one.value is not None))


def _text(box: Box, line: Line) -> bytes:
    boxed = ""
    if line.kind != ENDED:
        boxed = b64(box.seal_json(PURPOSE, f"{line.kind} {line.id}", line.value))
    return f"{line.kind} {line.id} {boxed}\n".encode()


def _whole(data: bytes) -> int:
    """Where the last whole line ends."""
    return data.rfind(b"\n") + 1
