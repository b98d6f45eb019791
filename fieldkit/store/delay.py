"""Delays that grow with wrong passphrases, and that a restart does not shorten."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from fieldkit.clock import stamp
from fieldkit.store.files import remove, write_atomic

FREE_TRIES = 2
LONGEST = 900


def delay_after(failures: int) -> int:
    """Seconds to wait after so many wrong passphrases in a row: 0, 0, 2, 4, 8 … 900."""
    return 0 if failures <= FREE_TRIES else min(LONGEST, 2 ** (failures - FREE_TRIES))


def _read(path: Path) -> tuple[int, datetime | None]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return int(value["failures"]), datetime.fromisoformat(value["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, None


def failures(path: Path) -> int:
    """Wrong passphrases since the last right one; the ledger gets the number at the next login."""
    return _read(path)[0]


def seconds_left(path: Path, now: datetime) -> int:
    """How long the next try must still wait.

    A clock set back starts the whole wait anew: it is not shortened, and a try that was made while
    the clock stood in the future does not lock anybody out until then.
    """
    failures, at = _read(path)
    if at is None:
        return 0
    if now < at:
        write_atomic(path, json.dumps({"failures": failures, "at": stamp(now)}).encode())
        at = now
    wait = delay_after(failures)
    passed = (now - at) / timedelta(seconds=1)
    return max(0, round(wait - passed))


def note_failure(path: Path, now: datetime) -> int:
    """Count one wrong try; returns the seconds to wait now."""
    failures = _read(path)[0] + 1
    value = {"failures": failures, "at": stamp(now)}
    write_atomic(path, json.dumps(value).encode())
    return delay_after(failures)


def clear(path: Path) -> None:
    remove(path)
