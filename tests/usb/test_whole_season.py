"""A whole season without any line: every step goes by USB memory, from enrolment to the date.

Real vaults, a real city store; nothing here opens a connection (the kit has no address at all).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fieldkit import (
    carry,
    carry_answers,
    carry_asks,
    checkout,
    cli_carry,
    outbox,
    reserve,
    tripend,
    visit,
)
from fieldkit.carry_enrol import enrol_by_file
from fieldkit.carry_reply import Taken, take_replies
from fieldkit.city import identity
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.store import ledger, opening, photos
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import asking
from sync.asking import Trip
from sync.ids import new_id
from sync.server import devices, trips
from sync.server.__main__ import main as city_command
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO, CityServer
from tests.flow.job import WITNESSES, settings_of
from tests.flow.test_one_visit import DAY, JPEG, NAME, every_byte, take_reservation
from tests.usb.conftest import city_in

NEXT_DAY = "2026-07-02"


@dataclass
class Season:
    """One laptop, one city, one stick; nothing between them."""

    vault: Vault
    city: CityServer
    stick: Path

    def carried(self, code: int = 0) -> list[Taken]:
        """Write, to the city and back, read."""
        carry.export(self.vault, self.stick, "USB-01")
        return self.at_city(code)

    def at_city(self, code: int = 0) -> list[Taken]:
        """`code` 1: the city refused something."""
        assert city_command(["import", str(self.city.folder), str(self.stick)]) == code
        taken = take_replies(self.vault, self.stick)
        assert [one.code for one in taken] == ["" for _ in taken]
        for file in self.stick.glob("KSP-*"):
            file.unlink()
        return taken

    def told(self, code: int = 0) -> list[carry_answers.Told]:
        return [told for one in self.carried(code) for told in one.told]


@pytest.fixture(autouse=True)
def no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr("sync.road.HttpRoad._connect", never)


@pytest.fixture
def line() -> None:
    """There is none (tests/usb/conftest.py)."""


@pytest.fixture
def season(tmp_path: Path) -> Iterator[Season]:
    (tmp_path / "stick").mkdir()
    made = city_in(tmp_path / "city")
    vault, _ = opening.create(settings_of(tmp_path / "kit", ""), SATO, PASSPHRASE)
    yield Season(vault, replace(made, url=""), tmp_path / "stick")
    vault.close()
    made.store.close()


def file_of(season: Season, profile: str = "field") -> Path:
    words = ["enrol", str(season.city.folder), "--profile", profile, "--file", str(season.stick)]
    assert city_command(words) == 0
    (path,) = season.stick.glob("enrol-*.json")
    return path


def enrolled(season: Season) -> None:
    path = file_of(season)
    assert enrol_by_file(season.vault, path, "訪問用A").file
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    assert enrol_by_file(season.vault, path, "訪問用A").device == "K01"
    path.unlink()


def desk_of(season: Season) -> OpenTrip:
    carry_asks.for_first(season.vault)
    assert [told.good for told in season.told()] == [True]
    return reserve.open_desk(season.vault)


def visited(vault: Vault, trip: OpenTrip, reservation_id: str) -> str:
    applicant = reserve.slip(trip, reservation_id).applicants[0]
    photo_id = photos.seal(vault, trip, applicant.id, JPEG)
    photos.keep(vault, photo_id)
    visit.save_application(vault, trip, applicant, {"photo_id": photo_id, "answers": {"a": NAME}})
    visit.confirm(vault, trip, applicant)
    visit.close_visit(vault, trip, reservation_id)
    return photo_id


def test_the_whole_job_without_any_line(season: Season, tmp_path: Path) -> None:
    vault = season.vault
    enrolled(season)
    desk = desk_of(season)
    reservation_id = take_reservation(vault)
    ask = carry_asks.for_day(vault, desk, DAY)
    assert carry_asks.waiting(vault) == [ask] and carry_asks.for_day(vault, desk, DAY) == ask
    (told,) = season.told()
    assert told.good and "訪問予定表を印刷" in told.says and carry_asks.waiting(vault) == []
    trip = vault.trips[told.url.rpartition("=")[2]]
    assert (trip.day, reserve.slip(desk, reservation_id).reservation.get("state")) == (
        DAY, "shared",
    )  # fmt: skip
    photo_id = visited(vault, trip, reservation_id)
    assert outbox.waiting(vault)["waiting"] > 2
    season.carried()
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert photos.row_of(vault, photo_id)["state"] == "erased"
    assert city_rows.jpeg(season.city.store, photo_id) == JPEG
    assert tripend.blockers(vault, trip.id) == []
    tripend.end_trip(vault, trip.id, WITNESSES)
    assert reserve.reception_list(vault)[0]["erased_on"] is None
    old = desk.id
    assert any("入れ替えました" in told.says for told in season.told())
    new = reserve.open_desk(vault)  # without a word of the city: it is open
    assert new.id != old and not vault.trip_folder(old).exists()
    season.carried()  # the city forgets the old container
    assert reserve.reception_list(vault)[0]["erased_on"] == DAY
    assert tripend.owed(vault) == [] and ledger.check(vault.book) is None
    trips = city_rows.trips(season.city.store)
    assert trips[trip.id].secret is None and trips[old].secret is None and trips[new.id].secret
    everything = every_byte(tmp_path)
    assert NAME.encode() not in everything and b"face-bytes-face-bytes-" not in everything


# -- enrolment -------------------------------------------------------------------------------------
def test_nothing_of_an_enrolment_depends_on_one_try(season: Season) -> None:
    vault, path = season.vault, file_of(season)
    first = enrol_by_file(vault, path, "訪問用A")
    assert enrol_by_file(vault, season.stick, "訪問用A") == first  # the same request again
    for _ in range(2):
        assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    (grant,) = season.stick.glob("*.kspg")
    whole = grant.read_bytes()
    assert str(vault.settings.data_dir) and NAME.encode() not in whole
    code = json.loads(path.read_text(encoding="utf-8"))["code"].encode()
    assert code not in whole and code not in (season.stick / first.file).read_bytes()
    grant.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(KitError):
        enrol_by_file(vault, path, "訪問用A")
    assert vault.device is None
    path.unlink()  # lost: what was kept is enough
    grant.unlink()
    assert enrol_by_file(vault, season.stick, "訪問用A").file == first.file
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    assert enrol_by_file(vault, season.stick, "訪問用A").device == "K01"
    assert list(season.stick.iterdir()) == []
    with pytest.raises(KitError) as caught:
        enrol_by_file(vault, season.stick, "訪問用A")
    assert caught.value.code == "enrolled"


def test_a_code_enrols_one_laptop_and_a_no_is_told(season: Season, tmp_path: Path) -> None:
    other, _ = opening.create(settings_of(tmp_path / "other", ""), SATO, PASSPHRASE)
    path = file_of(season)
    for vault in (season.vault, other):
        enrol_by_file(vault, path, "訪問用")
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 1
    words = []
    for vault in (season.vault, other):
        try:
            words.append(enrol_by_file(vault, path, "訪問用").device)
        except KitError as error:
            words.append(error.code)
    assert sorted(words) == ["K01", "city_bad_code"]
    other.close()


def test_a_city_that_is_not_the_one_on_paper_enrols_nobody(season: Season, tmp_path: Path) -> None:
    path = file_of(season)
    with pytest.raises(KitError) as caught:
        enrol_by_file(season.vault, path, "訪問用", "AAAA-BBBB-CCCC-DDDD-EEEE")
    assert caught.value.code == "other_city"
    told = json.loads(path.read_text(encoding="utf-8"))
    for change in ({"public": told["seal_public"]}, {"v": 2}, {"city": 3}, {"public": ""}):
        path.write_text(json.dumps({**told, **change}), encoding="utf-8")
        with pytest.raises(KitError):
            enrol_by_file(season.vault, path, "訪問用")
    path.write_bytes(b"{")
    with pytest.raises(BadInput):
        enrol_by_file(season.vault, path, "訪問用")
    path.unlink()
    with pytest.raises(BadInput):
        enrol_by_file(season.vault, season.stick, "訪問用")
    assert list(season.stick.iterdir()) == []
    # a request for this city, sealed to another one that calls itself the same
    path.write_text(json.dumps(told), encoding="utf-8")
    enrol_by_file(season.vault, path, "訪問用")
    twin = city_in(tmp_path / "twin")
    assert city_command(["import", str(twin.folder), str(season.stick)]) == 1
    assert not list(season.stick.glob("*.kspg"))
    twin.store.close()


# -- asks ------------------------------------------------------------------------------------------
def test_a_list_then_the_days_of_another_desk(season: Season, tmp_path: Path) -> None:
    enrolled(season)
    desk_of(season)
    reservation_id = take_reservation(season.vault)
    season.carried()
    other, _ = opening.create(settings_of(tmp_path / "other", ""), SATO, PASSPHRASE)
    second = Season(other, season.city, season.stick)
    path = file_of(second)
    enrol_by_file(other, path, "訪問用B")
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    assert enrol_by_file(other, path, "訪問用B").device == "K02"
    path.unlink()
    carry_asks.for_list(other, DAY)
    (told,) = second.told()
    assert told.url == f"/checkout?list={DAY}"
    (row,) = carry_answers.lists(other)[DAY]
    assert (row["id"], row["label"]) == (reservation_id, "K01-1")
    carry_asks.for_day(other, None, DAY, [reservation_id])
    (told,) = second.told()
    assert told.good and list(other.trips)
    assert carry_answers.lists(other)[DAY] == []  # it is here now
    # a no of the city is told, and ends the ask
    carry_asks.for_day(season.vault, reserve.open_desk(season.vault), DAY)
    (told,) = season.told(1)
    assert not told.good and "ほかの端末が持ち出して" in told.says
    assert carry_asks.waiting(season.vault) == []
    other.close()


def test_a_key_comes_by_usb_and_opens_what_was_closed(season: Season) -> None:
    enrolled(season)
    desk = desk_of(season)
    take_reservation(season.vault)
    carry_asks.for_day(season.vault, desk, DAY)
    season.carried()
    closed = list(season.vault.trips)
    assert len(closed) == 2
    for trip_id in closed:
        season.vault.forget_trip(trip_id)
        carry_asks.for_key(season.vault, trip_id)
    with pytest.raises(KitError) as caught:
        reserve.open_desk(season.vault)
    assert caught.value.code == "desk_locked"
    assert [told.good for told in season.told()] == [True, True]
    assert sorted(season.vault.trips) == sorted(closed)


@pytest.mark.parametrize("closed", [False, True])
def test_what_the_desk_says_meanwhile_is_not_lost(season: Season, closed: bool) -> None:
    """Between the request and the reply the desk goes on: the trip holds it, and the city too."""
    enrolled(season)
    desk = desk_of(season)
    vault, home = season.vault, new_id()
    first, second, third = new_id(), new_id(), new_id()
    fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目"}
    people = [(one, {"name": NAME, "kind": "lost"}) for one in (first, second)]
    reserve.reserve(vault, desk, home, fields, people)
    carry_asks.for_day(vault, desk, DAY)
    carry.export(vault, season.stick, "USB-01")
    changed = {**fields, "notes": "犬がいます"}
    reserve.reserve(vault, desk, home, changed, [*people, (third, {"name": NAME, "kind": "new"})])
    reserve.take_off(vault, desk, home, second)
    if closed:
        vault.forget_trip(desk.id)
    (told,) = [told for one in season.at_city() for told in one.told]
    assert told.good and (carry_answers.CHANGED in told.says) == closed
    slip = reserve.slip(vault.trips[told.url.rpartition("=")[2]], home)
    if not closed:
        assert slip.reservation.get("notes") == "犬がいます"
        assert {one.id for one in slip.applicants} == {first, third}
        assert reserve.slip(desk, home).reservation.get("state") == "shared"
    season.carried()
    assert city_rows.bodies(season.city.store)[home]["notes"] == "犬がいます"
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}


def test_asks_for_one_day_go_together_until_they_are_written(season: Season) -> None:
    enrolled(season)
    desk = desk_of(season)
    vault = season.vault
    one = take_reservation(vault)
    first = carry_asks.for_day(vault, desk, DAY)
    two = take_reservation(vault)
    (both,) = [carry_asks.for_day(vault, desk, DAY)]
    assert carry_asks.waiting(vault) == [both] and set(both.ids) == {one, two} != set(first.ids)
    carry_asks.withdraw(vault, both.key)
    assert carry_asks.waiting(vault) == []
    carry_asks.for_day(vault, desk, DAY)
    carry.export(vault, season.stick, "USB-01")
    with pytest.raises(NotReady):
        carry_asks.withdraw(vault, both.key)
    with pytest.raises(KitError) as caught:
        carry_asks.for_day(vault, desk, DAY)
    assert caught.value.code == "nothing_to_check_out"
    three = take_reservation(vault)
    assert carry_asks.for_day(vault, desk, DAY).ids == (three,)
    season.at_city()
    assert [ask.ids for ask in carry_asks.waiting(vault)] == [(three,)]
    season.carried()
    states = {row["reservation_id"]: row["state"] for row in reserve.reception_list(vault)}
    assert set(states.values()) == {"shared"}


def test_a_reply_that_is_read_again_takes_nothing_back(season: Season) -> None:
    enrolled(season)
    desk = desk_of(season)
    vault = season.vault
    reservation_id = take_reservation(vault)
    carry_asks.for_day(vault, desk, DAY)
    carry.export(vault, season.stick, "USB-01")
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    (taken,) = take_replies(vault, season.stick)
    trip = vault.trips[taken.told[0].url.rpartition("=")[2]]
    visited(vault, trip, reservation_id)
    for _ in range(2):
        (again,) = take_replies(vault, season.stick)
        assert (again.code, again.told, again.open) == ("", [], 0)
    assert reserve.reception_list(vault)[0]["state"] == "visited"
    checkout.accept(vault, made_again(season, trip), desk)  # a kill before the ask was ended
    assert reserve.reception_list(vault)[0]["state"] == "visited"


def made_again(season: Season, trip: OpenTrip) -> Trip:
    """The same answer of the city once more."""
    with season.city.store.read() as shelf:
        device = shelf.device("K01")
    assert device is not None
    found = city_rows.trips(season.city.store)[trip.id]
    asked = {"request_id": found.request_id, "kind": "field", "day": DAY}
    told = trips.make(season.city.store, device, {**asked, "reservations": list(found.records)})
    return asking.read_trip(identity(season.vault), told)


def test_a_command_leaves_a_secret_where_it_is(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(season)
    desk = desk_of(season)
    vault = season.vault
    take_reservation(vault)
    assert cli_carry.run(vault, season.stick, "USB-01", False, DAY) == 0
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 0
    trips = set(vault.trips)
    assert cli_carry.run(vault, season.stick, "USB-01", True) == 0
    said = capsys.readouterr().out
    assert "頼んだことへの返事が1件" in said and "消し、なくなった" not in said
    assert set(vault.trips) == trips and list(season.stick.glob("*.kspr"))
    (told,) = [told for one in take_replies(vault, season.stick) for told in one.told]
    assert told.good and len(vault.trips) == len(trips) + 1
    assert reserve.slips(desk)[0].reservation.get("state") == "shared"


def test_a_refused_ask_can_be_asked_anew_whatever_is_read_again(season: Season) -> None:
    enrolled(season)
    with pytest.raises(KitError):
        carry_asks.for_day(season.vault, None, NEXT_DAY)
    carry_asks.for_day(season.vault, None, NEXT_DAY, [new_id()])  # nobody knows this one
    (told,) = season.told(1)
    assert not told.good and carry_asks.waiting(season.vault) == []
    devices.revoke(season.city.store, "K01")
    carry_asks.for_first(season.vault)
    carry.export(season.vault, season.stick, "USB-01")
    assert city_command(["import", str(season.city.folder), str(season.stick)]) == 1
    (taken,) = take_replies(season.vault, season.stick)
    (told,) = taken.told
    assert not told.good and "停止されています" in told.says
