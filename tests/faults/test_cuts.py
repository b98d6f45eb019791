"""The line is cut at every kind of byte, on the way there and on the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync import pace
from tests.conftest import CityServer
from tests.faults.day import Laptop, look
from tests.faults.line import Asked, Fate, Line
from tests.faults.matrix import Cell

Place = Callable[[Asked], Fate]
THERE: dict[str, Callable[[Asked], int]] = {
    "before the request": lambda _: 0,
    "in the request line": lambda _: 9,
    "in the headers": lambda a: len(a.head) // 2,
    "before the empty line": lambda a: len(a.head) - 2,
    "before the body": lambda a: len(a.head),
    "after its first byte": lambda a: len(a.head) + 1,
    "in the middle of the body": lambda a: len(a.head) + len(a.body) // 2,
    "before its last byte": lambda a: len(a.raw) - 1,
    "after the request": lambda a: len(a.raw),
}
BACK = ("before the answer", "in its status", "in its headers", "before its body", "in its body",
        "before its last byte", "after the answer")  # fmt: skip


def places() -> dict[str, Place]:
    found: dict[str, Place] = {}
    for hard in (False, True):
        for name, at in THERE.items():
            found[f"{name}{', hard' * hard}"] = lambda a, at=at, hard=hard: Fate(
                up=at(a), hard=hard
            )
        for name in BACK:
            found[f"{name}{', hard' * hard}"] = lambda _, n=name, hard=hard: Fate(
                answer=lambda answer: answer[: back(n, answer)], down=1 << 30, hard=hard
            )
    return found


def back(name: str, answer: bytes) -> int:
    head = answer.index(b"\r\n\r\n") + 4
    at = [0, 9, head // 2, head, (head + len(answer)) // 2, len(answer) - 1, len(answer)]
    return at[BACK.index(name)]


def cut_everywhere(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, wanted: Callable[[Asked], bool],
    capture: Callable[[], object],
) -> None:  # fmt: skip
    """At each place: the line is dead from there on, both ends are looked at, then it is back; and
    once more with a line that is there again at once."""
    for name, fate in places().items():
        dead = "hard" not in name  # with a reset the line is back at once, and the run goes on
        capture()
        before = look(laptop.vault, city.store, laptop.truth).waiting
        begun = len(line.asked)
        met = line.once(wanted, fate, then_dead=dead)
        said = laptop.sync()
        now = look(laptop.vault, city.store, laptop.truth)
        cell.saw(now, name)
        assert met, f"{name}: no such request"
        heard = name.startswith("after the answer")
        if not heard:
            first = met[0].number == begun  # nothing was heard yet: it says so at once
            assert said == ("no_server" if dead or first else ""), name
        assert now.waiting <= before and (now.waiting > 0) <= bool(said), (name, now)
        assert heard or not said or now.waiting, (name, now)
        line.heal()
        line.cut()
        assert laptop.go_on() == "", name
        cell.ended(look(laptop.vault, city.store, laptop.truth), name)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "no_server")
    cell.write(f"{said}, what is not proved waits; then nothing waits")


@pytest.mark.cell("041", "line cut at each kind of byte, both ways", "saves and facts (POST /ops)")
def test_in_a_batch_of_saves(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    cut_everywhere(
        cell, city, laptop, line,
        lambda a: a.what == "batch" and b'"op_id"' in a.body,
        lambda: laptop.capture(pictures=1, saves=2),
    )  # fmt: skip


@pytest.mark.cell("042", "line cut at each kind of byte, both ways", "photos declared (POST /ops)")
def test_in_a_declaration(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    cut_everywhere(
        cell, city, laptop, line,
        lambda a: a.what == "batch" and b'"seal"' in a.body,
        lambda: laptop.capture(pictures=2, saves=0),
    )  # fmt: skip


@pytest.mark.cell("043", "line cut at each kind of byte, both ways", "a photo in parts")
def test_in_a_part(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "NEAR", 0.0)
    cut_everywhere(
        cell, city, laptop, line,
        lambda a: a.what == "part" and b"Upload-Offset: 0" not in a.head,
        lambda: laptop.capture(pictures=1, saves=0, size=150_000),
    )  # fmt: skip


@pytest.mark.cell("044", "line cut at each kind of byte, both ways", "several whole photos at once")
def test_in_whole_photos(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FEW", 1)
    monkeypatch.setattr(pace, "NEAR", 10.0)
    monkeypatch.setattr(pace, "MOMENT", 60.0)
    cut_everywhere(
        cell, city, laptop, line,
        lambda a: a.what == "whole",
        lambda: laptop.capture(pictures=6, saves=0, size=10_000),
    )  # fmt: skip


@pytest.mark.cell("045", "line cut at each kind of byte, both ways", "last batch (ledger, news)")
def test_in_the_last_batch(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    """The line dies when all is proved already: the next sync has only the ledger to bring."""
    for name, fate in places().items():
        laptop.capture(pictures=1, saves=1)
        met = line.once(
            lambda a: a.what == "batch" and b'"ops":[],"photos":[]' in a.body and proved(laptop),
            fate, then_dead=True,
        )  # fmt: skip
        assert laptop.sync() == ("" if name.startswith("after the answer") else "no_server")
        assert met, name
        cell.saw(look(laptop.vault, city.store, laptop.truth), name)
        line.heal()
        line.cut()
        assert laptop.go_on() == ""
        cell.ended(look(laptop.vault, city.store, laptop.truth), name)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    cell.write(f"{cell.quotes(laptop.heard, 'no_server')}, nothing waits")


def proved(laptop: Laptop) -> bool:
    return laptop.vault.book.one("SELECT 1 FROM photo WHERE state = 'queued'") is None
