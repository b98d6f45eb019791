"""Yesterday's folder is put back by hand and answers; `new-epoch` is said late, twice or never."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldkit import outbox, restored, tripend
from fieldkit.sending import Sending
from fieldkit.store import photos
from fieldkit.store import receipts as kept
from sync.server import epochs
from tests import city_rows
from tests.conftest import CityServer
from tests.faults.day import Laptop, look, new_laptop
from tests.faults.line import Asked, Fate, Line
from tests.faults.matrix import Cell
from tests.faults.procs import city_command, serving

FAULT = "yesterday's folder is put back by hand and answers"
ALL_HERE = "found out by the first receipt that is shown; "


class Days:
    """Laptops A and B, and the folder of a city whose copy of this morning is `old`."""

    def __init__(self, tmp_path: Path, city: CityServer, line: Line) -> None:
        self.tmp_path, self.city, self.line = tmp_path, city, line
        self.a, self.b = (
            new_laptop(tmp_path / f"kit-{name}", city, line.url, f"訪問用{name}") for name in "AB"
        )
        for one in (self.a, self.b):
            one.capture(pictures=1, saves=1)
            assert one.sync() == ""
        self.old = self.copy(city.folder, "old")
        self.epoch = 1

    def copy(self, folder: Path, name: str) -> Path:
        """As a hand would do it, while nobody writes."""
        shutil.copytree(folder, self.tmp_path / name, ignore=shutil.ignore_patterns("*-shm"))
        return self.tmp_path / name

    @contextmanager
    def at(self, folder: Path) -> Iterator[None]:
        """The line leads to this folder's city."""
        with serving(folder) as (url, _):
            self.line.behind = int(url.rpartition(":")[2])
            yield

    def clean(self, cell: Cell, folder: Path, epoch: int) -> None:
        """Both laptops sync twice, and hold what the city holds."""
        for one in (self.a, self.b):
            assert (one.sync(), one.sync()) == ("", ""), one.heard
            lost = {gone["id"] for gone in restored.lost(one.vault)}
            for gone in lost:
                one.truth.pictures.pop(gone, None)
            cell.ended(look(one.vault, folder, one.truth))
            assert kept.city(one.vault.book)["epoch"] == epoch
        assert self.a.heard == self.b.heard == []

    def close(self) -> None:
        self.a.vault.close()
        self.b.vault.close()


@pytest.fixture
def days(tmp_path: Path, city: CityServer, line: Line, quick: None) -> Iterator[Days]:
    made = Days(tmp_path, city, line)
    yield made
    made.close()


def states(laptop: Laptop, ids: list[str]) -> set[str]:
    return {str(photos.row_of(laptop.vault, one)["state"]) for one in ids}


def lost(laptop: Laptop) -> set[str]:
    return {one["id"] for one in restored.lost(laptop.vault)}


def owing(laptop: Laptop) -> None:
    """Sync, and the power goes off before anything is erased."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sending, "erase", lambda self: None)
        assert laptop.sync() == ""


@pytest.mark.cell("074", FAULT, "`new-epoch` is never said")
def test_the_city_finds_out_by_itself(cell: Cell, days: Days) -> None:
    a, b = days.a, days.b
    gone = a.capture(pictures=2, saves=2)
    assert a.sync() == "" and states(a, gone) == {"erased"}
    here = b.capture(pictures=2, saves=2)
    owing(b)
    with days.at(days.old):
        more = a.capture(pictures=1, saves=1)
        days.clean(cell, days.old, 2)
    assert lost(a) == set(gone) and states(a, more) == {"erased"}
    assert lost(b) == set() and states(b, here) == {"erased"}
    assert "失われたものが2件" in tripend.blockers(a.vault, a.trip.id)[0]
    with city_rows.opened(days.old) as store, store.read() as shelf:
        found = epochs.found_by(shelf)
        assert found is not None and found["device"] == a.vault.device_id
    says = f"{ALL_HERE}「失われたものが2件」, all else is sent again"
    cell.write(says, lost="2, each in the list of losses")


@pytest.mark.cell("075", FAULT, "a laptop syncs with it, then `new-epoch`, twice")
def test_receipts_of_both_pasts(cell: Cell, days: Days) -> None:
    """A has receipts that the put-back store lost, B has newer ones that it gave; the numbers are
    the same."""
    a, b = days.a, days.b
    here = a.capture(pictures=2, saves=2)
    owing(a)
    newest = kept.city(a.vault.book)["seq"]
    between: list[str] = []
    with days.at(days.old):
        while kept.city(b.vault.book)["seq"] <= newest + 2:
            between += b.capture(pictures=1, saves=1)
            assert b.sync() == ""
    assert states(b, between) == {"erased"}
    for epoch in (2, 3):
        assert f"世代 {epoch} を始めました" in city_command("new-epoch", days.old)
    before = void(b)
    with days.at(days.old):
        days.clean(cell, days.old, 3)
    assert lost(a) == lost(b) == set() and states(a, here) == {"erased"}
    assert void(a) > 0 and void(b) == before == 0
    cell.write("what it holds stays proved; all else is sent again")


def void(laptop: Laptop) -> int:
    row = laptop.vault.book.one("SELECT count(*) AS n FROM receipt WHERE void = 1")
    return int(row["n"]) if row else 0


@pytest.mark.cell("076", FAULT, "put back twice, and the number of a life comes again")
def test_the_same_number_for_two_lives(cell: Cell, days: Days) -> None:
    a, b = days.a, days.b
    for one in (a, b):
        one.capture(pictures=1, saves=2)
        owing(one)
    again = days.copy(days.old, "again")
    with days.at(days.old):
        a.capture(pictures=1, saves=1)
        assert a.sync() == "" and kept.city(a.vault.book)["epoch"] == 2
    with days.at(again):
        assert b.sync() == "" and kept.city(b.vault.book)["epoch"] == 2
        days.clean(cell, again, 3)
    assert len(lost(a)) == 2 and lost(b) == set()
    cell.write(f"{ALL_HERE}all else is sent again", lost="2, each in the list of losses")


@pytest.mark.cell("077", FAULT, "the right folder is put back later")
def test_the_lost_store_comes_back(cell: Cell, days: Days) -> None:
    """What was lost is there again: its receipts count again, and the list of losses is empty."""
    a, b = days.a, days.b
    gone = a.capture(pictures=2, saves=2)
    assert a.sync() == "" and states(a, gone) == {"erased"}
    right = days.copy(days.city.folder, "right")
    with days.at(days.old):
        between = b.capture(pictures=1, saves=1)
        assert b.sync() == "" and a.sync() == ""
        assert lost(a) == set(gone)
    with days.at(right):
        days.clean(cell, right, 3)
    assert lost(a) == set() and lost(b) == set(between)
    cell.write("what is there again is on no list of losses; all else is sent again",
               lost="1, each in the list of losses")  # fmt: skip


@pytest.mark.cell("078", FAULT, "the line is cut while the laptop shows its receipt")
def test_a_cut_while_it_is_found_out(cell: Cell, days: Days) -> None:
    a = days.a
    a.capture(pictures=1, saves=2)
    owing(a)
    with days.at(days.old):
        for number in range(1, 4):  # asked to show, shown, sent again
            a.capture(saves=1, pictures=0)
            days.line.once(_from(len(days.line.asked) + number - 1), lambda _: Fate(down=0))
            assert a.sync() in ("", "no_server")
            days.line.heal()
            assert outbox.waiting(a.vault)["parked"] == 0
        a.heard.clear()
        days.clean(cell, days.old, 2)
    assert lost(a) == set()
    cell.write("「市サーバにつながりません」, and waits; then nothing waits")


def _from(number: int) -> Callable[[Asked], bool]:
    return lambda asked: asked.number >= number
