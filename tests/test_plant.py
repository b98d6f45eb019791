"""A control that changes nothing is itself an error."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.plant import plant, planted


def test_a_name_that_is_gone_is_an_error() -> None:
    with pytest.raises(AssertionError, match="nothing to plant in"):
        plant(SimpleNamespace(), "_sync_dir", None)
    with pytest.raises(AssertionError, match="nothing to plant in"), planted(object, "gone", 1):
        pass


def test_a_function_that_nobody_calls_is_an_error() -> None:
    place = SimpleNamespace(act=lambda: "real")
    with pytest.raises(AssertionError, match="nobody calls act"), planted(place, "act", lambda: ""):
        pass
    assert place.act() == "real"
    with planted(place, "act", lambda: "planted"):
        assert place.act() == "planted"
    assert place.act() == "real"
