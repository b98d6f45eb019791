"""What a revoked device still sends: kept, let in by a person or dropped, never lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from sync import wire
from sync.server import devices, letin, quarantine
from sync.server import store as t
from sync.server.sqlstore import SqlStore
from tests.console.cast import Laptop, make_laptop
from tests.console.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def laptop(store: SqlStore) -> Laptop:
    return make_laptop(store)


def late(laptop: Laptop) -> tuple[object, str, object]:
    """A save and a photo of an honest colleague whose laptop was stopped before it could send."""
    shot = laptop.photo()
    ids = ["0190aaaa-0000-7000-8000-00000000000" + str(i) for i in (1, 2, 3)]
    ops = [
        laptop.save("reservation", ids[0], "", {"reception_no": "汐見-1"}),
        laptop.save("applicant", ids[1], ids[0], {"name": "汐見 花子"}),
        laptop.save("application", ids[2], ids[1], {"photo_id": shot["id"]}),
    ]
    batch = laptop.batch(ops, [shot])
    part = laptop.client.part(shot["id"], laptop.photos[shot["id"]], 0)
    return batch, shot["id"], part


def parked(store: SqlStore) -> list[tuple[str, str]]:
    with store.read() as shelf:
        rows = shelf.conn.execute(sa.select(t.packet).order_by(t.packet.c.no))
        return [(row.method, row.state) for row in rows]


def records(store: SqlStore) -> int:
    with store.read() as shelf:
        return int(shelf.conn.execute(sa.select(sa.func.count(t.record.c.id))).scalar_one())


def test_it_is_kept_and_applied_by_nobody(store: SqlStore, laptop: Laptop) -> None:
    batch, _, part = late(laptop)
    devices.revoke(store, "K01")
    for _ in range(2):  # the same again is one
        assert laptop.send(batch).value == {"error": "revoked"}
        assert laptop.send(part).value == {"error": "revoked"}
    assert parked(store) == [("POST", "waiting"), ("PUT", "waiting")]
    assert records(store) == 0


def test_a_foreign_signature_is_not_kept(store: SqlStore, laptop: Laptop) -> None:
    batch, _, _ = late(laptop)
    devices.revoke(store, "K01")
    forged = batch._replace(body=batch.body.replace(b'"v":2', b'"v": 2'))  # type: ignore
    assert laptop.send(forged).value == {"error": "bad_signature"}
    assert parked(store) == []


def test_letting_it_in_stores_all_and_the_laptop_gets_its_proofs(
    inside: Desk, store: SqlStore, laptop: Laptop
) -> None:
    batch, photo, part = late(laptop)
    devices.revoke(store, "K01")
    laptop.send(batch), laptop.send(part)
    assert "K01" in inside.page("/parked") and "受け入れる" in inside.page("/parked/K01")
    says = inside.act("/parked/K01/accept").get_data(as_text=True)
    assert "2件を受け入れました" in says and "市にあるもの：4件" in says
    assert parked(store) == [("POST", "accepted"), ("PUT", "accepted")] and records(store) == 3
    with store.read() as shelf:
        assert shelf.photos([photo])[photo].state == "stored"
    # The same bytes once more: a proof is never withheld, and nothing else is told.
    answer = laptop.send(batch)
    read = laptop.client.read_batch(answer)
    assert [one["answer"] for one in read.value["items"]] == ["taken"] * 3
    assert read.news is not None and read.news.value["trips"] == {}
    assert laptop.client.read_part(laptop.send(part))[1]["items"][0]["id"] == photo  # type: ignore
    assert "receipt" in read.photos[0]
    # Anything new is still refused.
    assert laptop.send(late(laptop)[0]).value == {"error": "revoked"}
    assert laptop.client.road.send("GET", "/ksp/v1/info", b"", {}).status == 200


def test_several_whole_photos_are_kept_and_proved_as_well(store: SqlStore, laptop: Laptop) -> None:
    shots = [laptop.photo() for _ in range(3)]
    laptop.send(laptop.batch([], shots))
    whole = laptop.client.whole(
        [(one["id"], one["sha256"], laptop.photos[one["id"]]) for one in shots]
    )
    devices.revoke(store, "K01")
    assert laptop.send(whole).value == {"error": "revoked"}
    told = letin.accept(store, "K01", "test")
    assert (told.packets, told.words["taken"], dict(told.failed)) == (1, 3, {})
    states = laptop.client.read_whole(laptop.send(whole), [one["id"] for one in shots])
    assert all(isinstance(one, tuple) for one in states)


def test_dropping_needs_a_reason_and_deletes_nothing(
    inside: Desk, store: SqlStore, laptop: Laptop
) -> None:
    batch, _, _ = late(laptop)
    devices.revoke(store, "K01")
    laptop.send(batch)
    assert inside.act("/parked/K01/drop", why=" ").status_code == 404
    assert inside.act("/parked/K01/drop", why="盗難届のあとに届いた").status_code == 303
    assert parked(store) == [("POST", "dropped")]
    laptop.send(batch)
    assert parked(store) == [("POST", "dropped")]
    assert letin.accept(store, "K01", "test").packets == 0 and records(store) == 0


def test_what_does_not_pass_is_kept_as_failed(store: SqlStore, laptop: Laptop) -> None:
    _, _, part = late(laptop)
    devices.revoke(store, "K01")
    laptop.send(part)
    told = letin.accept(store, "K01", "test")
    assert told.failed == {"unknown_photo": 1} and parked(store) == [("PUT", "failed")]


def test_a_stolen_laptop_does_not_fill_the_disk(
    store: SqlStore, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices.revoke(store, "K01")
    monkeypatch.setattr(quarantine, "LIMIT", 3)
    for _ in range(5):
        laptop.send(late(laptop)[0])
    assert len(parked(store)) == 3
    monkeypatch.setattr(quarantine, "LIMIT", 2000)
    monkeypatch.setattr(quarantine, "BYTES", wire.PART_LIMIT)
    part = laptop.client.part("0190aaaa-0000-7000-8000-000000000009", bytes(3_000_000), 0)
    more = laptop.client.part("0190aaaa-0000-7000-8000-000000000009", bytes(2_000_000), 9)
    laptop.send(part), laptop.send(more)
    assert len(parked(store)) == 4
    with store.read() as shelf:
        assert quarantine.every(shelf)[0].full


@pytest.mark.parametrize("point", ["parked.replayed", "parked.marked", "parked.replayed:2"])
def test_a_kill_while_letting_in_loses_nothing(
    store: SqlStore, laptop: Laptop, folder: Path, point: str
) -> None:
    batch, photo, part = late(laptop)
    devices.revoke(store, "K01")
    laptop.send(batch), laptop.send(part)
    store.close()
    command = [sys.executable, "-m", "sync.server", "quarantine", "accept", str(folder), "K01"]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "KIT_FAIL": point}, check=False)
    assert killed.returncode == 137
    again = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
                           env={**os.environ, "PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert again.returncode == 0 and "停止したまま" in again.stdout
    assert parked(store) == [("POST", "accepted"), ("PUT", "accepted")] and records(store) == 3
    with store.read() as shelf:
        assert shelf.photos([photo])[photo].state == "stored"
