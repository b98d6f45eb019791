"""Bugs put in on purpose: small changes of the real code, or of what it stands on.

A simulation that does not find them would not find the like of them either. Each row is a name and
a context in which the bug is there; tests/sim/test_bugs.py wants each found soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from fieldkit import erase
from fieldkit.store import files, numbering, saves
from sync import receipt as receipts
from sync.merge import Doc, merge
from sync.sender import Sender
from sync.server import blobs, inbox, shelf
from sync.server import receipts as city_receipts
from sync.uploads import Upload, Uploads
from sync.wire import sha256
from tests.sim import citystore
from tests.sim.cheap import swapped
from tests.sim.citystore import SimShelf
from tests.sim.disk import Disk
from tests.sim.laptop import Laptop
from tests.sim.rows import Rows

BUGS: dict[str, Callable[[], AbstractContextManager[None]]] = {}


def _bug(name: str) -> Callable[[Callable[[], Iterator[None]]], None]:
    def put(act: Callable[[], Iterator[None]]) -> None:
        BUGS[name] = contextmanager(act)

    return put


@contextmanager
def _made(kind: type, change: Callable[[Any], None]) -> Iterator[None]:
    """Every object of this kind is changed right after it was made."""
    real = kind.__init__  # type: ignore[misc]

    def init(self: Any, *args: Any, **named: Any) -> None:
        real(self, *args, **named)
        change(self)

    kind.__init__ = init  # type: ignore[misc]
    try:
        yield
    finally:
        kind.__init__ = real  # type: ignore[misc]


@contextmanager
def _put(owner: Any, name: str, value: Any) -> Iterator[None]:
    real = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, real)


def _nothing(*_what: Any) -> None:
    pass


@_bug("no fsync of files")
def _no_fsync() -> Iterator[None]:
    with _made(Disk, lambda disk: setattr(disk, "forces_files", False)):
        yield


@_bug("no fsync of the city's database")
def _no_city_fsync() -> Iterator[None]:
    with _made(Rows, lambda rows: setattr(rows, "forces", False)):
        yield


@_bug("no fsync of the laptop's database")
def _no_book_fsync() -> Iterator[None]:
    with _made(Laptop, lambda laptop: setattr(laptop, "forces_book", False)):
        yield


@_bug("no directory fsync: city")
def _no_city_names() -> Iterator[None]:
    with _put(blobs, "sync_dir", _nothing):
        yield


@_bug("no directory fsync: laptop")
def _no_laptop_names() -> Iterator[None]:
    with _put(files, "sync_dir", _nothing), _put(saves, "sync_dir", _nothing):
        yield


@_bug("no de-duplication")
def _twice() -> Iterator[None]:
    with (
        _made(Rows, lambda rows: setattr(rows, "unique", False)),
        _put(SimShelf, "ops", lambda _self, _ids: {}),
        _put(SimShelf, "numbered", lambda _self, _device, _numbers: set()),
    ):
        yield


@_bug("no verification")
def _any_signature() -> Iterator[None]:
    def verify(receipt: Any, _public: bytes, _city: str, _device: str) -> Any:
        return receipt.value

    with swapped((receipts.verify, verify)):
        yield


@_bug("erase on any answer")
def _any_answer() -> Iterator[None]:
    real = Uploads._stands

    def stands(self: Uploads, one: Upload, state: Any) -> None:
        real(self, one, state)
        held: Any = self.held
        with held.book.write() as conn:
            conn.execute(
                "UPDATE photo SET state = 'receipted' WHERE id = ? AND state = 'queued'",
                (one.photo.id,),
            )
        erase.erase_photos(held.vault, [one.photo.id], "any answer")

    with _put(Uploads, "_stands", stands):
        yield


@_bug("numbers begin again after a restore")
def _numbers_again() -> Iterator[None]:
    with (
        swapped((shelf.after, lambda last, _epoch: last + 1)),
        _put(citystore, "after", lambda last, _epoch: last + 1),
    ):
        yield


@_bug("one name for the same batch of two laptops")
def _one_name() -> Iterator[None]:
    with swapped((inbox.name_of, lambda _device, body: sha256(body))):
        yield


@_bug("a receipt keeps the signature of a key that was replaced")
def _old_signature() -> Iterator[None]:
    def kept(shelf: Any, **which: str) -> Any:
        return shelf.receipt(**which)

    with swapped((city_receipts.kept, kept)):
        yield


@_bug("mark before send")
def _mark_first() -> Iterator[None]:
    real = Sender.request

    def request(self: Sender, pull: bool = False, **parts: Any) -> Any:
        held: Any = self.held
        with held.book.write() as conn:
            for op in parts.get("ops", ()):
                conn.execute(
                    "UPDATE outbox SET state = 'receipted', receipt = '-' WHERE op_id = ?",
                    (op["op_id"],),
                )
        return real(self, pull, **parts)

    with _put(Sender, "request", request):
        yield


@_bug("last writer wins")
def _last_wins() -> Iterator[None]:
    def last(doc: Doc | None, save: dict[str, Any], *who: Any) -> Any:
        return merge(doc, {**save, "base": 10**9}, *who)

    with swapped((merge, last)):
        yield


@_bug("row lost: city's record")
def _lost_record() -> Iterator[None]:
    real = SimShelf.put_docs

    def put_docs(self: SimShelf, docs: Any) -> None:
        real(self, list(docs)[1:])

    with _put(SimShelf, "put_docs", put_docs):
        yield


@_bug("row lost: laptop's outbox")
def _lost_row() -> Iterator[None]:
    real = numbering._queue

    def queue(vault: Any, conn: Any, n: int, trip_id: str, save: Any) -> int:
        return 0 if n % 3 == 0 else real(vault, conn, n, trip_id, save)

    with swapped((real, queue)):
        yield
