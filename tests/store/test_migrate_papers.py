"""The step that brought papers and money (book version 4): a vault of the version before it opens,
with every receipt as it was, also one that today's rules would not let in; a kill harms nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit import tally_days
from fieldkit.store import ledger, migrations
from fieldkit.store import vault as vaults
from fieldkit.store.schema import BOOK_STEPS
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from tests.needs import ROOT
from tests.store.old_vault import OldVault, unpack
from tests.store.test_migrate import OPEN, POINTS, check_content, unlocked

BEFORE, THE_STEP = BOOK_STEPS[:3], BOOK_STEPS[3]
ROWS = (
    # number, application, amount, paper number, state, reason
    (2, "applicant-a", 1000, "101", "spoiled", "あて名の誤り"),
    (3, "applicant-a", 1000, "102", "issued", ""),
    (4, "applicant-b", 1000, None, "issued", ""),
    (5, "applicant-b", 1000, None, "issued", ""),  # two windows of the version before
)


def version_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OldVault:
    """The old vault as the version before this one would have left it."""
    old = unpack(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(vaults, "BOOK_STEPS", BEFORE)
        vault = unlocked(old)
        with vault.book.write() as conn:
            for number, application, amount, paper, state, reason in ROWS:
                conn.execute(
                    "INSERT INTO money (no, number, application_id, amount, breakdown, mode,"
                    " paper_no, state, reason, officer, issued_at)"
                    " VALUES (?, ?, ?, ?, '[]', 'book', ?, ?, ?, 'sato', '2026-06-30T10:00:00')",
                    (f"K01-{number:05d}", number, application, amount, paper, state, reason),
                )
        assert migrations.version_of(vault.book) == 3
        vault.close()
    return old


def receipts(vault: Vault) -> list[tuple[Any, ...]]:
    rows = vault.book.all("SELECT * FROM money WHERE number > 1 ORDER BY number")
    names = ("number", "application_id", "amount", "paper_no", "state", "reason")
    return [tuple(row[name] for name in names) for row in rows]


def check(old: OldVault, vault: Vault) -> None:
    check_content(old, vault)
    assert receipts(vault) == list(ROWS)
    for table in ("paper_print", "tally", "incentive"):
        assert vault.book.all(f"SELECT * FROM {table}") == []
    assert ledger.check(vault.book) is None


def test_a_vault_of_the_version_before_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = version_three(tmp_path, monkeypatch)
    vault = unlocked(old)
    check(old, vault)
    assert [day.count for day in tally_days.days(vault, "2026-06-30", "2026-06-30")] == [3]
    vault.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE money SET amount = 1 WHERE number = 3",
        "UPDATE money SET state = 'issued' WHERE number = 2",
        "DELETE FROM money WHERE number = 4",
        "UPDATE money SET trip_id = 'x' WHERE number = 3",
    ],
)
def test_old_receipts_are_kept_as_the_new_ones_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    vault = unlocked(version_three(tmp_path, monkeypatch))
    with pytest.raises(sqlcipher.IntegrityError), vault.book.write() as conn:
        conn.execute(statement)
    assert receipts(vault) == list(ROWS)
    with vault.book.write() as conn:
        conn.execute("UPDATE money SET state = 'spoiled', reason = 'paper' WHERE number = 5")
    assert receipts(vault)[3][4] == "spoiled", "書損 of an old receipt is still possible"
    vault.close()


def test_new_receipts_are_one_for_a_person_and_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = unlocked(version_three(tmp_path, monkeypatch))

    def add(number: int, application: str, paper: str | None = None) -> None:
        with vault.book.write() as conn:
            conn.execute(
                "INSERT INTO money (no, number, application_id, amount, breakdown, mode, paper_no,"
                " state, officer, issued_at, trip_id) VALUES (?, ?, ?, 1000, '[]', 'book', ?,"
                " 'begun', 'sato', '2026-07-01T10:00:00', 'trip')",
                (f"K01-{number:05d}", number, application, paper),
            )

    for number, application, paper in ((8, "c", None), (6, "c", "102")):
        with pytest.raises(sqlcipher.IntegrityError):
            add(number, application, paper)
    add(6, "c", "103")
    with pytest.raises(sqlcipher.IntegrityError):
        add(7, "c")
    add(7, "d")
    vault.close()


def passages() -> list[str]:
    source = (ROOT / "fieldkit" / "store" / "migrations.py").read_text(encoding="utf-8")
    many = len(migrations.statements(THE_STEP))
    times = {"migrate.statement": many}
    return [f"{n}:{i}" for n in POINTS.findall(source) for i in range(1, times.get(n, 1) + 1)]


def test_a_kill_anywhere_in_the_step_leaves_a_vault_that_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One vault, killed at every place in turn; the last place is behind the commit."""
    old = version_three(tmp_path, monkeypatch)
    places = passages()
    assert places[-1].startswith("migrate.committed") and len(places) > 14
    for place in places:
        run = [sys.executable, "-c", OPEN, str(old.kit), old.story["trip"], old.story["code"]]
        killed = subprocess.run(
            run, cwd=ROOT, env={**os.environ, "KIT_FAIL": place}, capture_output=True, timeout=60
        )
        assert killed.returncode == EXIT_CODE, (place, killed.stderr.decode())
        with monkeypatch.context() as patch:
            patch.setattr(vaults, "BOOK_STEPS", BEFORE if place != places[-1] else BOOK_STEPS)
            vault = unlocked(old)
            assert receipts(vault) == list(ROWS), place
            vault.close()
    vault = unlocked(old)
    check(old, vault)
    vault.close()
