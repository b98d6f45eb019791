"""Requests and answers that come twice, late, in another order, cut short, changed, or from
somebody else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sync import pace, wire
from sync.wire import canonical
from tests import city_rows
from tests.conftest import CityServer
from tests.faults.day import Laptop, look
from tests.faults.line import LENGTH, Asked, Fate, Line, message
from tests.faults.matrix import Cell
from tests.server import kit

KINDS = ("batch", "part", "whole")
BUSY = message("503 Service Unavailable", b'{"error":"busy"}', "Content-Type: application/json")
SEED = 20261121


@pytest.fixture
def every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sync sends batches, a photo in parts, and several whole ones at once."""
    monkeypatch.setattr(pace, "FEW", 1)
    monkeypatch.setattr(pace, "NEAR", 10.0)
    monkeypatch.setattr(pace, "MOMENT", 60.0)
    monkeypatch.setattr(pace, "SMALLEST", 4096)
    monkeypatch.setattr(pace, "USUAL", 8192)
    monkeypatch.setattr(pace.Pace, "piece", lambda self, left: min(left, self.size))


def check(cell: Cell, city: CityServer, laptop: Laptop, line: Line, case: object) -> None:
    """Now, and when the line is well again; what was parked is sent again by a supervisor."""
    cell.saw(look(laptop.vault, city.store, laptop.truth), case)
    line.heal()
    assert laptop.go_on() == "", case
    cell.ended(look(laptop.vault, city.store, laptop.truth), case)


def fixed(raw: bytes) -> bytes:
    """With the length that its body has now."""
    head, middle, body = raw.partition(b"\r\n\r\n")
    return LENGTH.sub(b"content-length: %d" % len(body), head) + middle + body


@pytest.mark.cell("051", "packets twice", "every request of a sync")
@pytest.mark.usefixtures("every_kind")
def test_every_request_comes_twice(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line
) -> None:
    line.plan = lambda asked: Fate(twice=True)
    for _ in range(4):
        laptop.capture(pictures=6, saves=3, size=12_000)
        assert laptop.sync() == ""
        cell.ended(look(laptop.vault, city.store, laptop.truth))
    assert {asked.what for asked in line.asked} >= set(KINDS)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    cell.write("nothing waits", cases=f"{cell.cases} syncs")


@pytest.mark.cell("052", "packets late, in another order, replayed", "every request of a sync")
@pytest.mark.usefixtures("every_kind")
def test_late_and_in_another_order(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line
) -> None:
    """A request is held up on its way and asked again; it arrives when others have overtaken it."""
    dice = random.Random(SEED)
    for number in range(12):
        held: list[bytes] = []

        def plan(asked: Asked, held: list[bytes] = held) -> Fate | None:
            if dice.random() < 0.25:
                held.append(asked.raw)
                return Fate(instead=BUSY)
            if held and dice.random() < 0.6:
                late = held.pop(dice.randrange(len(held)))
                return Fate(before=lambda: line.ask(late))
            return None

        laptop.capture(pictures=6, saves=2, size=12_000)
        line.plan = plan
        laptop.sync()
        for late in held:
            line.ask(late)
        check(cell, city, laptop, line, number)
    everything = [asked.raw for asked in line.asked]
    before = counted(city)
    dice.shuffle(everything)
    for raw in everything:
        assert line.ask(raw)
    assert counted(city) == before, "a replay changed what the city holds"
    cell.cases += 1
    assert laptop.sync() == ""
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "no_server")
    cell.write(f"{said}, and waits; then nothing waits")


def counted(city: CityServer) -> list[int]:
    from sync.server import store as t

    tables = (t.op, t.photo, t.record, t.clash, t.fact, t.trip, t.device, t.ledger_row)
    return [len(city_rows.rows(city.store, table)) for table in tables]


Change = Callable[[bytes], bytes]


def one_change(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, kind: str, change: Change,
    back: bool, case: object,
) -> str:  # fmt: skip
    """One request (or its answer, `back`) of this kind is changed on its way."""
    laptop.capture(pictures=4, saves=1, size=5_000)
    fate = Fate(answer=change, down=1 << 30) if back else Fate(change=change, down=1 << 30)
    met = line.once(lambda asked: asked.what == kind, lambda _: fate)
    said = laptop.sync()
    assert met, case
    check(cell, city, laptop, line, case)
    return said


CUTS = (0.0, 0.01, 0.3, 0.7, 0.99)


@pytest.mark.cell("053", "packets cut short, with a length that fits", "requests and answers")
@pytest.mark.usefixtures("every_kind")
def test_cut_short(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    for kind in KINDS:
        for back in (False, True):
            for at in CUTS:

                def short(raw: bytes, at: float = at) -> bytes:
                    start = raw.index(b"\r\n\r\n") + 4
                    return fixed(raw[: start + int((len(raw) - start) * at)])

                one_change(cell, city, laptop, line, kind, short, back, (kind, back, at))
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "no_server", "city_")
    cell.write(f"{said}, and waits; then nothing waits")


def flips(dice: random.Random, head: bool) -> Change:
    """One bit, in the headers or in the body."""

    def change(raw: bytes) -> bytes:
        start = raw.index(b"\r\n\r\n") + 4
        at = dice.randrange(start) if head else dice.randrange(start, len(raw))
        changed = bytearray(raw)
        changed[at] ^= 1 << dice.randrange(8)
        return bytes(changed)

    return change


@pytest.mark.parametrize(
    "back",
    [
        pytest.param(False, marks=pytest.mark.cell("054", "a bit flipped", "requests")),
        pytest.param(True, marks=pytest.mark.cell("055", "a bit flipped", "answers")),
    ],
)
@pytest.mark.usefixtures("every_kind")
def test_a_bit_flips(cell: Cell, city: CityServer, laptop: Laptop, line: Line, back: bool) -> None:
    dice = random.Random(SEED)
    for number in range(60):
        kind, head = KINDS[number % 3], number % 4 == 3
        case = (SEED, number, kind, "head" if head else "body")
        one_change(cell, city, laptop, line, kind, flips(dice, head), back, case)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "no_server", "bad_receipt", "city_unknown_device", "city_")
    cell.write(f"{said}, and waits; then nothing waits")


@pytest.mark.cell("056", "answers replayed", "yesterday's answer to today's request")
@pytest.mark.usefixtures("every_kind")
def test_old_answers(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    """The city never hears the request: what it answered to one of before comes back."""
    laptop.capture(pictures=6, saves=2, size=12_000)
    assert laptop.sync() == ""
    old = [(asked.what, asked.answer) for asked in line.asked if asked.what in KINDS]
    assert {what for what, _ in old} == set(KINDS)
    for number, (what, answer) in enumerate(old):
        laptop.capture(pictures=6, saves=1, size=12_000)
        kind = KINDS[number % 3]
        met = line.once(lambda a, k=kind: a.what == k, lambda _, a=answer: Fate(instead=a))
        laptop.sync()
        case = (what, "for", kind)
        assert met, case
        cell.saw(look(laptop.vault, city.store, laptop.truth), case)
        line.heal()
        again(laptop)
        assert laptop.go_on() == "", case
        cell.ended(look(laptop.vault, city.store, laptop.truth), case)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "bad_receipt", "city_restored")
    cell.write(f"{said}, and waits; then nothing waits", cases="each old answer once")


def again(laptop: Laptop) -> None:
    """What was parked without a proof: a supervisor lets it be sent once more."""
    from fieldkit import outbox

    outbox.requeue(laptop.vault)


@pytest.mark.cell("057", "packets of another device", "in its name, or with its things")
@pytest.mark.usefixtures("every_kind")
def test_another_device(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    """A second enrolled laptop says the first one's things as its own, before and after they come,
    and signs in the first one's name."""
    other = kit.Laptop(city.store, kit.over_http(city.url))
    dice = random.Random(SEED)
    for number in range(8):
        laptop.capture(pictures=6, saves=2, size=12_000)

        def plan(asked: Asked) -> Fate | None:
            if asked.what not in KINDS:
                return None
            return Fate(before=lambda: [line.ask(raw) for raw in stolen(other, asked)])

        line.plan = plan
        assert laptop.sync() == "", number
        asked = [one for one in line.asked if one.what in KINDS]
        for raw in stolen(other, dice.choice(asked)):
            line.ask(raw)
        check(cell, city, laptop, line, number)
        mine = [row for row in city_rows.rows(city.store, city_table("op")) if
                row.device == other.id]  # fmt: skip
        assert mine == [], "the other laptop's word was taken for a save of this one"
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    cell.write("nothing waits", cases=f"{cell.cases} syncs")


def city_table(name: str) -> Any:
    from sync.server import store

    return getattr(store, name)


def stolen(other: kit.Laptop, asked: Asked) -> Sequence[bytes]:
    """The same content, said by the other one in its own name; and in the first one's name with a
    signature of its own."""
    purpose = {"batch": "batch", "part": "part", "whole": "photos"}[asked.what]
    body = asked.body
    if purpose == "batch":
        said = body = canonical({**wire.parse(body), "ledger": other.book(), "epoch": 0})
    elif purpose == "photos":
        said = body.partition(b"\n")[0]
    else:
        start = re.search(rb"Upload-Offset: (\d+)", asked.head)
        photo = asked.head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        assert start is not None
        told = {"photo": photo, "start": int(start[1]), "sha256": wire.sha256(body)}
        said = canonical(told)
    signature = b"KSP-Signature: " + wire.sign(other.signer, purpose, said).encode()
    as_first = re.sub(rb"KSP-Signature: [^\r]*", lambda _: signature, asked.head) + body
    as_other = re.sub(rb"KSP-Device: [^\r]*", b"KSP-Device: " + other.id.encode(), as_first)
    return fixed(as_other), fixed(as_first)
