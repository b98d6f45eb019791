"""The hand-over to J-LIS: the right photos under their ids, proved, taken back, erased for good."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sync.ids import new_id
from sync.server import (
    audit,
    devices,
    handover,
    handover_erase,
    handover_files,
    handover_results,
    letin,
)
from sync.server import store as t
from sync.server.sqlstore import SqlStore, open_store
from tests.console.cast import JPEG, Laptop, form_id, make_boss, make_city, make_laptop
from tests.console.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]
ONE, TWO = form_id(11), form_id(22)


@pytest.fixture
def laptop(store: SqlStore) -> Laptop:
    return make_laptop(store)


def clash(store: SqlStore, record: str, names: list[str]) -> None:
    values = {"id": new_id(), "record": record, "op_id": "x", "names": json.dumps(names),
              "body": b"", "rule": "evidence", "state": "waiting", "rev": 1, "at": ""}  # fmt: skip
    with store.write() as shelf:
        shelf.conn.execute(t.clash.insert().values(**values))


def plan(store: SqlStore) -> handover.Plan:
    with store.read() as shelf:
        return handover.plan(shelf)


def states(store: SqlStore) -> dict[str, str]:
    with store.read() as shelf:
        return handover.states(shelf)


def listed(folder: Path) -> list[dict[str, str]]:
    text = (folder / handover_files.LIST).read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def body_of(store: SqlStore, application: str) -> dict[str, Any]:
    with store.read() as shelf:
        return shelf.docs([application])[application].body


def test_it_writes_every_photo_under_its_id_with_a_list(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    laptop.case(ONE), laptop.case(TWO)
    out = tmp_path / "渡す"
    made = handover_files.make(store, out, "test")
    assert (made.count, made.not_yet) == (2, ())
    assert sorted(one.name for one in out.iterdir()) == [
        f"{ONE}.jpg", f"{TWO}.jpg", handover_files.LIST
    ]  # fmt: skip
    assert (out / f"{ONE}.jpg").read_bytes() == JPEG
    for row in listed(out):
        data = (out / row["ファイル名"]).read_bytes()
        assert row["SHA-256"] == hashlib.sha256(data).hexdigest()
        assert row["ファイル名"] == f"{row['申請書ID']}.jpg" and int(row["バイト数"]) == len(data)
    everything = b"".join(one.read_bytes() + one.name.encode() for one in out.iterdir())
    assert "花子".encode() not in everything
    assert set(states(store).values()) == {"exported"}
    again = handover_files.make(store, tmp_path / "again", "test")
    assert again.batch == "" and not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("not_confirmed", {"form_id": ONE, "state": "doing"}),
        ("no_form_id", {}),
        ("two_form_ids", {"answers": {"form_id": ONE, "other": TWO}}),
        ("no_application", {"form_id": ONE, "photo_id": "another"}),
    ],
)
def test_it_says_why_a_photo_cannot_go(
    store: SqlStore, laptop: Laptop, tmp_path: Path, why: str, told: dict[str, Any]
) -> None:
    laptop.case(**told)
    made = handover_files.make(store, tmp_path / "out", "test")
    assert made.count == 0 and [one.why for one in made.not_yet] == [why]
    assert why == "no_application" or made.not_yet[0].reception_no == "汐見-7"


def test_two_applications_with_one_id_both_wait(store: SqlStore, laptop: Laptop) -> None:
    laptop.case(ONE), laptop.case(ONE)
    assert [one.why for one in plan(store).not_yet] == ["same_form_id"] * 2


def test_a_declared_photo_that_did_not_come_waits(store: SqlStore, laptop: Laptop) -> None:
    laptop.send(laptop.batch([], [laptop.photo()]))
    assert [one.why for one in plan(store).not_yet] == ["coming"]


@pytest.mark.parametrize(
    ("names", "count"),
    [(["photo_id", "photo_checked"], 0), (["answers.form_id"], 0), (["state"], 0),
     (["answers.phone"], 1)],
)  # fmt: skip
def test_a_waiting_clash_on_the_photo_or_its_id_stops_it(
    store: SqlStore, laptop: Laptop, names: list[str], count: int
) -> None:
    application, _ = laptop.case(ONE)
    clash(store, application, names)
    assert len(plan(store).ready) == count


def test_a_photo_that_does_not_open_stays_out(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    laptop.case(ONE)
    _, photo = laptop.case(TWO)
    store.blobs.delete(photo)
    made = handover_files.make(store, tmp_path / "out", "test")
    assert made.count == 1 and [one.why for one in made.not_yet] == ["unreadable"]
    assert photo not in states(store) and not (tmp_path / "out" / f"{TWO}.jpg").exists()


def test_it_writes_into_no_folder_of_somebody_else(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    laptop.case(ONE)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(handover_files.NotEmpty):
        handover_files.make(store, tmp_path / "out", "test")
    assert states(store) == {}


def test_a_return_becomes_a_task_of_the_desk(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    application, photo = laptop.case(ONE)
    rev = None
    made = handover_files.make(store, tmp_path / "out", "test")
    with store.read() as shelf:
        rev = shelf.docs([application])[application].rev
    assert handover_results.record(store, "submitted", "suzuki", made.batch).done == 1
    with pytest.raises(ValueError, match="reason"):
        handover_results.record(store, "returned", "suzuki", ids=[ONE])
    told = handover_results.record(store, "returned", "suzuki", ids=[ONE, TWO], reason="顔に影")
    assert (told.done, told.strange) == (1, (TWO,))
    jlis = body_of(store, application)["jlis"]
    assert (jlis["state"], jlis["reason"], jlis["photo"]) == ("returned", "顔に影", photo)
    with store.read() as shelf:
        doc = shelf.docs([application])[application]
        assert doc.rev > rev and doc.revs["jlis"].device == "city"
        rows = shelf.conn.execute(sa.select(t.op).where(t.op.c.device == "city")).all()
        task = shelf.conn.execute(sa.select(t.record).where(t.record.c.kind == "retake")).one()
    assert len(rows) == 2 and all("顔に影".encode() not in bytes(row.body) for row in rows)
    assert (task.parent, task.owner, task.state) == (application, laptop.device, "live")
    assert "汐見 花子".encode() not in bytes(task.body)
    assert body_of(store, application)["state"] == "confirmed"
    again = handover_results.record(store, "returned", "suzuki", ids=[ONE], reason="顔に影")
    assert again.done == 0
    assert [one.why for one in plan(store).not_yet] == ["returned"]
    handover_results.record(store, "again", "suzuki", ids=[ONE])
    assert len(plan(store).ready) == 1


def test_a_later_acceptance_closes_the_task(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    application, _ = laptop.case(ONE)
    handover_files.make(store, tmp_path / "one", "test")
    handover_results.record(store, "returned", "suzuki", ids=[ONE], reason="影")
    handover_results.record(store, "again", "suzuki", ids=[ONE])
    handover_files.make(store, tmp_path / "two", "test")
    handover_results.record(store, "accepted", "suzuki", ids=[ONE])
    assert body_of(store, application)["jlis"]["state"] == "accepted"


def test_what_was_accepted_can_not_be_returned(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    laptop.case(ONE)
    made = handover_files.make(store, tmp_path / "out", "test")
    handover_results.record(store, "accepted", "suzuki", made.batch)
    told = handover_results.record(store, "returned", "suzuki", made.batch, reason="影")
    assert (told.done, told.wrong_state) == (0, 1)


def accepted(store: SqlStore, laptop: Laptop, out: Path) -> str:
    _, photo = laptop.case(ONE)
    made = handover_files.make(store, out, "test")
    handover_results.record(store, "accepted", "suzuki", made.batch)
    return photo


def raw(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def test_an_accepted_photo_is_erased_when_its_days_are_over(
    store: SqlStore, laptop: Laptop, folder: Path, tmp_path: Path
) -> None:
    photo = accepted(store, laptop, tmp_path / "out")
    _, other = laptop.case(TWO)
    with store.read() as shelf:
        boxed = bytes(shelf.conn.execute(
            sa.select(t.photo.c.key).where(t.photo.c.id == photo)
        ).scalar_one())  # fmt: skip
    assert handover_erase.erase(store, "suzuki", 30) == handover_erase.Erased(0, 1, ())
    past = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="seconds")
    with store.write() as shelf:
        shelf.conn.execute(t.handover.update().values(at=past))
    assert handover_erase.erase(store, "suzuki", 30) == handover_erase.Erased(1, 0, ())
    assert store.blobs.get(photo) is None and store.blobs.get(other) is not None
    with store.read() as shelf:
        row, kept = (shelf.photos([photo, other])[one] for one in (photo, other))
        assert (row.state, row.key, row.seal) == ("erased", b"", b"")
        assert kept.key and kept.state == "stored"
        kinds = shelf.conn.execute(sa.select(t.receipt.c.kind, t.receipt.c.body)).all()
        said = [json.loads(one.body) for one in kinds if one.kind == "photo_erased"]
        acts = [json.loads(body)["act"] for body, _ in audit.rows(shelf)]
    assert [(one["items"][0]["id"], one["items"][0]["answer"]) for one in said] == [
        (photo, "erased")
    ]
    assert "photo_erased" in acts
    disk = raw(folder)
    assert boxed not in disk and laptop.photos[photo][:64] not in disk
    assert laptop.photos[other][:64] in disk, "the search finds what is there"
    answer = laptop.send_photo(photo)
    assert answer.status == 200, "the laptop's proof stays"


def test_at_once_waits_for_no_day_and_never_takes_what_was_not_accepted(
    store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    photo = accepted(store, laptop, tmp_path / "out")
    laptop.case(TWO)
    handover_files.make(store, tmp_path / "two", "test")
    done = handover_erase.erase(store, "suzuki", 30, at_once=True)
    assert (done.count, states(store)[photo]) == (1, "erased")
    assert sorted(states(store).values()) == ["erased", "exported"]


@pytest.mark.parametrize("whole", [False, True])
def test_the_parked_parts_of_an_erased_photo_go_too(
    store: SqlStore, laptop: Laptop, tmp_path: Path, whole: bool
) -> None:
    shot = laptop.photo()
    said = {"state": "confirmed", "photo_id": shot["id"], "answers": {"form_id": ONE}}
    laptop.send(laptop.batch([laptop.save("application", new_id(), "", said)], [shot]))
    devices.revoke(store, "K01")
    told = (shot["id"], shot["sha256"], laptop.photos[shot["id"]])
    laptop.send(laptop.client.whole([told])) if whole else laptop.send_photo(shot["id"])
    letin.accept(store, "K01", "test")
    made = handover_files.make(store, tmp_path / "out", "test")
    handover_results.record(store, "accepted", "suzuki", made.batch)
    handover_erase.erase(store, "suzuki", 0)
    with store.read() as shelf:
        bodies = [bytes(row.body) for row in shelf.conn.execute(sa.select(t.packet))]
    assert bodies == [b""]


def test_the_days_are_the_citys(folder: Path, store: SqlStore) -> None:
    config = folder / "server.toml"
    config.unlink(missing_ok=True)
    assert handover.keep_days(folder) == 30
    config.write_text("[handover]\nkeep_days = 7\n")
    assert handover.keep_days(folder) == 7
    config.write_text('[handover]\nkeep_days = "x"\n')
    with pytest.raises(ValueError, match="keep_days"):
        handover.keep_days(folder)


def test_the_console_records_and_erases(
    inside: Desk, store: SqlStore, laptop: Laptop, tmp_path: Path
) -> None:
    laptop.case(ONE), laptop.case(TWO), laptop.case()
    made = handover_files.make(store, tmp_path / "out", "test")
    page = inside.page("/handover")
    assert made.batch in page and "申請書IDがありません" in page and "花子" not in page
    says = inside.act("/handover/record", result="returned", ids=ONE, reason="影")
    assert "1枚を「返却」にしました" in says.get_data(as_text=True)
    says = inside.act("/handover/record", result="accepted", batch=made.batch)
    assert "1枚を「受理」にしました" in says.get_data(as_text=True)
    assert "返却には理由" in inside.act("/handover/record", result="returned", ids=TWO).get_data(
        as_text=True
    )
    assert "印を付けて" in inside.act("/handover/erase").get_data(as_text=True)
    assert "0枚の鍵" in inside.act("/handover/erase", sure="1").get_data(as_text=True)


# -- killed at every step -----------------------------------------------------------------------
def command(folder: Path, fail: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sync.server", "handover", words[0], str(folder), *words[1:]],
        cwd=ROOT, env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with two photos to hand over, to copy."""
    folder = tmp_path_factory.mktemp("two") / "city"
    made = make_city(folder)
    make_boss(made)
    laptop = make_laptop(made)
    laptop.case(ONE), laptop.case(TWO)
    made.close()
    return folder


@pytest.mark.parametrize(
    "point",
    ["jlis.intended", "usb.written:2", "jlis.file_written", "jlis.file_written:2", "jlis.checked",
     "jlis.done"],
)  # fmt: skip
def test_a_killed_hand_over_is_finished_by_the_same_command(
    two: Path, tmp_path: Path, point: str
) -> None:
    folder, out = tmp_path / "city", tmp_path / "out"
    shutil.copytree(two, folder)
    assert command(folder, point, "make", str(out)).returncode == 137
    if point != "jlis.intended":
        assert (out / handover_files.MARK).exists(), "the folder says that it is not finished"
    again = command(folder, "", "make", str(out))
    assert again.returncode == 0 and "2枚" in again.stdout, again.stdout
    assert sorted(one.name for one in out.iterdir()) == [
        f"{ONE}.jpg", f"{TWO}.jpg", handover_files.LIST
    ]  # fmt: skip
    made = open_store(folder)
    assert set(states(made).values()) == {"exported"}
    made.close()


@pytest.mark.parametrize(
    "point", ["jlis.erase_intended", "jlis.bytes_gone", "jlis.key_gone", "jlis.bytes_gone:2"]
)
def test_a_killed_erase_is_finished_by_the_same_command(
    two: Path, tmp_path: Path, point: str
) -> None:
    folder = tmp_path / "city"
    shutil.copytree(two, folder)
    made = open_store(folder)
    batch = handover_files.make(made, tmp_path / "out", "test").batch
    handover_results.record(made, "accepted", "suzuki", batch)
    photos = list(states(made))
    made.close()
    assert command(folder, point, "erase", "--now").returncode == 137
    assert command(folder, "", "erase", "--now").returncode == 0
    made = open_store(folder)
    assert set(states(made).values()) == {"erased"}
    assert not any(made.blobs.get(one) for one in photos)
    with made.read() as shelf:
        kinds = [row.kind for row in shelf.conn.execute(sa.select(t.receipt.c.kind))]
        assert kinds.count("photo_erased") == 2
        assert audit.problem(shelf) is None
    made.close()
