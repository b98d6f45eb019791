"""A kit of the office without any line: its container, its key, the next one, all by USB memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from fieldkit import carry, carry_asks, container, office, renew
from fieldkit.carry_enrol import enrol_by_file
from fieldkit.errors import KitError, NotFound, NotReady
from fieldkit.store import opening
from sync.server import store
from sync.server.__main__ import main as city_command
from tests.conftest import PASSPHRASE, SATO
from tests.flow.job import settings_of
from tests.flow.test_one_visit import DAY, take_reservation
from tests.usb.conftest import city_in
from tests.usb.test_whole_season import Season, desk_of, enrolled, file_of, no_line

__all__ = ["no_line"]


@pytest.fixture
def line() -> None:
    """There is none (tests/usb/conftest.py)."""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Season, Season]]:
    """A desk that took one reservation, and a kit of the office, both enrolled by file."""
    (tmp_path / "stick").mkdir()
    made = city_in(tmp_path / "city")
    found = []
    for name in ("desk", "office"):
        vault, _ = opening.create(settings_of(tmp_path / name, ""), SATO, PASSPHRASE)
        found.append(Season(vault, replace(made, url=""), tmp_path / "stick"))
    desk, boss = found
    enrolled(desk)
    path = file_of(boss, "office")
    enrol_by_file(boss.vault, path, "庁内")
    assert city_command(["import", str(boss.city.folder), str(boss.stick)]) == 0
    assert enrol_by_file(boss.vault, path, "庁内").device == "K02"
    path.unlink()
    desk_of(desk)
    take_reservation(desk.vault)
    desk.carried()
    yield desk, boss
    for one in found:
        one.vault.close()
    made.store.close()


def days(boss: Season) -> list[str]:
    return [one.day for one in office.overview(boss.vault, office.open_office(boss.vault)).days]


def test_the_first_container_comes_by_usb_and_fills(two: tuple[Season, Season]) -> None:
    desk, boss = two
    with pytest.raises(KitError) as caught:
        office.open_office(boss.vault)
    assert "USBで運ぶ" in caught.value.sentence
    ask = carry_asks.for_first(boss.vault, container.OFFICE)
    assert carry_asks.for_first(boss.vault, container.OFFICE) == ask
    (told,) = boss.told()
    assert told.good and "全体の状況のデータの用意ができました" in told.says
    assert "もう一度「書き込む」" in told.says and carry_asks.waiting(boss.vault) == []
    boss.carried()
    assert days(boss) == [DAY]
    with pytest.raises(NotReady):
        carry_asks.for_first(boss.vault, container.OFFICE)
    with pytest.raises(NotFound):  # not on a laptop of the field
        carry_asks.for_first(desk.vault, container.OFFICE)


def test_a_lost_reply_brings_the_same_container(two: tuple[Season, Season]) -> None:
    _, boss = two
    carry_asks.for_first(boss.vault, container.OFFICE)
    carry.export(boss.vault, boss.stick, "USB-01")
    assert city_command(["import", str(boss.city.folder), str(boss.stick)]) == 0
    for file in boss.stick.glob("KSP-*"):
        file.unlink()  # the stick was lost with the reply
    (told,) = boss.told()
    assert told.good
    with boss.city.store.read() as shelf:
        made = shelf.conn.execute(sa.select(store.trip.c.id).where(store.trip.c.kind == "office"))
        assert [row.id for row in made] == list(boss.vault.trips)


def test_its_key_and_the_next_container_come_by_usb(two: tuple[Season, Season]) -> None:
    _, boss = two
    vault = boss.vault
    carry_asks.for_first(vault, container.OFFICE)
    boss.told()
    boss.carried()
    (old,) = vault.trips
    renew.ask(vault, container.OFFICE)
    vault.forget_trip(old)
    key, new = boss.told()
    assert key.good and "鍵が届き、開きました" in key.says
    assert new.good and "全体の状況のデータを入れ替えました" in new.says
    row = container.row(vault, container.OFFICE)
    assert row is not None and row["id"] != old and days(boss) == [DAY]
    assert renew.wanted(vault, container.OFFICE) is None
