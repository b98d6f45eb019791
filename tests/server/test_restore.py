"""A city is made again from its backup: a new life begins, the side book gives back the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sync import statements, wire
from sync.server import backup, devices, keyfile, keys, restore, verify_things
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.server.trouble import Trouble
from sync.wire import WireError
from tests import city_rows
from tests.server.conftest import BOTH
from tests.server.kit import JPEG, Laptop, make_city
from tests.server.test_recovery import read_sheet, typing


class Story:
    """A city with a backup, and what happened after it."""

    def __init__(self, folder: Path, there: Path) -> None:
        self.folder, self.there = folder, there
        city = open_store(folder)
        self.laptop, self.lost = Laptop(city), Laptop(city)
        self.early, self.over = self.laptop.take_trip(), self.laptop.take_trip()
        self.before = self.early.save()
        self.seq = self.laptop.send(self.before)["seq"]
        self.made = backup.make(folder, there)
        self.after = self.early.save()
        self.laptop.send(self.after)
        self.photo = self.early.send_photo()
        self.over.end()
        self.late = self.laptop.take_trip()
        self.fresh = Laptop(city)
        self.fresh_trip = self.fresh.take_trip()
        devices.revoke(city, self.lost.id)
        self.key = keys.rotate_key(city, "test")
        city.close()
        self.server_key = t.read_key_file(folder / keyfile.KEY)

    def hears(self, city: SqlStore) -> None:
        """The laptops reach the restored city and believe its newest key."""
        with city.read() as shelf:
            public = shelf.city().sign_public
        for one in (self.laptop, self.lost, self.fresh):
            one.door, one.city_public = Handler(city), public

    def told(self, city: SqlStore) -> statements.Epoch:
        """The city's word on its newest life, read as a laptop of before does."""
        with city.read() as shelf:
            one = shelf.city()
        news = statements.read_keys(self.laptop.city_public, one.code, [dict(k) for k in one.keys])
        publics = [self.laptop.city_public, *(key.new for key in news)]
        return statements.read_epochs(publics, one.code, [dict(e) for e in one.epochs])[-1]


@pytest.fixture
def story(place: Path, tmp_path: Path) -> Story:
    return Story(place, tmp_path / "stick")


def test_a_laptop_goes_on_where_it_was(story: Story, tmp_path: Path) -> None:
    """With what is left of the old folder, nothing is lost that a laptop still has."""
    told = restore.restore(tmp_path / "again", story.there, story.server_key, old=story.folder)
    over = told.over
    assert (over.trips, over.ended, over.devices, over.stopped, over.keys) == (2, 1, 1, 1, 1)
    assert (told.epoch, told.side, told.damaged) == (2, True, ())
    with city_rows.opened(tmp_path / "again") as city:
        life = story.told(city)
        assert (life.number, life.from_seq) == (2, story.seq)
        with city.read() as shelf:
            one = shelf.city()
        assert wire.fingerprint(one.sign_public) == story.key.new and one.epoch == 2
        assert statements.void([life], 1, story.seq + 1)
        assert not statements.void([life], 1, story.seq)
        assert not statements.void([life], 2, story.seq + 1)
        story.hears(city)
        told = story.laptop.send(story.after, story.late.save())
        assert [item["answer"] for item in told["items"]] == ["taken", "taken"]
        assert told["epoch"] == 2
        assert story.fresh.send(story.fresh_trip.save())["items"][0]["answer"] == "taken"
        declared = story.laptop.batch(photos=[story.photo.declared])["photos"]
        assert declared == [{"id": story.photo.id, "offset": 0}]
        assert "receipt" in story.laptop.put(story.photo)
        assert city_rows.jpeg(city, story.photo.id) == JPEG
        trips = city_rows.trips(city)
        assert (trips[story.over.id].state, trips[story.over.id].seal_private) == ("ended", b"")
        assert story.lost.batch([]) == (403, {"error": "revoked"})
        assert verify_things.look(city, tmp_path / "again").wrong == []
    assert main(["verify", str(tmp_path / "again")]) == 0


def test_without_the_old_folder_numbers_are_not_given_twice(story: Story, tmp_path: Path) -> None:
    told = restore.restore(tmp_path / "again", story.there, story.server_key)
    assert (told.side, told.over.trips, told.over.keys) == (False, 0, 0)
    with city_rows.opened(tmp_path / "again") as city:
        assert story.told(city).from_seq == story.seq
        story.hears(city)
        answer = story.laptop.send(story.after, story.late.save())["items"]
        assert [item["reason"] for item in answer] == ["", "unknown_trip"]
        assert (story.fresh.id, Laptop(city).id) == ("K03", "K13")


def test_a_life_is_never_begun_twice(story: Story, tmp_path: Path) -> None:
    """The same backup put back twice: laptops that met the first life must see a second."""
    for number in (2, 3, 4):
        told = restore.restore(tmp_path / f"again{number}", story.there, story.server_key)
        assert told.epoch == number
    (story.there / restore.LIVES).unlink()
    told = restore.restore(tmp_path / "known", story.there, story.server_key, epoch=9)
    assert told.epoch == 10
    made = backup.make(tmp_path / "known", tmp_path / "other")
    told = restore.restore(tmp_path / "last", made.folder, story.server_key)
    assert told.epoch == 11


def test_codes_of_before_enrol_nobody(place: Path, tmp_path: Path) -> None:
    city = open_store(place)
    code = devices.new_code(city)
    backup.make(place, tmp_path / "stick")
    city.close()
    restore.restore(tmp_path / "again", tmp_path / "stick", t.read_key_file(place / keyfile.KEY))
    with city_rows.opened(tmp_path / "again") as again, pytest.raises(WireError, match="bad_code"):
        devices.enrol(again, {"code": code if isinstance(code, str) else code.code, "name": "x",
                              "sign_public": wire.b64(bytes(32)),
                              "seal_public": wire.b64(wire.new_sealing_key()[1])})  # fmt: skip


@pytest.mark.parametrize("kind", BOTH)
def test_it_goes_into_an_empty_place_of_either_kind(
    story: Story, tmp_path: Path, kind: str, new_url: Callable[[str], str]
) -> None:
    url, again = new_url(kind), tmp_path / "again"
    restore.restore(again, story.there, story.server_key, story.folder, url)
    with city_rows.opened(again) as city:
        expected = "postgresql" if url else "sqlite"
        assert city.engine.dialect.name == expected
        story.hears(city)
        assert story.laptop.send(story.after)["items"][0]["answer"] == "taken"
        assert verify_things.look(city, again).wrong == []
    with pytest.raises(Trouble, match="空ではありません"):
        restore.restore(again, story.there, story.server_key, url=url)
    if url:
        with pytest.raises(Trouble, match="すでに市サーバのデータがあります"):
            restore.restore(tmp_path / "third", story.there, story.server_key, url=url)


def test_a_damaged_photo_is_said_and_may_be_left_out(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = open_store(story.folder)
    with city.read() as shelf:
        known = shelf.photos([story.photo.id])
    assert known
    city.close()
    made = backup.make(story.folder, story.there).folder
    (story.there / "photos" / f"{story.photo.id}.ph").write_bytes(b"")
    again = [str(tmp_path / "again"), str(made), "--key", str(story.folder / keyfile.KEY)]
    assert main(["restore", *again]) == 2
    assert "1 枚が、ないか壊れています" in capsys.readouterr().out
    assert main(["restore", *again, "--damaged-too"]) == 0
    assert story.photo.id in capsys.readouterr().out
    assert main(["verify", again[0]]) == 1


def test_a_store_put_back_by_hand_begins_a_new_life(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-epoch", str(story.folder)]) == 0
    assert "世代 2 を始めました" in capsys.readouterr().out
    with city_rows.opened(story.folder) as city:
        assert story.told(city).number == 2
    assert main(["verify", str(story.folder)]) == 0


def test_two_people_put_it_back_with_their_sheets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_city(tmp_path / "city", copies=3)
    story = Story(folder, tmp_path / "stick")
    typing(monkeypatch, *read_sheet(folder, 3), "2", "typo", *read_sheet(folder, 2)[1:])
    words = ["restore", str(tmp_path / "again"), str(story.there), "--recovery"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "世代 2 を始めました" in said and "前の市サーバの控え帳がないため" in said
    assert t.read_key_file(tmp_path / "again" / keyfile.KEY) == story.server_key
    assert main(["verify", str(tmp_path / "again")]) == 0
    typing(monkeypatch, "1")
    assert main(["restore", str(tmp_path / "other"), *words[2:]]) == 2
    assert "入力がありません" in capsys.readouterr().out
