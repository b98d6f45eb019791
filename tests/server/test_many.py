"""Many laptops at two server processes at once: one chain, one order, nothing twice, no gap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sync.ids import new_id
from sync.server import store as t
from sync.server import verify_things
from tests import city_rows
from tests.needs import ROOT
from tests.server.kit import DAY, JPEG, Laptop

PROCESSES, LAPTOPS, BATCHES = 2, 4, 5


def test_two_processes_make_one_chain(place: Path) -> None:
    shared = new_id()
    with city_rows.opened(place) as city:
        desk = Laptop(city)
        desk.send(desk.take_trip(kind="desk").save(shared, visit_date=DAY, state="booked"))
    command = [sys.executable, "-m", "tests.server.worker", str(place)]
    command += [str(LAPTOPS), str(BATCHES), shared]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]  # fmt: skip
    for one in running:
        assert one.stdout is not None and one.stdout.readline() == '"ready"\n'
    said: list[list[str]] = []
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in running:
        out, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
        said += [line.split() for line in out.splitlines()]
    everybody = PROCESSES * LAPTOPS
    with city_rows.opened(place) as city:
        assert city_rows.chain_problem(city) is None
        ops = sorted(city_rows.rows(city, t.op), key=lambda row: row.seq)
        assert [row.seq for row in ops] == list(range(1, everybody * BATCHES * 2 + 2))
        numbers = [int(one[0]) for one in said if one[0] != "photo"]
        assert len(numbers) == len(set(numbers))
        place_of = {row.op_id: row.seq for row in ops}
        for one in said:
            seqs = [place_of[op] for op in one[1:]] if one[0] != "photo" else []
            assert seqs == sorted(seqs), "a batch stands in its order"
        pictures = [one[1] for one in said if one[0] == "photo"]
        assert {city_rows.jpeg(city, photo) for photo in pictures} == {JPEG}
        assert len(pictures) == everybody
        names = {row.id for row in city_rows.rows(city, t.device)}
        assert names == {f"K{n:02d}" for n in range(1, everybody + 2)}
        assert city_rows.docs(city)[shared].body["notes"] in names, "the first one stands"
        assert len(city_rows.rows(city, t.clash)) == (everybody - 1) * BATCHES
        assert verify_things.look(city, place).wrong == []
