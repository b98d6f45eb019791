"""Kill the kit at every named place of a card's custody; start again; nothing is lost or twice.

The names are read from the source, as in test_kill.py, which leaves these to this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldkit import cards
from fieldkit.store import ledger, opening
from sync.fail import EXIT_CODE
from tests.conftest import PASSPHRASE, SATO
from tests.erase.mounts import run, run_quietly
from tests.flow.card import portrait, wall
from tests.flow.job import settings_of
from tests.flow.test_kill import POINT, ROOT, in_thread, place, ready

__all__ = ["place", "ready"]  # fixtures
NAMES = sorted(
    {
        name
        for path in (ROOT / "fieldkit").rglob("*.py")
        for name in POINT.findall(path.read_text(encoding="utf-8"))
        if name.startswith("card.")
    }
)
LATER = ["card.out:2", "card.file:2", "card.condemned:3", "card.filling:2"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name, data in (("portrait", portrait()), ("wall", wall()), ("wall2", wall(1))):
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A medium of its own where that is allowed: only such a one is filled."""
    folder = tmp_path / "card"
    folder.mkdir()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    mounted = is_root and run_quietly("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder)
    yield folder
    if mounted:
        run("umount", "-l", folder)


def run_job(
    data: Path, url: str, card: Path, pictures: Path, fail: str = ""
) -> subprocess.CompletedProcess[str]:
    told = {"KIT_FAIL": fail, "KIT_MEDIA": str(card), "CARD_PICTURES": str(pictures)}
    return subprocess.run(
        [sys.executable, "-m", "tests.flow.card_job", str(data), url],
        cwd=ROOT,
        env={**os.environ, **told, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize("fail", [*NAMES, *LATER])
def test_it_survives_a_kill(place: Path, card: Path, pictures: Path, fail: str) -> None:
    if fail.startswith("card.filling") and not os.path.ismount(card):
        pytest.skip("!! NOT TESTED: filling a medium needs a medium of its own (root)")
    with in_thread(place / "city") as url:
        killed = run_job(place / "kit", url, card, pictures, fail)
        assert killed.returncode == EXIT_CODE, f"not on the path: {killed.stdout}{killed.stderr}"
        again = run_job(place / "kit", url, card, pictures)
        assert again.returncode == 0, again.stdout + again.stderr
        check(place, url, card)


def check(place: Path, url: str, card: Path) -> None:
    vault = opening.unlock(settings_of(place / "kit", url), SATO.id, PASSPHRASE)
    try:
        shown = {row["label"]: row for row in cards.board(vault)}
        assert {label: row["state"] for label, row in shown.items()} == {
            "カード1": "back", "カード2": "lost"
        }  # fmt: skip
        one = shown["カード1"]
        assert (one["shots"], one["imported"], one["aside"], one["left"]) == (3, 1, 2, 0)
        photos = vault.book.all("SELECT id, state FROM photo WHERE state <> 'erased'")
        kept = vault.book.one("SELECT photo_id FROM card_shot WHERE state = 'imported'")
        assert kept and [(row["id"], row["state"]) for row in photos] == [
            (kept["photo_id"], "sealed")
        ]
        acts = [row["act"] for row in ledger.rows(vault.book, 100)]
        for act in ("card_emptied", "card_back", "card_lost"):
            assert acts.count(act) == 1, act
        assert ledger.check(vault.book) is None
    finally:
        vault.close()
    assert list(card.rglob("*")) == []


def test_the_names_were_found() -> None:
    assert len(NAMES) >= 15
