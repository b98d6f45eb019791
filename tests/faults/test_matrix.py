"""The committed table has a row for each test of this folder, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.matrix import FILE, rows

HERE = Path(__file__).parent
NAMED = "[1-3], each in the list of losses"
"""What nobody can bring back, in the cells that say it."""


def test_the_table_has_a_row_for_each_cell(request: pytest.FixtureRequest) -> None:
    items = [item for item in request.session.items if item.path.parent == HERE]
    marks = [mark for item in items if (mark := item.get_closest_marker("cell"))]
    cells = [mark.args for mark in marks]
    assert len({no for no, _, _ in cells}) == len(cells), "two tests have the same number"
    told = [(fault, where) for fault, where, *_ in rows(FILE.read_text(encoding="utf-8"))]
    assert len(told) == len(set(told))
    wanted = [(fault, where) for _, fault, where in sorted(cells)]
    collected = {item.path.name for item in items}
    if collected == {file.name for file in HERE.glob("test_*.py")} and not _chosen(request):
        assert told == wanted
    assert set(wanted) <= set(told)


def _chosen(request: pytest.FixtureRequest) -> bool:
    """Whether only some tests were asked for."""
    return bool(request.config.option.keyword or any("::" in a for a in request.config.args))


def test_every_cell_is_clean() -> None:
    found = rows(FILE.read_text(encoding="utf-8"))
    assert len(found) > 25
    for row in found:
        assert row[4:6] == ["0", "0"], row
        assert row[3] == "0" or re.fullmatch(NAMED, row[3]), row
    assert sum(row[3] != "0" for row in found) == 4
