"""Version 1 meets version 2, either way round."""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sync import receipt, wire
from sync.receipt import Receipt
from sync.server import store as t
from sync.server import verify_things
from sync.wire import unb64
from tests import city_rows
from tests.conftest import CityServer
from tests.faults.day import Laptop, Look, look
from tests.faults.line import Asked, Fate, Line, message
from tests.faults.matrix import Cell
from tests.faults.procs import serving
from tests.needs import ROOT
from tests.server.kit import over_http

CITY = ROOT / "tests" / "server" / "data" / "city-v1.tar.xz"
SAID = Path(__file__).parent / "data" / "laptop-v1.json"
Said = dict[str, Any]


@pytest.mark.cell("091", "a version-1 client against the version-2 server", "a whole day's sync")
def test_a_laptop_of_before(cell: Cell, tmp_path: Path) -> None:
    """What a laptop of version 1 sent, byte for byte: in its order, each request twice, and with
    late copies in between. Its city is of version 1 too, and was brought to version 2."""
    told = json.loads(SAID.read_text(encoding="utf-8"))
    requests: list[Said] = told["requests"]
    everything = range(len(requests))
    late = [*everything[:5], 1, 3, *everything[5:8], 4, 2, *everything[8:-1], 1, 7, -1]
    for number, order in enumerate([everything, [i for i in everything for _ in "12"], late]):
        place = tmp_path / str(number)
        with tarfile.open(CITY) as archive:
            archive.extractall(place, filter="data")
        with serving(place / "city") as (url, _):
            answers = say(url, [requests[i] for i in order])
        with city_rows.opened(place / "city") as city:
            with city.read() as shelf:
                public = shelf.city().sign_public
            kept = [value for one in answers for value in receipts(one, public)]
            cell.saw(at_both_ends(city, place / "city", told, kept), number)
        cell.cases += 1
    cell.write("each receipt verifies as version 1 did it; no news are sent to it")


def say(url: str, requests: Sequence[Said]) -> list[Said]:
    """Send them; each has to get an answer of the shape that version 1 knows."""
    ask, answers = over_http(url), []
    for one in requests:
        status, value = ask(one["method"], one["path"], one["headers"], unb64(one["body"]))
        assert status == one["status"], (one["path"], value)
        if set(value) != set(one["said"]):  # a late copy hears of a photo that is there by now
            assert (one["said"], sorted(value)) == (["offset"], ["receipt"])
        answers.append(value)
    return answers


def receipts(answer: Said, public: bytes) -> list[Said]:
    """The receipts in an answer, as the laptop verifies them."""
    found = [answer["receipt"]] if "receipt" in answer else []
    found += [one["receipt"] for one in answer.get("photos", []) if "receipt" in one]
    return [receipt.verify(Receipt.from_json(one), public, "01999", "K01") for one in found]


def at_both_ends(city: Any, folder: Path, told: Said, kept: list[Said]) -> Look:
    """What version 1 would let go is proved, and at the city once."""
    ops = {row.op_id: row.sha256 for row in city_rows.rows(city, t.op)}
    lost = sum(ops.get(op_id) != digest for op_id, digest in told["saves"].items())
    lost += city_rows.jpeg(city, told["photo"]) != unb64(told["jpeg"])
    unproved = sum(
        not any(receipt.proves(value, op_id, digest, size) for value in kept for size in sizes)
        for op_id, digest in told["saves"].items()
        for sizes in [[item["size"] for value in kept for item in value["items"]]]
    )
    unproved += not any(
        receipt.proves(value, told["photo"], told["sha256"], told["size"]) for value in kept
    )
    names = [(row.device, row.n) for row in city_rows.rows(city, t.op)]
    doubled = len(names) - len(set(names))
    waits = [json.loads(row.names) for row in city_rows.rows(city, t.clash)]
    assert city_rows.bodies(city)[told["home"]]["notes"] == "門の前で待ちます"
    assert ["phone"] in waits, "another laptop had said another one, unseen: a person decides"
    assert {value["kind"] for value in kept} == {"ops", "photo", "trip_end"}
    return Look(lost, doubled, unproved, 0, tuple(verify_things.look(city, folder).wrong))


@pytest.mark.cell("092", "a version-2 client against a version-1 server", "syncs, then its update")
def test_a_city_of_before(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    """The stub says only what version 1 would have said otherwise; all else is the real city."""

    def version_1(asked: Asked) -> Fate | None:
        if asked.what == "whole":
            page = b"<!doctype html><title>404 Not Found</title>"
            return Fate(instead=message("404 Not Found", page, "Content-Type: text/html"))
        if asked.what == "part" and len(asked.body) > 256 * 1024:
            return Fate(instead=message("400 Bad Request", b'{"error":"too_large"}'))
        if asked.what == "batch" and json.loads(asked.body)["v"] != 1:
            return Fate(instead=message("400 Bad Request", b'{"error":"other_version"}'))
        return None

    dice = random.Random(1)
    for number in range(4):
        laptop.capture(pictures=5, saves=3, size=dice.choice([5_000, 300_000]))
        begun = len(line.asked)
        line.plan = version_1
        assert laptop.sync() == "", number
        batches = [wire.parse(a.body) for a in line.asked[begun:] if a.what == "batch"]
        assert [value["v"] for value in batches[:2]] == [2, 1]
        assert {value["v"] for value in batches[1:]} == {1}
        cell.ended(look(laptop.vault, city.store, laptop.truth), number)
    line.heal()  # the city is updated
    laptop.capture(pictures=5, saves=3, size=5_000)
    assert laptop.sync() == ""
    assert wire.parse([a for a in line.asked if a.what == "batch"][-1].body)["v"] == 2
    cell.ended(look(laptop.vault, city.store, laptop.truth, deep=True))
    cell.write("nothing waits")
