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
    try:
        value = json.loads(read(path))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise KitError("bad_json", "JSONの形になっていません。{ で始まる中身にしてください。")
    return value
