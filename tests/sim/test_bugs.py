"""Each bug that is put in on purpose is found soon; without it the same schedules hold."""

from __future__ import annotations

import pytest

from tests.sim.bugs import BUGS
from tests.sim.run import many

SOON = 2_000


@pytest.mark.parametrize("name", BUGS)
def test_it_finds(name: str) -> None:
    with BUGS[name]():
        wrong = many(1, SOON, stop_at=1)
    assert wrong, f"not found in {SOON} schedules"
    assert not any("crash" in word for word in wrong[0].words), wrong[0].words
