"""Kill the kit between the click and the answer of the fee's screen; log in again; press again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fieldkit import visit
from fieldkit.store import ledger, opening
from sync.fail import EXIT_CODE
from sync.ids import secret_of
from tests.flow.test_kill import ROOT
from tests.web.conftest import WORDS, Browser, Office, fill_form
from tests.web.test_resume import field_trip

POINTS = [
    *("money.begun", "money.recorded", "money.issued", "money.spoil_saved", "money.spoiled"),
    *("money.recorded:2", "save.begun:2", "save.stored:2"),
]
"""A dozen more are killed without the screens in tests/flow/test_money_kill.py."""


@pytest.fixture
def story(boss: Browser, office: Office) -> dict[str, Any]:
    """A visit whose form is filled in; the kit is closed."""
    base = office.visit()
    fill_form(boss, base)
    trip = field_trip(office)
    told = {"base": base, "trip": trip, "code": office.code(trip)}
    office.kit.put_away()
    return told


def run(office: Office, data: Path, story: dict[str, Any], fail: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.cash_http_job", str(data), office.settings.server_url,
         story["trip"], story["code"], story["base"]],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, EXIT_CODE), done.stdout + done.stderr
    assert "500" not in done.stdout, done.stdout
    return done.returncode


def test_every_kill_leaves_one_receipt_and_no_gap(
    office: Office, story: dict[str, Any], tmp_path: Path
) -> None:
    for at, fail in enumerate(["", *POINTS]):
        data = tmp_path / f"try{at}"
        shutil.copytree(office.settings.data_dir, data)
        code = run(office, data, story, fail)
        assert (code == EXIT_CODE) == bool(fail), f"{fail} is not on the path"
        if fail:
            assert run(office, data, story, "") == 0
        check(office, data, story, fail)


def check(office: Office, data: Path, story: dict[str, Any], fail: str) -> None:
    vault = opening.unlock(replace(office.settings, data_dir=data), "suzuki", WORDS)
    try:
        trip = vault.open_trip(story["trip"], secret_of(story["code"]))
        rows = vault.book.all("SELECT * FROM money ORDER BY number")
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1)), fail
        kept = [row for row in rows if row["reason"] != "interrupted"]
        assert [(r["state"], r["paper_no"]) for r in kept] == [
            ("spoiled", "101"), ("issued", "102")
        ], fail  # fmt: skip
        assert len(rows) - len(kept) <= 1, fail
        now = visit.application(trip, story["base"].rsplit("/", 1)[1])
        assert now is not None and now.get("receipt_no") == kept[1]["no"], fail
        assert now.get("fee")["yen"] == 2000 and len(now.get("spoiled")) == 1, fail
        acts = Counter(row["act"] for row in ledger.rows(vault.book, 500))
        assert (acts["fee_received"], acts["receipt_spoiled"]) == (2, 1), fail
        assert acts["receipt_interrupted"] == len(rows) - len(kept), fail
        assert ledger.check(vault.book) is None
    finally:
        vault.close()
