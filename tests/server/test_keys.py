"""New keys: what was proved stays proved, what is sealed opens, and the old key opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync import statements, wire
from sync.ids import new_id
from sync.receipt import Receipt
from sync.server import backup, keyfile, keys, restore, twins, verify_things
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.box import Box
from sync.server.handle import Handler
from sync.server.sqlstore import CHANGED, open_store
from sync.server.trouble import Trouble
from sync.wire import WireError
from tests import city_rows
from tests.server.kit import JPEG, PERSON, Laptop
from tests.server.test_recovery import read_sheet, typing


def test_receipts_hold_across_three_signing_keys(place: Path) -> None:
    with city_rows.opened(place) as city:
        laptop = Laptop(city)
        trip, publics = laptop.take_trip(), [laptop.city_public]
        for _ in range(2):
            laptop.send(trip.save())
            told = keys.rotate_key(city, "test")
            with city.read() as shelf:
                one = shelf.city()
            chain = statements.read_keys(publics[0], one.code, [dict(k) for k in one.keys])
            publics.append(chain[-1].new)
            assert (wire.fingerprint(publics[-2]), wire.fingerprint(publics[-1])) == (
                told.old, told.new,
            )  # fmt: skip
            laptop.city_public = publics[-1]
        laptop.send(trip.save())
        made = [Receipt(r.body.encode(), r.signature) for r in city_rows.rows(city, t.receipt)]
        assert [one.value["kind"] for one in made] == ["ops", "key", "ops", "key", "ops"]
        signers = [publics[0], publics[1], publics[1], publics[2], publics[2]]
        for one, public in zip(made, signers, strict=True):
            wire.verify(public, "receipt", one.body, one.signature)
        assert verify_things.look(city, place).wrong == []
        assert Laptop(city).city_public == publics[-1]


def test_everything_is_sealed_with_a_new_store_key(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_key = t.read_key_file(place / keyfile.KEY)
    city = open_store(place)
    laptop, person, home = Laptop(city), new_id(), new_id()
    trip = laptop.take_trip(kind="desk")
    laptop.send(
        trip.save(home, postal="0470001", address="花園1-2-3"),
        trip.save(person, "applicant", parent=home, name=PERSON, birth="1950-01-01"),
    )
    photo = trip.send_photo()
    with city.write() as shelf:
        twins.catch_up(shelf, 0, 10)
    before, index = city_rows.docs(city), {r.key for r in city_rows.rows(city, t.twin_key)}
    assert main(["rotate-store-key", str(place)]) == 2
    assert "市サーバが動いています" in capsys.readouterr().out
    city.close()
    assert main(["rotate-store-key", str(place), "--who", "test"]) == 0
    new_key = t.read_key_file(place / keyfile.KEY)
    assert new_key != old_key and not list(place.glob("*.new"))
    with city_rows.opened(place) as again:
        assert city_rows.docs(again) == before and city_rows.jpeg(again, photo.id) == JPEG
        with again.write() as shelf:
            twins.catch_up(shelf, 10, 10)
        fresh = {row.key for row in city_rows.rows(again, t.twin_key)}
        assert len(fresh) == len(index) > 0 and not fresh & index
        laptop.door = Handler(again)
        assert laptop.send(trip.save(person, "applicant", home, 2, kana="ワタナベ"))["seq"] > 1
        trip.end()
        assert verify_things.look(again, place).wrong == []
        for row in city_rows.rows(again, t.record):
            with pytest.raises(WireError):
                Box(old_key).open("record", row.id, row.body)
    keyfile.write_key(place / keyfile.KEY, old_key)
    with pytest.raises(Trouble, match="server.key ではこのデータを開けません"):
        open_store(place)


def test_a_process_with_the_old_key_writes_nothing(place: Path) -> None:
    """On PostgreSQL other machines may still run: they must not seal with a key that is gone."""
    city = open_store(place)
    laptop = Laptop(city)
    trip = laptop.take_trip()
    with city.engine.begin() as conn:
        key_id = t.meta.c.name == "key_id"
        conn.execute(t.meta.update().where(key_id).values(value=Box(bytes(32)).name))
    with pytest.raises(Trouble, match=CHANGED):
        laptop.batch([trip.save()])
    assert city_rows.rows(city, t.op) == []
    city.close()


def test_the_sheets_open_the_backup_of_the_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, stick = tmp_path / "city", tmp_path / "stick"
    main(["init", str(folder), "--code", "01999", "--name", "汐見市"])
    old = backup.make(folder, stick)
    old_key = t.read_key_file(folder / keyfile.KEY)
    assert main(["rotate-store-key", str(folder)]) == 0
    new = backup.make(folder, stick, keep=1)
    assert new.dropped == 1 and not old.folder.exists()
    typing(monkeypatch, *read_sheet(folder, 1), *read_sheet(folder, 3))
    assert main(["restore", str(tmp_path / "again"), str(stick), "--recovery"]) == 0
    assert t.read_key_file(tmp_path / "again" / keyfile.KEY) != old_key
    with pytest.raises(Trouble):
        restore.restore(tmp_path / "other", stick, old_key)
