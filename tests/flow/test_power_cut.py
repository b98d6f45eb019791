"""The power fails at any moment; the laptop is switched on again: nothing acknowledged is lost.

test_kill.py and test_random_kill.py end the process and leave the operating system alive: what was
written is still there, forced to the disk or not. Here the disk itself is cut off (tests/flow/
power.py), ext4 reads its journal, and all that the kit had acknowledged before is looked for.
The seed is in the message of a failure. `KIT_CUTS=1000` makes it longer, `KIT_SEED` repeats one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fieldkit.store import keyslots, ledger, opening, photos
from fieldkit.store.vault import Vault
from sync.server import store
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO
from tests.erase import disks
from tests.flow import job, power, power_job
from tests.flow.test_kill import ROOT, check_city, check_laptop, in_thread, ready
from tests.needs import needs

__all__ = ["ready"]
pytestmark = needs("e2fsprogs", "fuse3")

CUTS = int(os.environ.get("KIT_CUTS", "25"))
SEED = int(os.environ.get("KIT_SEED", "0")) or random.randrange(1, 1 << 30)
TRIP = ["making", "out", "ending", "wiped"]
PHOTO = ["sealed", "queued", "receipted", "erased"]
HOME = ["booked", "shared", "visited"]


@dataclass
class Story:
    """One job on such a disk: every moment of the disk and of the city, and what was told when."""

    disk: power.Disk
    city: power.RememberingCity
    told: list[dict[str, Any]]

    def around(self, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was acknowledged before the cut, and what the act it fell into would have told."""
        last = max(i for i, now in enumerate(self.told) if now["at"] <= at)
        return self.told[last], self.told[min(last + 1, len(self.told) - 1)]

    def moments(self, dice: random.Random, count: int) -> list[int]:
        """Half of them anywhere, half just after something was acknowledged."""
        since = self.told[0]["at"]
        anywhere = dice.sample(self.disk.moments(since), count - count // 2)
        return sorted(anywhere + [now["at"] for now in dice.choices(self.told, k=count // 2)])


def live(ready: Path, folder: Path, how: str = "") -> Story:
    """Do the job once, undisturbed."""
    shutil.copytree(ready, folder)
    (folder / "copies").mkdir()
    with disks.mounted(disks.never_forgets()) as disk:
        assert isinstance(disk, disks.LoggedDisk)
        shutil.move(folder / "kit", disk.folder / "kit")
        subprocess.run(["sync", "-f", disk.folder], check=True)
        city = power.RememberingCity(folder / "city", folder / "copies", disk.log)
        with city.serving() as url:
            words = [disk.folder / "kit", url, disk.log, folder / "told", how]
            program = [sys.executable, "-m", "tests.flow.power_job", *map(str, words)]
            subprocess.run(program, cwd=ROOT, check=True, timeout=300)
        disk.eject()
        made = power.Disk(disk.first, disk.log)
        shutil.copyfile(disk.first, folder / "first")
        made.cut(sys.maxsize, folder / "again", random.Random(0))
        same = subprocess.run(["cmp", folder / "again", disk.image], check=False).returncode == 0
        assert same, "the log is not the whole life of the disk"
        made.first = folder / "first"
    lines = (folder / "told").read_text(encoding="utf-8").splitlines()
    return Story(made, city, [json.loads(line) for line in lines])


@pytest.fixture(scope="module", autouse=True)
def allowed() -> None:
    why = disks.refused("never-forgets")
    if why:
        pytest.skip(f"!! NOT TESTED, what a power cut leaves on a disk: {why}")


@contextmanager
def after_cut(
    story: Story, at: int, dice: random.Random, folder: Path
) -> Iterator[tuple[Path, power.Cut]]:
    """The laptop switched on again, and beside it the city as it was: a place as in test_kill."""
    folder.mkdir()
    try:
        cut = story.disk.cut(at, folder / "image", dice)
        with power.switched_on(folder / "image", folder / "disk") as disk:
            (folder / "kit").symlink_to(disk / "kit")
            shutil.copytree(story.city.at(at), folder / "city")
            yield folder, cut
    finally:
        shutil.rmtree(folder)


def check_files(data: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    """What is erased stays erased, before anything could erase it again; the slots open."""
    for photo in old["photos"].values():
        if photo["state"] == "erased":
            assert not (data / "trips" / photo["trip_id"] / f"{photo['id']}.ph").exists()
    for trip_id, state in old["trips"].items():
        assert state != "wiped" or not (data / "trips" / trip_id).exists()
    slots, other = data / "slots.json", power_job.OTHER.id
    opens = [
        w for w in (power_job.OLD, power_job.NEW) if keyslots.open_slot(slots, other, w) is not None
    ]
    assert opens in (old["opens"], new["opens"]), "no acknowledged passphrase opens the slot"
    assert not keyslots.damaged(slots)


def check_vault(vault: Vault, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Everything acknowledged is there; nothing is there that nobody did. Returns what is shown."""
    for trip_id, secret in old["secrets"].items():
        row = vault.book.one(
            "SELECT state, EXISTS (SELECT 1 FROM erasure WHERE id = 'trip:' || trip.id) AS going"
            " FROM trip WHERE id = ?",
            trip_id,
        )
        assert row is not None, "a trip is lost"
        if row["state"] in ("making", "out") and not row["going"]:  # else half of it may be gone
            vault.open_trip(trip_id, bytes.fromhex(secret))
    now = power_job.shown(vault)
    for what, order in (("trips", TRIP), ("reception", HOME)):
        for key, state in old[what].items():
            within(order, state, now[what].get(key), new[what].get(key), what)
    for key, photo in old["photos"].items():
        state, later = now["photos"][key]["state"], new["photos"][key]["state"]
        within(PHOTO, photo["state"], state, later, "photos")
        if later != "erased":
            assert photos.whole_parts(vault, photos.row_of(vault, key)), "a photo is lost"
    assert all(row in now["money"] for row in map(tuple, old["money"])), "a receipt number is lost"
    assert old["receipts"] <= now["receipts"] <= new["receipts"], "a city's receipt is lost"
    for trip_id in old["open"]:
        check_trip(trip_id, old, now, new)
    assert ledger.check(vault.book) is None, "the chain of the ledger is broken"
    assert ledger.hash_at(vault.book, old["head"]["seq"]) == old["head"]["hash"], "rows are lost"
    return now


def within(order: list[str], low: str, state: str | None, high: str | None, what: str) -> None:
    """A state never goes back, and never further than the act that was cut off."""
    assert state is not None, f"{what}: a row is lost"
    top = order.index(high) if high else len(order)
    assert order.index(low) <= order.index(state) <= top, f"{what}: {low} became {state}"


def check_trip(
    trip_id: str, old: dict[str, Any], now: dict[str, Any], new: dict[str, Any]
) -> None:
    """Each field has the acknowledged value, or that of the act that was cut off; no save twice."""
    before, after = old["open"][trip_id], new["open"].get(trip_id)
    if trip_id not in now["open"]:
        assert new["trips"][trip_id] != "out", "an open trip is lost"
        return
    found = now["open"][trip_id]
    ending = new["trips"][trip_id] != "out"  # its rows may be gone already
    later = after or ({"records": {}, "drafts": {}} if ending else before)
    for what in ("records", "drafts"):
        for key, fields in before[what].items():
            there, then = found[what].get(key, {}), later[what].get(key, {})
            for name, value in fields.items():
                allowed = (value, then.get(name))
                assert there.get(name) in allowed, f"{what}: an acknowledged value is lost"
    ops = found["ops"]
    assert ops[: len(before["ops"])] == before["ops"], "a sealed save is lost"
    assert not after or after["ops"][: len(ops)] == ops, "a sealed save that nobody made"


def check_saves_at_city(place: Path, old: dict[str, Any], now: dict[str, Any]) -> None:
    """Every acknowledged save arrived, once; what was typed is what the city has."""
    with city_rows.opened(place / "city") as city:
        ops = [row.op_id for row in city_rows.rows(city, store.op)]
        bodies = city_rows.bodies(city)
    assert len(ops) == len(set(ops))
    for trip in old["open"].values():
        assert set(trip["ops"]) <= set(ops), "an acknowledged save never arrived"
    for trip_id, trip in now["open"].items():
        for key, body in trip["records"].items() if now["trips"][trip_id] == "out" else []:
            if body.get("answers"):
                assert bodies[key]["answers"] == body["answers"], "other answers arrived"


def look(place: Path, url: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[Any, list[str]]:
    """Switch the laptop on and look; returns what it shows, and the damage that it complains of."""
    data = place / "kit"
    check_files(data, old, new)
    vault = opening.unlock(job.settings_of(data, url), SATO.id, PASSPHRASE)
    try:
        return check_vault(vault, old, new), list(vault.damage)
    finally:
        vault.close()


def test_nothing_acknowledged_is_lost(ready: Path, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    story = live(ready, tmp_path / "story")
    lost, complaints = 0, 0
    for number, at in enumerate(story.moments(dice, CUTS)):
        old, new = story.around(at)
        with after_cut(story, at, dice, tmp_path / f"cut{number}") as (place, cut):
            lost += cut.lost
            try:
                with in_thread(place / "city") as url:
                    now, damage = look(place, url, old, new)
                    complaints += bool(damage)
                    assert job.main(str(place / "kit"), url) == 0, "the work cannot go on"
                    check_laptop(place, url)
                    check_city(place)
                    check_saves_at_city(place, old, now)
            except Exception as error:
                where = f"seed {SEED}, cut {number} at {at}, after {old['act']}: {cut}"
                raise AssertionError(where) from error
    print(f"{CUTS} cuts, seed {SEED}, {lost} sectors lost, {complaints} with a complaint")


def test_a_careless_kit_loses_them(ready: Path, tmp_path: Path) -> None:
    """The control: the same search finds the loss where nothing is forced to the disk."""
    dice = random.Random(SEED)
    story = live(ready, tmp_path / "story", "careless")
    losses: list[str] = []
    since = [now["act"] for now in story.told].index("photo saved")
    for number, told in enumerate(dice.choices(story.told[since:-2], k=6)):
        old, new = story.around(told["at"])
        with (
            after_cut(story, told["at"], dice, tmp_path / f"cut{number}") as (place, _),
            in_thread(place / "city") as url,
        ):
            try:
                look(place, url, old, new)
            except Exception as error:
                losses.append(str(error).splitlines()[0])
    assert len(losses) >= 3, f"seed {SEED}: the test would not notice a loss"
    print(losses)
