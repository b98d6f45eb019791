"""The shipped city tables, read once for all rule tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit.citydata import CityData, load

FORMS = Path(__file__).parents[2] / "forms"


@pytest.fixture(scope="session")
def forms_dir() -> Path:
    return FORMS


@pytest.fixture(scope="session")
def city() -> CityData:
    return load(FORMS)
