"""The other half, in a file of its own: each worker of the tests takes one file."""

from __future__ import annotations

import pytest

from tests.sim.run import many
from tests.sim.test_sim import SHARE


@pytest.mark.parametrize("share", range(4, 8))
def test_it_holds_whatever_breaks(share: int) -> None:
    wrong = many(1 + share * SHARE, SHARE)
    assert not wrong, "\n\n".join(str(one) for one in wrong)
