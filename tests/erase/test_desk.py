"""A desk whose visit another kit made: its disk keeps nothing of that slip once the city closed it.

The desk runs as its own process on a disk that never forgets, through its real screens; the field
laptop lies elsewhere. The thief is the one of test_wipe.py, and so are the controls beside it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import checkout, outbox, reserve, tripend, visit
from fieldkit.city import enrol_device
from fieldkit.settings import Settings
from fieldkit.store import opening
from fieldkit.store.vault import Vault
from tests.conftest import FAST, PASSPHRASE, SUZUKI, CityServer, start_city
from tests.erase import disks, driver
from tests.erase.conftest import KINDS
from tests.erase.disks import Disk, LoggedDisk
from tests.erase.driver import Told
from tests.erase.keys import Given
from tests.erase.people import ENDED, LIVE
from tests.erase.searcher import Found, search
from tests.erase.test_wipe import Done, _lasting_keys, need_all_versions

TYPED = ("name", "kana", "birth", "address", "phone", "caller", "notes")


def field_laptop(folder: Path, city: CityServer) -> Vault:
    settings = Settings(data_dir=folder, server_url=city.url, argon2=FAST)
    vault, _ = opening.create(settings, SUZUKI, PASSPHRASE)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用")
    return vault


def visited(vault: Vault, city: CityServer, told: Told, day: str, rid: str) -> None:
    """The other kit's visit, from its check-out to the end of its trip."""
    trip = checkout.check_out(vault, None, day, [rid])
    for person in reserve.slip(trip, rid).applicants:
        visit.set_aside(vault, trip, person, "declined", "")
    visit.close_visit(vault, trip, rid)
    outbox.sync(vault)
    driver.note_keys(city, told)
    tripend.end_trip(vault, trip.id, ("田中 実", "鈴木 一郎"))


def the_job(disk: Disk, outside: Path, city: CityServer) -> Done:
    kit, told = driver.make_kit(disk.folder, outside, city, "desk")
    field = field_laptop(outside / "field", city)
    try:
        w = driver.open_kit(kit)
        offers = driver.free_days(w)
        rids = [driver.take_call(w, *one) for one in zip((ENDED, LIVE), offers, strict=True)]
        w.post(f"/desk/{rids[0]}/draft", ENDED.slip(offers[0]))
        driver.send(w)
        disk.look()
        visited(field, city, told, offers[0].split("|")[0], rids[0])
        kit.kill()
        w = driver.open_kit(kit)
        w.get("/desk")
        driver.send(w)
        page = w.text(w.get("/desk"))
        assert LIVE.name in page and ENDED.name not in page
        assert w.text(w.get("/list")).count("保有中") == 1
        w.post("/lock", {"back": "/"})
        log = kit.log()
        store_key, device = _lasting_keys(kit.data, told, outside)
    finally:
        kit.kill()
        field.close()
    driver.note_keys(city, told)
    disk.eject()
    versions = list(disk.pieces())
    last = list(disk.last()) if isinstance(disk, LoggedDisk) else versions
    return Done(disk.kind, versions, last, told, store_key, device, log, "", disk.folder)


@pytest.fixture(scope="module")
def done() -> Iterator[Done]:
    outside = Path(tempfile.mkdtemp(prefix="fieldkit-outside-"))
    city = start_city(outside / "city")
    real = [kind for kind in ("never-forgets", "ext4") if not disks.refused(kind)]
    try:
        with disks.mounted(KINDS[[*real, "folder"][0]]) as disk:
            yield the_job(disk, outside, city)
    finally:
        city.stop()  # type: ignore[operator]
        shutil.rmtree(outside, ignore_errors=True)


@pytest.fixture(scope="module")
def stolen(done: Done) -> Found:
    return search(done.versions, done.thief, done.needles)


def test_nothing_of_the_slip_is_found(stolen: Found, done: Done) -> None:
    """No name, kana, birth date, address, telephone, caller, note: plain, packed or encrypted."""
    assert {hit for hit in stolen.hits if hit[0].startswith("ended ")} == set()
    assert set(done.forgotten).isdisjoint(stolen.trips)
    assert stolen.opened_texts == 0 and stolen.documents["%PDF-1"] == 0


def test_the_other_slip_still_opens(stolen: Found, done: Done) -> None:
    """The searcher can search: the container in use holds the slip of the visit to come."""
    (desk,) = stolen.trips
    assert done.told.kinds[desk] == "desk" and done.told.states[desk] == "out"
    for what in TYPED:
        assert stolen.ways(f"live {what}") == {f"trip {desk}"}, what


def test_with_the_forgotten_secret_it_is_all_there(done: Done) -> None:
    """Why the container is renewed and the city forgets: the ciphertext is still on the disk."""
    need_all_versions(done)
    given = Given(store_keys=[done.store_key], secrets=list(done.told.secrets.values()))
    found = search(done.versions, given, done.needles)
    (old,) = (one for one in done.forgotten if done.told.kinds[one] == "desk")
    for what in TYPED:
        assert f"trip {old}" in found.ways(f"ended {what}"), what


def test_the_kit_said_nothing_of_them(done: Done) -> None:
    for words in (ENDED.name, ENDED.kana, ENDED.address, LIVE.name):
        assert words not in done.log
