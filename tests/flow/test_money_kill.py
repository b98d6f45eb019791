"""Kill the kit at every step of a receipt and of a gift; start again; no number is lost or twice.

The names are read from the source, as in test_kill.py, which leaves these to this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fieldkit import visit
from fieldkit.store import ledger, opening
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from tests.conftest import PASSPHRASE, SUZUKI
from tests.flow.job import FIRST, NAME, PEOPLE, settings_of
from tests.flow.money_job import SECRET, TRIP
from tests.flow.test_kill import POINT, ROOT

NAMES = sorted(
    {
        name
        for path in (ROOT / "fieldkit").rglob("*.py")
        for name in POINT.findall(path.read_text(encoding="utf-8"))
        if name.startswith(("money.", "incentive."))
    }
)
AFTER_A_KILL = {"money.settled": "money.begun"}
"""Places that are only passed when an earlier start was killed, and where."""
SAVES = ["save.begun:3", "save.stored:3", "save.line:3", "save.begun:4", "save.stored:4"]
"""Within the application's record, between the number and its state: of the receipt, of 書損."""
LATER = ["money.begun:2", "money.recorded:2", "money.issued:2", "incentive.row:2"]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cash") / "kit"
    made, _ = opening.create(settings_of(folder, ""), SUZUKI, PASSPHRASE)
    made.close()
    return folder


@pytest.fixture
def place(ready: Path, tmp_path: Path) -> Path:
    shutil.copytree(ready, tmp_path / "kit")
    return tmp_path / "kit"


def run_job(data: Path, fail: str = "") -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.flow.money_job", str(data)],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, EXIT_CODE), done.stdout + done.stderr
    return done.returncode


@pytest.mark.parametrize("fail", [*NAMES, *LATER, *SAVES])
def test_it_survives_a_kill(place: Path, fail: str) -> None:
    if first := AFTER_A_KILL.get(fail):
        assert run_job(place, first) == EXIT_CODE
    assert run_job(place, fail) == EXIT_CODE, "not on the path"
    assert run_job(place) == 0
    check(place, fail)
    assert run_job(place) == 0, "a further start changes nothing"
    check(place, fail)


def test_it_does_the_whole_job_without_a_kill(place: Path) -> None:
    assert run_job(place) == 0
    check(place, "")


def cut_off(fail: str) -> bool:
    """Whether the number had been reserved and the record had not been made."""
    return fail.startswith(("money.begun", "money.settled")) or fail == "save.begun:3"


def check(place: Path, fail: str) -> None:
    vault = opening.unlock(settings_of(place, ""), SUZUKI.id, PASSPHRASE)
    try:
        check_receipts(vault, fail)
        gifts = vault.book.all("SELECT state, reason FROM incentive ORDER BY id")
        assert [tuple(row) for row in gifts] == [("undone", "returned"), ("given", "")]
        acts = [row["act"] for row in ledger.rows(vault.book, 200)]
        assert (acts.count("incentive_given"), acts.count("incentive_undone")) == (2, 1)
        assert ledger.check(vault.book) is None
    finally:
        vault.close()


def check_receipts(vault: Vault, fail: str) -> None:
    trip = vault.open_trip(TRIP, SECRET)
    rows = vault.book.all("SELECT * FROM money ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    lost = [row for row in rows if row["reason"] == "interrupted"]
    kept = [row for row in rows if row["reason"] != "interrupted"]
    assert len(lost) == cut_off(fail)
    assert [(row["state"], row["reason"], row["paper_no"]) for row in kept] == [
        ("spoiled", "wrong_payer", "A-101"),
        ("issued", "", "A-102"),
    ]
    now = visit.application(trip, PEOPLE[FIRST])
    assert now is not None and now.get("receipt_no") == kept[1]["no"]
    assert [one["no"] for one in now.get("spoiled")] == [kept[0]["no"]]
    assert now.get("fee")["yen"] == 2000 == kept[1]["amount"]
    acts = [row["act"] for row in ledger.rows(vault.book, 200)]
    wanted = {"fee_received": 2, "receipt_spoiled": 1, "receipt_interrupted": len(lost)}
    assert {act: acts.count(act) for act in wanted} == wanted
    assert not any(NAME in str(value) for row in rows for value in tuple(row))


def test_the_names_were_found() -> None:
    assert len(NAMES) >= 10
