"""What the city does not take, and what a supervisor does about it: nothing lost at any kill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fieldkit import cli_outbox, deletion, outbox, outbox_list, parked, reserve, tripend, visit
from fieldkit.errors import NotAllowed, NotFound, NotReady
from fieldkit.store import numbering, opening, photos
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from sync.ids import code_of, secret_of
from tests import city_rows
from tests.conftest import PASSPHRASE, SUZUKI, CityServer
from tests.flow.job import settings_of
from tests.flow.test_one_visit import make_visit
from tests.needs import ROOT

POINT = re.compile(r'fail\.point\("(parked\.[a-z]+)"\)')
ACT = """
import sys
from dataclasses import replace
from pathlib import Path
from fieldkit import parked
from fieldkit.store import opening
from sync.ids import secret_of
from tests.conftest import SUZUKI
from tests.flow.job import PASSPHRASE, settings_of
data, url, act, object_id, trip, code = sys.argv[1:]
vault = opening.unlock(settings_of(Path(data), url), "sato", PASSPHRASE)
vault.user = replace(SUZUKI)
vault.open_trip(trip, secret_of(code))
getattr(parked, act)(vault, object_id)
vault.close()
"""


def hold_up(vault: Vault, table: str, where: str, reason: str = "other_content") -> str:
    key = "op_id" if table == "outbox" else "id"
    outbox.items(vault)
    with vault.book.write() as conn:
        row = conn.execute(f"SELECT {key} FROM {table} WHERE {where} ORDER BY {key}").fetchone()
        conn.execute(
            f"UPDATE {table} SET state = 'parked', reason = ? WHERE {key} = ?", (reason, row[0])
        )
    return str(row[0])


def state(vault: Vault, table: str, object_id: str) -> str:
    key = "op_id" if table == "outbox" else "id"
    row = vault.book.one(f"SELECT state FROM {table} WHERE {key} = ?", object_id)
    return str(row["state"]) if row else ""


def as_supervisor(vault: Vault) -> Vault:
    vault.user = replace(SUZUKI)
    return vault


def city_body(city: CityServer, kind: str) -> dict[str, Any]:
    with city_rows.opened(city.folder) as rows:
        return next(dict(r.body) for r in city_rows.docs(rows).values() if r.kind == kind)


def test_a_correction_carries_all_that_the_held_up_save_said(
    vault: Vault, city: CityServer
) -> None:
    trip_id, home, _ = make_visit(vault)
    first = hold_up(vault, "outbox", "entity = 'application'")
    outbox.sync(vault)
    there = city_body(city, "application")
    as_supervisor(vault)
    made = parked.send_corrected(vault, first)
    assert (state(vault, "outbox", first), state(vault, "outbox", made)) == ("superseded", "queued")
    assert tripend.blockers(vault, trip_id)
    outbox.sync(vault)
    trip = vault.trip(trip_id)
    mine = visit.application(trip, reserve.slip(trip, home).applicants[0].id)
    now = city_body(city, "application")
    assert mine is not None and now == mine.body and there != now
    assert tripend.blockers(vault, trip_id) == []
    assert [row["id"] for row in outbox_list.handled(vault)] == [first]


def test_what_only_waits_or_is_settled_is_no_business_of_it(vault: Vault) -> None:
    make_visit(vault)
    item = outbox_list.waiting(vault)[0]
    with pytest.raises(NotAllowed):
        parked.resend(vault, item.id)
    as_supervisor(vault)
    for act in (parked.resend, parked.hand, parked.send_corrected, parked.settle):
        with pytest.raises(NotReady):
            act(vault, item.id)
    outbox.sync(vault)
    with pytest.raises(NotFound):
        parked.resend(vault, item.id)


def test_a_damaged_save_whose_trip_is_open_is_made_anew(vault: Vault) -> None:
    make_visit(vault)
    first = hold_up(vault, "outbox", "entity = 'application'", "file_damaged")
    as_supervisor(vault)
    parked.send_corrected(vault, first)
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}


def test_a_late_receipt_settles_what_was_superseded(vault: Vault) -> None:
    make_visit(vault)
    first = hold_up(vault, "outbox", "entity = 'application'")
    as_supervisor(vault)
    parked.hand(vault, first)
    with vault.book.write() as conn:  # the person put it into the city: the city says so again
        conn.execute("UPDATE outbox SET state = 'queued' WHERE op_id = ?", (first,))
    outbox.sync(vault)
    assert state(vault, "outbox", first) == "receipted"


def test_the_record_of_deletion_rests_on_the_save_that_took_its_place(vault: Vault) -> None:
    trip_id, _, _ = make_visit(vault)
    first = hold_up(vault, "outbox", "entity = 'application'")
    parked.send_corrected(as_supervisor(vault), first)
    outbox.sync(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    record = next(r for r in deletion.records_of_trips(vault) if r.trip_id == trip_id)
    assert record.faults == () and first in [thing.id for thing in record.things]


def test_the_command_says_the_same(vault: Vault, capsys: pytest.CaptureFixture[str]) -> None:
    make_visit(vault)
    hold_up(vault, "photo", "state = 'queued'", "too_large")
    assert cli_outbox.run(vault) == 1
    said = capsys.readouterr().out
    assert "保留：受付番号1の顔写真" in said and "大きすぎて受け付けられません" in said
    assert "送信待ち" in said and "保留1件" in said
    parked.resend(as_supervisor(vault), outbox_list.waiting(vault)[0].id)
    outbox.sync(vault)
    assert cli_outbox.run(vault) == 0
    assert "最後に市の受領証を受け取った日時：令和8年7月1日 09:30" in capsys.readouterr().out


# -- kills ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "act, fail",
    [
        ("send_corrected", "parked.resaved"),
        ("send_corrected", "parked.superseded"),
        ("hand", "parked.handed"),
        ("settle", "parked.settled"),
    ],
)
def test_a_kill_leaves_one_of_the_two_states(
    vault: Vault, city: CityServer, tmp_path: Path, act: str, fail: str
) -> None:
    trip_id, _, _ = make_visit(vault)
    table = "photo" if act in ("hand", "settle") else "outbox"
    where = "state = 'queued'" if table == "photo" else "entity = 'application'"
    one = hold_up(vault, table, where)
    if act == "settle":
        parked.hand(as_supervisor(vault), one)
    code = code_for(vault, trip_id)
    vault.close()
    args = [str(vault.settings.data_dir), city.url, act, one, trip_id, code]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    run = [sys.executable, "-c", ACT, *args]
    killed = subprocess.run(run, cwd=ROOT, env={**env, "KIT_FAIL": fail}, capture_output=True)
    assert killed.returncode == EXIT_CODE, killed.stderr.decode()
    with reopened(vault, city) as again:
        numbering.adopt_orphans(again)
        if act == "send_corrected":
            assert state(again, table, one) in ("parked", "superseded")
            if state(again, table, one) == "parked":
                again.open_trip(trip_id, secret_of(code))
                parked.send_corrected(again, one)
            outbox.sync(again)
            assert outbox.waiting(again) == {"waiting": 0, "parked": 0}
        elif act == "hand":
            assert state(again, table, one) == "handed"
            parked.sealed_file(again, one)
        else:
            file = photos.files_of(again, trip_id, one)[0]
            if state(again, table, one) != "erased":
                parked.settle(again, one)
            assert state(again, table, one) == "erased" and not file.exists()


def code_for(vault: Vault, trip_id: str) -> str:
    return code_of(vault.trip(trip_id).secret)


@contextmanager
def reopened(vault: Vault, city: CityServer) -> Iterator[Vault]:
    again = opening.unlock(settings_of(vault.settings.data_dir, city.url), "sato", PASSPHRASE)
    again.user = replace(SUZUKI)
    try:
        yield again
    finally:
        again.close()


def test_every_name_is_killed_at() -> None:
    source = (ROOT / "fieldkit" / "parked.py").read_text(encoding="utf-8")
    assert set(POINT.findall(source)) == {
        "parked.resaved", "parked.superseded", "parked.handed", "parked.settled"
    }  # fmt: skip
