"""The city is set back to yesterday's backup with its own commands; the laptop finds out."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import outbox, restored, tripend
from fieldkit.sending import Sending
from fieldkit.store import photos
from tests.conftest import CityServer, start_city
from tests.faults.day import Laptop, Look, look, new_laptop
from tests.faults.line import Line
from tests.faults.matrix import Cell
from tests.faults.procs import city_command, serving


class Yesterday:
    """A laptop and a city that is backed up in the middle of the day."""

    def __init__(self, tmp_path: Path, erases: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        city = start_city(tmp_path / "city")
        self.laptop = new_laptop(tmp_path / "kit", city)
        self.laptop.capture(pictures=3, saves=2, size=5_000)
        assert self.laptop.sync() == ""
        city_command("backup", city.folder, tmp_path / "medium")
        self.after = self.laptop.capture(pictures=3, saves=4, size=5_000)
        with monkeypatch.context() as patched:
            if not erases:  # the power went off when the receipts were kept
                patched.setattr(Sending, "erase", lambda self: None)
            assert self.laptop.sync() == ""
        self.unsent = self.laptop.capture(pictures=2, saves=2, size=5_000)
        city.engine.dispose()
        threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
        key = city.folder / "server.key"
        self.folder = tmp_path / "restored"
        said = city_command(
            "restore", self.folder, tmp_path / "medium", "--key", key, "--old", city.folder
        )
        assert "世代 2 を始めました" in said

    def states(self, ids: list[str]) -> set[str]:
        return {str(photos.row_of(self.laptop.vault, one)["state"]) for one in ids}


@pytest.mark.cell("071", "the city is restored from yesterday's backup", "what is still here")
def test_what_is_here_goes_up_again(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Yesterday(tmp_path, False, monkeypatch)
    assert day.states(day.after) == {"receipted"}
    with serving(day.folder) as (url, _):
        day.laptop.vault.settings = replace(day.laptop.vault.settings, server_url=url)
        assert day.laptop.sync() == ""
        assert day.states([*day.after, *day.unsent]) == {"erased"}
        assert restored.lost(day.laptop.vault) == []
        cell.ended(look(day.laptop.vault, day.folder, day.laptop.truth))
        day.laptop.capture(pictures=1, saves=1)
        assert day.laptop.sync() == ""
        cell.ended(look(day.laptop.vault, day.folder, day.laptop.truth))
        words = [r["result"] for r in day.laptop.vault.book.all(
            "SELECT json_extract(body, '$.result') AS result FROM ledger"
            " WHERE json_extract(body, '$.act') = 'city_restored'")]  # fmt: skip
    assert any("again=" in str(word) and "lost=0" in str(word) for word in words)
    day.laptop.vault.close()
    cell.write("sent again, the act is in the ledger; then nothing waits")


@pytest.mark.cell(
    "072", "the city is restored from yesterday's backup", "photos that were erased on its receipts"
)
def test_what_was_erased_is_named(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can bring those back; each stands in the list of losses, and the trip does not end."""
    day = Yesterday(tmp_path, True, monkeypatch)
    vault, truth = day.laptop.vault, day.laptop.truth
    assert day.states(day.after) == {"erased"}
    with serving(day.folder) as (url, _):
        vault.settings = replace(vault.settings, server_url=url)
        assert day.laptop.sync() == ""
        named = {one["id"] for one in restored.lost(vault)}
        assert named == set(day.after) and day.states(day.unsent) == {"erased"}
        held_up = tripend.blockers(vault, day.laptop.trip.id)
        assert any("失われたものが3件" in one for one in held_up)
        for one in named:
            del truth.pictures[one]
        cell.ended(look(vault, day.folder, truth))
    vault.close()
    cell.write(
        "「失われたものが3件」, the trip does not end; all else is sent again",
        lost="3, each in the list of losses",
    )


@pytest.mark.cell(
    "073", "the city is restored from yesterday's backup",
    "by copying files, without a word; a laptop of before",
)
def test_a_copy_without_a_word_is_found_out(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, tmp_path: Path
) -> None:
    """Somebody put old files back by hand, and the laptop is one of before that shows no receipt
    (test_put_back.py: one of today). Nothing is believed or erased, and it waits. The same files,
    with `new-epoch` before the start: it goes on."""
    laptop.capture(pictures=2, saves=2, size=5_000)
    assert laptop.sync() == ""
    for name in ("old", "told"):
        copied(city.folder, tmp_path / name)
    laptop.capture(pictures=2, saves=2, size=5_000)
    waiting = outbox.waiting(laptop.vault)["waiting"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sending, "erase", lambda self: None)
        assert laptop.sync() == "" and waiting == 4
    here = laptop.capture(pictures=2, saves=2, size=5_000)
    with serving(tmp_path / "old") as (url, _), pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sending, "shows", lambda self, whole=False: {})
        line.behind = int(url.rpartition(":")[2])
        for _ in range(2):
            said = laptop.sync()
            assert said in ("city_restored", "city_ledger_gap"), said
            assert {photos.row_of(laptop.vault, one)["state"] for one in here} == {"queued"}
            states = laptop.vault.book.all("SELECT state FROM photo WHERE state = 'receipted'")
            assert len(states) == 2, "something was erased on a receipt that is worth nothing"
            cell.saw(Look(waiting=outbox.waiting(laptop.vault)["waiting"]))
    city_command("new-epoch", tmp_path / "told")
    with serving(tmp_path / "told") as (url, _):
        line.behind = int(url.rpartition(":")[2])
        assert laptop.go_on() == ""
        cell.ended(look(laptop.vault, tmp_path / "told", laptop.truth))
    said = cell.quotes(laptop.heard, "city_restored", "city_ledger_gap")
    cell.write(f"{said}, and waits; with `new-epoch` all is sent again")


def copied(folder: Path, there: Path) -> None:
    """As a hand would do it, while nobody writes."""
    shutil.copytree(folder, there, ignore=shutil.ignore_patterns("*-shm"))
