"""The laptop's disk is full while a shot is sealed: the shot stays on the card and is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit import cards, cards_empty
from fieldkit.cards_import import Reader
from fieldkit.errors import KitError, NotReady
from fieldkit.store import photos
from fieldkit.store.files import no_room
from fieldkit.store.vault import Vault
from tests.flow.card import drive, empty, make_trip, portrait, read_card, shoot, take_in


def test_a_shot_that_found_no_room_is_not_imported(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(card))
    (shot,) = shoot(card, portrait())
    card_id = read_card(vault, card, make_trip(vault))

    def full(*_: object) -> None:
        raise no_room()

    with monkeypatch.context() as now, pytest.raises(KitError) as said:
        now.setattr(photos, "write_new", full)
        take_in(vault, card_id, portrait())
    assert said.value.code == no_room().code
    (row,) = cards.shots_of(vault, card_id)
    assert (row["state"], row["photo_id"]) == ("found", "")
    with pytest.raises(NotReady):
        cards_empty.empty_step(vault, card_id, drive(card), Reader(), 5)
    assert shot.read_bytes() == portrait()
    take_in(vault, card_id, portrait())
    empty(vault, card_id, card)
    assert cards.row_of(vault, card_id)["state"] == "emptied"
