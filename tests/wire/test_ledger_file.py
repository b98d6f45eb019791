"""A saved ledger: every change of a byte and of a row shows (sync/PROTOCOL.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync import wire
from sync.verify_ledger import GENESIS, entry_hash, head_bytes, verify_file

PRIVATE, PUBLIC = wire.new_signing_key()
OTHER, OTHER_PUBLIC = wire.new_signing_key()


def lines(private: bytes = PRIVATE, public: bytes = PUBLIC) -> list[bytes]:
    """Four rows and the signed head."""
    rows, prev = [], GENESIS
    for seq in range(1, 5):
        body = wire.canonical({"seq": seq, "prev": prev, "who": "佐藤\u2028"}).decode()
        prev = entry_hash(body)
        rows.append(wire.canonical({"body": body, "hash": prev}))
    head = {"seq": 4, "hash": prev}
    signed = wire.sign(wire.signing_private(private), "ledger-head", head_bytes("K01", head))
    end = {"head": head, "device": "K01", "public": public.hex(), "signature": signed}
    return [*rows, wire.canonical(end)]


A, B, C, D, END = lines()


def problem(path: Path, rows: list[bytes], public: str = "") -> int | None:
    """The row that is named (0 = the end), None for a good file."""
    path.write_bytes(b"\n".join([*rows, b""]))
    found = verify_file(path, public)[1]
    return found.seq if found else None


def test_it_takes_a_whole_ledger(tmp_path: Path) -> None:
    for public in ("", PUBLIC.hex(), PUBLIC.hex().upper()):
        assert problem(tmp_path / "a", [A, B, C, D, END], public) is None
    assert problem(tmp_path / "a", [row + b"\r" for row in (A, B, C, D, END)]) is None


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([B, C, D, END], 1),
        ([A, C, D, END], 2),
        ([A, B, C, END], 0),
        ([A, C, B, D, END], 2),
        ([A, A, B, C, D, END], 2),
        ([A, B, C, D], 0),
        ([A, B, C[:40]], 3),
        ([], 0),
        ([A, B, C, D, END, A], 0),
        ([b'["head"]'], 1),
        ([b'"head"'], 1),
        ([b"[" * 100_000], 1),
        ([b'{"body":"\\ud800","hash":""}'], 1),
    ],
)
def test_it_names_the_row_that_does_not_hold(tmp_path: Path, rows: list[bytes], named: int) -> None:
    assert problem(tmp_path / "a", rows) == named


def test_it_wants_the_signature_of_the_registered_key(tmp_path: Path) -> None:
    head_only = wire.canonical({"head": {"seq": 4, "hash": entry_hash_of(D)}})
    for rows in (lines(OTHER, OTHER_PUBLIC), [A, B, C, D, head_only]):
        assert problem(tmp_path / "a", rows, PUBLIC.hex()) == 0


def entry_hash_of(row: bytes) -> str:
    return str(wire.parse(row)["hash"])


def test_it_sees_every_changed_byte(tmp_path: Path) -> None:
    good = b"\n".join([A, B, C, D, END, b""])
    path = tmp_path / "a"
    for place in range(len(good) - 1):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(good)
            changed[place] ^= flip
            path.write_bytes(bytes(changed))
            assert verify_file(path)[1] is not None, (place, flip)
