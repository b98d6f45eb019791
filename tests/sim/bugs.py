"""Bugs put in on purpose: small changes of the real code, or of what it stands on.

A simulation that misses them would miss the like of them; tests/sim/test_bugs.py wants each found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from fieldkit import carry_reply, erase
from fieldkit.store import files, numbering
from sync import receipt as receipts
from sync.clash import WAITING
from sync.exchange import Exchange
from sync.merge import Clash, Doc, merge
from sync.server import batches, blobs, decisions, photos, shelf
from sync.server import receipts as city_receipts
from sync.uploads import Uploads
from sync.wire import sha256
from tests.plant import every_new, plant, planted
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


def _nothing(*_what: Any) -> None:
    pass


@_bug("no fsync of files")
def _no_fsync() -> Iterator[None]:
    with every_new(Disk, lambda disk: plant(disk, "forces_files", False)):
        yield


@_bug("no fsync of the city's database")
def _no_city_fsync() -> Iterator[None]:
    with every_new(Rows, lambda rows: plant(rows, "forces", False)):
        yield


@_bug("no fsync of the laptop's database")
def _no_book_fsync() -> Iterator[None]:
    with every_new(Laptop, lambda laptop: plant(laptop, "forces_book", False)):
        yield


@_bug("no directory fsync: city")
def _no_city_names() -> Iterator[None]:
    with planted(blobs, "sync_dir", _nothing):
        yield


@_bug("no directory fsync: laptop")
def _no_laptop_names() -> Iterator[None]:
    with planted(files, "sync_dir", _nothing):
        yield


@_bug("no de-duplication")
def _twice() -> Iterator[None]:
    with (
        every_new(Rows, lambda rows: plant(rows, "unique", False)),
        planted(SimShelf, "ops", lambda _self, _ids: {}),
        planted(SimShelf, "numbered", lambda _self, _device, _numbers: set()),
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

    def stands(self: Uploads, one: Any, state: Any) -> None:
        real(self, one, state)
        held: Any = self.held
        with held.book.write() as conn:
            conn.execute(
                "UPDATE photo SET state = 'receipted' WHERE id = ? AND state = 'queued'",
                (one.photo.id,),
            )
        erase.erase_photos(held.vault, [one.photo.id], "any answer")

    with planted(Uploads, "_stands", stands):
        yield


@_bug("numbers begin again after a restore")
def _numbers_again() -> Iterator[None]:
    with (
        swapped((shelf.after, lambda last, _epoch: last + 1)),
        planted(citystore, "after", lambda last, _epoch: last + 1),
    ):
        yield


@_bug("one name for the same batch of two laptops")
def _one_name() -> Iterator[None]:
    with swapped((batches.name_of, lambda _device, body: sha256(body))):
        yield


@_bug("a receipt keeps the signature of a key that was replaced")
def _old_signature() -> Iterator[None]:
    def kept(shelf: Any, **which: str) -> Any:
        return shelf.receipt(**which)

    with swapped((city_receipts.kept, kept)):
        yield


@_bug("mark before send")
def _mark_first() -> Iterator[None]:
    real = Exchange.request

    def request(self: Exchange, pull: bool = False, **parts: Any) -> Any:
        held: Any = self.held
        with held.book.write() as conn:
            for op in parts.get("ops", ()):
                conn.execute(
                    "UPDATE outbox SET state = 'receipted', receipt = '-' WHERE op_id = ?",
                    (op["op_id"],),
                )
        return real(self, pull, **parts)

    with planted(Exchange, "request", request):
        yield


@_bug("last writer wins")
def _last_wins() -> Iterator[None]:
    def last(doc: Doc | None, save: dict[str, Any], *who: Any) -> Any:
        return merge(doc, {**save, "base": 10**9}, *who)

    with swapped((merge, last)):
        yield


@_bug("a decision goes over what was said since")
def _hasty() -> Iterator[None]:
    real = decisions.decide

    def decide(doc: Doc, clash: Clash, *what: Any) -> Doc:
        return real(doc, replace(clash, kept={n: doc.get(n) for n in clash.names}), *what)

    with planted(decisions, "decide", decide):
        yield


@_bug("the last decision counts")
def _last_decision() -> Iterator[None]:
    real = citystore.clash_row

    def row(shelf: Any, clash_id: str) -> Any:
        found = real(shelf, clash_id)
        if found is not None:
            found.state = WAITING
        return found

    def settled(shelf: Any, clash_id: str, seq: int, _who: str, _at: str, word: Any) -> None:
        shelf.rows.put("word", clash_id, {**word, "seq": seq})

    with planted(citystore, "clash_row", row), planted(citystore, "settled", settled):
        yield


@_bug("what was removed comes back")
def _comes_back() -> Iterator[None]:
    def again(doc: Doc | None, save: dict[str, Any], *who: Any) -> Any:
        live = replace(doc, state="live") if doc is not None else None
        return merge(live, save, *who)

    with swapped((merge, again)):
        yield


@_bug("a reply of the stick counts without its receipts")
def _any_reply() -> Iterator[None]:
    def standing(held: Any, proofs: Any) -> Any:
        """As if the reply said that all that waits has come."""
        waits = held.book.all("SELECT id, sha256, size FROM photo WHERE state = 'queued'")
        for made, value in proofs:
            items = [{**dict(row), "answer": "taken"} for row in waits]
            yield made, {**value, "kind": "photo", "items": [*value["items"], *items]}

    with planted(carry_reply, "_standing", standing):
        yield


@_bug("a parcel's photos are not read")
def _unread_parcel() -> Iterator[None]:
    """As if all of them had come: the others' digests and sizes stand in the receipt."""
    real = photos._receipt

    def made(shelf: Any, device: Any, rows: Any, keys: Any, no: Any) -> Any:
        fine = shelf.rows["photo"].values()
        others = [one for one in fine if one.device == device.id and one.state == "coming"]
        both = {one.id: one for one in [*rows, *others]}
        if len(rows) > 1:
            rows, keys = list(both.values()), {one: keys.get(one, b"") for one in both}
        return real(shelf, device, rows, keys, no)

    with planted(photos, "_receipt", made):
        yield


@_bug("row lost: city's record")
def _lost_record() -> Iterator[None]:
    real = SimShelf.put_docs

    def put_docs(self: SimShelf, docs: Any) -> None:
        real(self, list(docs)[1:])

    with planted(SimShelf, "put_docs", put_docs):
        yield


@_bug("row lost: laptop's outbox")
def _lost_row() -> Iterator[None]:
    real = numbering._queue

    def queue(vault: Any, conn: Any, n: int, trip_id: str, save: Any) -> int:
        return 0 if n % 3 == 0 else real(vault, conn, n, trip_id, save)

    with swapped((real, queue)):
        yield
