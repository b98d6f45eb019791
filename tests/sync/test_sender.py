"""The sending machine over real vaults, a real city and lines that lose, delay and repeat."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fieldkit import checkout, outbox, reserve
from fieldkit.city import connect, enrol_device
from fieldkit.errors import KitError
from fieldkit.outbox import Progress
from fieldkit.sending import Sending, clock_offset
from fieldkit.settings import Settings
from fieldkit.store import facts, ledger, opening, photos
from fieldkit.store.vault import Vault
from sync import pace
from sync.client import Client
from sync.server import store
from sync.server.sqlstore import open_store
from sync.wire import WireError, b64, canonical, new_sealing_key
from tests.conftest import FAST, NOW, PASSPHRASE, SATO, CityServer, start_city
from tests.flow.test_one_visit import DAY, take_reservation
from tests.sync.lines import Line, line, told

__all__ = ["line"]
FACE = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 9_000 + b"\xff\xd9"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityServer]:
    """One city for all laptops of this file."""
    made = start_city(tmp_path_factory.mktemp("city"))
    yield made
    made.stop()  # type: ignore[operator]


@pytest.fixture
def vault(tmp_path: Path, city: CityServer) -> Iterator[Vault]:
    settings = Settings(
        data_dir=tmp_path / "kit", server_url=city.url, argon2=FAST, clock=lambda: NOW
    )
    made, _ = opening.create(settings, SATO, PASSPHRASE)
    enrol_device(made, city.url, city.code(), city.fingerprint(), "訪問用A")
    yield made
    made.close()


def a_day(vault: Vault, pictures: int = 0) -> list[str]:
    """A trip with so many chosen photos; their ids."""
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    person = reserve.slip(trip, reservation_id).applicants[0]
    ids = [photos.seal(vault, trip, person.id, FACE + bytes([i])) for i in range(pictures)]
    for one in ids:
        photos.keep(vault, one)
    return ids


def stored(city: CityServer, ids: list[str]) -> int:
    with city.engine.connect() as conn:
        query = sa.select(sa.func.count()).where(store.photo.c.id.in_(ids))
        return int(conn.execute(query.where(store.photo.c.state == "stored")).scalar_one())


def states(vault: Vault) -> set[str]:
    return {row["state"] for row in vault.book.all("SELECT state FROM photo")}


# -- one round trip -------------------------------------------------------------------------------
def test_with_nothing_to_do_one_small_question_goes(vault: Vault, line: Line) -> None:
    a_day(vault)
    outbox.sync(vault)
    outbox.sync(vault)
    line.sent.clear()
    line.answers.clear()
    outbox.sync(vault)
    assert len(line.sent) == 1
    assert line.sent[0][2] <= 2048 and line.answers[0] <= 2048, (line.sent, line.answers)


def test_the_order_is_saves_facts_photos_rest(vault: Vault, line: Line) -> None:
    a_day(vault, 2)
    facts.note(vault.book, "a:visit", "visit", DAY, {"place": "home"})
    line.bodies.clear()
    outbox.sync(vault)
    asked = [told(body) for body in line.bodies]
    kinds = [
        "part" if not one else "saves" if one["ops"] else "photos" if one["photos"] else "rest"
        for one in asked
    ]
    assert kinds == ["saves", "photos", "part", "part", "rest"]
    assert [f["id"] for f in asked[0]["facts"]] == ["a:visit"] and asked[0]["v"] == 2
    assert vault.book.one("SELECT 1 FROM fact WHERE receipt IS NULL") is None


# -- several at once ------------------------------------------------------------------------------
def test_four_lanes_or_eight_on_a_bad_line(
    vault: Vault, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = a_day(vault, 12)
    line.delay = 0.05
    seen = outbox.sync(vault)
    assert line.most == 4 == seen.lanes and stored(city, ids) == 12
    assert (seen.done, seen.bytes_done) == (seen.total, seen.bytes_total)
    assert states(vault) == {"erased"}
    monkeypatch.setattr(pace, "FAR", 0.0)
    line.most = 0
    ids = a_day(vault, 12)
    assert outbox.sync(vault).lanes == line.most == 8


def test_photos_are_erased_in_groups_while_others_go_up(
    vault: Vault, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(vault, 24)
    groups: list[int] = []
    real = Sending.erase

    def erase(held: Sending) -> None:
        groups.append(len(held._proved))
        real(held)

    monkeypatch.setattr(Sending, "erase", erase)
    line.delay = 0.01
    outbox.sync(vault)
    assert sum(groups) == 24 and len(groups) <= 4, groups
    assert states(vault) == {"erased"}


def test_asked_twice_at_once_it_sends_once(vault: Vault, city: CityServer, line: Line) -> None:
    ids = a_day(vault, 6)
    line.delay = 0.02
    threads = [threading.Thread(target=outbox.sync, args=(vault,)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    size = sum(row["size"] for row in vault.book.all("SELECT size FROM photo"))
    more = sum(line.puts()) - size  # heads; no photo a second time
    assert stored(city, ids) == 6 and states(vault) == {"erased"} and 0 <= more < size / 6
    sent = [op["op_id"] for body in line.bodies for op in told(body).get("ops", [])]
    assert len(sent) == len(set(sent))


# -- lines that fail ------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_loses_much_carries_all_of_it_once(
    vault: Vault, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(pace, "pause", lambda failures, dice: 0.001)
    ids = a_day(vault, 8)

    def fate(*_message: Any) -> str:
        return dice.choices(["", "lost", "unheard"], [6, 2, 2])[0]

    line.fate = fate
    for _ in range(20):
        with contextlib.suppress(KitError):
            outbox.sync(vault)
        if not outbox.waiting(vault)["waiting"]:
            break
    assert stored(city, ids) == 8 and states(vault) == {"erased"}
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert ledger.check(vault.book) is None


def test_after_a_failure_it_goes_on_where_the_city_says(
    vault: Vault, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "NEAR", 0.0)
    ids = a_day(vault, 1)
    parts = iter(["unheard"])

    def fate(method: str, *_rest: Any) -> str:
        return next(parts, "") if method == "PUT" else ""

    line.fate = fate
    outbox.sync(vault)
    size = photos.row_of(vault, ids[0])["size"]
    assert len(line.puts()) > 1, "it goes in parts"
    assert sum(line.puts()) < size + 600 * len(line.puts()), "nothing goes twice"


def test_a_dead_line_keeps_what_was_reached(vault: Vault, city: CityServer, line: Line) -> None:
    ids = a_day(vault, 12)
    count = 0

    def fate(method: str, *_rest: Any) -> str:
        nonlocal count
        count += method == "PUT"
        return "refused" if count > 5 else ""

    line.fate = fate
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code == "no_server"
    done = [i for i in ids if photos.row_of(vault, i)["state"] == "erased"]
    assert 5 <= len(done) == stored(city, ids) < 12  # a request may carry several photos
    line.fate = lambda *_message: ""
    outbox.sync(vault)
    assert stored(city, ids) == 12 and states(vault) == {"erased"}


def test_without_a_line_it_says_so_at_once(vault: Vault, line: Line) -> None:
    a_day(vault, 1)
    asked: list[str] = []
    line.fate = lambda method, path, _body: asked.append(path) or "lost"  # type: ignore[func-returns-value]
    with pytest.raises(KitError, match="no_server"):
        outbox.sync(vault)
    assert len(asked) == 1


# -- a city of before -----------------------------------------------------------------------------
def test_a_city_of_before_is_served_in_its_words(
    vault: Vault, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows batches of version 1 only, no facts, no news, and parts of 256 KiB."""
    ids = a_day(vault, 3)
    real = Client.read_batch
    asked: list[int] = []

    def read_batch(client: Client, answer: Any) -> Any:
        asked.append(client.v)
        if client.v > 1:
            return real(client, replace(answer, status=400, value={"error": "other_version"}))
        return real(client, answer)

    monkeypatch.setattr(Client, "read_batch", read_batch)
    outbox.sync(vault)
    assert asked[0] == 2 and set(asked[1:]) == {1}, "remembered for the run"
    assert stored(city, ids) == 3 and states(vault) == {"erased"}
    assert all("facts" not in told(body) for body in line.bodies if told(body).get("v") == 1)


def test_a_part_that_is_too_large_is_halved(
    vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = a_day(vault, 2)
    real = Client.read_part
    sizes: list[int] = []
    part = Client.part

    def counted(client: Client, photo_id: str, piece: bytes, *more: Any) -> Any:
        sizes.append(len(piece))
        return part(client, photo_id, piece, *more)

    def read_part(client: Client, answer: Any) -> Any:
        if len(sizes) <= 2:
            return real(client, replace(answer, status=400, value={"error": "too_large"}))
        return real(client, answer)

    monkeypatch.setattr(Client, "part", counted)
    monkeypatch.setattr(Client, "read_part", read_part)
    outbox.sync(vault)
    assert stored(city, ids) == 2 and max(sizes[2:]) <= sizes[0] // 2


# -- receipts, whichever way they come ------------------------------------------------------------
def test_a_receipt_settles_what_it_names_whatever_it_answered(vault: Vault) -> None:
    """The receipt of a photo that comes back with something else, or on a stick."""
    ids = a_day(vault, 1)
    client, other = connect(vault), Sending(vault)
    outbox.sync(vault)
    row = vault.book.one("SELECT r.* FROM photo p JOIN receipt r ON r.digest = p.receipt")
    assert row is not None
    with vault.book.write() as conn:  # as it was before the answer came
        conn.execute("UPDATE photo SET state = 'parked', reason = 'unknown_trip', receipt = NULL")
    made, value = client.checked({"body": row["body"], "signature": row["signature"]})
    assert other.keep([(made, value)]) == 1
    assert photos.row_of(vault, ids[0])["state"] == "receipted"
    assert other.keep([(made, value)]) == 0, "and a second copy changes nothing"


def test_another_digest_settles_nothing(vault: Vault) -> None:
    ids = a_day(vault, 1)
    outbox.sync(vault)
    row = vault.book.one("SELECT r.* FROM photo p JOIN receipt r ON r.digest = p.receipt")
    assert row is not None
    with vault.book.write() as conn:
        conn.execute("UPDATE photo SET state = 'queued', receipt = NULL, sha256 = ?", ("0" * 64,))
    made, value = connect(vault).checked({"body": row["body"], "signature": row["signature"]})
    assert Sending(vault).keep([(made, value)]) == 0
    assert photos.row_of(vault, ids[0])["state"] == "queued"


def test_late_receipts_may_countersign_less(vault: Vault) -> None:
    outbox.sync(vault)
    row = vault.book.one("SELECT * FROM receipt ORDER BY seq LIMIT 1")
    assert row is not None
    outbox.sync(vault)
    with vault.book.write() as conn:
        conn.execute("DELETE FROM receipt WHERE digest = ?", (row["digest"],))
    client = connect(vault)
    made, value = client.verified({"body": row["body"], "signature": row["signature"]})
    with pytest.raises(WireError, match="city_restored"):
        Sending(vault).watch(made, value)
    Sending(vault, late=True).watch(made, value)


def test_news_that_the_city_did_not_sign_are_not_heard(
    vault: Vault, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an answer that is true in all else: a key of their own, for the bundles to come."""
    outbox.sync(vault)
    assert vault.device is not None
    before = vault.device["city_seal"]
    real = Client.read_batch

    def read_batch(client: Client, answer: Any) -> Any:
        body = json.loads(answer.value["news"]["body"])
        body["seal_public"] = b64(new_sealing_key()[1])
        news = {**answer.value["news"], "body": canonical(body).decode()}
        return real(client, replace(answer, value={**answer.value, "news": news}))

    monkeypatch.setattr(Client, "read_batch", read_batch)
    with pytest.raises(KitError, match="bad_receipt"):
        outbox.sync(vault)
    assert vault.device["city_seal"] == before != b""


# -- clocks, time left ----------------------------------------------------------------------------
def test_a_clock_that_is_off_is_said_and_never_refused(vault: Vault) -> None:
    seen = outbox.sync(vault)
    assert "時計は、市サーバより" in seen.warning  # the test's clock stands in July 2026
    offset = clock_offset(vault)
    assert offset is not None and abs(offset) > 120
    with vault.book.write() as conn:
        conn.execute("UPDATE meta SET value = '119' WHERE key = 'clock_offset'")
    assert outbox.clock_warning(vault) == ""
    with vault.book.write() as conn:
        conn.execute("UPDATE meta SET value = '-180' WHERE key = 'clock_offset'")
    assert "3分遅れています" in outbox.clock_warning(vault)


def test_the_time_left_follows_the_bytes_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, clock = Progress(running=True), [100.0]
    monkeypatch.setattr("fieldkit.outbox.time.monotonic", lambda: clock[0])
    assert seen.seconds_left() is None
    seen.begin(4, 4000)
    seen.there(1000)
    clock[0] += 5
    assert seen.seconds_left() is None, "what was there already says nothing of the line"
    seen.moved(1000)
    assert seen.seconds_left() == 10
    seen.moved(9000)
    assert (seen.bytes_done, seen.seconds_left()) == (4000, 0)


def test_the_city_is_whole(city: CityServer) -> None:
    """After all of the above: one chain, nothing half there."""
    made = open_store(city.folder)
    with made.engine.connect() as conn:
        found = conn.execute(sa.select(store.photo.c.state).distinct()).scalars().all()
    made.close()
    assert found == ["stored"]
