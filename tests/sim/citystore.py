"""The city's store (ports: sync/server/shelf.py) in memory, over `Rows` and a `Disk`.

The photos lie on the simulated disk, where the real `FileBlobs` writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from sync.clash import WAITING
from sync.merge import Clash, Doc
from sync.receipt import GENESIS, Receipt
from sync.server.blobs import FileBlobs
from sync.server.shelf import City, Device, Op, Photo, Place, Trip, after
from sync.server.together import Together
from tests.sim.disk import Disk
from tests.sim.paths import Path
from tests.sim.rows import Rows


class SimShelf:
    """One transaction."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def city(self) -> City:
        return self.rows["city"][""]

    def device(self, device_id: str) -> Device | None:
        return self.rows["device"].get(device_id)

    def seen(self, device_id: str, at: str) -> None:
        pass

    def head(self, device_id: str, seq: int, digest: str) -> None:
        old = self.rows["device"][device_id]
        self.rows.put("device", device_id, replace(old, ledger_seq=seq, ledger_hash=digest))

    # receipts
    def last_receipt(self) -> tuple[int, str]:
        return self.rows["last"].get("receipt", (0, GENESIS))

    def receipt(self, *, batch: str = "", digest: str = "") -> Receipt | None:
        if batch:
            digest = self.rows["receipt_batch"].get(batch, "")
        return self.rows["receipt_digest"].get(digest)

    def add_receipt(self, made: Receipt, batch: str = "") -> None:
        seq = made.value["seq"]
        self.rows.new("receipt", seq, made)
        self.rows.new("receipt_digest", made.digest, made)
        self.rows.put("last", "receipt", (seq, made.digest))
        if batch:
            self.rows.new("receipt_batch", batch, made.digest)

    # saves
    def trips(self, ids: Iterable[str]) -> dict[str, Trip]:
        return _found(self.rows["trip"], ids)

    def end_trip(self, trip_id: str, at: str) -> None:
        old = self.rows["trip"].get(trip_id)
        if old is None:
            return
        self.rows.put("trip", trip_id, replace(old, secret=None, seal_private=b"", state="ended"))

    def ops(self, op_ids: Sequence[str]) -> dict[str, str]:
        return {i: op.sha256 for i, op in _found(self.rows["op_id"], op_ids).items()}

    def numbered(self, device_id: str, numbers: Sequence[int]) -> set[int]:
        return {n for n in numbers if (device_id, n) in self.rows["op_n"]}

    def next_seq(self) -> int:
        return after(int(self.rows["last"].get("op", 0)), self.city().epoch)

    def add_ops(self, rows: Sequence[Op], at: str) -> None:
        for op in rows:
            self.rows.new("op", op.seq, op)
            self.rows.new("op_id", op.op_id, op)
            self.rows.new("op_n", (op.device, op.n), op.seq)
            self.rows.put("last", "op", op.seq)

    def op_bodies(self, op_ids: Sequence[str]) -> dict[str, bytes]:
        return {i: op.body for i, op in _found(self.rows["op_id"], op_ids).items()}

    def docs(self, ids: Iterable[str]) -> dict[str, Doc]:
        return _found(self.rows["doc"], ids)

    def places(self, ids: Iterable[str]) -> dict[str, Place]:
        return {doc.id: Place(doc.parent, "") for doc in self.docs(ids).values()}

    def put_docs(self, docs: Iterable[Doc]) -> None:
        for doc in docs:
            self.rows.put("doc", doc.id, doc)

    def add_clashes(self, clashes: Sequence[Clash], at: str) -> None:
        count: Counter[str] = Counter()
        for clash in clashes:
            self.rows.new("clash", f"{clash.op_id}.{count[clash.op_id]}", clash)
            count[clash.op_id] += 1

    # facts
    def add_facts(self, device_id: str, rows: Sequence[tuple[str, str]]) -> None:
        for fact_id, body in rows:
            self.rows.new("fact", fact_id, body)

    def facts(self, ids: Sequence[str]) -> dict[str, str]:
        return _found(self.rows["fact"], ids)

    # photos
    def photos(self, ids: Sequence[str]) -> dict[str, Photo]:
        return _found(self.rows["photo"], ids)

    def put_photos(self, photos: Sequence[Photo], at: str = "") -> None:
        for one in photos:
            self.put_photo(one, at)

    def put_photo(self, photo: Photo, at: str = "") -> None:
        self.rows.put("photo", photo.id, photo)

    # ledgers
    def ledger_last(self, device_id: str) -> tuple[int, str, str]:
        return self.rows["ledger_last"].get(device_id, (0, "", GENESIS))

    def ledger_hashes(self, device_id: str, start: int) -> dict[int, str]:
        last = self.ledger_last(device_id)[0]
        rows = self.rows["ledger"]
        return {seq: rows[device_id, seq][1] for seq in range(max(start, 1), last + 1)}

    def add_ledger(self, device_id: str, rows: Sequence[tuple[int, str, str]]) -> None:
        for seq, body, digest in rows:
            self.rows.new("ledger", (device_id, seq), (body, digest))
            self.rows.put("ledger_last", device_id, (seq, body, digest))


def _found(table: dict[Any, Any], ids: Iterable[str]) -> dict[str, Any]:
    return {i: table[i] for i in set(ids) if i in table}


# -- what sync/server/conflicts.py asks the database for ------------------------------------------
def clash_row(shelf: SimShelf, clash_id: str) -> Any | None:
    clash = shelf.rows["clash"].get(clash_id)
    if clash is None:
        return None
    state = "decided" if clash_id in shelf.rows["word"] else clash.state
    return SimpleNamespace(id=clash_id, record=clash.record, state=state, clash=clash)


def settled(shelf: SimShelf, clash_id: str, seq: int, _who: str, _at: str, word: Any) -> None:
    shelf.rows.new("word", clash_id, {**word, "seq": seq})


def renewed(shelf: SimShelf, clash_id: str, clash: Clash, _seq: int) -> None:
    shelf.rows.put("clash", clash_id, clash)


def waiting(rows: Rows) -> list[str]:
    """The clashes that wait for a person."""
    return [i for i, one in rows["clash"].items() if one.state == WAITING and i not in rows["word"]]


def held(shelf: SimShelf, device: str) -> list[str]:
    """What `epochs.held` asks the database for."""
    made = shelf.rows["receipt"]
    return [made[seq].digest for seq in sorted(made) if made[seq].value["device"] == device]


class SimStore:
    """The store of one server process: the rows and the disk outlive it."""

    def __init__(self, rows: Rows, disk: Disk) -> None:
        self.rows = rows
        self.blobs = FileBlobs(Path(disk, "city/photos"))  # type: ignore[arg-type]
        self._together = Together(self.write)

    @contextmanager
    def read(self) -> Iterator[SimShelf]:
        yield SimShelf(self.rows.read())

    @contextmanager
    def write(self) -> Iterator[SimShelf]:
        with self.rows.write() as rows:
            yield SimShelf(rows)

    def together(self, act: Callable[[Any], Any]) -> Any:
        return self._together.run(act)

    def close(self) -> None:
        pass
