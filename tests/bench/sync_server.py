"""How many saves a second the city server takes, against bare commits of the same rows.

The floor takes the very rows that the server stored (the save and its record) and commits them one
by one on one connection of the same database. "A core" is a second of processor time, of the server
and of the database together; the floor's is counted in the same way.
"""

from __future__ import annotations

import pickle
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync.server import store as tables
from sync.server.sqlstore import SqlStore, open_store
from tests.bench import sync_postgres
from tests.bench.sync_load import Laptop, requests
from tests.bench.sync_work import City, Process, cpu_seconds, load, spawn

CONNECTIONS, OPS, BATCH = 4, 4000, 100


@dataclass
class Figures:
    """Saves a second of wall time, and a second of processor time."""

    wall: float
    core: float

    def over(self, other: Figures) -> str:
        return f"x{self.wall / other.wall:.2f} (a core: x{self.core / other.core:.2f})"

    def __str__(self) -> str:
        return f"{self.wall:6.0f}/s ({self.core:6.0f} a core)"


@contextmanager
def made_city(folder: Path, pg: sync_postgres.Postgres | None) -> Iterator[City]:
    """A city on SQLCipher, or on a fresh database of a PostgreSQL."""
    folder.mkdir()
    if pg is not None:
        (folder / "server.toml").write_text(f'database = "{pg.url}"\n', encoding="utf-8")
        _empty(pg.url)
    made = City(folder)
    try:
        yield made
    finally:
        made.stop()


def _empty(url: str) -> None:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        conn.exec_driver_sql("DROP SCHEMA public CASCADE")
        conn.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()


def thrown(
    folder: Path, work: list[Any], made: City, pg: sync_postgres.Postgres | None,
    more: Sequence[City] = (),
) -> tuple[float, float]:  # fmt: skip
    """Wall and processor seconds (server and database) for prepared requests."""
    file = folder / "requests"
    file.write_bytes(pickle.dumps(work))
    cities = [made, *more]
    client = spawn(
        ["-m", "tests.bench.sync_load", str(file), str(CONNECTIONS), *(c.url for c in cities)]
    )
    client.wait_ready()
    before = _cpu(cities, pg)
    told = client.go()
    return float(told["wall"]), _cpu(cities, pg) - before


def _cpu(cities: list[City], pg: sync_postgres.Postgres | None) -> float:
    processes = [c.process for c in cities if isinstance(c.process, Process)]
    return sum(cpu_seconds(p.popen.pid) for p in processes) + (pg.cpu() if pg else 0.0)


def bare(store: SqlStore, pg: sync_postgres.Postgres | None, count: int) -> Figures:
    """The floor: `count` commits of one stored save and its record, moved to new names."""
    with store.read() as shelf:
        ops = shelf.conn.execute(sa.select(tables.op).limit(count)).all()
        records = shelf.conn.execute(sa.select(tables.record).limit(count)).all()
    engine = store.engine
    names = ("op", "record")
    with engine.begin() as conn:
        for name in names:
            conn.exec_driver_sql(f"DROP TABLE IF EXISTS bare_{name}")
        meta = sa.MetaData()
        for name in names:
            tables.metadata.tables[name].to_metadata(meta, name=f"bare_{name}")
        for table in meta.tables.values():
            for index in list(table.indexes):
                index.name = f"bare_{index.name}"
        meta.create_all(conn)
    raw = engine.raw_connection()
    mark = "%s" if pg else "?"
    texts = [
        f"INSERT INTO bare_{name} ({', '.join(tables.metadata.tables[name].columns.keys())})"
        f" VALUES ({', '.join([mark] * len(tables.metadata.tables[name].columns))})"
        for name in names
    ]
    cursor = raw.cursor()
    begin, cpu = time.perf_counter(), time.process_time() + (pg.cpu() if pg else 0.0)
    for op, record in zip(ops, records, strict=False):
        if pg is None:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(texts[0], tuple(op))
        cursor.execute(texts[1], tuple(record))
        raw.commit()
    wall = time.perf_counter() - begin
    own = time.process_time() + (pg.cpu() if pg else 0.0) - cpu
    raw.close()
    done = min(len(ops), len(records))
    return Figures(done / wall, done / own)


def operations(rounds: int, with_postgres: bool) -> None:
    """Batches of a hundred and single saves, four laptops at once, against bare commits."""
    why = sync_postgres.cannot() if with_postgres else ""
    name = "PostgreSQL" if with_postgres else "SQLCipher"
    if why:
        print(f"server, {name}: LEFT OUT, this machine cannot show it: {why}")
        return
    floors: list[Figures] = []
    found: dict[int, list[Figures]] = {BATCH: [], 1: []}
    with sync_postgres.postgres() if with_postgres else nullcontext() as pg:
        for _ in range(rounds):
            for each, ops in ((BATCH, OPS), (1, OPS // 10)):
                with tempfile.TemporaryDirectory() as temporary:
                    folder = Path(temporary)
                    with made_city(folder / "city", pg) as made:
                        store = open_store(folder / "city")
                        laptops = [Laptop(store, n) for n in range(CONNECTIONS)]
                        work = requests(laptops, ops, each)
                        made.start()
                        wall, cpu = thrown(folder, work, made, pg)
                        found[each].append(Figures(ops / wall, ops / cpu))
                        if each == BATCH:
                            floors.append(bare(store, pg, OPS // 2))
                        store.close()
    floor = _median(floors)
    for each, figures in found.items():
        server = _median(figures)
        print(
            f"server, {name:<10} batches of {each:<3} {server}   bare commits {floor}"
            f"   {server.over(floor)}   wanted: 0.7   {rounds} rounds, {load()}",
            flush=True,
        )


def _median(figures: list[Figures]) -> Figures:
    return Figures(
        statistics.median(f.wall for f in figures), statistics.median(f.core for f in figures)
    )


def two_processes(rounds: int) -> None:
    """One app process and two over one PostgreSQL."""
    why = sync_postgres.cannot()
    if why:
        print(f"two app processes: LEFT OUT, this machine cannot show it: {why}")
        return
    rates: dict[int, list[float]] = {1: [], 2: []}
    cores: list[float] = []
    with sync_postgres.postgres() as pg:
        for _ in range(rounds):
            for count in (1, 2):
                with tempfile.TemporaryDirectory() as temporary:
                    folder = Path(temporary)
                    with made_city(folder / "city", pg) as made:
                        store = open_store(folder / "city")
                        laptops = [Laptop(store, n) for n in range(8)]
                        work = requests(laptops, OPS, BATCH)
                        made.start()
                        second = _second(made) if count == 2 else []
                        wall, cpu = thrown(folder, work, made, pg, second)
                        rates[count].append(OPS / wall)
                        cores.append(cpu / wall)
                        for other in second:
                            other.stop()
                        store.close()
    one, two = statistics.median(rates[1]), statistics.median(rates[2])
    print(
        f"app processes, PostgreSQL: one {one:.0f}/s, two {two:.0f}/s = x{two / one:.2f}"
        f"   wanted: 1.7 on two cores of their own; server and database used"
        f" {max(cores):.1f} cores, the senders the rest   {load()}",
        flush=True,
    )


def _second(first: City) -> list[City]:
    other = City(first.folder, make=False)
    other.start()
    return [other]
