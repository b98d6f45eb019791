"""A backup is whole or none, of one moment, made while laptops send, and of either database."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.server import backup, backups, keyfile, restore
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.backup import MANIFEST, PHOTOS
from sync.server.sqlstore import SqlStore, open_store
from sync.server.trouble import Trouble
from tests import city_rows
from tests.server.kit import JPEG, PERSON, Laptop


@pytest.fixture
def city(place: Path) -> Iterator[SqlStore]:
    made = open_store(place)
    yield made
    made.close()


def key_of(place: Path) -> bytes:
    return t.read_key_file(place / keyfile.KEY)


def test_it_holds_everything_and_nothing_of_a_person(
    place: Path, city: SqlStore, tmp_path: Path
) -> None:
    trip = Laptop(city).take_trip()
    trip.laptop.send(trip.save())
    photos = [trip.send_photo(JPEG + bytes([n])) for n in range(3)]
    there = tmp_path / "stick"
    made = backup.make(place, there)
    assert (made.photos, made.copied, made.missing, made.dropped) == (3, 3, (), 0)
    body = backups.checked(made.folder, key_of(place))
    assert body["counts"] == made.counts and body["counts"]["op"] == 1
    with backups.looking(made.folder, key_of(place)) as shelf:
        assert {row.id for row in shelf.conn.execute(t.photo.select())} == {p.id for p in photos}
    files = {f.name for f in made.folder.iterdir()}
    assert files == {"city.db", "side.book", "manifest.json"}
    for file in there.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert PERSON.encode() not in data and b"facefaceface" not in data
            assert key_of(place) not in data and key_of(place).hex().encode() not in data
            assert not data.startswith(b"SQLite format 3")
    again = backup.make(place, there)
    assert (again.photos, again.copied) == (3, 0)
    assert backups.find(there) == again.folder and backups.find(made.folder) == made.folder


def test_a_photo_that_rots_on_the_medium_is_written_again(
    place: Path, city: SqlStore, tmp_path: Path
) -> None:
    photo = Laptop(city).take_trip().send_photo()
    backup.make(place, tmp_path / "stick")
    file = tmp_path / "stick" / PHOTOS / f"{photo.id}.ph"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert backup.make(place, tmp_path / "stick").copied == 1
    assert file.read_bytes() == photo.ph


def test_it_is_of_one_moment_while_laptops_send(
    place: Path, city: SqlStore, tmp_path: Path
) -> None:
    stop, failed = threading.Event(), []

    def send() -> None:
        try:
            trip = Laptop(city).take_trip()
            while not stop.is_set():
                trip.laptop.send(trip.save(), trip.save())
                trip.send_photo()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for one in threads:
        one.start()
    made = []
    for _ in range(3):
        time.sleep(0.15)
        made.append(backup.make(place, tmp_path / "stick"))
    stop.set()
    for one in threads:
        one.join()
    assert failed == [] and [one.missing for one in made] == [()] * 3
    assert made[0].counts["op"] < made[-1].counts["op"]
    for n, one in enumerate(made):
        told = restore.restore(tmp_path / f"again{n}", one.folder, key_of(place))
        assert told.photos == one.photos
        assert main(["verify", str(tmp_path / f"again{n}")]) == 0


def test_a_photo_that_is_erased_meanwhile_is_erased_in_the_copy(
    place: Path, city: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = Laptop(city).take_trip()
    kept, gone = trip.send_photo(), trip.send_photo()
    real = backup._snapshot

    def then_erase(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        with city.write() as shelf:
            row = shelf.photos([gone.id])[gone.id]
            shelf.put_photo(row.but(state="erased", key=b"", seal=b""))
        city.blobs.delete(gone.id)

    monkeypatch.setattr(backup, "_snapshot", then_erase)
    made = backup.make(place, tmp_path / "stick")
    assert (made.photos, made.missing) == (1, ())
    with backups.looking(made.folder, key_of(place)) as shelf:
        row = shelf.photos([gone.id])[gone.id]
        assert (row.state, row.key, shelf.photos([kept.id])[kept.id].state) == (
            "erased", b"", "stored",
        )  # fmt: skip


def test_a_photo_that_the_city_lost_is_told(
    place: Path, city: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = Laptop(city).take_trip().send_photo()
    city.blobs.delete(photo.id)
    assert main(["backup", str(place), str(tmp_path / "stick")]) == 1
    assert "読めない写真: 1 枚" in capsys.readouterr().out


def test_only_so_many_stay(place: Path, city: SqlStore, tmp_path: Path) -> None:
    trip = Laptop(city).take_trip()
    there = tmp_path / "stick"
    first, second = trip.send_photo(), trip.send_photo()
    backup.make(place, there)
    with city.write() as shelf:
        row = shelf.photos([first.id])[first.id]
        shelf.put_photo(row.but(state="erased", key=b"", seal=b""))
    city.blobs.delete(first.id)
    backup.make(place, there, keep=2)
    assert len(backup.sets(there)) == 2 and len(list((there / PHOTOS).iterdir())) == 2
    made = backup.make(place, there, keep=2)
    assert made.dropped == 1 and len(backup.sets(there)) == 2
    assert [f.stem for f in (there / PHOTOS).iterdir()] == [second.id]
    backups.checked(backup.sets(there)[0], key_of(place))


def test_it_refuses_the_city_itself_and_a_cut_off_backup(place: Path, tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="市サーバのフォルダーの中"):
        backup.make(place, place / "backup")
    made = backup.make(place, tmp_path / "stick")
    (made.folder / MANIFEST).unlink()
    for where in (made.folder, tmp_path / "stick", tmp_path):
        with pytest.raises(Trouble, match="完成したバックアップがありません"):
            backups.find(where)


DAMAGES = ["database", "side", "manifest", "signature", "counts", "key"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_forged_backup_is_refused(place: Path, tmp_path: Path, damage: str) -> None:
    city = open_store(place)
    Laptop(city).take_trip().send_photo()
    city.close()
    made = backup.make(place, tmp_path / "stick").folder
    key = key_of(place)
    if damage in ("database", "side"):
        file = made / {"database": "city.db", "side": "side.book"}[damage]
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif damage == "key":
        key = bytes(32)
    else:
        signed = json.loads((made / MANIFEST).read_bytes())
        if damage == "signature":
            signed["signature"] = signed["signature"][::-1]
        elif damage == "counts":
            body = json.loads(signed["body"]) | {"epoch": 7}
            signed["body"] = json.dumps(body, ensure_ascii=False, sort_keys=True)
        text = json.dumps(signed)
        (made / MANIFEST).write_text(text if damage != "manifest" else text[:-9])
    with pytest.raises(Trouble):
        restore.restore(tmp_path / "again", made, key)
    assert not (tmp_path / "again").exists()


def test_a_full_medium_is_a_sentence(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stick").write_text("a file in the place of the folder")
    assert main(["backup", str(place), str(tmp_path / "stick")]) == 2
    assert "バックアップ先に書けません" in capsys.readouterr().out


def test_the_backup_opens_on_the_other_kind_of_database(place: Path, tmp_path: Path) -> None:
    city = open_store(place)
    photo = Laptop(city).take_trip().send_photo()
    city.close()
    backup.make(place, tmp_path / "stick")
    restore.restore(tmp_path / "again", tmp_path / "stick", key_of(place))
    with city_rows.opened(tmp_path / "again") as again:
        assert again.engine.dialect.name == "sqlite"
        assert city_rows.jpeg(again, photo.id) == JPEG
