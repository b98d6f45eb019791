"""A kill at every step of handing a file out and taking it back: owed until it is really gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldkit import handover
from fieldkit.store import ledger, opening
from sync.fail import EXIT_CODE
from sync.ids import new_id
from sync.wire import new_sealing_key
from tests.conftest import PASSPHRASE, SATO
from tests.flow.job import settings_of

ROOT = Path(__file__).resolve().parents[2]
"""One run: what is owed is erased, or, where nothing was handed out yet, a file is handed out."""
JOB = """
import io, sys
from pathlib import Path
from PIL import Image
from fieldkit import handover
from fieldkit.store import opening, photos
from tests.flow.job import PASSPHRASE, USER, settings_of
vault = opening.unlock(settings_of(Path(sys.argv[1]), ""), USER, PASSPHRASE)
if sys.argv[3] == "back":
    for row in handover.owed(vault):
        handover.take_back(vault, row["id"])
else:
    out = io.BytesIO()
    Image.effect_noise((700, 900), 40).convert("RGB").save(out, "JPEG", quality=90)
    trip = vault.open_trip(sys.argv[4], bytes(16))
    photo = photos.seal(vault, trip, sys.argv[4], out.getvalue())
    handover.hand_out(vault, photo, sys.argv[2])
vault.close()
"""
OUT = ["handover.intended", "file.new:2", "handover.written", "handover.noted"]
BACK = ["handover.erased", "handover.gone"]


def run(data: Path, stick: Path, what: str, trip: str, fail: str = "") -> int:
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(data), str(stick), what, trip],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "KIT_MEDIA": str(stick)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, EXIT_CODE), done.stderr
    return done.returncode


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path, str]:
    """A laptop's folder, a stick, the id of an open trip."""
    data, stick, trip_id = tmp_path / "kit", tmp_path / "stick", new_id()
    stick.mkdir()
    vault, _ = opening.create(settings_of(data, ""), SATO, PASSPHRASE)
    vault.add_trip(trip_id, "field", "2026-07-01", new_sealing_key()[1], bytes(16))
    vault.close()
    return data, stick, trip_id


def check(data: Path, stick: Path, reasons: set[str]) -> None:
    """Nothing lies on the stick, nothing is owed, and the ledger tells both."""
    vault = opening.unlock(settings_of(data, ""), SATO.id, PASSPHRASE)
    try:
        assert handover.owed(vault) == [] and list(stick.iterdir()) == []
        rows = ledger.rows(vault.book)
        handed = [r for r in rows if r["act"] == "photo_handed"]
        gone = [r["result"] for r in rows if r["act"] == "photo_file_gone"]
        assert handed and len(gone) == 1 and set(gone) <= reasons
    finally:
        vault.close()


@pytest.mark.parametrize("fail", OUT)
def test_a_kill_while_it_is_handed_out_leaves_it_owed(
    place: tuple[Path, Path, str], fail: str
) -> None:
    data, stick, trip = place
    assert run(data, stick, "out", trip, fail) == EXIT_CODE, "not on the path"
    vault = opening.unlock(settings_of(data, ""), SATO.id, PASSPHRASE)
    (row,) = handover.owed(vault)
    vault.close()
    lying = [path.name for path in stick.iterdir()]
    assert lying == ([] if fail == "handover.intended" else [row["name"]])
    assert run(data, stick, "back", trip) == 0
    check(data, stick, {"not_found" if fail == "handover.intended" else "erased"})


@pytest.mark.parametrize("fail", BACK)
def test_a_kill_while_it_is_taken_back_ends_it_once(
    place: tuple[Path, Path, str], fail: str
) -> None:
    data, stick, trip = place
    assert run(data, stick, "out", trip) == 0 and len(list(stick.iterdir())) == 1
    assert run(data, stick, "back", trip, fail) == EXIT_CODE, "not on the path"
    assert run(data, stick, "back", trip) == 0
    check(data, stick, {"erased", "not_found"})
