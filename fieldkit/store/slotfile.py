"""`slots.json` on the disk: written whole or not at all, read slot by slot.

Each slot's checksum stands in the file as well. A bit that flipped anywhere spoils the slot that
it hit, says so, and everybody else still logs in. The checksums are for accidents only: against
people there is the AES-GCM tag over the whole slot (fieldkit/store/keyslots.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldkit.errors import KitError
from fieldkit.store.damage import KEPT, keep
from fieldkit.store.files import write_atomic
from sync.wire import canonical, sha256

NEEDED = {"user", "name", "role", "salt", "nonce", "argon2", "key"}


@dataclass(frozen=True)
class SlotFile:
    """The slots that are whole, and whether the file as a whole is."""

    slots: list[dict[str, Any]]
    damaged: bool


def broken() -> KitError:
    return KitError(
        "slots_damaged",
        f"利用者の鍵ファイル（slots.json）が壊れていて、この人の鍵を読めません。{KEPT}"
        "監督者へ連絡してください。",
        "stop",
    )


def write(path: Path, slots: list[dict[str, Any]]) -> None:
    value = {"v": 1, "slots": slots, "sums": [_sum(slot) for slot in slots]}
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=1).encode())


def read(path: Path) -> SlotFile:
    """What can still be read; a damaged file is copied away first. KitError if nothing can."""
    try:
        data = path.read_bytes()
    except OSError:
        raise broken() from None
    text = data.decode("utf-8", "replace")
    found = [slot for slot in _objects(text) if set(slot) >= NEEDED]
    sums = set(re.findall(r'"([0-9a-f]{16})"', text))
    slots = [s for s in found if not sums or _sum(s) in sums]
    damaged = not _is_whole(data, slots)
    if damaged:
        keep(path)
    if not slots:
        raise broken()
    return SlotFile(slots, damaged)


def _sum(slot: dict[str, Any]) -> str:
    return sha256(canonical(slot))[:16]


def _is_whole(data: bytes, slots: list[dict[str, Any]]) -> bool:
    try:
        value = json.loads(data)
        return value["slots"] == slots and value.get("sums", [_sum(s) for s in slots]) == [
            _sum(s) for s in slots
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object of the text that can be read by itself, the outermost first."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        inner = value.get("slots") if isinstance(value.get("slots"), list) else None
        found += [s for s in inner if isinstance(s, dict)] if inner is not None else [value]
        at = end
    return found
