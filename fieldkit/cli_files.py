"""What the commands share: a file that is read, an answer that is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldkit.errors import KitError, NotFound


def show(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise NotFound("ファイルを開けません。場所と名前を確かめてください。") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file. KitError where it is none, or has a name twice."""
    try:
        value = json.loads(read(path), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise KitError("bad_json", "JSONの形になっていません。{ で始まる中身にしてください。")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that stands twice, nobody knows which value was meant."""
    for at, (name, _) in enumerate(pairs):
        if name in dict(pairs[:at]):
            says = f"同じ名前の項目が2回書かれています（{at + 1}番目）。どちらか1つにしてください。"
            raise KitError("bad_json", says)
    return dict(pairs)
