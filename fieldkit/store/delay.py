"""Delays that grow with wrong passphrases, and that a restart does not shorten.

A file that was damaged opens no door: it counts as the longest wait, from when it was found.
Whoever may delete files here may delete this one too: the next login writes into the ledger that it
was gone, and no more can be known. It slows down people at the keyboard; the price of a guess is
Argon2id.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldkit.clock import stamp
from fieldkit.store.damage import keep
from fieldkit.store.files import write_atomic
from sync.wire import canonical, sha256

FREE_TRIES = 2
LONGEST = 900
WORST = 12  # so many failures make the longest wait


def delay_after(failures: int) -> int:
    """Seconds to wait after so many wrong passphrases in a row: 0, 0, 2, 4, 8 … 900."""
    return 0 if failures <= FREE_TRIES else min(LONGEST, 2 ** (failures - FREE_TRIES))


def _read(path: Path) -> dict[str, Any] | None:
    """`{"failures", "at", "damaged"}`; None without a file; KeyError and the like for damage."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    if value.get("sum", _sum(value)) != _sum(value) or int(value["failures"]) < 0:
        raise ValueError("changed")
    return {**value, "at": datetime.fromisoformat(value["at"])}


def _sum(value: dict[str, Any]) -> str:
    return sha256(canonical({k: v for k, v in value.items() if k != "sum"}))[:16]


def _write(path: Path, failures: int, at: datetime, damaged: bool) -> None:
    value: dict[str, Any] = {"failures": failures, "at": stamp(at), "damaged": damaged}
    write_atomic(path, json.dumps({**value, "sum": _sum(value)}).encode())


def _state(path: Path, now: datetime) -> tuple[int, datetime | None, bool]:
    """Failures, when the last was, and whether that is the price of a damaged file."""
    try:
        value = _read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        keep(path)
        _write(path, WORST, now, True)
        return WORST, now, True
    if value is None:
        return 0, None, False
    return int(value["failures"]), value["at"], bool(value.get("damaged"))


def failures(path: Path, now: datetime) -> int:
    """Wrong passphrases since the last right one; the ledger gets the number at the next login."""
    count, _, damaged = _state(path, now)
    return 0 if damaged else count


def seconds_left(path: Path, now: datetime) -> int:
    """How long the next try must still wait.

    A clock set back starts the whole wait anew: it is not shortened, and a try that was made while
    the clock stood in the future does not lock anybody out until then.
    """
    count, at, damaged = _state(path, now)
    if at is None:
        return 0
    if now < at:
        _write(path, count, now, damaged)
        at = now
    passed = (now - at) / timedelta(seconds=1)
    return max(0, round(delay_after(count) - passed))


def why(path: Path, now: datetime, wait: int) -> str:
    """The sentence while somebody has to wait."""
    if _state(path, now)[2]:
        return (
            f"待ち時間の記録（login-delay.json）が壊れていたため、用心のため、あと{wait}秒"
            "お待ちください。壊れたファイルの写しは damaged フォルダーに残してあります。"
        )
    return f"続けて間違えたため、あと{wait}秒お待ちください。"


def note_failure(path: Path, now: datetime) -> int:
    """Count one wrong try; returns the seconds to wait now."""
    count, _, damaged = _state(path, now)
    _write(path, count + 1, now, damaged)
    return delay_after(count + 1)


def is_missing(path: Path) -> bool:
    """Whether somebody took the file away: it stays, with 0 failures, from the first day on."""
    return not path.exists()


def clear(path: Path, now: datetime) -> None:
    """The right passphrase came. The file stays, so that its absence tells something."""
    _write(path, 0, now, False)
