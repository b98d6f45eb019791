"""Two processes over one PostgreSQL: what one says, the other knows; a photo's whole way."""

from __future__ import annotations

import time
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sync.ids import new_id
from sync.server import (
    devices,
    handover_erase,
    handover_files,
    handover_results,
    letin,
    news,
    quarantine,
    sessions,
    supervisors,
)
from sync.server import store as t
from sync.server.init import initialise
from sync.server.sqlstore import SqlStore, open_store
from tests.console.cast import PASSWORD, form_id, make_laptop
from tests.needs import needs

pytestmark = needs("postgresql")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two stores over one database, as two app processes have them."""
    pytest.importorskip("pwd", reason="NOT CHECKED: no such system")
    from tests.server.postgres import Cluster

    cluster = Cluster()
    folder = tmp_path_factory.mktemp("pg") / "city"
    initialise(folder, "01999", "汐見市", cluster.new())
    stores = open_store(folder), open_store(folder)
    yield stores
    for one in stores:
        one.close()
    cluster.stop()


def test_sessions_codes_and_locks_are_the_same_at_both(two: tuple[SqlStore, SqlStore]) -> None:
    here, there = two
    key = b32decode(supervisors.add(here, "suzuki", "鈴木 一郎", PASSWORD, "test").secret)
    at = time.time()
    code = supervisors.code_at(key, at)
    session = supervisors.sign_in(here, "suzuki", PASSWORD, code, at)
    assert session and sessions.who(there, session) == "suzuki"
    assert sessions.token(here.box, session) == sessions.token(there.box, session)
    assert supervisors.sign_in(there, "suzuki", PASSWORD, code, at) is None
    for one in (here, there, here, there):
        supervisors.sign_in(one, "suzuki", PASSWORD, "000000", at)
    later = supervisors.code_at(key, at + 30)
    assert supervisors.sign_in(here, "suzuki", PASSWORD, later, at) is None
    sessions.end(there, session)
    assert sessions.who(here, session) == ""


def test_a_photo_goes_all_the_way(two: tuple[SqlStore, SqlStore], tmp_path: Path) -> None:
    here, there = two
    laptop = make_laptop(here)
    _, photo = laptop.case(form_id(8))
    shot = laptop.photo()
    request = laptop.batch([], [shot])
    devices.revoke(there, laptop.device)
    laptop.send(request), laptop.send_photo(shot["id"])
    with there.read() as shelf:
        assert [(one.device, one.waiting) for one in quarantine.every(shelf)] == [
            (laptop.device, 2)
        ]
    assert letin.accept(there, laptop.device, "test").words["taken"] == 1
    made = handover_files.make(there, tmp_path / "out", "test")
    assert made.count == 1 and [one.why for one in made.not_yet] == ["no_application"]
    handover_results.record(here, "accepted", "suzuki", made.batch)
    assert handover_erase.erase(there, "suzuki", 0).count == 1
    with here.read() as shelf:
        assert shelf.photos([photo])[photo].key == b"" and here.blobs.get(photo) is None
        kinds = shelf.conn.execute(sa.select(t.receipt.c.kind)).scalars().all()
    assert "photo_erased" in kinds


def test_a_returned_photo_is_a_task_until_the_new_one_is_confirmed(
    two: tuple[SqlStore, SqlStore], tmp_path: Path
) -> None:
    here, there = two
    laptop = make_laptop(here)
    application, _ = laptop.case(form_id(9))
    made = handover_files.make(there, tmp_path / "out", "test")
    handover_results.record(here, "returned", "suzuki", made.batch, reason="影")
    visit, person = new_id(), new_id()
    ops = [
        laptop.save("reservation", visit, "", {"reception_no": 8, "state": "booked"}),
        laptop.save("applicant", person, visit, {"name": "花子", "retake_of": application}),
    ]
    for more, state in (
        ([], "booked"),
        ([laptop.save("application", new_id(), person, {"state": "confirmed"}),
          laptop.save("reservation", visit, "", {"state": "visited"})], ""),
    ):  # fmt: skip
        assert laptop.send(laptop.batch([*ops, *more])).status == 200
        news.horizon(there)
        with here.read() as shelf:
            query = sa.select(t.record).where(t.record.c.kind == "retake")
            task = shelf.doc(shelf.conn.execute(query).one())
            assert task.body.get("state", "") == state
    with there.read() as shelf:
        assert shelf.docs([application])[application].body["jlis"]["state"] == "retaken"
