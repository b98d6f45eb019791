"""Cards that no camera wrote: links, pipes, two names for one file, the kit's own folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit import cards, cards_import, handover, media
from fieldkit.cards_import import Reader
from fieldkit.errors import KitError
from fieldkit.store.vault import Vault
from tests.flow.card import drive, empty, make_trip, read_card, set_aside, wall

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="!! NOT TESTED: links and pipes of Windows"
)
MINE = b"nothing of a camera" * 100


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "card"
    place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(place))
    return place


def link_to_file(card: Path) -> None:
    (card / "IMG_0001.JPG").symlink_to(card.parent / "mine")


def link_to_folder(card: Path) -> None:
    (card / "DCIM").symlink_to("/etc")


def link_to_nowhere(card: Path) -> None:
    (card / "IMG_0001.JPG").symlink_to("nowhere")


def pipe(card: Path) -> None:
    os.mkfifo(card / "IMG_0001.JPG")


@pytest.mark.parametrize("put", [link_to_file, link_to_folder, link_to_nowhere, pipe])
def test_it_does_not_follow_what_no_camera_writes(
    vault: Vault, card: Path, put: Callable[[Path], None]
) -> None:
    mine = card.parent / "mine"
    mine.write_bytes(MINE)
    card_id = cards.take_out(vault, make_trip(vault), "カード3", None)
    put(card)
    with pytest.raises(KitError) as said:
        cards_import.read(vault, card_id, drive(card), Reader())
    assert said.value.code == "odd_card"
    assert mine.read_bytes() == MINE and cards.row_of(vault, card_id)["state"] == "out"


def test_erasing_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(MINE)
    (tmp_path / "link").symlink_to(mine)
    media.erase_file(tmp_path / "link")
    assert mine.read_bytes() == MINE and list(tmp_path.iterdir()) == [mine]


def test_a_file_with_a_name_elsewhere_keeps_its_bytes_there(vault: Vault, card: Path) -> None:
    mine = card.parent / "mine"
    mine.write_bytes(wall())
    os.link(mine, card / "IMG_0001.JPG")
    card_id = read_card(vault, card, make_trip(vault))
    set_aside(vault, card_id, wall())
    empty(vault, card_id, card)
    assert mine.read_bytes() == wall() and list(card.iterdir()) == []


def test_two_names_on_the_card_are_overwritten_with_the_last(
    vault: Vault, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (card / "IMG_0001.JPG").write_bytes(wall())
    os.link(card / "IMG_0001.JPG", card / "IMG_0002.JPG")
    written: list[int] = []
    real = media.write_all

    def count(fd: int, data: bytes) -> None:
        written.append(fd)
        real(fd, data)

    monkeypatch.setattr(media, "write_all", count)
    card_id = read_card(vault, card, make_trip(vault))
    set_aside(vault, card_id, wall())
    empty(vault, card_id, card)
    assert len(written) == 1 and list(card.iterdir()) == []


def test_a_tree_without_end_is_read_and_emptied(vault: Vault, card: Path) -> None:
    """Deeper than the interpreter's own stack."""
    here = Path.cwd()
    os.chdir(card)
    try:
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        Path("IMG.JPG").write_bytes(wall())
    finally:
        os.chdir(here)
    card_id = read_card(vault, card, make_trip(vault))
    set_aside(vault, card_id, wall())
    empty(vault, card_id, card)
    assert list(card.iterdir()) == []


def test_the_kits_own_folder_is_no_card_and_no_stick(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = vault.settings.data_dir
    trip_id = make_trip(vault)
    card_id = cards.take_out(vault, trip_id, "カード3", None)
    row = cards.row_of(vault, card_id)
    for place in (data, data.parent, data / "trips", Path("/")):
        monkeypatch.setenv("KIT_MEDIA", str(place))
        for act in (
            lambda at=str(place): cards.drive_of(vault, row, at),
            lambda: cards.drive_of(vault, row, ""),
            lambda at=place: cards.take_out(vault, trip_id, "カード4", drive(at)),
        ):
            with pytest.raises(KitError) as said:
                act()
            assert said.value.code == "own_medium"
    assert "カード4" not in {row["label"] for row in cards.board(vault)}
    with pytest.raises(KitError) as refused:
        media.refuse_own(drive(Path("/")), data)
    assert refused.value.code == "own_medium" and handover.owed(vault) == []


def test_a_reader_whose_path_is_no_text_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No screen can name it; one that can stays."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")
    os.mkdir(odd)
    monkeypatch.setenv("KIT_MEDIA", os.pathsep.join([odd, str(tmp_path)]))
    named = [str(found.mount) for found in media.drives()]
    assert str(tmp_path) in named and odd not in named
