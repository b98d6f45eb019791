"""`verify` finds what was changed or is missing, and says what and where."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sync.server import devices, keyfile, keys, verify_things
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.sqlstore import SqlStore
from tests import city_rows
from tests.needs import needs
from tests.server.kit import JPEG, Laptop, make_city
from tests.server.postgres import Cluster


class Whole:
    """A city with one of each: everything in it is right."""

    photo = ""

    def __init__(self, city: SqlStore, place: Path) -> None:
        self.city, self.place = city, place

    def fill(self) -> None:
        city = self.city
        laptop, other = Laptop(city), Laptop(city, profile="office")
        trip, over = laptop.take_trip(), laptop.take_trip()
        for n in range(3):
            laptop.row()
            home = trip.save()
            laptop.send(home, over.save())
            if n == 0:
                keys.rotate_key(city, "test")
                laptop.city_public = other.city_public = self.public()
        record = city_rows.rows(city, t.record)[0].id
        other.send(other.take_trip(kind="office").save(record, address="別の住所"))
        Whole.photo = trip.send_photo().id
        over.send_photo(JPEG + b"2")
        over.end()
        devices.revoke(city, other.id)
        assert other.batch([]) == (403, {"error": "revoked"})

    def public(self) -> bytes:
        with self.city.read() as shelf:
            return shelf.city().sign_public

    def wrong(self) -> list[str]:
        return verify_things.look(self.city, self.place).wrong


def flip(table: sa.Table, column: str, row: int = 0, **where: Any) -> Callable[[Whole], None]:
    """One byte (or letter) of one row is another."""

    def act(whole: Whole) -> None:
        rows = [r for r in city_rows.rows(whole.city, table)
                if all(getattr(r, n) == v for n, v in where.items())]  # fmt: skip
        value = getattr(rows[row], column)
        data = bytearray(value.encode() if isinstance(value, str) else bytes(value))
        at = len(data) // 2
        text = isinstance(value, str)
        data[at] = (ord("y") if data[at] == ord("x") else ord("x")) if text else data[at] ^ 1
        new = data.decode("utf-8", "replace") if text else bytes(data)
        with whole.city.engine.begin() as conn:
            same = sa.and_(*(k == getattr(rows[row], k.name) for k in table.primary_key))
            conn.execute(table.update().where(same).values({column: new}))

    return act


def drop(table: sa.Table, row: int = 0, **where: Any) -> Callable[[Whole], None]:
    """One row is gone."""

    def act(whole: Whole) -> None:
        rows = [r for r in city_rows.rows(whole.city, table)
                if all(getattr(r, n) == v for n, v in where.items())]  # fmt: skip
        with whole.city.engine.begin() as conn:
            same = sa.and_(*(k == getattr(rows[row], k.name) for k in table.primary_key))
            conn.execute(table.delete().where(same))

    return act


def no_photo(whole: Whole) -> None:
    whole.city.blobs.delete(whole.photo)


def other_photo(whole: Whole) -> None:
    data = whole.city.blobs.get(whole.photo) or b""
    whole.city.blobs.put_all([(whole.photo, data[:-1] + bytes([data[-1] ^ 1]))])


def side_line(whole: Whole) -> None:
    file = whole.place / keyfile.SIDE
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)


def epoch_up(whole: Whole) -> None:
    with whole.city.engine.begin() as conn:
        conn.execute(t.city.update().values(epoch=2))


DAMAGES: dict[str, tuple[Callable[[Whole], None], str]] = {
    "save changed": (flip(t.op, "body", 1), "中身が、届いたときと違います"),
    "save missing": (drop(t.op, 1), "抜けがあります"),
    "save missing at the end": (drop(t.op, -1), "がありません"),
    "record changed": (flip(t.record, "body"), "record の"),
    "record missing": (drop(t.record), "の記録がありません"),
    "clash changed": (flip(t.clash, "body"), "clash の"),
    "receipt changed": (flip(t.receipt, "body", 2), "つながりません"),
    "receipt of another signer": (flip(t.receipt, "signature", 2), "市のものではありません"),
    "receipt missing": (drop(t.receipt, 2), "つながりません"),
    "ledger row changed": (flip(t.ledger_row, "body", 1), "取扱記録簿の控え 2 行目"),
    "ledger row missing": (drop(t.ledger_row, 1), "取扱記録簿の控え 2 行目"),
    "last ledger row missing": (drop(t.ledger_row, -1), "認めた取扱記録簿の行がありません"),
    "photo missing": (no_photo, "がありません"),
    "photo changed": (other_photo, "中身が、届いたときと違います"),
    "photo key changed": (flip(t.photo, "key"), "photo の"),
    "photo row missing": (drop(t.photo, state="stored"), "の行がありません"),
    "trip key changed": (flip(t.trip, "seal_private", state="out"), "trip の"),
    "trip missing": (drop(t.trip), "訪問データの行がありません"),
    "device missing": (drop(t.device), "の行がありません"),
    "city key changed": (flip(t.city, "sign_private"), "city の"),
    "key statement changed": (flip(t.statement, "body"), "鍵"),
    "key statement missing": (drop(t.statement), "鍵の入れ替えの記録"),
    "epoch changed": (epoch_up, "世代の記録が足りない"),
    "packet changed": (flip(t.packet, "body"), "保留 1 番"),
    "own ledger changed": (flip(t.audit, "body"), "市の取扱記録簿の 1 行目"),
    "side book changed": (side_line, "side.book"),
    "setting missing": (drop(t.meta, name="key_id"), "key_id"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = make_city(tmp_path_factory.mktemp("verify") / "city")
    with city_rows.opened(place) as city:
        Whole(city, place).fill()
    return place


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_it_finds(copy: Path, damage: str) -> None:
    act, says = DAMAGES[damage]
    with city_rows.opened(copy) as city:
        whole = Whole(city, copy)
        assert whole.wrong() == []
        act(whole)
        assert any(says in line for line in whole.wrong()), whole.wrong()


@needs("postgresql")
def test_it_finds_them_in_postgres_too(tmp_path: Path, cluster: Cluster) -> None:
    place = make_city(tmp_path / "city", cluster.new())
    with city_rows.opened(place) as city:
        whole = Whole(city, place)
        whole.fill()
        assert whole.wrong() == []
        for number, damage in enumerate(("photo changed", "save changed", "clash changed"), 1):
            act, says = DAMAGES[damage]
            act(whole)
            found = whole.wrong()
            assert any(says in line for line in found) and len(found) >= number


def test_a_byte_of_the_file_is_found_by_the_command(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(copy)]) == 0
    assert "すべて正しい。" in capsys.readouterr().out
    data = bytearray((copy / "city.db").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "city.db").write_bytes(data)
    assert main(["verify", str(copy)]) == 1
    assert "データベースのファイルが壊れています" in capsys.readouterr().out
