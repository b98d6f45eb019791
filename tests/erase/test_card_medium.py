"""After emptying, PhotoRec finds no shot on a real FAT or exFAT medium; after a delete it does.

The medium is an image that the system mounts as it mounts a card: vfat by the kernel, exFAT by the
kernel or by exfat-fuse, whichever this machine has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldkit import cards, media
from fieldkit.store import ledger
from fieldkit.store.vault import Vault
from tests.erase import photorec
from tests.erase.disks import Piece
from tests.erase.mounts import run, run_quietly, unmount
from tests.flow.card import drive, empty, make_trip, read_card, set_aside, shoot, wall
from tests.needs import needs

SIZE = 40 << 20  # small enough to be FAT16, as the smallest cards are
SHOTS = 4
KINDS = {
    "vfat": ("mkfs.vfat", [["mount", "-t", "vfat"]]),
    "exfat": ("mkfs.exfat", [["mount", "-t", "exfat"], ["mount.exfat-fuse"]]),
}


@dataclass
class Medium:
    """An image and the folder where it is mounted."""

    image: Path
    place: Path

    def eject(self) -> Iterator[Piece]:
        """Its raw bytes after unmounting."""
        unmount(self.place)
        yield 0, self.image.read_bytes()


def loop_device(image: Path) -> str:
    try:
        told = subprocess.run(
            ["losetup", "-f", "--show", str(image)], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("!! NOT TESTED: no loop device here")
    return told.stdout.strip()


@pytest.fixture(params=sorted(KINDS))
def medium(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Medium]:
    make, ways = KINDS[request.param]
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("!! NOT TESTED: mounting a card's image needs root")
    if not shutil.which(make):
        pytest.skip(f"!! NOT TESTED, not installed: {make}")
    made = Medium(tmp_path / "image", tmp_path / "card")
    made.place.mkdir()
    with made.image.open("wb") as file:
        file.truncate(SIZE)
    run(make, made.image)
    loop = loop_device(made.image)
    try:
        if not any(run_quietly(*way, loop, made.place) for way in ways):
            pytest.skip(f"!! NOT TESTED: this machine cannot mount {request.param}")
        monkeypatch.setenv("KIT_MEDIA", str(made.place))
        yield made
    finally:
        unmount(made.place)
        run_quietly("losetup", "-d", loop)


def pictures(number: int = SHOTS) -> list[bytes]:
    return [wall(n) + bytes([n]) * 60_000 for n in range(number)]


def jpegs(pieces: Iterator[Piece], folder: Path) -> list[Path]:
    folder.mkdir()
    return [file for file in photorec.recovered(pieces, folder) if file.suffix == ".jpg"]


@needs("testdisk")
def test_after_a_plain_delete_the_shots_are_found(medium: Medium, tmp_path: Path) -> None:
    for path in shoot(medium.place, *pictures()):
        path.unlink()
    assert len(jpegs(medium.eject(), tmp_path / "found")) == SHOTS


@needs("testdisk")
def test_after_emptying_nothing_is_found(medium: Medium, vault: Vault, tmp_path: Path) -> None:
    """Neither the shots nor those that were deleted in the camera before."""
    before = [wall(90 + n) + bytes([n]) * 700_000 for n in range(8)]  # more than comes after
    for path in shoot(medium.place, *before, first=50):
        path.unlink()
    shoot(medium.place, *pictures())
    card_id = read_card(vault, medium.place, make_trip(vault))
    set_aside(vault, card_id, *pictures())
    empty(vault, card_id, medium.place)
    assert cards.row_of(vault, card_id)["state"] == "emptied"
    assert media.files(drive(medium.place)) == []
    assert jpegs(medium.eject(), tmp_path / "found") == []
    raw = medium.image.read_bytes()
    assert b"JFIF" not in raw and not any(bytes([n]) * 600 in raw for n in range(1, SHOTS))
    assert ledger.rows(vault.book, 1)[0]["result"] == "raw removable"  # the kit looked itself


@needs("testdisk")
def test_one_erased_file_is_overwritten_where_it_lay(medium: Medium, tmp_path: Path) -> None:
    (path,) = shoot(medium.place, pictures(1)[0])
    media.erase_file(path)
    assert jpegs(medium.eject(), tmp_path / "found") == []


def test_the_medium_is_a_drive_of_its_own(medium: Medium) -> None:
    found = drive(medium.place)
    assert found.kind == "removable" and found.size > SIZE // 2 and found.serial
