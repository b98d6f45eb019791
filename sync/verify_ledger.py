"""Check a ledger file with nothing but the standard library and cryptography.

    python -m sync.verify_ledger FILE [--public HEX]

The file has one JSON object a line, `{"body": "<canonical JSON>", "hash": "<hex>"}`, and a last
line `{"head": {...}, "device", "public", "signature"}`. Prints the first bad row and exits with 1,
or the number of rows and exits with 0. `--public` is the device's key as the city registered it;
without it the key named in the file is used, which proves wholeness but not origin.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True)
class Problem:
    """The first row that does not hold: its number (0 = the end of the file) and why."""

    seq: int
    why: str


def entry_hash(body: str) -> str:
    """SHA-256 over the purpose and the exact text of a row."""
    return hashlib.sha256(b"fieldkit-ledger-v1\0" + body.encode()).hexdigest()


def head_bytes(device: str, head: dict[str, Any]) -> bytes:
    return json.dumps(
        {"device": device, "hash": head["hash"], "seq": head["seq"]},
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


def verify_rows(rows: Iterable[tuple[str, str]]) -> Problem | None:
    """Walk the chain; the first row whose number, text or link is wrong."""
    prev, expected = GENESIS, 1
    for body, digest in rows:
        try:
            value = json.loads(body)
            seq = int(value["seq"])
            link = value["prev"]
            found = entry_hash(body)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return Problem(expected, "行を読めません")
        if seq != expected:
            return Problem(expected, f"番号が続いていません（{seq}になっています）")
        if found != digest:
            return Problem(seq, "内容が書き換えられています")
        if link != prev:
            return Problem(seq, "前の行とつながっていません")
        prev, expected = digest, expected + 1
    return None


def verify_file(path: Path, public: str = "") -> tuple[int, Problem | None]:
    """(number of rows, first problem or None) of an exported ledger file."""
    rows: list[tuple[str, str]] = []
    end: dict[str, Any] | None = None
    data = path.read_bytes().removesuffix(b"\n")
    for number, line in enumerate(data.split(b"\n") if data else [], start=1):
        if end is not None:
            return len(rows), verify_rows(rows) or Problem(0, "末尾の署名のあとに行があります")
        try:
            value = _line(line)
            if "head" in value:
                end = value
            else:
                rows.append((value["body"], value["hash"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return len(rows), verify_rows(rows) or Problem(number, "行を読めません")
    return len(rows), verify_rows(rows) or _end_problem(end, rows, public)


def _line(line: bytes) -> dict[str, Any]:
    """One line as it was written; ValueError where a single byte of its spelling differs."""
    line = line.removesuffix(b"\r")
    value = json.loads(line)
    again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if not isinstance(value, dict) or again.encode() != line:
        raise ValueError("not as it was written")
    return value


def _end_problem(
    end: dict[str, Any] | None, rows: list[tuple[str, str]], public: str
) -> Problem | None:
    """What is wrong with the last line: cut off, other rows than it says, another signature."""
    if end is None:
        return Problem(0, "末尾の署名がありません（途中で切れています）")
    if end["head"] != {"seq": len(rows), "hash": rows[-1][1] if rows else GENESIS}:
        return Problem(0, "末尾の行が失われています")
    if set(end) == {"head"} and not public:
        return None
    return None if _signed(end, public) else Problem(0, "末尾の署名が正しくありません")


def _signed(end: dict[str, Any], public: str) -> bool:
    from sync.wire import WireError, verify

    try:
        key = bytes.fromhex(public or end["public"])
        verify(key, "ledger-head", head_bytes(end["device"], end["head"]), end["signature"])
    except (WireError, ValueError, KeyError, TypeError):
        return False
    return bool(key.hex() == end["public"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sync.verify_ledger", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--public", default="", help="device key in hex, as the city registered it")
    given = parser.parse_args(arguments)
    try:
        count, problem = verify_file(given.file, given.public)
    except OSError:
        print("台帳ファイルを読めません。ファイル名と中身を確かめてください。")
        return 2
    if problem is None:
        print(f"台帳は正しい: {count}行")
        return 0
    where = f"{problem.seq}行目" if problem.seq else "末尾"
    print(f"台帳が正しくありません: {where} {problem.why}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
