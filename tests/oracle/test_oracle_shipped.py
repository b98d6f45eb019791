"""Every form that ships, against ODK's own engine: no difference in 200 answer sets each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from fieldkit.clock import JST
from fieldkit.forms import list_forms, load_form
from tests.forms.form_cases import FORMS
from tests.oracle.compare import differences, xform_of
from tests.oracle.engine_page import Oracle, oracle

pytestmark = pytest.mark.browser
NOW = datetime(2026, 7, 1, 10, 42, tzinfo=JST)
SETS = 200


@pytest.fixture(scope="module")
def engine() -> Iterator[Oracle]:
    with oracle(NOW) as page:
        yield page


def own_tables() -> list[str]:
    """The forms with questions of their own: a second layout asks the same ones."""
    return [name for name in list_forms(FORMS) if not list_borrows(name)]


def list_borrows(name: str) -> bool:
    return not any(
        (FORMS / name / table).exists() for table in ("form.md", "form.xlsx", "form.xls")
    )


@pytest.mark.parametrize("name", own_tables())
def test_it_agrees_with_odk_on_every_shipped_form(engine: Oracle, name: str) -> None:
    found = differences(engine, load_form(FORMS, name), xform_of(FORMS, name), NOW, SETS)
    assert found == []
