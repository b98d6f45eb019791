"""A camera card is taken out, read, imported, emptied and signed back; nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit import cards, cards_empty, cards_import, media, tripend
from fieldkit.cards_import import Reader
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.reserve import slips
from fieldkit.rules.photo_limits import Limits
from fieldkit.store import ledger, photos
from fieldkit.store.vault import Vault
from tests.flow.card import (
    LABEL,
    drive,
    empty,
    make_trip,
    portrait,
    read_card,
    set_aside,
    sha,
    shoot,
    take_in,
    wall,
)


@pytest.fixture
def trip_id(vault: Vault) -> str:
    return make_trip(vault)


def acts(vault: Vault) -> list[str]:
    return [row["act"] for row in ledger.rows(vault.book, 60) if row["act"].startswith("card")]


def test_it_works(vault: Vault, card: Path, trip_id: str) -> None:
    card_id = cards.take_out(vault, trip_id, "カード ３", drive(card))
    shoot(card, portrait(), wall(), wall(1))
    (card / "MISC").mkdir()
    (card / "MISC" / "M0100.CTG").write_bytes(b"camera")
    assert cards_import.read(vault, card_id, drive(card), Reader())
    kinds = [shot["kind"] for shot in cards.shots_of(vault, card_id)]
    assert sorted(kinds) == ["other", "picture", "picture", "picture"]
    take_in(vault, card_id, portrait())
    set_aside(vault, card_id, wall(), wall(1), b"camera")
    assert any("カード" in why for why in tripend.blockers(vault, trip_id))
    empty(vault, card_id, card)
    assert list(card.rglob("*")) == []
    cards.give_back(vault, card_id)
    shown = cards.board(vault)[0]
    assert (shown["label"], shown["state"], shown["imported"], shown["aside"]) == (
        LABEL, "back", 1, 3
    )  # fmt: skip
    assert not any("カード" in why for why in tripend.blockers(vault, trip_id))
    assert set(acts(vault)) == {
        "card_out", "card_read", "card_shot", "card_shot_aside", "card_emptied", "card_back"
    }  # fmt: skip
    assert ledger.check(vault.book) is None


def test_five_shots_of_which_four_are_imported_are_refused(
    vault: Vault, card: Path, trip_id: str
) -> None:
    paths = shoot(card, *(portrait(n) for n in range(5)))
    card_id = read_card(vault, card, trip_id)
    for path in paths[:4]:
        take_in(vault, card_id, path)
    with pytest.raises(NotReady) as refused:
        empty(vault, card_id, card)
    assert "カードに5枚、取り込み4枚" in refused.value.sentence
    assert "残り1枚" in refused.value.sentence
    with pytest.raises(NotReady):
        cards.give_back(vault, card_id)
    assert [path.exists() for path in paths] == [True] * 5
    take_in(vault, card_id, paths[4])
    empty(vault, card_id, card)


def test_a_shot_that_came_after_the_reading_counts(
    vault: Vault, card: Path, trip_id: str
) -> None:
    shoot(card, wall())
    card_id = read_card(vault, card, trip_id)
    set_aside(vault, card_id, wall())
    (late,) = shoot(card, wall(7), first=2)
    with pytest.raises(NotReady, match="残り1枚"):
        empty(vault, card_id, card)
    assert late.exists() and len(cards.shots_of(vault, card_id)) == 2


def test_a_shot_that_comes_while_it_is_emptied_is_not_erased(
    vault: Vault, card: Path, trip_id: str
) -> None:
    shoot(card, wall(), wall(1))
    card_id = read_card(vault, card, trip_id)
    set_aside(vault, card_id, wall(), wall(1))
    cards_empty.empty_step(vault, card_id, drive(card), Reader())
    (late,) = shoot(card, wall(7), first=1)  # in the place of a shot that is dealt with
    with pytest.raises(NotReady, match="新しい写真"):
        empty(vault, card_id, card)
    assert late.read_bytes() == wall(7)
    assert cards.row_of(vault, card_id)["state"] == "read"


def test_what_was_deleted_in_the_camera_is_asked_about(
    vault: Vault, card: Path, trip_id: str
) -> None:
    paths = shoot(card, wall(), wall(1))
    card_id = read_card(vault, card, trip_id)
    set_aside(vault, card_id, wall())
    paths[1].unlink()
    with pytest.raises(NotReady, match="カメラで消した"):
        empty(vault, card_id, card)
    empty(vault, card_id, card, missing_ok=True)
    reasons = vault.book.all("SELECT reason FROM card_shot ORDER BY reason")
    assert [row["reason"] for row in reasons] == ["gone", "not_portrait"]


def test_a_photo_that_is_not_whole_keeps_the_card(
    vault: Vault, card: Path, trip_id: str
) -> None:
    (path,) = shoot(card, portrait())
    card_id = read_card(vault, card, trip_id)
    take_in(vault, card_id, path)
    photo_id = cards.shots_of(vault, card_id)[0]["photo_id"]
    file, _ = photos.files_of(vault, trip_id, photo_id)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(NotReady, match="壊れています"):
        empty(vault, card_id, card)
    assert path.exists()
    take_in(vault, card_id, path)
    empty(vault, card_id, card)


def test_the_wrong_person_can_be_put_right(vault: Vault, card: Path, trip_id: str) -> None:
    (path,) = shoot(card, portrait())
    card_id = read_card(vault, card, trip_id)
    take_in(vault, card_id, path)
    first = cards.shots_of(vault, card_id)[0]["photo_id"]
    other = slips(vault.trip(trip_id))[1].applicants[0]
    cards_import.take_in(vault, card_id, sha(portrait()), portrait(), other, Limits())
    second = cards.shots_of(vault, card_id)[0]["photo_id"]
    assert photos.row_of(vault, first)["state"] == "erased"
    assert photos.row_of(vault, second)["record_id"] == other.id
    photos.keep(vault, second)
    with pytest.raises(NotReady, match="採用"):
        set_aside(vault, card_id, path.read_bytes())


def test_a_card_with_something_on_it_is_not_taken_out(
    vault: Vault, card: Path, trip_id: str
) -> None:
    shoot(card, wall(), wall(1))
    with pytest.raises(BadInput, match="ファイルが2件"):
        cards.take_out(vault, trip_id, LABEL, drive(card))
    assert cards.board(vault) == []


def test_a_number_is_out_only_once(vault: Vault, card: Path, trip_id: str) -> None:
    cards.take_out(vault, trip_id, LABEL, None)
    with pytest.raises(BadInput, match="持ち出し中"):
        cards.take_out(vault, trip_id, "カード３", None)


def test_an_unused_card_closes_at_once(vault: Vault, card: Path, trip_id: str) -> None:
    card_id = read_card(vault, card, trip_id)
    empty(vault, card_id, card, unused=True)
    cards.give_back(vault, card_id)
    assert cards.board(vault)[0]["shots"] == 0


def test_an_emptied_card_that_is_used_again_is_read_again(
    vault: Vault, card: Path, trip_id: str
) -> None:
    shoot(card, wall())
    card_id = read_card(vault, card, trip_id)
    set_aside(vault, card_id, wall())
    empty(vault, card_id, card)
    shoot(card, wall(), wall(2))
    assert cards_import.read(vault, card_id, drive(card), Reader())
    with pytest.raises(NotReady, match="カードに2枚、取り込み0枚、対象外1枚"):
        empty(vault, card_id, card)


def test_a_lost_card_is_an_incident_and_blocks_no_more(
    vault: Vault, card: Path, trip_id: str
) -> None:
    card_id = cards.take_out(vault, trip_id, LABEL, None)
    with pytest.raises(BadInput):
        cards.report_lost(vault, card_id, "")
    cards.report_lost(vault, card_id, "stolen")
    assert [row["label"] for row in cards.incidents(vault)] == [LABEL]
    assert cards.out_now(vault) == [] and "card_lost" in acts(vault)
    assert not any("カード" in why for why in tripend.blockers(vault, trip_id))
    with pytest.raises(NotReady):
        cards.give_back(vault, card_id)


def test_another_card_is_noticed(
    vault: Vault, card: Path, trip_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shoot(card, wall())
    card_id = read_card(vault, card, trip_id)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(other))
    row = cards.row_of(vault, card_id)
    with pytest.raises(KitError) as refused:
        cards.drive_of(vault, row, str(other))
    assert refused.value.code == "other_card"
    with pytest.raises(KitError):
        cards.drive_of(vault, row, "")
    with pytest.raises(KitError):
        media.drive_at("/etc")
