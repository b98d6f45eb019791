"""The other half, in a file of its own: each worker of the tests takes one file."""

from __future__ import annotations

import pytest

from tests.sim.test_sim import hold


@pytest.mark.parametrize("share", range(4, 8))
def test_it_holds_whatever_breaks(share: int) -> None:
    hold(share)
