"""Kill the laptop, or the city, at every named place of the road; go on; nothing is lost or twice.

Each step runs in a forked copy of this process, so that all places cost less than one start of
Python each; the end is `os._exit` there as with KIT_FAIL.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit import carry, outbox
from fieldkit.carry_reply import take_replies
from fieldkit.kit import Kit
from fieldkit.store import ledger
from fieldkit.store.vault import Vault
from sync import bundle_file, fail
from sync.fail import EXIT_CODE
from sync.server import folder
from sync.server.handle import Handler
from sync.server.sqlstore import open_store
from tests import city_rows
from tests.conftest import PASSPHRASE
from tests.flow.job import settings_of
from tests.flow.test_kill import POINT, ROOT
from tests.flow.test_one_visit import JPEG

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT CHECKED: no fork here")
WRITE = ["begun", "piece", "piece:4", "written", "read_back", "named", "carried"]
READ = ["reply_checked", "reply_kept", "reply_heard", "reply_erased", "erased", "erased:2"]
ELSEWHERE = ["ask_kept", "ask_taken", "enrol_begun", "enrolled", "enrol_kept"]
"""Killed at by tests/usb/test_loose_ends.py."""
CITY = ["answered", "answered:3", "piece", "written", "read_back", "named", "replied"]


def names() -> set[str]:
    files = [p for top in ("fieldkit", "sync") for p in (ROOT / top).rglob("*.py")]
    found = {n for p in files for n in POINT.findall(p.read_text(encoding="utf-8"))}
    return {name.removeprefix("usb.") for name in found if name.startswith("usb.")}


def test_every_place_is_killed_at_here() -> None:
    assert names() == {one.partition(":")[0] for one in (*WRITE, *READ, *CITY, *ELSEWHERE)}


def opened(place: Path) -> Vault:
    """As at a login: what a kill left half done is finished."""
    kit = Kit(settings_of(place / "kit", ""))
    kit.log_in("sato", PASSPHRASE, 0.0)
    return kit.open_vault()


def write(place: Path) -> None:
    vault = opened(place)
    carry.export(vault, place / "stick", "USB-03")
    vault.close()


def at_city(place: Path) -> None:
    store = open_store(place / "city")
    list(folder.import_folder(store, Handler(store), place / "stick", place / "city"))
    store.close()


def read(place: Path) -> None:
    vault = opened(place)
    take_replies(vault, place / "stick")
    for row in carry.to_empty(vault):
        carry.empty(vault, row["no"], place / "stick")
    vault.close()


def run(act: Callable[[Path], None], place: Path, kill: str = "") -> int:
    """Do it in a process of its own; its exit code."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            name, _, count = kill.partition(":")
            fail._name, fail._left = f"usb.{name}" if name else "", int(count or 1)
            act(place)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def looked_at(place: Path) -> None:
    """At any moment: what is not proved lies here, and no file with a whole name is half."""
    vault = opened(place)
    row = vault.book.one("SELECT * FROM photo")
    assert row is not None
    file = vault.trip_folder(row["trip_id"]) / f"{row['id']}.ph"
    assert file.exists() or row["state"] == "erased"
    assert ledger.check(vault.book) is None
    vault.close()
    store = open_store(place / "city")
    with store.read() as shelf:
        private = shelf.city().seal_private
    store.close()
    for path in (place / "stick").glob("*.kspb"):
        if path.stat().st_size:
            with path.open("rb") as data:
                opened_file = bundle_file.read("bundle", data, private)
                assert None not in [opened_file.part(part) for part in opened_file.parts]


CASES = [(write, one) for one in WRITE] + [(at_city, one) for one in CITY]
CASES += [(read, one) for one in READ]


@pytest.mark.parametrize("act, kill", CASES, ids=[f"{a.__name__}-{k}" for a, k in CASES])
def test_it_survives_a_kill(place: Path, act: Callable[[Path], None], kill: str) -> None:
    for step in (write, at_city, read):
        if step is act:
            assert run(step, place, kill) == EXIT_CODE, "not on the path"
            if step is not read:
                looked_at(place)
        assert run(step, place) == 0
    vault = opened(place)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    row = vault.book.one("SELECT id, state FROM photo")
    assert row is not None and row["state"] == "erased"
    assert carry.to_empty(vault) == [] and ledger.check(vault.book) is None
    assert {r["state"] for r in carry.log(vault)} <= {"answered", "begun", "written"}
    assert list((place / "stick").iterdir()) == []
    vault.close()
    store = open_store(place / "city")
    assert city_rows.jpeg(store, row["id"]) == JPEG
    assert city_rows.chain_problem(store) is None
    store.close()
