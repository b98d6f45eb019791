"""A laptop on its day out: what was captured on it, and where each piece of it is now.

`look` may be asked at any moment, also between two faults. What was captured has to be at the city
with its very bytes, or to wait here with its very bytes; nothing is there twice; and what is erased
here rests on a receipt that still verifies, over bytes that the city can open.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fieldkit import checkout, outbox, reserve, visit
from fieldkit.city import enrol_device
from fieldkit.errors import KitError
from fieldkit.store import ledger, numbering, opening, photos
from fieldkit.store import receipts as kept
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import packet, receipt
from sync.server import store as t
from sync.server import verify_things
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, sha256
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO, CityServer
from tests.flow.job import settings_of
from tests.flow.test_one_visit import DAY, take_reservation

FACE = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 4_000


@dataclass
class Truth:
    """What was captured: digests of the saves, pictures of the photos. Outlives every process."""

    saves: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    """What was found to be true at the end of a case; the last look of a test takes it in again."""

    def write(self, file: Path) -> None:
        file.write_text(json.dumps([self.saves, self.pictures]), encoding="utf-8")

    @staticmethod
    def read(file: Path) -> Truth:
        return Truth(*json.loads(file.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Look:
    """How many things are lost, there twice, or let go without a true receipt; `wrong`: what else
    does not hold, as words."""

    lost: int = 0
    doubled: int = 0
    erased: int = 0
    waiting: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: Look) -> Look:
        return Look(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.erased + other.erased,
            other.waiting,
            self.wrong + other.wrong,
        )


class Laptop:
    """An open vault with a trip out, and the truth about it."""

    def __init__(self, vault: Vault, trip: OpenTrip, person: Record, truth: Truth) -> None:
        self.vault, self.trip, self.person, self.truth = vault, trip, person, truth
        self.heard: list[tuple[str, str]] = []
        """What its syncs said: code and sentence of each error."""
        self._count = len(truth.pictures)

    def capture(self, pictures: int = 1, saves: int = 1, size: int = len(FACE)) -> list[str]:
        """Answers that are saved and photos that are chosen; the ids of the photos."""
        ids = []
        for _ in range(saves):
            self._count += 1
            answers = {"answers": {"memo": f"訪問メモ {self._count}"}}
            visit.save_application(self.vault, self.trip, self.person, answers)
        for _ in range(pictures):
            self._count += 1
            jpeg = FACE.ljust(size, b"f")[:size] + b"%d\xff\xd9" % self._count
            ids.append(photos.seal(self.vault, self.trip, self.person.id, jpeg))
            photos.keep(self.vault, ids[-1])
            self.truth.pictures[ids[-1]] = sha256(jpeg)
        self.note_saves()
        return ids

    def note_saves(self) -> None:
        numbering.adopt_orphans(self.vault)
        for row in self.vault.book.all("SELECT op_id, sha256 FROM outbox"):
            self.truth.saves[row["op_id"]] = row["sha256"]

    def reopen(self, url: str, trip: str, secret: bytes) -> None:
        """As in the morning: log in, and type the day's secret."""
        settings = settings_of(self.vault.settings.data_dir, url)
        self.vault = opening.unlock(settings, SATO.id, PASSPHRASE)
        self.trip = self.vault.open_trip(trip, secret)

    def sync(self) -> str:
        return sync(self.vault, self.heard)

    def go_on(self, tries: int = 3) -> str:
        """The fault is over: sync until it succeeds; what it said last."""
        said = ""
        for _ in range(tries):
            if not (said := self.sync()):
                break
        return said


def sync(vault: Vault, heard: list[tuple[str, str]] | None = None) -> str:
    """One sync; the code of what stopped it, or ""."""
    try:
        outbox.sync(vault)
    except KitError as error:
        if heard is not None:
            heard.append((error.code, error.sentence))
        return error.code
    return ""


def new_laptop(data: Path, city: CityServer, url: str = "", name: str = "訪問用A") -> Laptop:
    """Enrolled, with one home checked out, everything of before proved."""
    vault, _ = opening.create(settings_of(data, url or city.url), SATO, PASSPHRASE)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), name)
    reservation = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    made = Laptop(vault, trip, reserve.slip(trip, reservation).applicants[0], Truth())
    made.note_saves()
    outbox.sync(vault)
    return made


@contextlib.contextmanager
def unlocked(data: Path, url: str) -> Iterator[Vault]:
    """The vault as after a login."""
    vault = opening.unlock(settings_of(data, url), SATO.id, PASSPHRASE)
    try:
        yield vault
    finally:
        vault.close()


def look(vault: Vault, where: Path | SqlStore, truth: Truth, deep: bool = False) -> Look:
    """Where everything is at this moment, at both ends. `deep`: also what was settled before, and
    every byte and word of the city (`python -m sync.server verify`)."""
    if isinstance(where, Path):
        with city_rows.opened(where) as city:
            return _look(vault, city, where, truth, True)
    return _look(vault, where, where.blobs.folder.parent, truth, deep)  # type: ignore[attr-defined]


def _look(vault: Vault, city: SqlStore, folder: Path, truth: Truth, deep: bool) -> Look:
    past = set() if deep else truth.settled
    saves = {i: d for i, d in truth.saves.items() if i not in past}
    pictures = {i: d for i, d in truth.pictures.items() if i not in past}
    lost, erased = _saves(vault, city, saves)
    more_lost, more_erased = _photos(vault, city, pictures)
    wrong = verify_things.look(city, folder).wrong if deep else []
    told = outbox.waiting(vault)
    listed = Counter(one["state"] for one in outbox.items(vault))
    if told != {"waiting": listed["queued"], "parked": listed["parked"]}:
        wrong.append("the number that waits is not what is listed")
    if deep and ledger.check(vault.book) is not None:
        wrong.append("the laptop's ledger is broken")
    if not told["waiting"] and not told["parked"]:
        truth.settled |= set(saves) | set(pictures)
    doubled = _doubled(vault, city, folder, truth)
    waiting = told["waiting"] + told["parked"]
    return Look(lost + more_lost, doubled, erased + more_erased, waiting, tuple(wrong))


def _doubled(vault: Vault, city: SqlStore, folder: Path, truth: Truth) -> int:
    """What is at the city twice, or there although nobody captured it."""
    with city.engine.connect() as conn:
        query = sa.select(t.op.c.op_id, t.op.c.n).where(t.op.c.device == vault.device_id)
        ops = list(conn.execute(query))
        rows = set(conn.execute(sa.select(t.photo.c.id)).scalars())
        facts = Counter(conn.execute(sa.select(t.fact.c.id)).scalars())
    files = {file.stem for file in (folder / "photos").glob("*.ph")}
    doubled = len(ops) - len({row.n for row in ops})
    doubled += sum(row.op_id not in truth.saves for row in ops)
    return doubled + len(files - rows) + sum(count - 1 for count in facts.values())


def _saves(vault: Vault, city: SqlStore, saves: dict[str, str]) -> tuple[int, int]:
    """How many saves nobody has, and how many were let go without proof."""
    lost, erased = 0, 0
    with city.engine.connect() as conn:
        query = sa.select(t.op.c.op_id, t.op.c.sha256).where(t.op.c.op_id.in_(saves))
        stored = {row.op_id: row.sha256 for row in conn.execute(query)}
    for op_id, digest in saves.items():
        row = vault.book.one("SELECT * FROM outbox WHERE op_id = ?", op_id)
        there = stored.get(op_id) == digest
        waits = row is not None and row["state"] in ("queued", "parked")
        lost += not there and not (waits and numbering.sealed_bytes(vault, row) is not None)
        if row is not None and row["state"] == "receipted":
            erased += not (there and _proved(vault, row["receipt"], op_id, digest, row["size"]))
    return lost, erased


def _photos(vault: Vault, city: SqlStore, pictures: dict[str, str]) -> tuple[int, int]:
    lost, erased = 0, 0
    for photo_id, digest in pictures.items():
        there = _opens(city, photo_id, digest)
        row = photos.row_of(vault, photo_id)
        lost += not there and not (row["state"] in ("queued", "parked") and _whole(vault, row))
        if row["state"] in ("receipted", "erased"):
            true = _proved(vault, row["receipt"], photo_id, row["sha256"], row["size"])
            erased += not (true and there)
    return lost, erased


def _opens(city: SqlStore, photo_id: str, digest: str) -> bool:
    """Whether the city has the photo, says so, and can open it."""
    with city.read() as shelf:
        row = shelf.photos([photo_id]).get(photo_id)
    if row is None or row.state != "stored" or not row.receipt:
        return False
    try:
        return sha256(packet.open_photo(row.key, row.trip, row.id, city.blobs.get(row.id) or b"")) \
            == digest  # fmt: skip
    except WireError:
        return False


def _whole(vault: Vault, row: dict[str, Any]) -> bool:
    try:
        photos.whole_parts(vault, row)
    except photos.Unsendable:
        return False
    return True


def _proved(vault: Vault, digest: Any, object_id: str, sha: str, size: int) -> bool:
    """A receipt is kept here, verifies now, and names exactly these bytes."""
    row = vault.book.one("SELECT * FROM receipt WHERE digest = ?", digest or "")
    if row is None:
        return False
    try:
        return receipt.proves(kept.verify(vault.book, row), object_id, sha, size)
    except WireError:
        return False
