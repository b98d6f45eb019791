"""Who said which field last, written and read again."""

from __future__ import annotations

import json

from sync.clash import Rev
from sync.server import revs

ONE = Rev(3, "d1", "field", "佐藤 花", "2026-07-01T09:00:00+09:00", 4)
TWO = Rev(5, "d2", "desk", "田中", "2026-07-01T09:05:00+09:00", 1, ((6, "d1", "field"),))
EQUAL = Rev(3, "d1", "field", "佐藤 花", "2026-07-01T09:00:00+09:00", 4)


def test_the_same_comes_back() -> None:
    for told in ({}, {"a": ONE}, {"a": ONE, "of": TWO, "revs": ONE, "b.c": EQUAL}):
        assert revs.of_text(revs.to_text(told)) == told


def test_what_one_save_said_is_written_once() -> None:
    many = revs.to_text({f"field{n}": ONE for n in range(60)})
    assert many.count("佐藤 花") == 1


def test_a_row_of_before_is_read() -> None:
    older = json.dumps({"a": [3, "d1", "field", "佐藤 花", ONE.at, 4], "of": [5, "d2", "desk"]})
    assert revs.of_text(older) == {"a": ONE, "of": Rev(5, "d2", "desk")}
