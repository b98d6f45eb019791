"""The stick itself: full, pulled out, locked, bad, the kit's own disk; and emptying it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldkit import carry
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.store import ledger
from sync import medium
from tests.erase.mounts import run, run_quietly
from tests.usb.conftest import Trip

NAME = "KSP-01999-K01-1.kspb"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A medium of its own with 256 KB; the photo alone is larger."""
    place = tmp_path / "small"
    place.mkdir()
    if not run_quietly("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place):
        pytest.skip("mounting needs root")
    yield place
    run("umount", "-l", place)


def refused(trip: Trip, folder: Path | None = None) -> KitError:
    waits = trip.waiting()
    with pytest.raises(KitError) as caught:
        carry.export(trip.vault, folder or trip.stick, "USB-03")
    assert trip.waiting() == waits and trip.photo_file().exists()
    return caught.value


def test_a_full_stick_is_a_sentence_with_the_room_needed(trip: Trip, small: Path) -> None:
    error = refused(trip, small)
    assert error.code == "medium_full" and "1 MB 必要です" in error.sentence
    assert list(small.iterdir()) == []
    assert carry.log(trip.vault)[0]["state"] == "failed"
    assert carry.to_empty(trip.vault) == []


def test_a_stick_that_fills_up_while_it_is_written_keeps_nothing(
    trip: Trip, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = lambda _: type("room", (), {"free": 1 << 40})  # noqa: E731
    monkeypatch.setattr(medium.shutil, "disk_usage", plenty)  # the system said so a moment ago
    assert refused(trip, small).code == "medium_full"
    assert list(small.iterdir()) == []


def test_a_city_that_cannot_write_its_reply_has_taken_everything(trip: Trip, small: Path) -> None:
    trip.write()
    (trip.stick / NAME).rename(trip.stick / "x")
    os.symlink(trip.stick / "x", small / NAME)
    (small / "filler").write_bytes(b"0" * (shutil.disk_usage(small).free - 4096))
    with pytest.raises(medium.Full):
        trip.at_city(small)
    assert not list(small.glob("*.part"))
    (small / "filler").unlink()
    assert [(t.code, t.refused) for t in trip.at_city(small)] == [("", 0)]


@pytest.mark.parametrize("code, says", [(errno.EIO, "no_medium"), (errno.EROFS, "medium_locked")])
def test_a_pulled_or_locked_stick_is_a_sentence(
    trip: Trip, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    def fails(part: Path, _pieces: Any) -> str:
        part.write_bytes(b"a few bytes")
        raise OSError(code, "gone")

    with monkeypatch.context() as now:
        now.setattr(medium, "_write", fails)
        assert refused(trip).code == says
    assert trip.write().no == 2
    assert [p.name for p in trip.stick.iterdir()] == ["KSP-01999-K01-2.kspb"]


def test_a_stick_that_gives_back_other_bytes_is_found_out(
    trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = medium._write

    def bad(part: Path, pieces: Any) -> str:
        digest = real(part, pieces)
        with part.open("r+b") as file:
            there = file.read(1001)[-1]
            file.seek(1000)
            file.write(bytes([there ^ 1]))
        return digest

    monkeypatch.setattr(medium, "_write", bad)
    assert refused(trip).code == "medium_bad"
    assert list(trip.stick.iterdir()) == []


def test_what_a_pulled_stick_left_half_written_is_ignored_and_removed(trip: Trip) -> None:
    trip.write()
    half = trip.stick / f"{NAME}.part"
    (trip.stick / NAME).rename(half)
    assert trip.at_city() == []
    trip.write()
    assert [p.name for p in trip.stick.iterdir()] == ["KSP-01999-K01-2.kspb"]


def test_a_photo_whose_file_is_damaged_here_stays_and_is_counted(trip: Trip) -> None:
    waits = trip.waiting()
    data = bytearray(trip.photo_file().read_bytes())
    data[-1] ^= 1
    trip.photo_file().write_bytes(data)
    done = trip.write()
    assert (done.items, done.damaged) == (waits - 1, 1)
    assert trip.waiting() == waits and trip.photo_state() == "queued"


def test_a_number_is_needed_and_no_place_of_the_kit_will_do(trip: Trip, tmp_path: Path) -> None:
    for number in ("", "　", "あ" * 21):
        with pytest.raises(BadInput):
            carry.export(trip.vault, trip.stick, number)
    data = trip.vault.settings.data_dir
    for place in (data, data / "trips"):
        assert refused(trip, place).code == "own_medium"
    assert refused(trip, tmp_path / "nowhere").code == "no_medium"
    assert carry.log(trip.vault) == []


def test_the_stick_is_emptied_and_that_is_on_record(trip: Trip) -> None:
    trip.write()
    trip.at_city()
    trip.read()
    other = trip.stick / "KSP-01999-K02-1.kspb"
    letter = trip.stick / "お知らせ.txt"
    for file in (other, letter):
        file.write_bytes(b"of somebody else")
    later = trip.write()
    with pytest.raises(NotReady):
        carry.confirm_empty(trip.vault, 1, trip.stick)
    assert carry.empty(trip.vault, 1, trip.stick) == 2
    left = {p.name for p in trip.stick.iterdir()}
    assert left == {other.name, letter.name, later.file}
    row = carry.log(trip.vault)[-1]
    assert row["erased_by"] == "sato" and row["erased_at"]
    assert [r["no"] for r in carry.to_empty(trip.vault)] == [2]
    acts = [r for r in ledger.rows(trip.vault.book) if r["act"] == "medium_erased"]
    assert [(r["object"], r["result"]) for r in acts] == [("KSP-01999-K01-1", "2 files")]
    (trip.stick / later.file).unlink()
    carry.confirm_empty(trip.vault, 2)
    assert carry.to_empty(trip.vault) == []


def test_the_files_are_overwritten_before_they_go(trip: Trip, monkeypatch: Any) -> None:
    trip.write()
    path = trip.stick / NAME
    seen: list[bytes] = []
    real = Path.unlink

    def look(self: Path, missing_ok: bool = False) -> None:
        if self.parent == trip.stick:
            seen.append(self.read_bytes())
        real(self, missing_ok)

    whole = path.read_bytes()
    monkeypatch.setattr(Path, "unlink", look)
    carry.empty(trip.vault, 1, trip.stick)
    assert seen and all(len(data) == len(whole) and whole[:4096] not in data for data in seen)
