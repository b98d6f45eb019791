"""What the tests of the camera cards share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of a card that is plugged in."""
    place = tmp_path / "カード"
    place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(place))
    return place
