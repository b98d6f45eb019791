"""The sealed saves of one trip: `saves.rec`, one line a save, only ever appended to.

A line is canonical JSON `{"entity", "op", "rec", "record", "sha256"}`: ids, the save sealed to the
city (`rec`, base64), and the digest of the line without it. Whoever has this file and the trip's
private key has every save; the laptop itself cannot open it (design §4).

A save is durable once, in the trip's store, together with its line; the line then goes into this
file at once (a kill of the program takes nothing), and `complete` makes it durable here: every few
seconds, before anything is numbered or sent, and when the trip is closed (decision 17).
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fieldkit.store.files import refused, sync_dir
from sync.ids import is_id
from sync.wire import WireError, b64, canonical, parse, sha256, unb64

NAME = "saves.rec"
TORN = "saves.torn"
OPEN = "open"  # stands in the folder while the trip is open, and after a kill
SLACK = 1 << 20


@dataclass(frozen=True)
class Save:
    """One line: where it begins, and what stands in it. A damaged line has no `op`."""

    place: int
    op: str
    entity: str
    record: str
    sealed: bytes


def line_of(op: str, entity: str, record: str, sealed: bytes) -> bytes:
    """One line, without its line end."""
    value = {"entity": entity, "op": op, "rec": b64(sealed), "record": record}
    return canonical({**value, "sha256": sha256(canonical(value))})


def append(folder: Path, line: bytes) -> None:
    """Add one line. KitError("disk_full") leaves the file as it was; `complete` tries again."""
    path = folder / NAME
    size = path.stat().st_size if path.exists() else 0
    try:
        with path.open("ab", buffering=0) as file:
            if file.write(line + b"\n") != len(line) + 1:
                raise OSError(errno.ENOSPC, "cut off")
    except OSError as error:
        with contextlib.suppress(OSError):
            os.truncate(path, size)
        raise refused(error) from None


def complete(folder: Path, lines: Sequence[bytes]) -> None:
    """See to it that the file ends with these newest lines, in this order, and is on the disk.

    A power cut may have torn any of them, also with whole ones behind it (zeros in the middle). The
    first that is not whole is written again with all that follow it: an older value must never
    stand behind a newer one.
    """
    path = folder / NAME
    path.touch()
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - sum(len(line) + 1 for line in lines) - SLACK))
        tail = file.read()
        place, there = _whole_until(tail, lines)
        if there < len(lines) and place < len(tail):
            _put_aside(file, folder, start + place)
    missing = list(lines[there:])
    if missing:
        rest = (line.rstrip(b"\n") for line in tail[place:].splitlines(keepends=True))
        missing += [line for line in rest if line not in lines and _read(0, line).op]
    for line in missing:
        append(folder, line)
    make_durable(folder)


def _whole_until(tail: bytes, lines: Sequence[bytes]) -> tuple[int, int]:
    """Where in `tail` the first of `lines` that is not whole has to stand, and its index."""
    known = set(lines)
    place = tail.find(lines[0] + b"\n") if lines else -1
    if place < 0:  # behind the last whole line that is older than these
        at = place = 0
        for line in tail.splitlines(keepends=True):
            at += len(line)
            if line.rstrip(b"\n") not in known and _read(0, line).op:
                place = at
    there = 0
    while there < len(lines) and tail.startswith(lines[there] + b"\n", place):
        place += len(lines[there]) + 1
        there += 1
    return place, there


def _put_aside(file: BinaryIO, folder: Path, end: int) -> None:
    """Move what stands from `end` on into another file; nothing that was written is dropped."""
    file.seek(end)
    with (folder / TORN).open("ab") as torn:
        torn.write(file.read() + b"\n")
    file.truncate(end)


def make_durable(folder: Path) -> None:
    """What the file holds survives a power cut when this returns."""
    try:
        with (folder / NAME).open("r+b") as file:
            os.fsync(file.fileno())
        sync_dir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused(error) from None


def mend(folder: Path) -> None:
    """Put aside what a power cut tore off at the end, so that the next line begins a line."""
    path = folder / NAME
    if not path.exists():
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        end = _last_line_end(file, size)
        if end == size:
            return
        file.seek(end)
        tail = file.read()
        if _read(end, tail).op:  # only the line end itself is missing
            file.write(b"\n")
        else:
            _put_aside(file, folder, end)
        file.flush()
        os.fsync(file.fileno())


def _last_line_end(file: BinaryIO, size: int) -> int:
    """The place after the last line end, looked for from the back."""
    step, at = 65536, size
    while at > 0:
        begin = max(0, at - step)
        file.seek(begin)
        found = file.read(at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return 0


def after(folder: Path, last: int | None) -> Iterator[Save]:
    """The saves behind the line that begins at `last` (all for None), oldest first."""
    path = folder / NAME
    if not path.exists():
        return
    with path.open("rb") as file:
        if last is not None:
            file.seek(last)
            file.readline()
        place = file.tell()
        for line in file:
            if line.endswith(b"\n"):
                yield _read(place, line)
            place += len(line)


def until_hole(found: Sequence[Save]) -> list[Save]:
    """Those before the first one in whose place a power cut left zeros.

    Opening the trip writes it again from the store, with all behind it (`complete`); until then
    these have no place yet. A flipped bit is no hole: that save is lost, and the others go on.
    """
    holes = (i for i, save in enumerate(found) if not save.op and b"\0" in save.sealed)
    return list(found[: next(holes, len(found))])


def at(folder: Path, place: int) -> Save:
    """The save whose line begins at `place`; one without `op` where it cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            file.seek(place)
            return _read(place, file.readline())
    except OSError:
        return Save(place, "", "", "", b"")


def _read(place: int, line: bytes) -> Save:
    try:
        value = parse(line.rstrip(b"\n"))
        told = value.pop("sha256")
        save = Save(place, value["op"], value["entity"], value["record"], unb64(value["rec"]))
        if is_id(save.op) and sha256(canonical(value)) == told:
            return save
    except (WireError, KeyError, TypeError, ValueError, AttributeError):
        pass
    return Save(place, "", "", "", line)
