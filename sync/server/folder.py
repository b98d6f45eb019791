"""Bundles that come by USB memory: taken like requests over the line, answered by a file.

The same handler, the same receipts. A bundle is never moved or erased here: it is the laptop's
people who empty their stick, after the reply was read. Taking a bundle again, a copy, or an old one
after a newer one is harmless, because every request in it is.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sync import bundle, bundle_file, enrol_file, fail, medium, wire
from sync.bundle import Address, Answered, Manifest, Part
from sync.bundle_file import Opened
from sync.receipt import Receipt
from sync.server.receipts import now
from sync.server.shelf import City, Device, Store
from sync.server.trouble import FAULTS, fault
from sync.wire import WireError

LOG = "usb.jsonl"
OBJECTS = frozenset({"ops", "photo"})
"""The receipts that name saves and photos; the others name ends of trips and heads of ledgers."""
ENDINGS = (bundle.ENDINGS["enrol"], bundle.ENDINGS["bundle"])


class Handle(Protocol):
    """The door of the city: one request in, status and answer out (sync/server/handle.py)."""

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, late: bool = False
    ) -> tuple[int, dict[str, Any]]: ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True)
class Taken:
    """What became of one file: numbers only. `code` says why nothing of it was taken, else "".

    `items` are the saves and photos that receipts name, `answered` the requests they came in.
    `damaged` are parts that could not be read, `held` parts that wait for one of those because the
    order of the saves counts. Both come again with the laptop's next bundle.
    """

    file: str
    code: str = ""
    device: str = ""
    n: int = 0
    answered: int = 0
    refused: int = 0
    damaged: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    sha256: str = ""
    items: int = 0


def take(store: Store, handle: Handle, path: Path) -> Taken:
    """Take one bundle and write the reply beside it. OSError where the medium is gone, Full or
    Unsound where the reply could not be written: everything can simply be done again."""
    digest = medium.digest_of(path)
    with store.read() as shelf:
        city = shelf.city()
    if path.suffix == ENDINGS[0]:
        return _enrol(city, handle, path, digest)
    with path.open("rb") as file:
        try:
            opened = bundle_file.read("bundle", file, city.seal_private)
            device = _sender(store, city, opened.manifest)
        except WireError as error:
            return Taken(path.name, _whose(city, path) or error.code, sha256=digest)
        answers, damaged, held = _answer(handle, opened)
    address = opened.manifest.address
    _reply(path.parent, city, device, opened.manifest, answers, [*damaged, *held])
    return Taken(
        path.name,
        "",
        address.device,
        address.n,
        sum(answer.status == 200 for answer in answers),
        sum(answer.status != 200 for answer in answers),
        tuple(damaged),
        tuple(held),
        digest,
        _items(answers),
    )


def _items(answers: list[Answered]) -> int:
    """How many saves and photos the receipts of these answers hold, each counted once."""
    found = set()
    for answer in answers:
        told = [answer.value, *answer.value.get("photos", [])]
        for one in told:
            if isinstance(one, dict) and "receipt" in one:
                body = Receipt.from_json(one["receipt"]).value
                if body.get("kind") in OBJECTS:
                    held = (item["id"] for item in body["items"] if item["answer"] != "refused")
                    found |= set(held) - {"facts"}
    return len(found)


def _enrol(city: City, handle: Handle, path: Path, digest: str) -> Taken:
    """A laptop without a line asks to be enrolled; the grant, or why not, goes beside it."""
    try:
        asked = enrol_file.read_request(path, city.code, city.seal_private)
    except WireError as error:
        return Taken(path.name, _whose(city, path) or error.code, sha256=digest)
    told = Answered("0001", *handle("POST", "/ksp/v1/enrol", {}, asked.body))
    keys = [dict(one) for one in city.keys]
    enrol_file.write_grant(path.parent, asked, city.sign_private, keys, now(), told)
    fail.point("usb.enrolled")
    if told.status != 200:
        return Taken(path.name, str(told.value.get("error")), refused=1, sha256=digest)
    device = str(wire.parse(str(told.value["grant"]).encode())["device"])
    return Taken(path.name, "", device, 0, 1, sha256=digest)


def _whose(city: City, path: Path) -> str:
    """`other_city` where the file names another city, else ""."""
    with path.open("rb") as file:
        told = bundle_file.named(file)
    return "other_city" if told is not None and told.city != bundle.plain(city.code) else ""


def _sender(store: Store, city: City, manifest: Manifest) -> Device:
    """The device that signed it. One that was revoked too: the handler keeps what it sends."""
    if manifest.address.city != city.code:
        raise WireError("other_city")
    with store.read() as shelf:
        device = shelf.device(manifest.address.device)
    if device is None:
        raise WireError("unknown_device")
    manifest.verify(device.sign_public)
    return device


def _answer(handle: Handle, opened: Opened) -> tuple[list[Answered], list[str], list[str]]:
    """Every part that is whole, in order: (answers, damaged, held back)."""
    answers: list[Answered] = []
    damaged: list[str] = []
    held: list[str] = []
    lost_one = False
    for part in opened.parts:
        if part.twice and lost_one:
            held.append(part.name)
            continue
        data = opened.part(part)
        if data is None:
            damaged.append(part.name)
            lost_one = lost_one or part.twice
            continue
        status, value = _ask(handle, data, opened.manifest.address.device)
        answers.append(Answered(part.name, status, value))
        fail.point("usb.answered")
    return answers, damaged, held


def _ask(handle: Handle, data: bytes, device: str) -> tuple[int, dict[str, Any]]:
    try:
        asked = bundle.request_of(data)
        told = {name.lower(): value for name, value in asked.headers.items()}
        if told.get("ksp-device") != device:  # its answer goes to the sender of the file
            raise WireError("not_for_us")
        return handle(asked.method, asked.path, told, asked.body, late=True)
    except WireError as error:
        return 400, {"error": error.code}
    except FAULTS as error:  # as on the line: nothing is promised, the next part is taken
        fault(error)
        return 500, {"error": "internal"}


def _reply(
    folder: Path,
    city: City,
    device: Device,
    asked: Manifest,
    answers: list[Answered],
    damaged: list[str],
) -> None:
    parts = [Part.of(answer.name, answer.to_bytes) for answer in answers]
    more = {"bundle": asked.digest, "damaged": damaged, "keys": [dict(k) for k in city.keys]}
    key = wire.signing_private(city.sign_private)
    made = Manifest.sign(key, "reply", asked.address, now(), parts, more)
    pieces = bundle_file.pack(made, parts, device.seal_public)
    name = asked.address.file_name("reply")
    medium.put(folder, name, pieces, bundle_file.size_of(made, parts))
    fail.point("usb.replied")


# -- folders ------------------------------------------------------------------------------------
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
