"""One bundle that came by USB memory: taken like requests over the line, answered by a file.

The same handler, the same receipts. A bundle is never moved or erased here: it is the laptop's
people who empty their stick, after the reply was read. Taking a bundle again, a copy, or an old one
after a newer one is harmless, because every request in it is. Whole folders: sync/server/folder.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
        told = bundle_file.named(file) or Address.in_name(path.name)
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
