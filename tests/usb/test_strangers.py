"""Other people's files: another laptop's, another city's, forged ones, old ones."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import carry
from fieldkit.city import connect, enrol_device
from fieldkit.errors import KitError
from fieldkit.store import opening
from fieldkit.store.vault import Vault
from sync import bundle_file, folder_road, wire
from sync.bundle import Address, Answered, Manifest, Part
from sync.folder_road import Letter
from sync.server import devices, folder
from sync.server.handle import Handler
from sync.server.init import initialise
from sync.server.sqlstore import open_store
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO, CityServer
from tests.usb.conftest import Trip

FIRST = "KSP-01999-K01-1"


def other_laptop(trip: Trip, tmp_path: Path) -> Vault:
    settings = replace(trip.vault.settings, data_dir=tmp_path / "other")
    made, _ = opening.create(settings, SATO, PASSPHRASE)
    city = trip.city
    enrol_device(made, city.url, city.code(), city.fingerprint(), "訪問用B")
    return made


def reply_to(trip: Trip, key: bytes, digest: str, answers: list[Answered], n: int = 1) -> None:
    """A reply as the city would write it, made with any key."""
    device = trip.vault.device
    assert device is not None
    parts = [Part.of(answer.name, answer.to_bytes) for answer in answers]
    to = Address("01999", "K01", n)
    more = {"bundle": digest, "damaged": [], "keys": []}
    made = Manifest.sign(wire.signing_private(key), "reply", to, "", parts, more)
    data = b"".join(bundle_file.pack(made, parts, device["seal_public"]))
    (trip.stick / f"{to.id}.kspr").write_bytes(data)


def city_key(city: CityServer) -> bytes:
    with city.store.read() as shelf:
        return shelf.city().sign_private


def unchanged(trip: Trip, waits: int) -> bool:
    return (trip.waiting(), trip.photo_state(), trip.photo_file().exists()) == (
        waits, "queued", True,
    )  # fmt: skip


def test_a_reply_to_another_laptop_opens_for_nobody_else(trip: Trip, tmp_path: Path) -> None:
    waits = trip.waiting()
    other = other_laptop(trip, tmp_path)
    carry.export(other, trip.stick, "USB-04")
    trip.at_city()
    assert (trip.stick / "KSP-01999-K02-1.kspr").exists()
    assert trip.read() == []  # laptops may share a medium
    shutil.copy(trip.stick / "KSP-01999-K02-1.kspr", trip.stick / f"{FIRST}.kspr")
    assert [(r.file, r.code) for r in trip.read()] == [(f"{FIRST}.kspr", "cannot_open")]
    assert unchanged(trip, waits)
    other.close()


def test_a_forged_reply_changes_nothing(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    trip.at_city()
    stranger, _ = wire.new_signing_key()
    digest = str(carry.log(trip.vault)[0]["digest"])
    honest = folder_road.open_reply(trip.stick / f"{FIRST}.kspr", connect(trip.vault).me)
    reply_to(trip, stranger, digest, list(honest.answers))
    assert [r.code for r in trip.read()] == ["bad_signature"]
    # the city's own envelope around receipts that it never signed
    forged = [
        replace(one, value={**one.value, "receipt": {**one.value["receipt"], "signature": "AAAA"}})
        for one in honest.answers
        if "receipt" in one.value
    ]
    reply_to(trip, city_key(trip.city), digest, forged)
    assert [r.code for r in trip.read()] == ["bad_signature"]
    assert unchanged(trip, waits)


def test_a_reply_to_another_bundle_is_not_taken(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    trip.at_city()
    older = (trip.stick / f"{FIRST}.kspr").read_bytes()
    honest = folder_road.open_reply(trip.stick / f"{FIRST}.kspr", connect(trip.vault).me)
    for digest, n in (("0" * 64, 1), (honest.bundle, 2), ("", 1)):
        for file in trip.stick.glob("*.kspr"):
            file.unlink()
        reply_to(trip, city_key(trip.city), digest, list(honest.answers), n)
        assert [r.code for r in trip.read()] == ["other_bundle"]
    assert unchanged(trip, waits)
    for file in trip.stick.iterdir():
        file.unlink()
    trip.write()
    (trip.stick / "KSP-01999-K01-2.kspr").write_bytes(older)  # under the newer one's name
    assert [(r.code, r.no, r.proved) for r in trip.read()] == [("", 1, waits)]
    states = {row["no"]: row["state"] for row in carry.log(trip.vault)}
    assert states == {1: "answered", 2: "written"}


def test_a_damaged_reply_is_read_as_far_as_it_is_whole(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    trip.at_city()
    path = trip.stick / f"{FIRST}.kspr"
    whole = path.read_bytes()
    for share in (0, 50, 400):
        path.write_bytes(whole[:share])
        assert [r.code for r in trip.read()] in (["wrong_format"], ["cannot_open"])
        assert unchanged(trip, waits)
    data = bytearray(whole)
    data[whole.index(f"{FIRST}/0001".encode()) + 100] ^= 1  # the answer to the saves
    path.write_bytes(data)
    (read,) = trip.read()
    assert (read.again, read.proved) == (1, 1) and trip.waiting() == waits - 1
    path.write_bytes(whole)
    (read,) = trip.read()
    assert read.again == 0 and trip.waiting() == 0 and trip.photo_state() == "erased"


def test_another_city_says_whose_it_is_and_takes_nothing(trip: Trip, tmp_path: Path) -> None:
    trip.write()
    initialise(tmp_path / "city2", "01888", "隣の市")
    store = open_store(tmp_path / "city2")
    taken = list(folder.import_folder(store, Handler(store), trip.stick, tmp_path / "city2"))
    store.close()
    assert [(t.code, t.answered) for t in taken] == [("other_city", 0)]
    assert not list(trip.stick.glob("*.kspr"))


def test_a_cut_off_file_in_another_citys_name_is_another_citys(trip: Trip) -> None:
    waits = trip.waiting()
    (trip.stick / "KSP-01888-K09-4.kspr").write_bytes(b"PK\3\4 cut off")
    (trip.stick / "KSP-01888-K09-4.kspb").write_bytes(b"")
    assert [(r.file, r.code) for r in trip.read()] == [("KSP-01888-K09-4.kspr", "other_city")]
    assert [t.code for t in trip.at_city()] == ["other_city"]
    with pytest.raises(KitError, match="ほかの市のファイル"):
        trip.write()
    for file in trip.stick.iterdir():
        file.unlink()
    (trip.stick / f"{FIRST}.kspr").write_bytes(b"PK\3\4 cut off")  # ours: cut off
    assert [r.code for r in trip.read()] == ["wrong_format"] and unchanged(trip, waits)


def test_a_bundle_of_a_stranger_or_in_anothers_name_is_refused(trip: Trip, tmp_path: Path) -> None:
    other = other_laptop(trip, tmp_path)
    mine, theirs = connect(trip.vault).me, connect(other).me
    seal = carry.city_seal(other)
    body = wire.canonical({"v": 2, "ops": [], "photos": [], "facts": [], "ledger": None})
    asked = connect(trip.vault).request("POST", "/ksp/v1/ops", "batch", body)
    letters = [Letter(lambda: asked)]
    # K02 signs, K01's name
    folder_road.plan(replace(theirs, device=mine.device), 1, "", letters).write(trip.stick, seal)
    assert [t.code for t in trip.at_city()] == ["bad_signature"]
    # K02 carries what K01 signed: the answer would go to K02
    (trip.stick / f"{FIRST}.kspb").unlink()
    folder_road.plan(theirs, 1, "", letters).write(trip.stick, seal)
    assert [(t.code, t.answered, t.refused) for t in trip.at_city()] == [("", 0, 1)]
    for file in trip.stick.iterdir():
        file.unlink()
    folder_road.plan(replace(mine, device="K77"), 1, "", letters).write(trip.stick, seal)
    assert [t.code for t in trip.at_city()] == ["unknown_device"]
    other.close()


def test_a_revoked_laptops_bundle_is_kept_aside_and_answered(trip: Trip) -> None:
    waits = trip.waiting()
    trip.write()
    devices.revoke(trip.city.store, "K01")
    before = city_rows.bodies(trip.city.store)
    (taken,) = trip.at_city()
    assert (taken.code, taken.answered) == ("", 0) and taken.refused > 0
    assert city_rows.bodies(trip.city.store) == before
    (read,) = trip.read()
    assert set(read.refused) == {"revoked"} and read.proved == 0
    assert unchanged(trip, waits)


@pytest.mark.parametrize("path", ["/ksp/v1/enrol", "/ksp/v1/info", "/console", "/ksp/v1/ops/../x"])
def test_a_bundle_reaches_only_signed_doors(trip: Trip, path: str) -> None:
    client = connect(trip.vault)
    asked = client.request("POST", path, "batch", b"{}")
    plan = folder_road.plan(client.me, 1, "", [Letter(lambda: asked)])
    plan.write(trip.stick, carry.city_seal(trip.vault))
    (taken,) = trip.at_city()
    assert (taken.answered, taken.refused) == (0, 1)
