"""The bundles of a folder: the order in which they are taken, and the folder that is watched.

What was taken stands in `usb.jsonl` of the server's folder. How one bundle is taken and answered is
sync/server/stick.py.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sync import bundle_file, medium
from sync.bundle import Address
from sync.server.receipts import now
from sync.server.shelf import Store
from sync.server.stick import ENDINGS, Handle, Taken, take

LOG = "usb.jsonl"


def bundles(folder: Path) -> list[Path]:
    """What is to be taken in a folder, each device's in the order in which it made them."""
    found = [p for ending in ENDINGS for p in folder.glob(f"*{ending}") if p.is_file()]
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[int, str, int, str]:
    with path.open("rb") as file:
        told = bundle_file.named(file) or Address("", "", 0)
    return ENDINGS.index(path.suffix), told.device, told.n, path.name


def log(home: Path, taken: Taken) -> None:
    """One row of what was taken, in the server's folder: numbers, no names."""
    row = {**asdict(taken), "at": now(), "damaged": len(taken.damaged), "held": len(taken.held)}
    with (home / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _logged(home: Path) -> set[str]:
    """The digests of the files that were answered before; a row that a kill cut off is none."""
    found = set()
    if (home / LOG).exists():
        for line in (home / LOG).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError):
                found.add(str(json.loads(line)["sha256"]))
    return found


def import_folder(store: Store, handle: Handle, folder: Path, home: Path) -> Iterator[Taken]:
    """Take every bundle of a folder (or the one file that is named), one after the other."""
    for path in bundles(folder) if folder.is_dir() else [folder]:
        taken = take(store, handle, path)
        log(home, taken)
        yield taken


@dataclass
class Watch:
    """A folder that is looked at again and again (`look`), until somebody stops.

    A file is taken when it did not change between two looks: somebody may still be copying it. What
    was answered is not taken again until it changes, also not after a restart.
    """

    store: Store
    handle: Handle
    folder: Path
    home: Path
    seen: dict[Path, tuple[int, int]] = field(default_factory=dict)
    done: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> list[Taken]:
        """What was taken now. OSError, Full, Unsound as in `take`: a stick may be pulled out at any
        time; the next look begins anew."""
        there, taken = {}, []
        try:
            there = {path: _stamp(path) for path in bundles(self.folder)}
            for path, stamp in there.items():
                if self.seen.get(path) == stamp and self.done.get(path) != stamp:
                    taken += self._new(path)
                    self.done[path] = stamp
        finally:
            self.seen = there
        return taken

    def _new(self, path: Path) -> list[Taken]:
        if path not in self.done and medium.digest_of(path) in _logged(self.home):
            with path.open("rb") as file:
                told = bundle_file.named(file)
            answer = "reply" if path.suffix == ENDINGS[1] else "enrolled"
            if told is None or (path.parent / told.file_name(answer)).exists():
                return []
        return list(import_folder(self.store, self.handle, path, self.home))


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
