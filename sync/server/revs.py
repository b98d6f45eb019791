"""Who said which field last, as it stands in the table `record`: `{"revs": [[…], …], "of": {field:
place in revs}}`. Most fields of a record were said by one save, which is written once.

Rows of before hold a list a field: `{field: […]}`. What is written later may have more fields than
an older row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sync.clash import Rev


def to_text(revs: Mapping[str, Rev]) -> str:
    places: dict[int, int] = {}
    said: list[tuple[Any, ...]] = []
    of: dict[str, int] = {}
    for name, rev in revs.items():
        if id(rev) not in places:
            places[id(rev)] = len(said)
            said.append(tuple(vars(rev).values()))
        of[name] = places[id(rev)]
    return json.dumps({"revs": said, "of": of}, ensure_ascii=False, separators=(",", ":"))


def of_text(text: str) -> dict[str, Rev]:
    told = json.loads(text)
    if isinstance(told.get("of"), dict):
        said = [_rev(one) for one in told["revs"]]
        return {name: said[place] for name, place in told["of"].items()}
    return {name: _rev(one) for name, one in told.items()}


def _rev(told: list[Any]) -> Rev:
    rev = Rev(*told)
    return replace(rev, also=tuple((seq, device, kind) for seq, device, kind in rev.also))
