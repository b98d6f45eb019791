"""A kill while a supervisor decides, or takes somebody off a slip: the act can be done again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fieldkit import conflicts, reserve
from fieldkit.store import numbering, records
from fieldkit.store.vault import Vault
from sync import fail
from tests import city_rows
from tests.conftest import CityServer
from tests.pull.cast import again, book, sync
from tests.pull.conftest import Kits
from tests.pull.test_decide import WHY, disputed, tel


class Killed(BaseException):
    pass


def killed_at(point: str, vault: Vault, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At that point the disk is copied, as a power cut would leave it, and the act ends."""

    def die(name: str) -> None:
        if name == point:
            shutil.copytree(vault.settings.data_dir, there)
            raise Killed

    monkeypatch.setattr(fail, "point", die)


def test_a_kill_before_the_decision_is_saved(
    kits: Kits, city: CityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _, _, record = disputed(kits)
    case = conflicts.clashes(one)[0].id
    with monkeypatch.context() as now:
        killed_at("decide.noted", one, tmp_path / "after", now)
        with pytest.raises(Killed):
            conflicts.decide(one, case, "other", WHY)
    opened = again(one, tmp_path / "after")
    assert conflicts.clashes(opened)[0].waits
    conflicts.decide(opened, case, "other", WHY)
    sync(opened)
    assert tel(city, record) == "222"
    opened.close()


def test_a_kill_while_somebody_is_taken_off(
    kits: Kits, city: CityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = kits("desk")
    rid, (_, two) = book(desk, 2)
    sync(desk)
    with monkeypatch.context() as now:
        killed_at("reserve.taken_off", desk, tmp_path / "after", now)
        with pytest.raises(Killed):
            reserve.take_off(desk, reserve.open_desk(desk), rid, two)
    opened = again(desk, tmp_path / "after")
    container = reserve.open_desk(opened)
    reserve.take_off(opened, container, rid, two)
    sync(opened)
    assert [a.id for a in reserve.slip(container, rid).applicants] != []
    assert reserve.reception_list(opened)[0]["planned"] == 1
    assert city_rows.docs(city.store)[two].state == "removed"
    opened.close()


def test_a_removal_that_was_sealed_is_sent(
    kits: Kits, city: CityServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = kits("desk")
    _, (_, two) = book(desk, 2)
    sync(desk)
    with monkeypatch.context() as now:
        killed_at("save.stored", desk, tmp_path / "after", now)
        with pytest.raises(Killed):
            records.remove(desk, reserve.open_desk(desk), two)
    opened = again(desk, tmp_path / "after")
    numbering.adopt_orphans(opened)
    sync(opened)
    assert city_rows.docs(city.store)[two].state == "removed"
    opened.close()
