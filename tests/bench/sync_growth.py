"""Whether the city server stays as fast as it grows: many stored saves, many laptops."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sync.ids import new_id
from sync.merge import Doc, Rev
from sync.server.receipts import issue, item, now
from sync.server.shelf import Op
from sync.server.sqlstore import SqlStore, open_store
from tests.bench.sync_load import FIELDS, Laptop, requests
from tests.bench.sync_server import BATCH, made_city, thrown
from tests.bench.sync_work import City, load

AT_ONCE = 2000
SAVES_A_RECORD = 4
MEASURED = 1000


def grown(store: SqlStore, laptop: Laptop, start: int, end: int) -> None:
    """Stored saves from `start` to `end`, with their records and receipts, through the store.

    The sealed bytes are those of one real save: nobody opens them here.
    """
    body = bytes(700)
    for first in range(start, end, AT_ONCE):
        count = min(AT_ONCE, end - first)
        with store.write() as shelf:
            seq = shelf.next_seq()
            rows = [
                Op(seq + i, new_id(), laptop.id, laptop.sent + i + 1, laptop.trip, "0" * 64, body)
                for i in range(count)
            ]
            laptop.sent += count
            shelf.add_ops(rows, now())
            shelf.put_docs(_records(seq, count, laptop.id))
            for i in range(0, count, BATCH):
                lines = [item(row.op_id, row.sha256, 700) for row in rows[i : i + BATCH]]
                issue(shelf, laptop.id, "ops", lines, batch=new_id())


def _records(seq: int, count: int, device: str) -> Iterator[Doc]:
    for i in range(0, count, SAVES_A_RECORD):
        rev = Rev(seq + i, device, "field", "sato", "2026-07-01T09:30:00+09:00", seq + i)
        yield Doc(
            new_id(), "application", "", dict(FIELDS), dict.fromkeys(FIELDS, rev), seq + i,
            "live", "sato", "2026-07-01T09:30:00+09:00",
        )  # fmt: skip


def growth(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> None:
    """Saves a second in batches, and the time of an empty batch, over a store that grows."""
    with tempfile.TemporaryDirectory() as name:
        folder, stored = Path(name), 0
        with made_city(folder / "city", None) as made:
            for size in sizes:
                store = open_store(folder / "city")
                laptops = [Laptop(store, n) for n in range(2)]
                begin = time.perf_counter()
                grown(store, laptops[0], stored, size)
                filled = time.perf_counter() - begin
                stored = size
                work = requests(laptops, MEASURED, BATCH)
                nothing = [[laptop.nothing()] for laptop in laptops for _ in range(25)]
                store.close()
                made.start()
                wall, cpu = thrown(folder, work, made, None)
                empty, _ = thrown(folder, nothing, made, None)
                made.stop()
                print(
                    f"server, {size:>9,} saves stored: {MEASURED / wall:6.0f} saves/s"
                    f" ({MEASURED / cpu:6.0f} a core), empty batch {empty / 50 * 1000:5.1f} ms"
                    f"   {_size(folder / 'city')} MB, filled in {filled:.0f} s   wanted: flat"
                    f"   {load()}",
                    flush=True,
                )


def _size(folder: Path) -> int:
    return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6)


def laptops(count: int = 1000) -> None:
    """One laptop that sends many batches, and as many laptops that send one each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with made_city(folder / "city", None) as made:
            store = open_store(folder / "city")
            many = [Laptop(store, n) for n in range(count)]
            one = [many[0].batch(1) for _ in range(count)]
            each = [[laptop.batch(1)] for laptop in many]
            again = [[laptop.nothing()] for laptop in many]
            store.close()
            made.start()
            single, _ = thrown(folder, [[request] for request in one], made, None)
            spread, _ = thrown(folder, each, made, None)
            empty, _ = thrown(folder, again, made, None)
            print(
                f"server, {count} laptops with one save each {count / spread:6.0f}/s, one laptop"
                f" with {count} batches {count / single:6.0f}/s = x{single / spread:.2f}; nothing"
                f" to do {count / empty:.0f}/s; memory {_memory(made)} MB   {load()}",
                flush=True,
            )


def _memory(made: City) -> int:
    assert made.process is not None
    text = Path(f"/proc/{made.process.popen.pid}/status").read_text(encoding="ascii")
    return int(text.partition("VmRSS:")[2].split()[0]) // 1024
