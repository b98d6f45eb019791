"""Half of the schedules of the real sending machine, city, merge and disks: all must hold."""

from __future__ import annotations

import pytest

from tests.sim.run import USUAL, happened, many, run, simulated

SHARE = 2_500


@pytest.mark.parametrize("share", range(4))
def test_it_holds_whatever_breaks(share: int) -> None:
    hold(share)


def hold(share: int) -> None:
    """This share of the schedules: nothing is wrong, and everything that may happen did."""
    happened.clear()
    wrong = many(1 + share * SHARE, SHARE)
    assert not wrong, "\n\n".join(str(one) for one in wrong)
    assert not [kind for kind in USUAL if not happened[kind]], "never happened"


def test_a_seed_is_one_schedule() -> None:
    with simulated():
        for seed in (7, 77):
            first, second = run(seed, trace=True), run(seed, trace=True)
            assert first is not None and first == second and len(first.trace) > 5
