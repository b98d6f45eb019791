"""The list of boxed columns is whole: what is not on it would be lost at a new key."""

from __future__ import annotations

import re
from pathlib import Path

from sync.server import boxes
from sync.server import store as t

SERVER = Path(t.__file__).parent
COLUMN = re.compile(r'"(\w+)", [^#]*# boxed')


def test_every_boxed_column_is_on_the_list() -> None:
    said: set[tuple[str, str]] = set()
    table = ""
    for line in (SERVER / "store.py").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"(\w+) = sa.Table\(", line):
            table = found[1]
        elif column := COLUMN.search(line):
            said.add((table, column[1]))
    known = {(table.name, column) for table, columns in boxes.BOXED.items() for column in columns}
    assert known == said and len(said) > 8


def test_every_purpose_is_on_the_list() -> None:
    said = set()
    for path in SERVER.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'box\.(?:seal|open)(?:_json)?\(\s*"([\w-]+)"', text))
    known = {purpose for columns in boxes.BOXED.values() for purpose in columns.values()}
    assert said - {"city-save"} <= known and known <= said


def test_what_hangs_on_the_key_is_made_anew() -> None:
    """Keys derived for other uses: each is either not kept, or made anew by rotate-store-key."""
    said = set()
    for path in SERVER.glob("*.py"):
        said |= set(re.findall(r"\.derived\(([^)]+)\)", path.read_text(encoding="utf-8")))
    # names, sessions and codes that end, each box, and the index of twins, which sees a new key
    assert said == {'"key-id"', '"csrf"', '"session"', '"enrolment"', "purpose", "PURPOSE"}
