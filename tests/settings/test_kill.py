"""A kill at every step of a pushed version: the old one or the new one, whole, never a half."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from fieldkit import citydata, citysettings, outbox
from fieldkit import settings_switch as switch
from fieldkit.settings import forms_in_use
from fieldkit.settings_told import rows
from fieldkit.store import ledger, opening
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from tests.conftest import PASSPHRASE, SUZUKI, CityServer
from tests.flow.job import settings_of
from tests.needs import ROOT
from tests.settings.conftest import Publish

JOB = """
import sys
from dataclasses import replace
from pathlib import Path
from fieldkit import citysettings, outbox, settings_switch
from fieldkit.store import opening
from tests.conftest import SUZUKI
from tests.flow.job import PASSPHRASE, settings_of
citysettings.check_form = lambda folder, name: []
citysettings.BROUGHT = settings_switch.BROUGHT = ("print",)
vault = opening.unlock(settings_of(Path(sys.argv[1]), sys.argv[2]), "sato", PASSPHRASE)
outbox.sync(vault)
citysettings.fetch(vault)
settings_switch.at_login(vault)
if sys.argv[3] == "back":
    vault.user = replace(SUZUKI)
    settings_switch.back(vault)
vault.close()
"""
POINT = re.compile(r'fail\.point\("(settings\.[a-z]+)"\)')
OLD, NEW = "0134-00-0001", "0134-00-1111"
POINTS = sorted(
    name
    for file in ("citysettings", "settings_told", "settings_switch")
    for name in POINT.findall((ROOT / "fieldkit" / f"{file}.py").read_text(encoding="utf-8"))
)


def phone(vault: Vault) -> str:
    return citydata.load(forms_in_use(vault.settings.data_dir)).phone("supervisor")


@pytest.mark.parametrize("fail", POINTS)
def test_it_survives(
    vault: Vault,
    city: CityServer,
    push: Publish,
    fail: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(citysettings, "check_form", lambda folder, name: [])
    for module in (citysettings, switch):
        monkeypatch.setattr(module, "BROUGHT", ("print",))
    assert phone(vault) == OLD
    push(NEW)
    data = vault.settings.data_dir
    vault.close()
    act = "back" if fail == "settings.unpointed" else ""
    killed = subprocess.run(
        [sys.executable, "-c", JOB, str(data), city.url, act],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
    )
    assert killed.returncode == EXIT_CODE, killed.stderr.decode()
    again = opening.unlock(settings_of(data, city.url), "sato", PASSPHRASE)
    try:
        assert phone(again) == (NEW if fail in ("settings.pointed", "settings.noted") else OLD)
        switch.at_login(again)
        outbox.sync(again)
        citysettings.fetch(again)
        switch.at_login(again)
        wanted = ("put_back", OLD) if act else ("taken", NEW)
        assert (rows(again)[0]["state"], phone(again)) == wanted
        taken = [r for r in ledger.rows(again.book, 60) if r["act"] == "settings_taken"]
        assert [r["result"] for r in reversed(taken)] == (["ok", "back"] if act else ["ok"])
        incoming = [p.name for p in (data / "settings-incoming").iterdir()]
        assert len(incoming) == 1 and incoming[0].endswith(".zip")
        again.user = replace(SUZUKI)
        if not act:
            switch.back(again)
        assert phone(again) == OLD
    finally:
        again.close()


def test_every_step_is_killed_at() -> None:
    assert len(POINTS) == len(set(POINTS)) == 9
