"""Hundreds of random steps with cash and kills between and within them, against a simple model."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fieldkit import citydata, tally, visit
from fieldkit.settings import asset_dir
from fieldkit.store import ledger, opening
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from tests.conftest import PASSPHRASE, SUZUKI
from tests.flow.cash_random_job import PEOPLE, Step, open_day, steps
from tests.flow.job import settings_of
from tests.flow.test_kill import ROOT

COUNT = 140
POINTS = [
    *("money.begun", "money.recorded", "money.issued", "money.spoil_saved", "money.spoiled"),
    *("save.begun", "save.stored", "save.line"),
]


@dataclass
class Model:
    """What must be so: a person's receipt (number, yen), who stands aside, the sheets used."""

    numbers: int = 0
    receipts: dict[int, tuple[int, int]] = field(default_factory=dict)
    spoiled: dict[int, int] = field(default_factory=dict)
    aside: set[int] = field(default_factory=set)
    sheets: set[int] = field(default_factory=set)

    def do(self, step: Step) -> str:
        who, has = step.person, self.receipts.get(step.person)
        if step.act == "take":
            if has is not None:
                return f"K01-{has[0]:05d}" if has[1] == step.yen else "no"
            if who in self.aside or step.sheet in self.sheets:
                return "no"
            self.numbers += 1
            self.receipts[who] = (self.numbers, step.yen)
            self.sheets.add(step.sheet)
            return f"K01-{self.numbers:05d}"
        if step.act == "spoil":
            if has is None:
                return "no"
            del self.receipts[who]
            self.spoiled[who] = self.spoiled.get(who, 0) + 1
            return "yes"
        if step.act == "back":
            self.aside.discard(who)
            return "yes"
        if has is not None or (step.act == "free" and who in self.aside):
            return "no"
        if step.act == "aside":
            self.aside.add(who)
        return "yes"

    def plain(self) -> Any:
        return (self.receipts, {k: v for k, v in self.spoiled.items() if v}, self.aside)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("random") / "kit"
    made, _ = opening.create(settings_of(folder, ""), SUZUKI, PASSPHRASE)
    open_day(made)
    made.close()
    return folder


def run(data: Path, seed: int, first: int, fail: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.flow.cash_random_job", str(data), str(seed), str(first),
         str(min(COUNT, first + 9))],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, EXIT_CODE), done.stdout + done.stderr
    return done.returncode, done.stdout.split()


@contextmanager
def opened(data: Path) -> Iterator[tuple[Vault, OpenTrip]]:
    vault = opening.unlock(settings_of(data, ""), SUZUKI.id, PASSPHRASE)
    try:
        yield vault, open_day(vault)
    finally:
        vault.close()


def found(vault: Vault, trip: OpenTrip) -> Model:
    """The model as the kit's own records say it, each looked at from both sides."""
    made = Model()
    for row in vault.book.all("SELECT * FROM money ORDER BY number"):
        made.numbers += 1
        assert row["number"] == made.numbers, "a gap"
        who = PEOPLE.index(row["application_id"])
        if row["reason"] == "interrupted":
            continue
        assert int(row["paper_no"]) not in made.sheets, "one sheet for two receipts"
        made.sheets.add(int(row["paper_no"]))
        if row["state"] == "spoiled":
            made.spoiled[who] = made.spoiled.get(who, 0) + 1
        else:
            assert row["state"] == "issued" and who not in made.receipts
            made.receipts[who] = (row["number"], row["amount"])
    for who, person in enumerate(PEOPLE):
        now = visit.application(trip, person)
        body = now.body if now else {}
        no, yen = made.receipts.get(who, (0, 0))
        assert str(body.get("receipt_no") or "").endswith(f"{no:05d}" if no else "")
        assert bool(body.get("receipt_no")) == bool(no)
        assert int((body.get("fee") or {}).get("yen", 0)) == yen
        assert len(body.get("spoiled") or []) == made.spoiled.get(who, 0)
        if body.get("state") == "declined":
            made.aside.add(who)
    return made


def check_book(vault: Vault, model: Model) -> None:
    acts = [row["act"] for row in ledger.rows(vault.book, 100_000)]
    spoiled = sum(model.spoiled.values())
    assert acts.count("receipt_spoiled") == spoiled
    assert acts.count("fee_received") == spoiled + len(model.receipts)
    cut_off = model.numbers - spoiled - len(model.receipts)
    assert acts.count("receipt_interrupted") == cut_off
    assert ledger.check(vault.book) is None
    fees = citydata.load(asset_dir("forms")).fees
    day = vault.now()[:10]
    sheet = tally.sheet(vault, day, SUZUKI.id, fees)
    assert sheet.yen == sum(yen for _, yen in model.receipts.values())
    assert (sheet.count, len(sheet.spoiled)) == (len(model.receipts), spoiled + cut_off)
    assert len(sheet.numbers) == model.numbers


@pytest.mark.parametrize("seed", [1, 2])
def test_no_number_is_lost_or_twice(ready: Path, tmp_path: Path, seed: int) -> None:
    data = tmp_path / "kit"
    shutil.copytree(ready, data)
    todo, dice = steps(seed, COUNT), random.Random(seed + 100)
    model, at, kills = Model(), 0, 0
    while at < len(todo):
        fail = f"{dice.choice(POINTS)}:{dice.randint(1, 2)}" if dice.random() < 0.9 else ""
        code, answers = run(data, seed, at, fail)
        for answer in answers:
            want = model.do(todo[at]).replace("K01-", "未登録-")
            assert answer == want, (at, todo[at])
            at += 1
        if code == 0:
            continue
        kills += 1
        with opened(data) as (vault, trip):
            now = found(vault, trip)
        before = model.plain()
        if at < len(todo) and now.plain() != before:
            model.do(todo[at])  # the step was over all the same: its answer was cut off
            at += 1
            assert now.receipts.keys() == model.receipts.keys()
            assert now.plain()[1:] == model.plain()[1:]
        assert 0 <= now.numbers - model.numbers <= 1, "one number at most is spoiled by a kill"
        model = now
    assert kills >= 8, kills
    with opened(data) as (vault, trip):
        last = found(vault, trip)
        assert last.plain() == model.plain() and last.numbers == model.numbers
        check_book(vault, last)
