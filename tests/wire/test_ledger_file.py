"""A saved ledger: every change of a byte and of a row shows (sync/PROTOCOL.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync import wire
from sync.receipt import issue
from sync.verify_ledger import (
    GENESIS,
    entry_hash,
    first_difference,
    head_bytes,
    main,
    read_file,
    verify_file,
    verify_ledger,
    verify_receipts,
)

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


# -- countersigned by the city --------------------------------------------------------------------
CITY, CITY_PUBLIC = wire.new_signing_key()


def receipt_line(seq: int, digest: str, key: bytes = CITY, device: str = "K01") -> bytes:
    body = {"device": device, "kind": "ops", "items": [], "ledger": {"seq": seq, "hash": digest}}
    return wire.canonical({"receipt": issue(wire.signing_private(key), body).to_json()})


AFTER_2, AFTER_4 = receipt_line(2, entry_hash_of(B)), receipt_line(4, entry_hash_of(D))


def proved(path: Path, rows: list[bytes]) -> tuple[int, int | None]:
    """(last row that the city proves, the row that is named)."""
    path.write_bytes(b"\n".join([*rows, b""]))
    made = read_file(path)
    assert verify_ledger(made) is None
    seq, found = verify_receipts(made, made.receipts, CITY_PUBLIC.hex())
    return seq, found.seq if found else None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([A, B, C, D, AFTER_2, AFTER_4, END], (4, None)),
        ([A, B, C, D, AFTER_4, AFTER_2, END], (4, None)),
        ([A, B, C, D, AFTER_2, END], (2, None)),
        ([A, B, C, D, END], (0, None)),
        ([A, B, C, D, receipt_line(0, GENESIS), END], (0, None)),
        ([A, B, C, D, receipt_line(2, entry_hash_of(A)), END], (0, 1)),
        ([A, B, C, D, AFTER_2, receipt_line(3, "00" * 32), END], (2, 3)),
        ([A, B, C, D, AFTER_2, receipt_line(4, "00" * 32), END], (2, 3)),
        ([A, B, C, D, AFTER_2, receipt_line(2, "00" * 32), END], (0, 1)),
        ([A, B, C, D, AFTER_2, receipt_line(5, "00" * 32), END], (2, 5)),
        ([A, B, C, D, receipt_line(2, entry_hash_of(B), OTHER), END], (0, 0)),
        ([A, B, C, D, receipt_line(2, entry_hash_of(B), CITY, "K02"), END], (0, 0)),
        ([A, B, C, D, wire.canonical({"receipt": {"body": "x"}}), END], (0, 0)),
        ([A, B, C, D, wire.canonical({"receipt": []}), END], (0, 0)),
    ],
)
def test_it_checks_the_rows_against_the_citys_word(
    tmp_path: Path, rows: list[bytes], says: tuple[int, int | None]
) -> None:
    assert proved(tmp_path / "a", rows) == says


def test_it_sees_every_changed_byte_of_a_receipt(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for place in range(len(AFTER_2)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(AFTER_2)
            changed[place] ^= flip
            path.write_bytes(b"\n".join([A, B, C, D, bytes(changed), END, b""]))
            made = read_file(path)
            bad = verify_ledger(made) or verify_receipts(made, made.receipts, CITY_PUBLIC.hex())[1]
            assert bad is not None, (place, flip)


def test_it_takes_the_receipts_from_the_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A laptop may leave out a receipt; the city's copy has it."""
    one, two, cut = tmp_path / "a", tmp_path / "b", tmp_path / "cut"
    one.write_bytes(b"\n".join([A, B, C, D, END, b""]))
    two.write_bytes(b"\n".join([A, B, C, D, AFTER_2, receipt_line(5, "00" * 32), END, b""]))
    city = ["--city-public", CITY_PUBLIC.hex()]
    assert main([str(one), *city]) == 0
    assert main([str(one), *city, "--receipts", str(two)]) == 1
    assert "5行目" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([str(one), "--receipts", str(two)])
    cut.write_bytes(b"\n".join([A, B, b""]))
    assert main([str(one), "--against", str(cut)]) == 1, "another device, or none, at its end"
    assert first_difference(read_file(one), read_file(two)) is None
    assert main([str(tmp_path / "none")]) == 2


def test_it_takes_the_keys_of_before_and_after_a_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, new_public = wire.new_signing_key()
    path = tmp_path / "a"
    later = receipt_line(4, entry_hash_of(D), new)
    path.write_bytes(b"\n".join([A, B, C, D, AFTER_2, later, END, b""]))
    old, fresh, other = CITY_PUBLIC.hex(), new_public.hex(), OTHER_PUBLIC.hex()
    for keys, says in (
        ((old,), 1), ((fresh,), 1), ((old, other), 1), ((old, fresh), 0), ((fresh, old, other), 0),
    ):  # fmt: skip
        words = [word for key in keys for word in ("--city-public", key)]
        assert main([str(path), *words]) == says, keys
    assert "市の受領証が4行目までを証明" in capsys.readouterr().out
