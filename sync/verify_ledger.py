"""Check a ledger file with nothing but the standard library and cryptography.

    python -m sync.verify_ledger FILE [--public HEX] [--city-public HEX …]
                                      [--receipts FILE] [--against FILE]

This file runs alone: copied anywhere, `python verify_ledger.py FILE` does the same.

A ledger file has one JSON object a line: the rows `{"body": "<canonical JSON>", "hash": "<hex>"}`,
then receipts of the city `{"receipt": {"body", "signature"}}` that countersign a row, and a last
line `{"head", "device", "public", "signature"}` by the laptop, or with `"signed_by": "city"` by the
city. Prints the first bad row and exits with 1, or what holds and exits with 0.

- `--public`: the key that must have signed the end. Without it the key named in the file is used,
  which proves wholeness but not origin.
- `--city-public`: the city's key (again for one before a change of key); checks every receipt, and
  so that no row before the last countersigned one was changed or cut off, by whomever.
- `--receipts`: take the receipts from this file (the city's copy) as well: a laptop may leave out
  those that it does not like.
- `--against`: the other copy (laptop and city): the first row that differs.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
Row = tuple[str, str]


@dataclass(frozen=True)
class Problem:
    """The first row that does not hold: its number (0 = the end of the file) and why."""

    seq: int
    why: str


@dataclass
class Ledger:
    """A ledger file as it was read; `stopped` says where reading had to end."""

    rows: list[Row] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    end: dict[str, Any] | None = None
    stopped: Problem | None = None


def entry_hash(body: str) -> str:
    """SHA-256 over the purpose and the exact text of a row."""
    return hashlib.sha256(b"fieldkit-ledger-v1\0" + body.encode()).hexdigest()


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def head_bytes(device: str, head: dict[str, Any]) -> bytes:
    return _canonical({"device": device, "hash": head["hash"], "seq": head["seq"]})


def verify_rows(rows: Iterable[Row], prev: str = GENESIS, expected: int = 1) -> Problem | None:
    """Walk the chain from a known row; the first row whose number, text or link is wrong."""
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


def read_file(path: Path) -> Ledger:
    """The rows, receipts and end of a file, up to the first line that is not as it was written."""
    made = Ledger()
    data = path.read_bytes().removesuffix(b"\n")
    for number, line in enumerate(data.split(b"\n") if data else [], start=1):
        if made.end is not None:
            made.stopped = Problem(0, "末尾の署名のあとに行があります")
            return made
        try:
            value = _line(line)
            if "head" in value:
                made.end = value
            elif "receipt" in value:
                made.receipts.append(value["receipt"])
            elif made.receipts:
                raise ValueError("a row after a receipt")
            else:
                made.rows.append((value["body"], value["hash"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            made.stopped = Problem(number, "行を読めません")
            return made
    return made


def _line(line: bytes) -> dict[str, Any]:
    """One line as it was written; ValueError where a single byte of its spelling differs."""
    line = line.removesuffix(b"\r")
    value = json.loads(line)
    if not isinstance(value, dict) or _canonical(value) != line:
        raise ValueError("not as it was written")
    return value


def verify_ledger(made: Ledger, public: str = "") -> Problem | None:
    """The first problem of the rows and of the signed end."""
    return verify_rows(made.rows) or made.stopped or _end_problem(made, public)


def verify_file(path: Path, public: str = "") -> tuple[int, Problem | None]:
    """(number of rows, first problem or None) of an exported ledger file."""
    made = read_file(path)
    return len(made.rows), verify_ledger(made, public)


def _end_problem(made: Ledger, public: str) -> Problem | None:
    """What is wrong with the last line: cut off, other rows than it says, another signature."""
    end, rows = made.end, made.rows
    if end is None:
        return Problem(0, "末尾の署名がありません（途中で切れています）")
    if end["head"] != {"seq": len(rows), "hash": rows[-1][1] if rows else GENESIS}:
        return Problem(0, "末尾の行が失われています")
    if set(end) == {"head"} and not public:
        return None
    try:
        purpose = "ledger-copy" if end.get("signed_by") == "city" else "ledger-head"
        key = bytes.fromhex(public or end["public"])
        said = head_bytes(end["device"], end["head"])
        ok = key.hex() == end["public"] and _signed(key, purpose, said, end["signature"])
    except (ValueError, KeyError, TypeError):
        ok = False
    return None if ok else Problem(0, "末尾の署名が正しくありません")


def _signed(public: bytes, purpose: str, body: bytes, signature: str) -> bool:
    """Whether `public` signed these bytes for this purpose (sync/PROTOCOL.md §2)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = base64.b64decode(signature, validate=True)
    if base64.b64encode(raw).decode() != signature:
        return False
    try:
        said = f"ksp1-{purpose}\0".encode() + body
        Ed25519PublicKey.from_public_bytes(public).verify(raw, said)
    except InvalidSignature:
        return False
    return True


def verify_receipts(
    made: Ledger, receipts: list[dict[str, Any]], *city_public: str
) -> tuple[int, Problem | None]:
    """(last row that the city countersigned, first problem): rows against receipts by any key."""
    device = (made.end or {}).get("device")
    heads: dict[int, set[str]] = {}
    for receipt in receipts:
        try:
            body = receipt["body"].encode()
            value, said = json.loads(body), receipt["signature"]
            ok = [_signed(bytes.fromhex(k), "receipt", body, said) for k in city_public]
            if not any(ok) or value["device"] != device:
                return 0, Problem(0, "市の受領証の署名が正しくないか、別の端末のものです")
            head = value["ledger"]
            heads.setdefault(int(head["seq"]), set()).add(str(head["hash"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 0, Problem(0, "市の受領証を読めません")
    good = 0
    for seq, hashes in sorted(heads.items()):
        if seq > len(made.rows):
            return good, Problem(len(made.rows) + 1, f"失われています（市は{seq}行目まで確認済み）")
        if hashes != {made.rows[seq - 1][1] if seq else GENESIS}:
            why = f"から{seq}行目までのどこかが、市の確認のあとに書き換えられています"
            return good, Problem(good + 1, why)
        good = seq
    return good, None


def first_difference(one: Ledger, two: Ledger) -> Problem | None:
    """The first row that the two copies tell differently; a shorter copy alone is no difference."""
    for seq, (mine, theirs) in enumerate(zip(one.rows, two.rows, strict=False), start=1):
        if mine != theirs:
            return Problem(seq, "二つの台帳でこの行が違います")
    if (one.end or {}).get("device") != (two.end or {}).get("device"):
        return Problem(0, "別々の端末の台帳です")
    return None


def _check(given: argparse.Namespace) -> tuple[str, Problem | None]:
    """What holds, as a sentence, or the first problem."""
    made = read_file(given.file)
    problem = verify_ledger(made, given.public)
    says = f"台帳は正しい: {len(made.rows)}行"
    if problem is None and given.city_public:
        more = read_file(given.receipts).receipts if given.receipts else []
        seq, problem = verify_receipts(made, [*made.receipts, *more], *given.city_public)
        says += f"、市の受領証が{seq}行目までを証明"
    elif problem is None and made.receipts:
        says += "（市の受領証は確かめていません。--city-public を付けてください）"
    if problem is None and given.against:
        other = read_file(given.against)
        problem = verify_rows(other.rows) and Problem(0, "もう一方の台帳が正しくありません")
        problem = problem or first_difference(made, other)
        says += f"、二つの台帳は{min(len(made.rows), len(other.rows))}行目まで同じ"
    return says, problem


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sync.verify_ledger", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--public", default="", help="key (hex) that must have signed the end")
    parser.add_argument("--city-public", action="append", default=[], help="a key of the city: hex")
    parser.add_argument("--receipts", type=Path, help="take receipts from this file as well")
    parser.add_argument("--against", type=Path, help="the other copy of the same ledger")
    given = parser.parse_args(arguments)
    if given.receipts and not given.city_public:
        parser.error("--receipts needs --city-public")
    try:
        says, problem = _check(given)
    except OSError:
        print("台帳ファイルを読めません。ファイル名と中身を確かめてください。")
        return 2
    if problem is None:
        print(says)
        return 0
    where = f"{problem.seq}行目 " if problem.seq else ""
    print(f"台帳が正しくありません: {where}{problem.why}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
