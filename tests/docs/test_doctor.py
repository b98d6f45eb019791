"""The doctor finds this machine well, and finds what is wrong when something is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from fieldkit.clock import JST
from fieldkit.doctor import Check, run

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = [
    "python",
    "clock",
    "disk",
    "sqlcipher",
    "hpke",
    "argon2id",
    "aes_gcm",
    "opencv",
    "face_engine",
    "print",
    "qr",
]


def found(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def test_it_finds_this_machine_well_and_leaves_nothing_behind(tmp_path: Path) -> None:
    checks = run(tmp_path, ROOT / "forms")
    assert [check.name for check in checks] == NAMES
    assert [check for check in checks if not check.ok] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("year", [1970, 1980, 2099])
def test_it_finds_a_dead_clock(tmp_path: Path, year: int) -> None:
    checks = run(tmp_path, ROOT / "forms", lambda: datetime(year, 1, 1, tzinfo=JST))
    assert not found(checks, "clock").ok
    assert f"{year}年" in found(checks, "clock").says


def test_it_finds_missing_fonts_and_a_missing_data_folder(tmp_path: Path) -> None:
    checks = run(tmp_path / "away", tmp_path / "no-forms")
    assert not found(checks, "print").ok
    assert not found(checks, "disk").ok
    assert not found(checks, "sqlcipher").ok


def test_it_finds_a_store_that_does_not_encrypt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain SQLite put in the place of SQLCipher must be found out by its bytes."""
    import sqlite3

    from sqlcipher3 import dbapi2

    class Plain(sqlite3.Connection):
        def set_key(self, key: str) -> None:
            return None

    monkeypatch.setattr(dbapi2, "connect", lambda path: sqlite3.connect(path, factory=Plain))
    check = found(run(tmp_path, ROOT / "forms"), "sqlcipher")
    assert not check.ok
    assert "暗号化されていません" in check.says
