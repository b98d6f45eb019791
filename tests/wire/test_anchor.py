"""The ledger at the city: a laptop cannot rewrite, cut or forget what the city countersigned.

Real server, real vault. A rewriter has everything that the laptop has: its store and its key.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fieldkit import anchor, outbox, tripend
from fieldkit.city import enrol_device
from fieldkit.errors import KitError
from fieldkit.sending import Sending
from fieldkit.settings import Settings
from fieldkit.store import ledger, opening, records
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import verify_ledger, wire
from sync.road import HttpRoad, NoAnswer
from sync.server import ledgers, receipts, store
from sync.server.exports import ledger_file
from sync.verify_ledger import GENESIS, entry_hash, first_difference, read_file, verify_receipts
from tests import city_rows
from tests.conftest import FAST, NOW, PASSPHRASE, SATO, CityServer, start_city
from tests.flow.test_one_visit import make_visit, take_reservation


def later(settings: Settings, hours: int = 1) -> Settings:
    return replace(settings, clock=lambda: NOW + timedelta(hours=hours))


def ledger_rows(city: CityServer, device: str = "K01") -> list[tuple[str, str]]:
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        row = store.ledger_row
        found = conn.execute(sa.select(row).where(row.c.device == device).order_by(row.c.seq))
        return [(r.body, r.hash) for r in found]


def own_rows(vault: Vault) -> list[tuple[str, str]]:
    return [tuple(r) for r in vault.book.all("SELECT body, hash FROM ledger ORDER BY seq")]


def told(vault: Vault) -> int:
    return int(kept.city(vault.book)["ledger"]["seq"])


def city_public(vault: Vault) -> str:
    assert vault.device is not None
    return str(vault.device["city_public"].hex())


# -- the anchor -----------------------------------------------------------------------------------
def test_a_sync_with_nothing_to_send_brings_the_ledger(vault: Vault, city: CityServer) -> None:
    assert outbox.waiting(vault)["waiting"] == 0
    outbox.sync(vault)
    here = ledger_rows(city)
    assert len(here) >= 2 and here == own_rows(vault)[: len(here)] and told(vault) == len(here)
    outbox.sync(vault)
    assert len(ledger_rows(city)) == told(vault) > len(here)
    status = anchor.status(vault)
    assert status["told_seq"] == told(vault) < status["seq"]
    assert status["told_head"] == own_rows(vault)[told(vault) - 1][1][:16]


def test_a_long_ledger_goes_in_many_batches(
    vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch takes few rows here; the bounds are wire.LEDGER_ROWS and LEDGER_BYTES."""
    monkeypatch.setattr(ledger, "LEDGER_ROWS", 7)
    make_visit(vault)
    outbox.sync(vault)
    count = len(ledger_rows(city))
    assert count == told(vault) > 14
    monkeypatch.setattr(ledger, "LEDGER_BYTES", 300)  # one row is always sent
    outbox.sync(vault)
    assert told(vault) > count


def test_the_receipt_names_only_what_the_city_holds(vault: Vault, city: CityServer) -> None:
    """The rows of this batch, and not what the laptop claims beyond them."""
    outbox.sync(vault)
    found = vault.book.all("SELECT body FROM receipt ORDER BY seq")
    heads = [json.loads(row["body"])["ledger"] for row in found]
    rows = ledger_rows(city)
    assert heads and all(head["hash"] == rows[head["seq"] - 1][1] for head in heads)


def test_two_laptops_do_not_disturb_each_other(
    vault: Vault, city: CityServer, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path / "b", server_url=city.url, argon2=FAST, clock=lambda: NOW
    )
    other, _ = opening.create(settings, SATO, PASSPHRASE)
    enrol_device(other, city.url, city.code(), city.fingerprint(), "訪問用B")
    for _ in range(3):
        outbox.sync(vault)
        take_reservation(other)
        outbox.sync(other)
        outbox.sync(other)
    for one, device in ((vault, "K01"), (other, "K02")):
        rows = ledger_rows(city, device)
        assert rows == own_rows(one)[: len(rows)] and told(one) == len(rows)
    other.close()


def test_a_laptop_that_names_only_its_head_still_syncs(vault: Vault, city: CityServer) -> None:
    """Batches of before: recorded where they do not go backwards, never countersigned."""

    def take(seq: int, digest: str) -> str:
        with city.store.write() as shelf:
            return ledgers.take(shelf, "K01", ledgers.Sent(seq, digest, None))

    assert take(5, "aa") == take(3, "bb") == take(6, "cc") == ""
    assert (device(city).ledger_seq, device(city).ledger_hash) == (6, "cc")
    assert ledger_rows(city) == []


def device(city: CityServer, number: str = "K01") -> Any:
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        return conn.execute(sa.select(store.device).where(store.device.c.id == number)).one()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lost_questions_and_answers_are_no_fork(
    vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The city has stored what the laptop believes lost; small batches, many ends."""
    monkeypatch.setattr(ledger, "LEDGER_ROWS", 3)
    dice, real = random.Random(seed), HttpRoad.send

    def bad_line(road: HttpRoad, *message: Any) -> Any:
        fate = dice.random()
        if fate < 0.15:
            raise NoAnswer("lost on the way there")
        answer = real(road, *message)
        if fate < 0.4:
            raise NoAnswer("lost on the way back")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(HttpRoad, "send", bad_line)
        for number in range(25):
            vault.note("view", str(number))
            with contextlib.suppress(KitError):
                outbox.sync(vault)
    monkeypatch.setattr(ledger, "LEDGER_ROWS", 1000)
    outbox.sync(vault)
    rows = ledger_rows(city)
    assert rows == own_rows(vault)[: len(rows)] and told(vault) == len(rows) > 25
    assert city_rows.refusals(city.store, "K01") == 0


# -- an older copy of the store -------------------------------------------------------------------
def copy_of(vault: Vault, to: Path) -> Path:
    vault.book.checkpoint()
    shutil.copytree(vault.settings.data_dir, to)
    return to


@pytest.mark.parametrize("rows_after", [0, 40])
def test_a_restored_older_copy_is_noticed_at_the_next_sync(
    vault: Vault, city: CityServer, tmp_path: Path, rows_after: int
) -> None:
    outbox.sync(vault)
    old = copy_of(vault, tmp_path / "old")
    make_visit(vault)
    outbox.sync(vault)
    before, count = ledger_rows(city), city_ops(city)
    back = opening.unlock(later(replace(vault.settings, data_dir=old)), SATO.id, PASSPHRASE)
    take_reservation(back)
    for _ in range(rows_after):
        back.note("view", "x")
    waits = outbox.waiting(back)
    for _ in range(2):
        with pytest.raises(KitError) as caught:
            outbox.sync(back)
        wanted = "city_ledger_fork" if rows_after else "city_ledger_behind"
        assert caught.value.code == wanted and "消去していません" in caught.value.sentence
    assert (ledger_rows(city), city_ops(city)) == (before, count), "nothing of such a batch is kept"
    assert outbox.waiting(back) == waits, "nothing is lost, parked or erased on the laptop"
    acts = [json.loads(body)["act"] for body, _ in own_rows(back)]
    assert acts[-1] == "refused"
    back.close()
    assert city_rows.refusals(city.store, "K01") == 2, "the city keeps the evidence"
    outbox.sync(vault)


def city_ops(city: CityServer) -> int:
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        return len(conn.execute(sa.select(store.op.c.op_id)).all())


def test_a_copy_that_goes_on_beside_the_first_one_is_a_fork(
    vault: Vault, city: CityServer, tmp_path: Path
) -> None:
    """Two laptops from one disk image: whoever syncs second with another row is told."""
    outbox.sync(vault)
    twin = copy_of(vault, tmp_path / "twin")
    vault.note("view", "y")
    outbox.sync(vault)
    second = opening.unlock(later(replace(vault.settings, data_dir=twin)), SATO.id, PASSPHRASE)
    for _ in range(20):
        second.note("view", "x")
    with pytest.raises(KitError, match="city_ledger_fork"):
        outbox.sync(second)
    second.close()


# -- a rewriter with the device's key -------------------------------------------------------------
Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def swap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rows[1], rows[0], *rows[2:]]


CHANGES: dict[str, Change] = {
    "edit": lambda rows: [{**rows[0], "actor": "taro"}, *rows[1:]],
    "edit the last": lambda rows: [*rows[:-3], {**rows[-3], "result": "no"}, *rows[-2:]],
    "delete": lambda rows: rows[1:],
    "swap": swap,
    "insert": lambda rows: [{**rows[0], "act": "view"}, *rows],
    "truncate": lambda rows: rows[:2],
    "rewrite the tail": lambda rows: [{**row, "actor": "taro"} for row in rows],
}


def rewrite(vault: Vault, start: int, change: Change) -> None:
    """Change the rows from `start` on and make a chain that is whole again."""
    rows = [json.loads(body) for body, _ in own_rows(vault)[start - 1 :]]
    prev = ledger.hash_at(vault.book, start - 1)
    with vault.book.write() as conn:
        conn.execute("DELETE FROM ledger WHERE seq >= ?", (start,))
        for seq, row in enumerate(change(rows), start=start):
            text = wire.canonical({**row, "seq": seq, "prev": prev}).decode()
            prev = entry_hash(text)
            conn.execute("INSERT INTO ledger VALUES (?, ?, ?)", (seq, text, prev))


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_rewritten_past_is_refused_and_named(
    vault: Vault, city: CityServer, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox.sync(vault)
    first = told(vault)
    make_visit(vault)
    outbox.sync(vault)
    with city.store.read() as shelf:
        (tmp_path / "c.jsonl").write_bytes(ledger_file(shelf, "K01"))
    rewrite(vault, first + 3, CHANGES[name])
    assert ledger.check(vault.book) is None, "the chain alone cannot show it"
    assert vault.device is not None
    (tmp_path / "k.jsonl").write_bytes(ledger.export(vault.book, vault.device))
    kit, city_file = str(tmp_path / "k.jsonl"), str(tmp_path / "c.jsonl")
    key = vault.device["sign_public"].hex()
    assert verify_ledger.main([kit, "--public", key]) == 0, "nor the signature of the laptop"
    capsys.readouterr()
    with_city = ["--public", key, "--city-public", city_public(vault), "--receipts", city_file]
    assert verify_ledger.main([kit, *with_city]) == 1
    assert "市" in capsys.readouterr().out
    made = read_file(tmp_path / "k.jsonl")
    more = read_file(tmp_path / "c.jsonl").receipts
    good, problem = verify_receipts(made, more, city_public(vault))
    assert problem is not None and first <= good < problem.seq
    named = first_difference(made, read_file(tmp_path / "c.jsonl"))
    if name != "truncate":
        assert named is not None
        assert named.seq == (told(vault) if name == "edit the last" else first + 3)
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code in ("city_ledger_fork", "city_ledger_behind", "ledger_not_ours")


def test_a_row_after_the_anchor_can_still_be_changed(vault: Vault, tmp_path: Path) -> None:
    """The control: what no city has seen is not protected from the laptop's own key."""
    outbox.sync(vault)
    vault.note("view", "x")
    rewrite(vault, told(vault) + 1, lambda rows: [{**row, "actor": "taro"} for row in rows])
    (tmp_path / "k.jsonl").write_bytes(ledger.export(vault.book, vault.device))
    assert verify_ledger.main([str(tmp_path / "k.jsonl"), "--city-public", city_public(vault)]) == 0
    outbox.sync(vault)


# -- a city that was set back ---------------------------------------------------------------------
@pytest.fixture
def backed_up(vault: Vault, city: CityServer) -> Iterator[Callable[[], str]]:
    """A copy of the city's store now; calling it serves that copy and returns its address."""
    outbox.sync(vault)
    started: list[CityServer] = []
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        conn.exec_driver_sql("COMMIT")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        conn.exec_driver_sql("BEGIN")
    shutil.copytree(city.folder, city.folder.with_name("backup"))

    def serve() -> str:
        started.append(start_city(city.folder.with_name("backup")))
        return started[0].url

    yield serve
    for one in started:
        one.stop()  # type: ignore[operator]


@pytest.mark.parametrize("others", [0, 30])
def test_a_city_set_back_is_noticed_and_nothing_is_erased(
    vault: Vault, backed_up: Callable[[], str], others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where other laptops have brought its numbers beyond those that this one knows, and where
    the city does not look at what a laptop shows (that one does: tests/faults/test_put_back.py)."""
    monkeypatch.setattr(Sending, "shows", lambda self, whole=False: {})
    trip_id, _, _ = make_visit(vault)
    outbox.sync(vault)
    url = backed_up()
    vault.settings = replace(vault.settings, server_url=url)
    with city_rows.opened(vault.settings.data_dir.parent / "backup") as old, old.write() as shelf:
        for _ in range(others):
            receipts.issue(shelf, "K99", "ops", [], {"seq": 0, "hash": GENESIS})
    take_reservation_waits(vault)
    waits = outbox.waiting(vault)
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code in ("city_restored", "city_ledger_gap")
    assert "消去していません" in caught.value.sentence
    assert outbox.waiting(vault) == waits and waits["waiting"]
    assert vault.trip_folder(trip_id).exists() and tripend.owed(vault) == []


def take_reservation_waits(vault: Vault) -> None:
    """Something new that waits, without asking the city for a desk."""
    desk = next(trip for trip in vault.trips.values() if trip.kind == "desk")
    records.save(vault, desk, "reservation", {"address": "汐見市"})


def test_another_epoch_is_noticed(vault: Vault, city: CityServer) -> None:
    outbox.sync(vault)
    with city.engine.begin() as conn:  # type: ignore[attr-defined]
        conn.execute(store.city.update().values(epoch=2))
    with pytest.raises(KitError, match="city_restored"):
        outbox.sync(vault)


# -- the two copies -------------------------------------------------------------------------------
def test_the_laptop_and_the_city_tell_the_same(
    vault: Vault, city: CityServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_visit(vault)
    outbox.sync(vault)
    (tmp_path / "k.jsonl").write_bytes(ledger.export(vault.book, vault.device))
    with city.store.read() as shelf:
        (tmp_path / "c.jsonl").write_bytes(ledger_file(shelf, "K01"))
    key, kit, copy = city_public(vault), str(tmp_path / "k.jsonl"), str(tmp_path / "c.jsonl")
    assert verify_ledger.main([copy, "--public", key, "--city-public", key]) == 0
    told_by = ["--city-public", key, "--receipts", copy, "--against", copy]
    assert verify_ledger.main([kit, *told_by]) == 0
    says = capsys.readouterr().out
    assert f"{told(vault)}行目までを証明" in says and f"{told(vault)}行目まで同じ" in says
    assert verify_ledger.main([copy, "--public", "00" * 32]) == 1
