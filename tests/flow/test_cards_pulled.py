"""A card that is pulled out in the middle: a sentence, nothing lost, and it goes on afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import cards, cards_empty, cards_import, media, media_free
from fieldkit.cards_import import Reader
from fieldkit.errors import KitError
from fieldkit.store.vault import Vault
from tests.erase.mounts import run, run_quietly
from tests.flow.card import drive, empty, make_trip, read_card, set_aside, shoot, wall

ROOM = 96 << 20


@pytest.fixture
def medium(card: Path) -> Iterator[Path]:
    """A small medium of its own, whose free space is really filled."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("!! NOT TESTED: mounting a small medium needs root")
    if not run_quietly("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", card):
        pytest.skip("!! NOT TESTED: nothing can be mounted here")
    yield card
    while os.path.ismount(card):
        run("umount", "-l", card)


def pull(card: Path) -> Path:
    """The medium is gone, and comes back by `push`."""
    away = card.with_name("away")
    card.rename(away)
    return away


def push(card: Path) -> None:
    card.with_name("away").rename(card)


def test_while_it_is_read(vault: Vault, card: Path) -> None:
    shoot(card, wall(), wall(1))
    card_id = cards.take_out(vault, make_trip(vault), "カード1", None)
    reader, here = Reader(), drive(card)
    assert not cards_import.read(vault, card_id, here, reader, seconds=0)
    pull(card)
    with pytest.raises(KitError) as told:
        cards_import.read(vault, card_id, here, reader)
    assert told.value.code == "card_gone" and "差し直して" in told.value.sentence
    assert cards.row_of(vault, card_id)["state"] == "out"
    push(card)
    assert cards_import.read(vault, card_id, drive(card), reader)
    assert cards.row_of(vault, card_id)["shots"] == 2


def test_while_a_shot_is_imported(vault: Vault, card: Path) -> None:
    shoot(card, wall())
    card_id = read_card(vault, card, make_trip(vault))
    here, sha256 = drive(card), cards.shots_of(vault, card_id)[0]["sha256"]
    pull(card)
    with pytest.raises(KitError) as told:
        cards_import.bytes_of(vault, card_id, sha256, here, Reader())
    assert told.value.code == "card_gone"
    push(card)
    assert cards_import.bytes_of(vault, card_id, sha256, drive(card), Reader()) == wall()


def test_while_it_is_emptied(vault: Vault, card: Path) -> None:
    shoot(card, wall(), wall(1))
    card_id = read_card(vault, card, make_trip(vault))
    set_aside(vault, card_id, wall(), wall(1))
    here = drive(card)
    cards_empty.empty_step(vault, card_id, here, Reader())
    pull(card)
    with pytest.raises(KitError) as told:
        cards_empty.empty_step(vault, card_id, here, Reader())
    assert told.value.code == "card_gone"
    assert cards.row_of(vault, card_id)["state"] == "emptying"
    push(card)
    empty(vault, card_id, card)
    assert cards.row_of(vault, card_id)["state"] == "emptied"


def test_while_its_free_space_is_filled(vault: Vault, medium: Path) -> None:
    """A lazy unmount leaves the folder behind: it is empty, and it is not the card."""
    shoot(medium, wall())
    card_id = read_card(vault, medium, make_trip(vault))
    set_aside(vault, card_id, wall())
    here = drive(medium)
    for _ in range(2):
        step = cards_empty.empty_step(vault, card_id, here, Reader(), seconds=0)
    assert 0 < step.share < 1 and any(medium.glob("KITFILL*"))
    assert cards.row_of(vault, card_id)["state"] == "emptying"
    run("umount", "-l", medium)
    for act in (lambda: cards.drive_of(vault, cards.row_of(vault, card_id), str(medium)),
                lambda: cards_empty.empty_step(vault, card_id, here, Reader())):  # fmt: skip
        with pytest.raises(KitError) as told:
            act()
        assert told.value.code in ("card_gone", "other_card")
    assert cards.row_of(vault, card_id)["state"] == "emptying"


def test_the_free_space_is_filled_in_steps_and_given_back(vault: Vault, medium: Path) -> None:
    shoot(medium, wall(), wall(1))
    card_id = read_card(vault, medium, make_trip(vault))
    set_aside(vault, card_id, wall(), wall(1))
    steps, fresh = [], Reader()
    while not steps or not steps[-1].done:
        steps.append(cards_empty.empty_step(vault, card_id, drive(medium), fresh, seconds=0))
    shares = [step.share for step in steps]
    assert shares == sorted(shares) and any(0 < share < 1 for share in shares)
    assert list(medium.iterdir()) == [] and drive(medium).free > ROOM * 0.9


def test_a_folder_of_another_disk_is_never_filled(vault: Vault, card: Path) -> None:
    shoot(card, wall())
    card_id = read_card(vault, card, make_trip(vault))
    set_aside(vault, card_id, wall())
    here = drive(card)
    assert media_free.wipe_free(here, seconds=0) and media.fills(here) == []
    empty(vault, card_id, card)
